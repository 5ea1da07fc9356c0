"""The index of passages: dense and lexical search over chunks, both behind the same access tags."""

from collections.abc import AsyncIterable, Mapping, Sequence
from typing import Protocol

import msgspec

from stoa.domain.documents import Document
from stoa.domain.identity import AccessTag, Rights
from stoa.domain.passages import Among, Passage
from stoa.domain.resources import Collection


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a document as it is indexed.

    `context` is the title and the headings above it, embedded and searched together with `text` but no part of the passage.
    """

    id: str
    document_id: str
    title: str
    path: str
    heading: tuple[str, ...]
    page: int | None
    start: int
    end: int
    context: str
    text: str

    @property
    def contextual_text(self) -> str:
        """What is embedded and searched."""
        return f"{self.context}\n{self.text}" if self.context else self.text


def chunk_id(document_id: str, place: int) -> str:
    """The same for the same text; `place` counts the chunks of a document from 0."""
    return f"{document_id}.{place}"


def beside(chunk: str, steps: int) -> tuple[str | None, str | None]:
    """The ids of the chunks that stand so many before and after; None before the first, and of an id of another form."""
    document_id, _, place = chunk.rpartition(".")
    if not document_id or not place.isdecimal():
        return None, None
    before, after = int(place) - steps, int(place) + steps
    return chunk_id(document_id, before) if before >= 0 else None, chunk_id(document_id, after)


class IndexedChunk(msgspec.Struct, frozen=True):
    """A chunk with its unit vector and the rights of its document."""

    chunk: Chunk
    vector: Sequence[float]
    acl: frozenset[AccessTag]
    deny: frozenset[AccessTag] = frozenset()

    @property
    def rights(self) -> Rights:
        return Rights(self.acl, self.deny)


class Hit(msgspec.Struct, frozen=True):
    """A passage found. `similarity` is the cosine to the question; `lexical` its BM25 score, None from a dense search."""

    passage: Passage
    similarity: float
    lexical: float | None


class PassageSearch(Protocol):
    """Find chunks of documents that are open to a caller who holds `acl`, as `Rights.open_to` says.

    An empty `acl` and an unknown collection find nothing. With `among`, only chunks of these documents are ranked at all.
    """

    async def dense(
        self,
        collection: str,
        vector: Sequence[float],
        *,
        acl: frozenset[AccessTag],
        limit: int,
        among: Among | None = None,
    ) -> Sequence[Hit]:
        """The nearest to the vector, nearest first."""
        ...

    async def lexical(
        self,
        collection: str,
        question: str,
        vector: Sequence[float],
        *,
        acl: frozenset[AccessTag],
        limit: int,
        among: Among | None = None,
    ) -> Sequence[Hit]:
        """The best by BM25, best first, each with its similarity to the vector as well."""
        ...

    async def fetch(
        self, collection: str, ids: Sequence[str], vector: Sequence[float], *, acl: frozenset[AccessTag]
    ) -> Sequence[Hit]:
        """The chunks of these ids, in any order, each with its similarity to the vector; those not there are left out."""
        ...


class PassageReader(Protocol):
    """List what the index holds. An empty `acl` and what is unknown give nothing."""

    async def of_document(self, collection: str, document_id: str, *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        """The passages of one document in order of place, if whoever holds `acl` may read it."""
        ...

    async def of_ids(self, collection: str, ids: Sequence[str], *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        """Those of these ids that are there and may be read, in any order."""
        ...


class PassageIndex(Protocol):
    """Change what can be found. Every call may be repeated with the same result."""

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        """Put these chunks in the place of all that the documents had; no chunks is to remove them."""
        ...

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        """Give every chunk of each document these rights instead of those it had."""
        ...

    async def tend(self, collection: str) -> None:
        """Compact, and bring what was added lately into the indices: after a job, and now and then within a long one."""
        ...

    async def drop(self, collection: str) -> None:
        """Take away all of it, and what it lies in."""
        ...


class IndexStore(Protocol):
    """Whole collections, for copying one into another store and for putting one back."""

    async def collections(self) -> Sequence[str]:
        """The names of those that there are, sorted."""
        ...

    async def outdated(self) -> Sequence[str]:
        """Those of them that an earlier version wrote in another form: refused everywhere until they are rebuilt.

        Their documents and rows can be read.
        """
        ...

    async def documents(self, collection: str) -> Sequence[str]:
        """The ids of the documents that have chunks, sorted. None of an unknown collection."""
        ...

    async def rows(self, collection: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        """All chunks of these documents, each document whole, in any order."""
        ...

    async def rebuild(self, collection: str, parts: AsyncIterable[Sequence[IndexedChunk]]) -> None:
        """Make these all that the collection has. Readers find what was there before until all of it is in place.

        Nobody else may change the collection meanwhile. An error, or a crash, leaves what was there.
        """
        ...


class VectorStore(PassageSearch, PassageReader, PassageIndex, IndexStore, Protocol):
    """All that one product does for Stoa."""

    async def close(self) -> None: ...


class Searched(msgspec.Struct, frozen=True):
    """The index of a collection that is searched: what stores call it, and the collection in the way that it was made."""

    name: str
    collection: Collection


class CorpusLedger(Protocol):
    """What the database says that an index should hold, for whoever copies one or puts one back."""

    async def documents(self, collection: str, *, after: str = "", limit: int = 1_000) -> Sequence[Document]:
        """Those that are not removed, by id."""
        ...

    async def read(self, ids: Sequence[str]) -> Mapping[str, Document]:
        """Those of the ids that there are, removed ones included."""
        ...

    async def version(self, collection: str) -> int:
        """The corpus version; 0 before anything was indexed."""
        ...

    async def unknown(self, documents: Sequence[str]) -> None:
        """Say that nothing is known of what the index holds of these: the next sync, or sending them again, indexes them."""
        ...

    async def raise_version(self, collection: str) -> None:
        """Say that the index is another now: answers that are kept from before are no longer given."""
        ...


class RowFiles(Protocol):
    """Rows as bytes that any tool for tables reads."""

    def pack(self, rows: Sequence[IndexedChunk]) -> bytes: ...

    def unpack(self, data: bytes) -> Sequence[IndexedChunk]: ...
