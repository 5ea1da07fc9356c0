"""The list of the package genai-prices, which lies in the package itself: nothing is asked of the network.

A provider is recognised by its URL; the same model behind another URL may cost anything, so that is unknown. Kinds of providers
that only one company offers are recognised by their kind, wherever a private endpoint puts them.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec

from stoa.domain.prices import ModelPrice
from stoa.domain.providers import ProviderType

if TYPE_CHECKING:
    from genai_prices.types import PriceCalculation

_TOKENS = 1000
"""Small enough for the lowest tier of models that cost more beyond some length."""

_IDS: Mapping[ProviderType, str] = {"azure": "azure", "bedrock": "aws", "gemini": "google", "vertex": "google"}
"""The list's own ids."""


class GenaiPrices:
    """PriceList. A lookup takes 170 us, so answers are kept."""

    def __init__(self) -> None:
        self.version = f"genai-prices-{version('genai-prices')}"
        self._lookup = lru_cache(4096)(_lookup)

    def load(self) -> None:
        """Read the list now, so that the first change that needs it does not wait. Blocks for a tenth of a second or more."""
        self.price("gpt-4o-mini", base_url="https://api.openai.com/v1")

    def price(self, model: str, *, base_url: str, kind: ProviderType = "openai-compatible") -> ModelPrice | None:
        return self._lookup(_plain(model, kind), base_url, _IDS.get(kind))


def _plain(model: str, kind: ProviderType) -> str:
    """Gemini's names may come with their collection; tuned models are somebody's own."""
    return model.removeprefix("models/") if kind == "gemini" else model


def _lookup(model: str, base_url: str, provider: str | None) -> ModelPrice | None:
    from genai_prices import Usage, calc_price  # late: 0.1 s that a start without providers need not spend

    def asked(usage: Usage) -> "PriceCalculation":
        if provider is not None:
            return calc_price(usage, model, provider_id=provider)
        return calc_price(usage, model, provider_api_url=base_url)

    def each(units: int, **used: int) -> float:
        """Nano-dollars for one of the units."""
        return float((asked(Usage(**used)).total_price - request) * 1_000_000_000 / units)

    try:
        nothing = asked(Usage(input_tokens=0))
    except LookupError:
        return None
    known, request = vars(nothing.model_price), nothing.total_price
    if not known:
        return None  # listed, and nothing is said of what it costs

    def at(tokens: int) -> ModelPrice:
        """The prices of a request whose prompt has so many tokens."""
        asked_alone = asked(Usage(input_tokens=tokens)).total_price

        def read(field: str, **used: int) -> float | None:
            return each(tokens, input_tokens=tokens, **used) if field in known else None

        def answered(field: str, **used: int) -> float | None:
            whole = asked(Usage(input_tokens=tokens, output_tokens=_TOKENS, **used)).total_price
            return float((whole - asked_alone) * 1_000_000_000 / _TOKENS) if field in known else None

        return ModelPrice(
            input=each(tokens, input_tokens=tokens),
            output=answered("output_mtok") or 0.0,
            audio_input=read("input_audio_mtok", input_audio_tokens=tokens),
            image_input=read("input_image_mtok", input_image_tokens=tokens),
            second=each(3600, audio_seconds=3600, input_audio_seconds=3600) if "input_audio_hours" in known else None,
            character=each(1000, input_characters=1000) if "input_mchars" in known else None,
            request=float(request * 1_000_000_000) or None,
            cache_read=read("cache_read_mtok", cache_read_tokens=tokens),
            cache_write=read("cache_write_mtok", cache_write_tokens=tokens),
            cache_write_long=read("cache_write_1h_mtok", cache_write_tokens=tokens, cache_write_1h_tokens=tokens),
            reasoning=answered("output_reasoning_mtok", output_reasoning_tokens=_TOKENS),
            audio_output=answered("output_audio_mtok", output_audio_tokens=_TOKENS),
        )

    price, above = None, 0
    for start in sorted({tier.start for value in known.values() for tier in getattr(value, "tiers", ())}, reverse=True):
        longer = at(start + _TOKENS)
        price = longer if price is None else msgspec.structs.replace(longer, longer_from=above, longer=price)
        above = start
    first = at(_TOKENS)
    return first if price is None else msgspec.structs.replace(first, longer_from=above, longer=price)
