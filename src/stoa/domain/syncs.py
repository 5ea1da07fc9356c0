"""Syncs of sources: what each brought, what is known of every document that lies in a source, and where both are kept."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

import msgspec

from stoa.domain.documents import Document
from stoa.domain.library import Library
from stoa.domain.resources import Collection, Source
from stoa.domain.sources import Entry

SyncState = Literal["running", "succeeded", "failed", "unconfirmed", "cancelled"]
"""`unconfirmed`: all was done but the removals, which were too many to be meant."""
SyncCause = Literal["asked", "due", "watched", "changed", "pushed", "removed"]
"""Why it began: somebody asked, its time had come, a folder changed, the source was applied anew, documents
were sent to it, or it was deleted."""

PREFIX = "source:"


def document_source(name: str) -> str:
    """What documents of a source carry as theirs: nobody who uploads a folder can call it so."""
    return PREFIX + name


class Sync(msgspec.Struct, frozen=True, kw_only=True):
    """One sync of a source; its id is its job's. Counts are documents, times UTC milliseconds.

    `listed` lie in the source; `held_back` wait for the source's hours; `failed` could not be fetched or are no documents.
    `whole` is whether all of the source was listed, without which nothing is removed. `acl_lag_ms` is how long the slowest
    change of a right took from being seen at the source to being in force for queries. `open_job` is an ingestion job that is
    not handed over yet.
    """

    id: str
    source: str
    collection: str
    cause: SyncCause
    state: SyncState = "running"
    confirmed: bool = False
    message: str | None = None
    started_at: int
    ended_at: int | None = None
    whole: bool = False
    unconfirmed: bool = False
    listed: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    rights_moved: int = 0
    failed: int = 0
    held_back: int = 0
    bytes: int = 0
    acl_lag_ms: int | None = None
    open_job: str | None = None

    @property
    def idle(self) -> bool:
        """Whether it came to its end and found everything as it was."""
        counts = self.added + self.changed + self.removed + self.rights_moved + self.failed + self.held_back
        return self.state == "succeeded" and counts == 0


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of a source, beside what earlier syncs brought of it and the document that it became.

    `version` and `digest` are of the bytes that were brought, `error` is why they could not be; `origin` is where they came
    from, by its print; `seen_at` is when the entry was listed.
    """

    entry: Entry
    seen_at: int
    origin: str | None = None
    version: str | None = None
    digest: str | None = None
    bytes: int | None = None
    error: str | None = None
    document: Document | None = None


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What a sync made of an entry: the version and digest of its bytes, or why there are none."""

    path: str
    version: str | None
    digest: str | None
    bytes: int | None
    error: str | None = None


class EntryStore(Protocol):
    """What lies in sources, as the last listing saw it."""

    async def note(self, source: str, entries: Sequence[Entry], *, sync_id: str, now_ms: int) -> None:
        """These were listed in the sync; a path that was listed before keeps what was brought of it."""
        ...

    async def listed(self, sync: Sync, *, after: str | None = None, part: int | None = None, limit: int) -> Sequence[Listed]:
        """Those listed in the sync, or those of one of its parts, in order of path."""
        ...

    async def assign(self, source: str, paths: Sequence[str], *, part: int) -> None: ...

    async def bring(self, source: str, brought: Sequence[Brought], *, origin: str) -> None: ...

    async def gone(self, sync: Sync, *, limit: int) -> Sequence[Document]:
        """Documents of the source that the sync did not list."""
        ...

    async def sizes(self, sync: Sync) -> tuple[int, int]:
        """How many documents the source has, and how many of them the sync did not list."""
        ...

    async def counts(self, source: str | None = None) -> Mapping[str, tuple[int, int]]:
        """How many documents each source has, and how many of them could not be read."""
        ...

    async def forget(self, sync: Sync) -> None:
        """Drop what is known of paths that the sync did not list."""
        ...


class SyncStore(Protocol):
    """Syncs. Any: values of many columns."""

    async def add(self, sync: Sync) -> bool:
        """False when a sync of the source is under way."""
        ...

    async def get(self, sync_id: str, *, lock: bool = False) -> Sync | None:
        """`lock` keeps others from changing it until the transaction ends."""
        ...

    async def change(self, sync_id: str, **values: Any) -> None: ...

    async def count(self, sync_id: str, **more: int) -> None:
        """Add to counts."""
        ...

    async def latest(self, source: str | None = None) -> Mapping[str, Sync]:
        """The last sync of each source."""
        ...

    async def page(self, source: str, *, before: str | None = None, limit: int = 50) -> Sequence[Sync]:
        """The newest first."""
        ...

    async def drop(self, sync_ids: Sequence[str]) -> None:
        """Forget syncs, and their jobs."""
        ...


class SyncStores(Library, Protocol):
    """All that a sync keeps, over one transaction."""

    @property
    def entries(self) -> EntryStore: ...

    @property
    def syncs(self) -> SyncStore: ...


class OpenStores(Protocol):
    """Opens one transaction; it is committed at the end, if it is one to write."""

    def __call__(self) -> AbstractAsyncContextManager[SyncStores]: ...


class Applied(msgspec.Struct, frozen=True):
    """A source as it was applied, credentials sealed, and the collection that it fills."""

    source: Source
    collection: Collection
    at: int


class AppliedSources(Protocol):
    """The sources that there are."""

    async def all(self) -> Mapping[str, Applied]: ...
