"""What is kept of documents and jobs, over one transaction, for those who put documents in and take them out."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from stoa.domain.documents import Document, DocumentState
from stoa.domain.identity import AccessTag, Rights
from stoa.domain.jobs import Job
from stoa.domain.narrowing import EVERY, DocumentFilter


class CollectionCounts(msgspec.Struct, frozen=True):
    """What a collection holds."""

    documents: int = 0
    chunks: int = 0
    failed: int = 0


class Failure(msgspec.Struct, frozen=True):
    """A document that a job could not read."""

    path: str
    reason: str
    rights: Rights


class DocumentStore(Protocol):
    """Documents; those that are removed are not found."""

    async def get(self, document_id: str) -> Document | None: ...

    async def of_source(self, collection: str, source: str) -> Sequence[Document]: ...

    async def at(self, collection: str, source: str, path: str) -> Document | None: ...

    async def put(self, changed: Sequence[Document]) -> None:
        """Insert, or replace what has the same collection, source and path; that one keeps its id."""
        ...

    async def share(self, document_id: str, rights: Rights, *, job_id: str, now_ms: int) -> bool:
        """Give one other rights and queue it for the job, whatever else is changing it. False when it is not there any more."""
        ...

    async def page(
        self,
        collection: str,
        *,
        acl: frozenset[AccessTag],
        state: DocumentState | None = None,
        search: str = "",
        source: str | None = None,
        after: str | None = None,
        limit: int = 50,
        wanted: DocumentFilter = EVERY,
    ) -> Sequence[Document]:
        """Those `wanted` and open to whoever holds `acl`, by id; `search` looks into path and title, `source` is theirs."""
        ...

    async def told(self, some: Sequence[Document], held: frozenset[AccessTag]) -> Sequence[Document]:
        """The same documents as whoever holds these tags may know them: a duplicate of what they may not read is none."""
        ...

    async def of_collection(self, collection: str, *, after: str, limit: int) -> Sequence[Document]:
        """By id, after the given one, whoever may read them."""
        ...

    async def again(self, indexed: Mapping[str, str | None], *, job_id: str, now_ms: int) -> None:
        """Queue documents for a job as they are, each with what is to be said of its index."""
        ...

    async def counts(self) -> Mapping[str, CollectionCounts]:
        """By collection."""
        ...

    async def marks(self, collections: Sequence[str], *, acl: frozenset[AccessTag]) -> Mapping[str, str]:
        """Of each collection that has documents which the tags open, a text that changes with any of those, and no other."""
        ...

    async def failures(self, job_ids: Sequence[str]) -> Mapping[str, Sequence[Failure]]:
        """By job."""
        ...


class JobStore(Protocol):
    """Jobs. Any: a plan is what the job's kind makes of it."""

    async def add(self, job: Job, *, plan: Mapping[str, Any] | None = None) -> None: ...

    async def get(self, job_id: str) -> Job | None: ...

    async def plan(self, job_id: str) -> Mapping[str, Any]: ...

    async def page(
        self,
        *,
        collections: Sequence[str] | None = None,
        teams: Sequence[str] = (),
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[Job]:
        """The newest first, of these collections and of these teams, or of all."""
        ...

    async def queue(self, job_id: str, *, total: int) -> bool:
        """Complete a waiting job. False when it is not waiting."""
        ...

    async def reach(self, job_id: str, **counters: int | str | None) -> None:
        """Set counters (`total`, `done`, `failed`) and `message` of one that has not ended."""
        ...

    async def cancel_queued(self, job_id: str, *, now_ms: int) -> bool:
        """Cancel and end one that nobody has begun. False when somebody has."""
        ...

    async def cancel(self, job_id: str) -> bool:
        """Mark as cancelled. False when it has ended."""
        ...


class Library(Protocol):
    """Both, over one transaction."""

    @property
    def documents(self) -> DocumentStore: ...

    @property
    def jobs(self) -> JobStore: ...
