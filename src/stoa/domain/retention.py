"""How long the ledger keeps what: usage, decision records and content each for a time of their own."""

from typing import Literal, Protocol

import msgspec

Kept = Literal["usage", "traces", "contents", "examples"]


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What one sweep took out."""

    at_ms: int
    took_ms: int
    usage: int
    traces: int
    contents: int
    examples: int


class RetentionStore(Protocol):
    """What can be taken out of the ledger, in one transaction."""

    async def remove(self, what: Kept, *, before_ms: int, most: int) -> int:
        """Remove at most so many of those from before a moment, the oldest first; of contents, and of
        examples in datasets, those that expire before it.

        Returns how many there were.
        """
        ...
