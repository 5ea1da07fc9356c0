"""Which price a model has, and from when on."""

import pytest

from stoa.control.pricing import check_price, in_force, next_start, price_of, price_version, priced
from stoa.domain.prices import ModelPrice, SetPrice
from stoa.domain.providers import ProviderType
from stoa.domain.resources import Model, Price, Provider
from stoa.errors import InvalidRequest


class Listed:
    """A price list that knows one model."""

    version = "list-1"

    def price(self, model: str, *, base_url: str, kind: ProviderType = "openai-compatible") -> ModelPrice | None:
        del base_url, kind
        return ModelPrice(input=150.0, output=600.0) if model == "gpt-x" else None


def chosen(model: str, starts_at_ms: int, price: Price | None) -> SetPrice:
    number = f"price-{model}-{starts_at_ms}"
    return SetPrice(id=number, model=model, starts_at_ms=starts_at_ms, price=price, created_by="u", created_at_ms=0)


MODELS = {
    "listed": Model(name="listed", provider="p", upstream_name="gpt-x"),
    "own": Model(name="own", provider="p", upstream_name="gpt-x", price=Price(input_per_million="1")),
    "strange": Model(name="strange", provider="p"),
}
PROVIDERS = {"p": Provider(name="p", base_url="https://api.example/v1")}


def test_what_was_set_comes_before_the_resource_and_the_resource_before_the_list() -> None:
    found = priced(MODELS, PROVIDERS, Listed(), [], 100)
    assert {name: each.source for name, each in found.items()} == {"listed": "list", "own": "resource", "strange": "unknown"}
    assert found["strange"].price is None
    found = priced(MODELS, PROVIDERS, Listed(), [chosen("own", 50, Price(input_per_million="2"))], 100)
    assert found["own"] == (ModelPrice(2000.0, 0.0), "set")


def test_a_price_holds_from_its_moment_on_until_the_next_one() -> None:
    history = [
        chosen("own", 50, Price(input_per_million="2")),
        chosen("own", 100, None),
        chosen("own", 150, Price(input_per_million="3")),
    ]
    prices = {now: priced(MODELS, PROVIDERS, Listed(), history, now)["own"] for now in (49, 50, 99, 100, 150, 999)}
    inputs = {now: each.price.input for now, each in prices.items() if each.price is not None}
    assert inputs == {49: 1000.0, 50: 2000.0, 99: 2000.0, 100: 1000.0, 150: 3000.0, 999: 3000.0}
    assert [next_start(history, now) for now in (0, 50, 120, 150)] == [50, 100, 150, None]
    assert in_force(history, 40) == {}


def test_dollars_a_million_tokens_are_nano_dollars_a_token() -> None:
    spec = Price(input_per_million="2.5", output_per_million="10", cache_read_per_million="0.25", per_request="0.01")
    assert price_of(spec) == ModelPrice(2500.0, 10_000.0, cache_read=250.0, request=10_000_000.0)
    assert price_of(Price(per_gpu_second="0.0008")) == ModelPrice(0.0, 0.0, engine_second=800_000.0)


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (Price(input_per_million="-1"), "input_per_million"),
        (Price(input_per_million="1", cache_read_per_million="cheap"), "cache_read_per_million"),
        (Price(input_per_million="1", per_request="0.00000000001"), "per_request"),
    ],
)
def test_a_price_that_is_no_amount_is_refused_by_its_field(spec: Price, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_price(spec)
    assert refused.value.param == field


def test_a_price_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="'0' is free"):
        Price(output_per_million="3")


def test_the_version_changes_with_any_class_of_any_price() -> None:
    first = price_version("list-1", {"m": ModelPrice(1.0, 2.0)})
    assert first != price_version("list-1", {"m": ModelPrice(1.0, 2.0, cache_read=0.5)})
    assert first == price_version("list-1", {"m": ModelPrice(1.0, 2.0)})
    assert len(price_version("x" * 100, {})) <= 40
