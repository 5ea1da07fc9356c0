"""What models cost, as far as a public price list knows."""

from typing import Protocol

from stoa.domain.providers import ProviderType
from stoa.domain.snapshot import ModelPrice


class PriceList(Protocol):
    """`version` names the list, for usage facts."""

    @property
    def version(self) -> str: ...

    def price(self, model: str, *, base_url: str, kind: ProviderType = "openai-compatible") -> ModelPrice | None:
        """The price of a provider's model by the provider's own name for it; None is unknown."""
        ...
