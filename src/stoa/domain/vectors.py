"""The index of passages: dense and lexical search over chunks, both behind the same access tags."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from stoa.domain.identity import AccessTag, Rights
from stoa.domain.passages import Passage


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

    An empty `acl` and an unknown collection find nothing.
    """

    async def dense(self, collection: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int) -> Sequence[Hit]:
        """The nearest to the vector, nearest first."""
        ...

    async def lexical(
        self, collection: str, question: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int
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
