"""`/api/search` and `/api/collections/{name}/search`: what is found and why.

`searched` is what every way of searching comes to: these two, vector stores, files given to a model, and MCP.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from fastapi import APIRouter
from pydantic import Field

from stoa.adapters.database.filters import FilterTable
from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller, Parts, allow
from stoa.api.filtering import Filters, search_filter
from stoa.api.forms import Form, View, Whole
from stoa.api.holdings import collection_named, collections_for
from stoa.api.paging import offset_of, to_cursor
from stoa.domain.documents import Document
from stoa.domain.filters import SearchFilter
from stoa.domain.passages import Passage, Reranked, RerankState, Scores, SearchMode
from stoa.domain.resources import Collection
from stoa.errors import InvalidRequest
from stoa.knowledge.fingerprint import fingerprint, same_text
from stoa.wiring import Control

router = APIRouter(tags=["passages"])

MOST = 100
"""Passages in one answer."""

FARTHEST = 1000
"""Passages that pages lead through, at most."""


RerankModel = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=63,
        description="A rerank model or route to ask for the order, `off` for none; as the collection says if left out.",
    ),
]


class SearchQuestion(Form):
    """`mode` is `hybrid`, by meaning, words and links together; `dense`, by meaning alone; or `lexical`, by words alone."""

    query: Annotated[str, Field(min_length=1, max_length=2000)]
    limit: Annotated[Whole, Field(ge=1, le=MOST)] = 10
    mode: SearchMode = "hybrid"
    filters: Filters | None = None
    cursor: Annotated[str, Field(max_length=100)] | None = None
    """`next_cursor` of the page before, with the same query, mode and filters."""
    rerank: RerankModel = None


class SearchesQuestion(SearchQuestion):
    """All that the caller may search, unless `collections` names some."""

    collections: Annotated[tuple[str, ...], Field(min_length=1, max_length=50)] | None = None


class FoundPassage(View):
    """`score` is what the ranking goes by. It was made from `dense`, the cosine to the question, `lexical`, a BM25 score, and
    `graph`, the share of a walk from the passages found first that ends here; `fused` is what the first two make together.
    Where a model was asked for the order, `rerank` is what it said, and the score goes by that.

    A part is null when it did not find the passage, or when there is no such part. `digest` is of the document that the offsets
    are of, null while that is being indexed anew.
    """

    id: str
    document_id: str
    collection: str
    title: str
    source: str
    path: str
    digest: str | None
    heading: list[str]
    page: int | None
    start: int
    end: int
    text: str
    score: float
    dense: float | None
    lexical: float | None
    graph: float | None
    fused: float | None
    rerank: float | None


class RerankedView(View):
    """What came of asking a model for the order. `state` is `reranked`; or the order stands as it was, and `why` says why:
    `failed`, `late`, or `differ`, where collections that are searched together are not reranked in one way.
    """

    model: str
    state: RerankState
    ms: float
    why: str


class Search(View):
    """The best first. A page may be short where rights have changed just now; the last has no `next_cursor`.

    `reranked` is null where no model was to be asked, or there was nothing to put in order.
    """

    passages: list[FoundPassage]
    next_cursor: str | None
    reranked: RerankedView | None


@dataclass(frozen=True, slots=True)
class Found:
    """A passage, and its document as it is now."""

    passage: Passage
    document: Document
    collection: Collection


@router.post("/api/search")
async def search(asked: SearchesQuestion, caller: Annotated[Caller, allow("passage:search")], parts: Parts) -> Search:
    """The passages of several collections that fit a question best; their scores can be compared."""
    async with parts.read() as stores:
        if asked.collections is None:
            collections = await collections_for(stores, caller)
        else:
            named = dict.fromkeys(asked.collections)
            collections = [await collection_named(stores, caller, name, param="collections") for name in named]
    return await _page(parts, caller, collections, asked)


@router.post("/api/collections/{name}/search")
async def search_collection(
    name: str, asked: SearchQuestion, caller: Annotated[Caller, allow("passage:search")], parts: Parts
) -> Search:
    """The passages that fit a question best, among those that the caller may read, and what each was ranked by."""
    async with parts.read() as stores:
        collection = await collection_named(stores, caller, name)
    return await _page(parts, caller, [collection], asked)


async def searched(
    parts: Control,
    caller: Caller,
    collections: Sequence[Collection],
    query: str,
    *,
    limit: int,
    mode: SearchMode = "hybrid",
    wanted: SearchFilter | None = None,
    skip: int = 0,
    rerank: str | None = None,
) -> tuple[list[Found], bool, Reranked | None]:
    """What a search gives to the caller after `skip` passages, whether there is more, and what came of reranking.

    Rights are looked at once more in what is found: they may have changed since.
    """
    by_name = {each.name: each for each in collections}
    if not by_name:
        return [], False, None
    async with parts.database.read() as connection:
        among = await FilterTable(connection).among(list(by_name), wanted or SearchFilter(), acl=caller.principal.acl)
    ranking = await parts.finder.search(
        query, collections=list(by_name), acl=caller.principal.acl, limit=skip + limit + 1, mode=mode, among=among,
        team=payer(caller, collections[0]), rerank=rerank,
    )  # fmt: skip
    found = ranking.passages
    shown = found[skip : skip + limit]
    async with parts.database.read() as connection:
        documents = await DatabaseLibrary(connection).documents.read(sorted({each.document_id for each in shown}))
    return _readable(shown, documents, by_name, caller), len(found) > skip + limit, ranking.reranked


def payer(caller: Caller, collection: Collection) -> str:
    """The team that pays for what a search costs."""
    return caller.principal.team or collection.team


async def _page(parts: Control, caller: Caller, collections: Sequence[Collection], asked: SearchQuestion) -> Search:
    skip = offset_of(asked.cursor)
    if skip + asked.limit > FARTHEST:
        raise InvalidRequest(f"A search leads through {FARTHEST:,} passages at most; ask more closely.", param="cursor")
    found, more, told = await searched(
        parts, caller, collections, asked.query, limit=asked.limit, mode=asked.mode, wanted=search_filter(asked.filters),
        skip=skip, rerank=asked.rerank,
    )  # fmt: skip
    after = to_cursor(str(skip + asked.limit)) if more and skip + 2 * asked.limit <= FARTHEST else None
    return Search(passages=[_view(each) for each in found], next_cursor=after, reranked=reranked_view(told))


def reranked_view(told: Reranked | None) -> RerankedView | None:
    return RerankedView(model=told.model, state=told.state, ms=told.ms, why=told.why) if told is not None else None


def _readable(
    found: Sequence[Passage], documents: Mapping[str, Document], collections: Mapping[str, Collection], caller: Caller
) -> list[Found]:
    readable: list[Found] = []
    for each in found:
        document = documents.get(each.document_id)
        if document is not None and document.state != "removed" and document.rights.open_to(caller.principal.acl):
            readable.append(Found(each, document, collections[each.collection]))
    return readable


def _view(found: Found) -> FoundPassage:
    document = found.document
    present = same_text(document.indexed_as, fingerprint(document, found.collection))
    fields = msgspec.structs.asdict(found.passage) | msgspec.structs.asdict(found.passage.scores or Scores())
    return FoundPassage(**fields, source=document.source, digest=document.digest if present else None)
