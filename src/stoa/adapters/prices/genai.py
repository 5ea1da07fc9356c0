"""The list of the package genai-prices, which lies in the package itself: nothing is asked of the network.

A provider is recognised by its URL; the same model behind another URL may cost anything, so that is unknown. Kinds of providers
that only one company offers are recognised by their kind, wherever a private endpoint puts them.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version

from stoa.domain.providers import ProviderType
from stoa.domain.snapshot import ModelPrice

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

    def cost(usage: Usage) -> float:
        if provider is not None:
            return float(calc_price(usage, model, provider_id=provider).total_price)
        return float(calc_price(usage, model, provider_api_url=base_url).total_price)

    try:
        read, written = cost(Usage(input_tokens=_TOKENS)), cost(Usage(output_tokens=_TOKENS))
    except LookupError:
        return None
    per_token = 1_000_000_000 / _TOKENS
    return ModelPrice(input=read * per_token, output=written * per_token)
