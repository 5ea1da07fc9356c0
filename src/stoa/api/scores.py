"""`/api/evaluation-sets/{name}/scores`: how well the search does by what people have judged."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from stoa.adapters.database.evaluation import EvaluationTables
from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller, Parts, allow
from stoa.api.evaluation import Name, find_set, readable_of
from stoa.api.forms import Form, View, Whole
from stoa.api.search import RerankModel
from stoa.domain.evaluation import Judgement
from stoa.domain.passages import Reranked
from stoa.domain.resources import Collection
from stoa.errors import InvalidRequest
from stoa.knowledge import judging
from stoa.wiring import Control

router = APIRouter(prefix="/api/evaluation-sets", tags=["evaluation"])

_MOST_QUERIES = 1_000
"""Of one score: each is a search."""
_AT_ONCE = 2


class ScoreForm(Form):
    """How many passages each query asks for, and which model, if any, puts them in order."""

    limit: Annotated[Whole, Field(ge=1, le=50)] = 10
    rerank: RerankModel = None


class QueryScore(View):
    """`ranks` of the good passages, from 1, null for one that was not found; `bad` those of the bad ones that were."""

    query: str
    ranks: list[int | None]
    bad: list[int]


class ScoreView(View):
    """recall@k by k, and the mean reciprocal rank, over the `queries` that have a good passage that is still there.

    `bad` is how many bad passages a query finds in the mean. Null where there is nothing to take a mean of. `reranked` counts
    the queries whose passages a model put in order; `not_reranked` says of the others why they were not, each reason once.
    """

    queries: int
    recall: dict[int, float] | None
    mrr: float | None
    bad: float | None
    reranked: int
    not_reranked: list[str]
    each: list[QueryScore]


@router.post("/{name}/scores")
async def score_evaluation_set(
    name: Name, asked: ScoreForm, caller: Annotated[Caller, allow("evaluation:read")], parts: Parts
) -> ScoreView:
    """Search for every query as the caller, and measure what is found by what was judged. Nothing of it is kept."""
    _, collection = await find_set(parts, caller, name)
    async with parts.database.read() as connection:
        tables = EvaluationTables(connection)
        queries = await tables.queries(name, limit=_MOST_QUERIES + 1)
        if len(queries) > _MOST_QUERIES:
            raise InvalidRequest(
                f"The set has more than {_MOST_QUERIES:,} queries; export it and measure it in parts.", param="name"
            )
        judgements = await tables.judgements(name, queries)
        readable = await readable_of(DatabaseLibrary(connection), judgements, caller)
    by_query: dict[str, list[Judgement]] = {query: [] for query in queries}
    for each in judgements:
        if each.document_id in readable:
            by_query[each.query].append(each)
    judged, told = await _judged(parts, caller, collection, by_query, asked)
    found = judging.scores(judged, limit=asked.limit)
    return ScoreView(
        queries=found.queries, recall=dict(found.recall) if found.recall is not None else None, mrr=found.mrr, bad=found.bad,
        reranked=sum(each.state == "reranked" for each in told), not_reranked=sorted({each.why for each in told if each.why}),
        each=[QueryScore(query=one.query, ranks=list(one.ranks), bad=list(one.bad)) for one in judged],
    )  # fmt: skip


async def _judged(
    parts: Control, caller: Caller, collection: Collection, by_query: Mapping[str, Sequence[Judgement]], asked: ScoreForm
) -> tuple[list[judging.Judged], list[Reranked]]:
    places, acl, told = asyncio.Semaphore(_AT_ONCE), caller.principal.acl, list[Reranked]()

    async def one(query: str, judgements: Sequence[Judgement]) -> judging.Judged:
        async with places:
            team = caller.principal.team or collection.team
            ranking = await parts.finder.search(
                query, collections=[collection.name], acl=acl, limit=asked.limit, team=team, rerank=asked.rerank
            )
            found = ranking.passages
            told.extend((ranking.reranked,) if ranking.reranked is not None else ())
            async with parts.database.read() as connection:
                documents = await DatabaseLibrary(connection).documents.read(sorted({each.document_id for each in found}))
        return judging.judge(query, judgements, found, {each.id: each.digest for each in documents.values()})

    judged = await asyncio.gather(*(one(query, judgements) for query, judgements in by_query.items() if judgements))
    return judged, told
