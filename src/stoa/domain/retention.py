"""How long what is kept: usage, decision records, content, jobs, syncs and versions each for a time of their own."""

from typing import Literal, Protocol

import msgspec

Kept = Literal["usage", "traces", "contents", "examples", "syncs", "jobs", "versions"]


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What one sweep took out."""

    at_ms: int
    took_ms: int
    usage: int
    traces: int
    contents: int
    examples: int
    syncs: int
    jobs: int
    versions: int


class RetentionStore(Protocol):
    """What can be taken out, in one transaction."""

    async def remove(self, what: Kept, *, before_ms: int, most: int) -> int:
        """Remove at most so many of those from before a moment, the oldest first; of contents, and of
        examples in datasets, those that expire before it.

        Of syncs and jobs those that ended before it, but for what is still asked for: the last sync of each source, jobs that
        a document or an index names. Jobs that nobody ever completed go too.

        Of versions of resources those that were replaced before it: what a resource was yesterday is kept, however long it had
        been that. Of one deleted before it nothing is kept.

        Returns how many there were.
        """
        ...
