"""What models cost: a price by class of token, by request and by second, and the list that knows it."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from stoa.domain.providers import ProviderType
from stoa.domain.resources import Price


class ModelPrice(msgspec.Struct, frozen=True):
    """Nano-dollars a token; and for what is not counted in tokens, or not in those of text. None is no price of that kind."""

    input: float
    output: float
    audio_input: float | None = None
    """A token of sound; those of text if left out."""
    image_input: float | None = None
    """A token of an image; those of text if left out."""
    second: float | None = None
    """Of sound that is listened to."""
    character: float | None = None
    """Of text that is spoken."""
    request: float | None = None
    """Beside all that, whatever its size."""
    cache_read: float | None = None
    """A token of the prompt that the provider had in its cache; `input` if left out."""
    cache_write: float | None = None
    """A token of the prompt that the provider put into its cache; `input` if left out."""
    cache_write_long: float | None = None
    """The same for a cache that is kept for an hour; `cache_write` if left out."""
    reasoning: float | None = None
    """A token that nobody sees; `output` if left out."""
    audio_output: float | None = None
    """A token of sound that was made; `output` if left out."""
    engine_second: float | None = None
    """Of an own model's accelerators, all together, for as long as they work for the request."""
    longer_from: int | None = None
    """Prompts of more tokens than that are paid by `longer`, whole."""
    longer: "ModelPrice | None" = None

    @property
    def is_free(self) -> bool:
        paid = (self.input, self.output, self.second, self.character, self.request, self.engine_second)
        return not any(paid)

    @property
    def highest(self) -> tuple[float, float]:
        """What a token of the prompt and one of the answer cost at most, for an estimate."""
        read = max(self.input, self.cache_write or 0, self.cache_write_long or 0, self.audio_input or 0, self.image_input or 0)
        return read, max(self.output, self.reasoning or 0, self.audio_output or 0)


class SetPrice(msgspec.Struct, frozen=True, kw_only=True):
    """A model's price, in force from `starts_at_ms` on, until the model's next one."""

    id: str
    model: str
    starts_at_ms: int
    price: Price | None
    """None: as the model's resource, or the list, says."""
    created_by: str
    created_at_ms: int


class PriceStore(Protocol):
    """The prices that were set, of one transaction, and what each version of all prices was."""

    async def all(self, *, model: str | None = None) -> Sequence[SetPrice]:
        """By model and time."""
        ...

    async def find(self, price_id: str) -> SetPrice | None: ...

    async def add(self, price: SetPrice) -> None:
        """Raises Conflict when the model has one of the same moment."""
        ...

    async def remove(self, price_id: str) -> None: ...

    async def keep_version(self, version: str, prices: Mapping[str, ModelPrice], *, now_ms: int) -> None:
        """What the models cost under this version; kept once."""
        ...

    async def version(self, version: str) -> Mapping[str, ModelPrice] | None: ...


class PriceList(Protocol):
    """`version` names the list, for usage facts."""

    @property
    def version(self) -> str: ...

    def price(self, model: str, *, base_url: str, kind: ProviderType = "openai-compatible") -> ModelPrice | None:
        """The price of a provider's model by the provider's own name for it; None is unknown."""
        ...
