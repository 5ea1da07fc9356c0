"""Indexes of a collection: one is searched, and another may be built beside it to take its place.

A version is a table of vectors and a graph under a name of its own. What is not searched any more is kept for a way back, until
the next one takes its place.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from stoa.domain.documents import Document
from stoa.domain.passages import Passage, Spent
from stoa.domain.processing import Recipe

IndexState = Literal["building", "serving", "kept", "dropped"]

LIVE: frozenset[IndexState] = frozenset({"building", "serving", "kept"})
"""Those of which rights and removals must hold."""


def index_name(collection: str, version: int) -> str:
    """What stores call it: letters, digits, `_`, `-` and `.`. No collection's name begins with an underscore.

    The first has the collection's own name, so that what was made before versions stays.
    """
    return collection if version == 1 else f"_{version}.{collection}"


def collection_of(name: str) -> str:
    """Whose index it is."""
    return name.partition(".")[2] if name.startswith("_") else name


def of_collection(passages: Sequence[Passage]) -> Sequence[Passage]:
    """Passages as their collection's, whichever of its indexes they were found in."""
    return [
        msgspec.structs.replace(each, collection=collection_of(each.collection)) if each.collection.startswith("_") else each
        for each in passages
    ]


def version_named(collection: str, version: int) -> str:
    """How Stoa's roles ask for one version instead of the one that is searched."""
    return f"{collection}@{version}"


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """How well an index did on an evaluation set; None where no query counts."""

    recall: float | None
    """Of good passages, the share among the first ten."""
    mrr: float | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """How the search of one index compares with that of the one that is searched now.

    `overlap` is the mean share of the first ten passages that lie in both, over `questions` asked of both: judged ones, else
    titles of documents. `before` and `after` are by what people have judged in `evaluation_set`.
    """

    at: int
    over: int
    """The version it was compared with."""
    questions: int
    overlap: float | None
    evaluation_set: str | None = None
    judged: int = 0
    """Queries of it that count."""
    before: Scored | None = None
    after: Scored | None = None

    def worse(self, tolerance: float = 0.0) -> str | None:
        """Why the new one is not as good, by what was judged; None when it is."""
        if self.before is None or self.after is None or self.before.mrr is None or self.before.recall is None:
            return "nothing was judged that both could be measured by"
        for name, old, new in (
            ("MRR", self.before.mrr, self.after.mrr),
            ("recall@10", self.before.recall, self.after.recall),
        ):
            if new is None or new < old - tolerance:
                told = "unknown" if new is None else f"{new:.3f}"
                return f"{name} on {self.evaluation_set!r} would be {told} instead of {old:.3f}"
        return None


class Index(msgspec.Struct, frozen=True, kw_only=True):
    """One version. `job_id` is the last job that worked on it; times are UTC milliseconds."""

    collection: str
    version: int
    state: IndexState
    embedding_model: str
    chunk_tokens: int
    job_id: str | None = None
    report: Comparison | None = None
    created_at: int
    changed_at: int

    @property
    def name(self) -> str:
        return index_name(self.collection, self.version)

    @property
    def recipe(self) -> Recipe:
        return Recipe(self.embedding_model, self.chunk_tokens)


class Served(msgspec.Struct, frozen=True):
    """What a gateway must know to search an index: what stores call it, and what its vectors were made with."""

    name: str
    embedding_model: str


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What an index holds of a document from now on, if the row is still as it was read."""

    document: Document
    indexed_as: str
    chunks: int
    failure: str | None = None
    """Why it has nothing of it."""


class IndexStore(Protocol):
    """The indexes over one transaction, for those who begin and change them."""

    async def of(self, collection: str, *, dropped: bool = False) -> Sequence[Index]:
        """Those that are not dropped, or all, the oldest first."""
        ...

    async def add(self, collection: str, recipe: Recipe, *, state: str, now_ms: int, job_id: str | None = None) -> Index:
        """The next version."""
        ...

    async def work(self, index: Index, job_id: str) -> None:
        """Say which job works on it."""
        ...

    async def drop(self, index: Index, *, now_ms: int) -> None: ...

    async def count_lacking(self, index: Index) -> int:
        """How many documents are indexed that this index does not hold as they are."""
        ...


class IndexLedger(Protocol):
    """Which indexes there are, as the worker sees them; each call is one transaction."""

    async def of(self, collection: str) -> Sequence[Index]:
        """Those that are not dropped, the oldest first."""
        ...

    async def ensure(self, collection: str, recipe: Recipe) -> Index:
        """The one that is searched; the first where there is none yet."""
        ...

    async def lacking(self, index: Index, *, after: str | None = None, limit: int | None = None) -> Sequence[Document]:
        """Documents that are indexed and that this index does not hold as they are, by id."""
        ...

    async def hold(self, index: Index, noted: Sequence[Held], *, spent: Spent) -> frozenset[str]:
        """Note what the index holds, and count it for its job. Those that were noted; the others have changed meanwhile."""
        ...

    async def told(self, index: Index, report: Comparison) -> None:
        """Keep the report."""
        ...

    async def switch(self, index: Index) -> None:
        """Search this one from now on; the other is kept, and one kept before is dropped. Raises Conflict, saying why not."""
        ...

    async def erasable(self, before_ms: int) -> Sequence[Index]:
        """Dropped ones that nobody searches any more since then."""
        ...

    async def erased(self, index: Index) -> None:
        """Nothing of it is left."""
        ...
