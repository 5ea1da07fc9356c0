"""What a request costs, by class of token, as its provider told it."""

import json
from typing import Any

import pytest

from stoa.domain.prices import ModelPrice
from stoa.gateway.accounts import account_in, messages_usage_in, tokens_told, usage_in
from stoa.gateway.pricing import cost_of
from stoa.gateway.tokens import Tokens

PRICE = ModelPrice(
    2500.0, 10_000.0, cache_read=1250.0, cache_write=3125.0, cache_write_long=5000.0, reasoning=12_000.0,
    audio_input=40_000.0, audio_output=80_000.0, image_input=3000.0,
)  # fmt: skip


def told(read: Any, usage: dict[str, Any]) -> Tokens:
    found = read(json.dumps({"usage": usage}).encode())
    assert found is not None
    return tokens_told(found)


@pytest.mark.parametrize(
    ("usage", "cost"),
    [
        ({"prompt_tokens": 100, "completion_tokens": 10}, 100 * 2500 + 10 * 10_000),
        (
            {"prompt_tokens": 100, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 80}},
            20 * 2500 + 80 * 1250 + 100_000,
        ),
        ({"prompt_tokens": 100, "completion_tokens": 10, "prompt_cache_hit_tokens": 80}, 20 * 2500 + 80 * 1250 + 100_000),
        (
            {"prompt_tokens": 100, "completion_tokens": 10, "completion_tokens_details": {"reasoning_tokens": 6}},
            250_000 + 4 * 10_000 + 6 * 12_000,
        ),
        (
            {
                "prompt_tokens": 100, "completion_tokens": 10, "prompt_tokens_details": {"audio_tokens": 60},
                "completion_tokens_details": {"audio_tokens": 10},
            },
            40 * 2500 + 60 * 40_000 + 10 * 80_000,
        ),
    ],
)  # fmt: skip
def test_each_class_of_token_has_its_own_price(usage: dict[str, Any], cost: int) -> None:
    assert cost_of(PRICE, told(usage_in, usage)) == cost


def test_anthropic_counts_what_its_cache_read_and_wrote_beside_its_input() -> None:
    usage = {
        "input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 40,
        "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 10},
    }  # fmt: skip
    tokens = told(messages_usage_in, usage)
    assert (tokens.prompt, tokens.cached, tokens.written) == (150, 100, 40)
    assert cost_of(PRICE, tokens) == 10 * 2500 + 100 * 1250 + 30 * 3125 + 10 * 5000 + 5 * 10_000


@pytest.mark.parametrize(
    ("tokens", "cost"),
    [
        (Tokens(10, 5, "provider", cached=1000), 1000 * 1250 + 5 * 10_000),
        (Tokens(10, 5, "provider", cached=1000, written=100), 1000 * 1250 + 100 * 3125 + 5 * 10_000),
        (Tokens(10, 5, "provider", reasoning=100), 10 * 2500 + 100 * 12_000),
        (Tokens(-4, 0, "provider"), 0),
    ],
)
def test_a_part_larger_than_the_whole_comes_on_top_and_no_cost_is_below_zero(tokens: Tokens, cost: int) -> None:
    assert cost_of(PRICE, tokens) == cost


def test_a_class_without_a_price_is_paid_as_what_it_is_part_of() -> None:
    usage = {
        "prompt_tokens": 100, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 80, "audio_tokens": 5},
        "completion_tokens_details": {"reasoning_tokens": 6},
    }  # fmt: skip
    assert cost_of(ModelPrice(2500.0, 10_000.0), told(usage_in, usage)) == 350_000


def test_a_long_prompt_is_paid_whole_by_the_price_of_long_ones() -> None:
    price = ModelPrice(1250.0, 10_000.0, longer_from=200_000, longer=ModelPrice(2500.0, 15_000.0))
    assert cost_of(price, Tokens(200_000, 10, "provider")) == 200_000 * 1250 + 100_000
    assert cost_of(price, Tokens(200_001, 10, "provider")) == 200_001 * 2500 + 150_000


def test_an_own_model_is_paid_by_the_second_of_its_engine() -> None:
    price = ModelPrice(0.0, 0.0, engine_second=1_000_000_000.0)
    assert cost_of(price, Tokens(10, 10, "provider"), 0.25) == 250_000_000
    assert cost_of(price, Tokens(None, None, "none"), 0.25) == 250_000_000
    assert cost_of(price, Tokens(10, 10, "provider")) is None, "how long it worked is not known"
    assert not price.is_free


def test_an_unknown_price_is_an_unknown_cost() -> None:
    assert cost_of(None, Tokens(10, 10, "provider")) is None
    assert cost_of(PRICE, Tokens(None, None, "none")) is None


def test_the_providers_own_account_is_kept_as_it_came() -> None:
    usage = '{"prompt_tokens": 3, "completion_tokens": 4, "x_groq": {"queue_time": 0.018, "more": [1, {"a": "}"}]}}'
    tokens = tokens_told(usage_in(f'{{"usage": {usage}}}'.encode()))  # type: ignore[arg-type]
    assert tokens.raw.decode() == usage


@pytest.mark.parametrize(
    ("answer", "account"),
    [
        (b'{"choices": [], "usage": {"a": {"b": {"c": 1}}, "d": "}"}}', b'{"a": {"b": {"c": 1}}, "d": "}"}'),
        (b'{"usageMetadata": {"promptTokenCount": 3}}', b'{"promptTokenCount": 3}'),
        (b'{"content": "say \\"usage\\": {\\"x\\": 1}"}', b""),
        (b'{"args": {"usage": {"name": "Ada"}}, "usageMetadata": {"promptTokenCount": 3}}', b'{"promptTokenCount": 3}'),
        (b'{"usage": {"billed_units": {"a": 1}, "tokens": {"a": 2}}}', b'{"billed_units": {"a": 1}, "tokens": {"a": 2}}'),
        (b'{"meta": {"billed_units": {"search_units": 1}}}', b'{"search_units": 1}'),
        (b'{"usage": null}', b""),
        (b'{"usage": {"cut": ', b""),
        (b'{"usage": {"a": 1}} {"usage": {"a": 2}}', b'{"a": 2}'),
    ],
)
def test_an_account_is_found_in_any_form_and_never_in_a_text(answer: bytes, account: bytes) -> None:
    assert account_in(answer) == account


def test_looking_for_an_account_takes_no_longer_for_bytes_that_were_made_to_make_it() -> None:
    assert account_in(b'"usage": {' + b'"' * 1_000_000) == b""
    assert account_in(b'"usage": ' + b"{" * 1_000_000) == b""
