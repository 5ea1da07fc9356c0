"""What retrieval gives to an answer: passages with their origin, and the citations made from them."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from stoa.domain.identity import AccessTag


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """Why a passage ranks where it does; None for a search that did not find it.

    `dense` is the cosine to the question, `lexical` the BM25 score, `graph` the share of a walk from the passages found first
    that ends here, `fused` what dense and lexical make together, before the graph, and `rerank` what a model said that read the
    question with the passage; None where none was asked or answered.
    """

    dense: float | None = None
    lexical: float | None = None
    graph: float | None = None
    fused: float = 0.0
    rerank: float | None = None


class Passage(msgspec.Struct, frozen=True):
    """A chunk of a document that the caller may read.

    `start` and `end` are character offsets into the document's parsed text; `page` is 1-based, None where the format has
    no pages; `heading` is the path of headings above it, outermost first; `score` is the rank score, higher is better, and
    `scores` what it was made from.
    """

    id: str
    document_id: str
    collection: str
    title: str
    path: str
    heading: tuple[str, ...]
    page: int | None
    start: int
    end: int
    text: str
    score: float
    scores: Scores | None = None
    personal: bool = False
    """Whether the rights of its document name single people."""


class Citation(msgspec.Struct, frozen=True):
    """One entry of an answer's `stoa.citations`: `n` is the number that stands in brackets in the text."""

    n: int
    document_id: str
    collection: str
    title: str
    path: str
    heading: tuple[str, ...]
    page: int | None
    start: int
    end: int
    passage: str
    score: float


Support = Literal["supported", "unsupported", "uncited"]
"""What the passages that a sentence names say of it; `uncited` names none."""


class SentenceCheck(msgspec.Struct, frozen=True):
    """One entry of an answer's `stoa.verification`: a sentence that states something, as answer[start:end] in characters.

    `numbers` are those of the passages it was held against; `missing` the numbers and names that stand in none of them.
    """

    start: int
    end: int
    state: Support
    numbers: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()


SearchMode = Literal["hybrid", "dense", "lexical"]
"""By meaning, words and links together; by meaning alone; or by words alone."""


class Among(msgspec.Struct, frozen=True):
    """The documents that a search is about: those of the ids, or with `but` all others."""

    ids: frozenset[str]
    but: bool = False

    def holds(self, document_id: str) -> bool:
        return (document_id in self.ids) != self.but

    @property
    def nothing(self) -> bool:
        return not self.ids and not self.but


class Retriever(Protocol):
    """Find the passages that answer a question, among those the caller may read.

    Only passages of `collections` that are open to a caller who holds `acl` are ever returned; an empty `acl` finds nothing.
    Best first, at most `limit`. `among` says by collection which documents the search is about; of those it does not name, all.
    """

    async def retrieve(
        self,
        question: str,
        *,
        collections: Sequence[str],
        acl: frozenset[AccessTag],
        limit: int,
        on_behalf_of: str,
        mode: SearchMode = "hybrid",
        among: Mapping[str, Among] | None = None,
    ) -> Sequence[Passage]: ...


RerankState = Literal["reranked", "failed", "late", "differ"]
"""The order is the model's; or the fused one, since the model gave none, or not in time, or the collections name several."""


class Reranked(msgspec.Struct, frozen=True, array_like=True):
    """What came of asking a model for the order. `why` it is not the model's; empty when it is."""

    model: str
    state: RerankState
    ms: float = 0.0
    why: str = ""


class Ranking(msgspec.Struct, frozen=True):
    """What a search found, best first, and what came of reranking; None where no model was to be asked."""

    passages: tuple[Passage, ...]
    reranked: Reranked | None = None


class PassageFinder(Protocol):
    """Searches, and lists what is searched, where retrieval runs: in a gateway. Raises ProviderError when none answers."""

    async def search(
        self,
        question: str,
        *,
        collections: Sequence[str],
        acl: frozenset[AccessTag],
        limit: int,
        team: str,
        mode: SearchMode = "hybrid",
        among: Mapping[str, Among] | None = None,
        rerank: str | None = None,
    ) -> Ranking:
        """As `Retriever.retrieve`; `team` pays for the question's embedding.

        `rerank` is a model to be asked for the order instead of the one that the collections name, `off` for none. Raises
        NotFound while the gateway does not have one of the collections.
        """
        ...

    async def of_document(
        self, document_id: str, *, collection: str, acl: frozenset[AccessTag], team: str
    ) -> Sequence[Passage]:
        """All that the index holds of a document, in order of place."""
        ...

    async def links(
        self, passage_id: str, *, collection: str, acl: frozenset[AccessTag], limit: int, team: str
    ) -> Sequence["PassageLink"]:
        """The names that lead from a passage to others, with at most `limit` of those each."""
        ...


class PassageLink(msgspec.Struct, frozen=True, kw_only=True):
    """A name in a passage and where it leads: `about` is whether the passage is about it, else it mentions it.

    `more` is whether it leads to more passages than these.
    """

    name: str
    about: bool
    passages: tuple[Passage, ...]
    more: bool


class Embedder(Protocol):
    """Turn texts into unit vectors of one width, in order. `team` is who pays."""

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]: ...


class Spent(msgspec.Struct, frozen=True):
    """What embedding took: the model's tokens, and nano-dollars; None is unknown, and is not zero."""

    tokens: int = 0
    cost: int | None = 0

    def __add__(self, other: "Spent") -> "Spent":
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Spent(self.tokens + other.tokens, cost)

    def __sub__(self, other: "Spent") -> "Spent":
        """What was spent since `other`, an earlier count."""
        cost = None if self.cost is None or other.cost is None else self.cost - other.cost
        return Spent(self.tokens - other.tokens, cost)


@runtime_checkable
class Metered(Protocol):
    """An embedder that tells what it has spent so far."""

    @property
    def spent(self) -> Spent: ...
