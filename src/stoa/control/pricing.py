"""What each model costs: the price that was set for it, else its resource's own, else the list's; and how that is told apart.

A price that was set holds from its moment on, until the model's next one. Nothing is priced anew: facts keep what they cost,
and the version of the prices they were costed by.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from stoa.domain.prices import ModelPrice, PriceList, SetPrice
from stoa.domain.resources import Model, Price, Provider
from stoa.errors import InvalidRequest
from stoa.kit.money import usd

Source = Literal["set", "resource", "list", "unknown"]

_MILLION = 1_000_000
_FIELDS: Mapping[str, tuple[str, int]] = {
    "input_per_million": ("input", _MILLION),
    "output_per_million": ("output", _MILLION),
    "cache_read_per_million": ("cache_read", _MILLION),
    "cache_write_per_million": ("cache_write", _MILLION),
    "reasoning_per_million": ("reasoning", _MILLION),
    "audio_input_per_million": ("audio_input", _MILLION),
    "audio_output_per_million": ("audio_output", _MILLION),
    "image_per_million": ("image_input", _MILLION),
    "per_request": ("request", 1),
    "per_gpu_second": ("engine_second", 1),
}


class Priced(NamedTuple):
    """What one model costs, and who says so. `price` is None where nobody does."""

    price: ModelPrice | None
    source: Source


def price_of(spec: Price) -> ModelPrice:
    """Nano-dollars a token, from dollars a million. The amounts were checked."""
    found: dict[str, float] = {"input": 0.0, "output": 0.0}
    for field, (name, units) in _FIELDS.items():
        amount = getattr(spec, field)
        if amount is not None:
            found[name] = usd(amount) / units
    return msgspec.convert(found, ModelPrice)


def check_price(spec: Price, *, prefix: str = "") -> None:
    """Raises InvalidRequest that names the field."""
    for field in _FIELDS:
        amount = getattr(spec, field)
        if amount is None:
            continue
        try:
            negative = usd(amount) < 0
        except (ValueError, OverflowError) as error:
            raise InvalidRequest(f"{prefix}{field}: {error}.", param=f"{prefix}{field}") from None
        if negative:
            raise InvalidRequest(f"{prefix}{field}: a price is not negative, but {amount!r} is.", param=f"{prefix}{field}")


def in_force(prices: Iterable[SetPrice], now_ms: int) -> dict[str, SetPrice]:
    """By model, the last one that has begun."""
    found: dict[str, SetPrice] = {}
    for each in sorted(prices, key=lambda each: each.starts_at_ms):
        if each.starts_at_ms <= now_ms:
            found[each.model] = each
    return found


def next_start(prices: Iterable[SetPrice], now_ms: int) -> int | None:
    """When the next price that was set comes into force, UTC ms."""
    return min((each.starts_at_ms for each in prices if each.starts_at_ms > now_ms), default=None)


def priced(
    models: Mapping[str, Model], providers: Mapping[str, Provider], prices: PriceList, chosen: Sequence[SetPrice], now_ms: int
) -> dict[str, Priced]:
    """Every model, by name."""
    forced = in_force(chosen, now_ms)

    def of(model: Model) -> Priced:
        chosen_one = forced.get(model.name)
        if chosen_one is not None and chosen_one.price is not None:
            return Priced(price_of(chosen_one.price), "set")
        if model.price is not None:
            return Priced(price_of(model.price), "resource")
        provider = providers.get(model.provider)
        listed = None
        if provider is not None:
            listed = prices.price(model.upstream_name or model.name, base_url=provider.url, kind=provider.type)
        return Priced(listed, "list" if listed is not None else "unknown")

    return {name: of(model) for name, model in models.items()}


def price_version(list_version: str, prices: Mapping[str, ModelPrice]) -> str:
    """The list and a fingerprint of what it came to with the models' own prices; at most 40 characters."""
    print_of = hashlib.sha256(msgspec.json.encode(sorted(prices.items())), usedforsecurity=False).hexdigest()[:8]
    return f"{list_version[:31]}+{print_of}"
