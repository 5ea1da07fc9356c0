"""What is known of a model is kept: its work, its price, its limits."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.control.litellm.conftest import Converted

from stoa.domain.prices import ModelPrice

Deployed = Callable[..., Converted]
INFO = "model_list[0].model_info"


@pytest.mark.parametrize(
    ("model", "mode", "operation"),
    [
        ("openai/gpt-4o", None, None),
        ("openai/gpt-4o", "chat", None),
        ("openai/gpt-4o", "responses", None),
        ("openai/mine", "embedding", "embedding"),
        ("openai/text-embedding-3-large", None, "embedding"),
        ("cohere/rerank-v3.5", None, "rerank"),
        ("openai/whisper-1", None, "transcription"),
        ("openai/tts-1", None, "speech"),
        ("openai/dall-e-3", None, "image"),
        ("openai/omni-moderation-latest", None, "moderation"),
    ],
)
def test_its_work_is_told_by_the_mode_or_else_the_name(
    deployed: Deployed, model: str, mode: str | None, operation: str | None
) -> None:
    found = deployed(model, info={"mode": mode} if mode else {})
    assert found.fields("Model", "m").get("operation") == operation


@pytest.mark.parametrize(
    ("written", "shown"),
    [(0.00000015, "0.15"), ("1.5e-07", "0.15"), ("5e-7", "0.5"), (0, "0"), (1e-05, "10"), (1.23456789e-9, "0.001234568")],
)
def test_a_price_is_kept_to_the_last_cent(deployed: Deployed, written: Any, shown: str) -> None:
    found = deployed("openai/x", info={"input_cost_per_token": written, "output_cost_per_token": 0.0000006})
    assert found.fields("Model", "m")["price"] == {"input_per_million": shown, "output_per_million": "0.6"}


def test_half_a_price_is_none_since_unknown_is_not_zero(deployed: Deployed) -> None:
    found = deployed("openai/x", input_cost_per_token=0.000001)
    assert "price" not in found.fields("Model", "m")
    assert found.outcome("model_list[0].litellm_params.input_cost_per_token") == "left"


def test_an_embedding_s_price_is_that_of_its_input(deployed: Deployed) -> None:
    found = deployed("openai/text-embedding-3-small", info={"input_cost_per_token": 2e-8, "cache_read_input_token_cost": 1e-8})
    assert found.fields("Model", "m")["price"] == {"input_per_million": "0.02"}
    assert found.outcome(f"{INFO}.cache_read_input_token_cost") == "left"


@pytest.mark.parametrize("amount", ["free", -1, True, "nan", 1e400])
def test_what_is_no_amount_is_left(deployed: Deployed, amount: Any) -> None:
    found = deployed("openai/x", info={"input_cost_per_token": amount, "output_cost_per_token": 0})
    assert "price" not in found.fields("Model", "m")
    assert found.outcome(f"{INFO}.input_cost_per_token") == "left"


def test_limits_are_kept(deployed: Deployed) -> None:
    info = {"max_input_tokens": 128_000, "max_output_tokens": 4096, "max_tokens": 1}
    found = deployed("openai/x", info=info, max_parallel_requests=8, additional_drop_params=["seed", "a.b"])
    model = found.fields("Model", "m")
    assert (model["context_tokens"], model["max_output_tokens"], model["max_parallel"]) == (128_000, 4096, 8)
    assert model["drop_fields"] == ("seed",)
    assert "a.b" in found.note("model_list[0].litellm_params.additional_drop_params")


def test_a_limit_that_is_none_is_said_so(deployed: Deployed) -> None:
    found = deployed("openai/x", info={"max_output_tokens": "many"}, timeout=0)
    assert "'many' is not a number above 0" in found.note(f"{INFO}.max_output_tokens")
    assert "0 is not a number above 0" in found.note("model_list[0].litellm_params.timeout")


class OnePrice:
    version = "p1"

    def price(self, model: str, *, base_url: str, kind: str = "openai-compatible") -> ModelPrice | None:
        return ModelPrice(input=2500.0, output=10_000.0) if (model, kind) == ("gpt-4o", "azure") else None


def test_a_base_model_gives_the_price_that_the_list_has_for_it(converted: Callable[..., Converted]) -> None:
    params = {"model": "azure/mine", "api_base": "https://eu.openai.azure.com"}
    for base, outcome in (("azure/gpt-4o", "changed"), ("azure/unheard-of", "left")):
        entry = {"model_name": "m", "litellm_params": params, "model_info": {"base_model": base}}
        found = converted({"model_list": [entry]}, prices=OnePrice())
        assert found.outcome(f"{INFO}.base_model") == outcome
        price = {"input_per_million": "2.5", "output_per_million": "10"} if outcome == "changed" else None
        assert found.fields("Model", "m").get("price") == price


def test_a_credential_of_the_list_stands_in_for_what_a_deployment_does_not_say(converted: Callable[..., Converted]) -> None:
    found = converted(
        """\
model_list:
- {model_name: m, litellm_params: {model: openai/x, litellm_credential_name: mine}}
- {model_name: n, litellm_params: {model: openai/x, litellm_credential_name: nobody}}
credential_list:
- credential_name: mine
  credential_values: {api_key: os.environ/MINE, api_base: http://llm/v1}
  credential_info: {description: x}
- credential_name: unused
  credential_values: {api_key: s3cret}
"""
    )
    assert found.fields("Provider", "llm") == {
        "type": "openai-compatible",
        "base_url": "http://llm/v1",
        "api_key": "${env:MINE}",
    }
    assert found.outcome("credential_list[1]") == "left"
    assert "no credential 'nobody'" in found.note("model_list[1].litellm_params.litellm_credential_name")
    assert "s3cret" not in repr(found.conversion)


def test_variables_are_filled_in_where_no_secret_stands(converted: Callable[..., Converted]) -> None:
    found = converted(
        """\
environment_variables: {BASE: "http://llm:8000/v1", TOKEN: s3cret}
model_list:
- model_name: m
  litellm_params: {model: openai/x, api_base: os.environ/BASE, api_key: os.environ/TOKEN, timeout: os.environ/T}
""",
        {"T": "7"},
    )
    assert found.fields("Provider", "llm-8000") == {
        "type": "openai-compatible", "base_url": "http://llm:8000/v1", "api_key": "${env:TOKEN}", "first_byte_timeout_s": 7.0,
    }  # fmt: skip
    assert found.conversion.variables["TOKEN"] == "s3cret"
    assert "s3cret" not in str(found.conversion.resources)
    assert "s3cret" not in str(found.conversion.findings)
