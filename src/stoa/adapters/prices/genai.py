"""The list of the package genai-prices, which lies in the package itself: nothing is asked of the network.

A provider is recognised by its URL. The same model behind another URL may cost anything, so that is unknown.
"""

from functools import lru_cache
from importlib.metadata import version

from stoa.domain.snapshot import ModelPrice

_TOKENS = 1000
"""Small enough for the lowest tier of models that cost more beyond some length."""


class GenaiPrices:
    """PriceList. A lookup takes 170 us, so answers are kept."""

    def __init__(self) -> None:
        self.version = f"genai-prices-{version('genai-prices')}"
        self._lookup = lru_cache(4096)(_lookup)

    def price(self, model: str, *, base_url: str) -> ModelPrice | None:
        return self._lookup(model, base_url)


def _lookup(model: str, base_url: str) -> ModelPrice | None:
    from genai_prices import Usage, calc_price  # late: 0.1 s that a start without providers need not spend

    try:
        read = calc_price(Usage(input_tokens=_TOKENS), model, provider_api_url=base_url)
        written = calc_price(Usage(output_tokens=_TOKENS), model, provider_api_url=base_url)
    except LookupError:
        return None
    per_token = 1_000_000_000 / _TOKENS
    return ModelPrice(input=float(read.total_price) * per_token, output=float(written.total_price) * per_token)
