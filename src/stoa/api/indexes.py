"""`/api/collections/{name}/indexes`: the one that is searched, one built beside it, one kept for a way back."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from stoa.adapters.database.indexes import IndexTable, named
from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Flag, Form, Moment, View, moment
from stoa.api.holdings import collection_named
from stoa.api.jobs import JobView, job_view
from stoa.domain.indexes import Comparison, Index, IndexState, Scored
from stoa.domain.jobs import Embedded
from stoa.domain.library import CollectionCounts
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Collection
from stoa.errors import Conflict
from stoa.knowledge.indexes import beside
from stoa.wiring import Control, now_ms
from stoa.wiring.comparing import comparing

router = APIRouter(prefix="/api/collections", tags=["collections"])

Version = Annotated[int, Path(ge=1)]


class ScoredView(View):
    """recall@10 and the mean reciprocal rank by what was judged; null where no query counts."""

    recall: float | None
    mrr: float | None


class ComparisonView(View):
    """The search of a version against that of version `over`, when it was made.

    `overlap` is the mean share of the first ten passages that both find, over `questions`; `before` and `after` are by the
    `judged` queries of an evaluation set, null where there is none.
    """

    at: Moment
    over: int
    questions: int
    overlap: float | None
    evaluation_set: str | None
    judged: int
    before: ScoredView | None
    after: ScoredView | None


class IndexView(View):
    """`lacking` are documents that are indexed and not in it as they are now; `job_id` the last job that worked on it."""

    version: int
    state: IndexState
    embedding_model: str
    chunk_tokens: int
    lacking: int
    job_id: str | None
    report: ComparisonView | None
    created_at: Moment
    changed_at: Moment


class Anew(View):
    """What building it anew would take, as the collection says now.

    `tokens` is about what the texts come to, by what earlier jobs of the collection embedded; null before there was one.
    `cost_nano_usd` is of those tokens at the model's present price; null where either is not known.
    """

    embedding_model: str
    chunk_tokens: int
    documents: int
    chunks: int
    tokens: int | None
    cost_nano_usd: int | None


class Indexes(View):
    """The newest first."""

    data: list[IndexView]
    anew: Anew


class Begun(View):
    index: IndexView
    job: JobView


class SwitchForm(Form):
    """With `unless_worse`, only if the report says that it finds what was judged no worse, `tolerance` aside."""

    unless_worse: Flag = False
    tolerance: Annotated[float, Field(ge=0, le=1, strict=True)] = 0.0


class Switched(View):
    """`catching_up` is the job that brings in what the index lacks, null where it lacks nothing."""

    index: IndexView
    catching_up: JobView | None


@router.get("/{name}/indexes")
async def list_indexes(name: str, caller: Annotated[Caller, allow("index:list")], parts: Parts) -> Indexes:
    collection = await _collection(parts, caller, name)
    async with parts.database.read() as connection:
        table = IndexTable(connection)
        found = [(each, await _lacking(table, each)) for each in await table.of(collection.name, dropped=True)]
        library = DatabaseLibrary(connection)
        held = (await library.documents.counts()).get(collection.name, CollectionCounts(0, 0, 0))
        embedded = await library.jobs.embedded(collection.name)
    price = (await parts.feed.refresh()).prices.get(collection.embedding_model)
    return Indexes(
        data=[_view(each, lacking) for each, lacking in reversed(found)], anew=_anew(collection, held, embedded, price)
    )


@router.post("/{name}/indexes", status_code=202)
async def build_index(name: str, caller: Annotated[Caller, allow("index:change")], parts: Parts) -> Begun:
    """Build a new one beside the one that is searched, as the collection says now. One being built is given up, unless its
    job failed or was cancelled: then that one goes on.
    """
    collection = await _collection(parts, caller, name)
    async with parts.database.write() as connection:
        table, jobs = IndexTable(connection), DatabaseLibrary(connection).jobs
        building = next((each for each in await table.of(collection.name) if each.state == "building"), None)
        job = None
        if building is not None and building.recipe == beside.recipe_of(collection):
            last = await jobs.get(building.job_id) if building.job_id is not None else None
            if last is None or last.state in ("failed", "cancelled"):
                job = await beside.again(building, table, jobs, by=caller.principal.id, now_ms=now_ms())
        if building is None or job is None:
            building, job = await beside.begin(collection, table, jobs, by=caller.principal.id, now_ms=now_ms())
        lacking = await table.count_lacking(building)
    return Begun(index=_view(building, lacking), job=job_view(job, [], now_ms=now_ms()))


@router.post("/{name}/indexes/{version}/compare")
async def compare_index(
    name: str, version: Version, caller: Annotated[Caller, allow("index:change")], parts: Parts
) -> ComparisonView:
    """Ask the same of this one and of the one that is searched, and keep what came of it."""
    collection = await _collection(parts, caller, name)
    async with parts.database.read() as connection:
        found = await IndexTable(connection).of(collection.name)
    chosen, serving = named(found, version), next((each for each in found if each.state == "serving"), None)
    if serving is None or serving.version == version:
        raise Conflict(f"Version {version} is the one that is searched; compare another with it.", param="version")
    report = await comparing(parts.database, parts.finder).compare(collection, chosen, serving)
    async with parts.database.write() as connection:
        await IndexTable(connection).tell(chosen, report)
    return _report(report)


@router.post("/{name}/indexes/{version}/switch")
async def switch_index(
    name: str, version: Version, asked: SwitchForm, caller: Annotated[Caller, allow("index:change")], parts: Parts
) -> Switched:
    """Search this one from now on, all of it at once; the one before is kept, so that one can go back."""
    collection = await _collection(parts, caller, name)
    async with parts.database.write() as connection:
        table = IndexTable(connection)
        chosen = named(await table.of(collection.name), version)
        if asked.unless_worse:
            worse = "they were not compared" if chosen.report is None else chosen.report.worse(asked.tolerance)
            if worse is not None:
                raise Conflict(f"Version {version} is not switched to: {worse}.", param="unless_worse")
        return await _switch(table, DatabaseLibrary(connection), chosen, caller)


@router.post("/{name}/indexes/rollback")
async def roll_back(name: str, caller: Annotated[Caller, allow("index:change")], parts: Parts) -> Switched:
    """Search the one that was kept again, at once. Documents that came since are brought into it behind that."""
    collection = await _collection(parts, caller, name)
    async with parts.database.write() as connection:
        table = IndexTable(connection)
        kept = next((each for each in await table.of(collection.name) if each.state == "kept"), None)
        if kept is None:
            raise Conflict(f"No earlier index of {collection.name!r} is kept, so there is nothing to go back to.", param="name")
        return await _switch(table, DatabaseLibrary(connection), kept, caller)


async def _switch(table: IndexTable, library: DatabaseLibrary, chosen: Index, caller: Caller) -> Switched:
    await table.switch(chosen, now_ms=now_ms())
    now = named(await table.of(chosen.collection), chosen.version)
    job, lacking = None, await table.count_lacking(now)
    if lacking:
        job = await beside.again(now, table, library.jobs, by=caller.principal.id, now_ms=now_ms())
    return Switched(index=_view(now, lacking), catching_up=None if job is None else job_view(job, [], now_ms=now_ms()))


async def _collection(parts: Control, caller: Caller, name: str) -> Collection:
    async with parts.read() as stores:
        return await collection_named(stores, caller, name)


async def _lacking(table: IndexTable, index: Index) -> int:
    return 0 if index.state == "dropped" else await table.count_lacking(index)


def _anew(collection: Collection, held: CollectionCounts, embedded: Embedded, price: ModelPrice | None) -> Anew:
    tokens = round(held.chunks * embedded.tokens / embedded.chunks) if embedded.chunks else None
    return Anew(
        embedding_model=collection.embedding_model, chunk_tokens=collection.chunk_tokens,
        documents=held.documents - held.failed, chunks=held.chunks, tokens=tokens,
        cost_nano_usd=None if tokens is None or price is None else round(tokens * price.input),
    )  # fmt: skip


def _view(index: Index, lacking: int) -> IndexView:
    return IndexView(
        version=index.version, state=index.state, embedding_model=index.embedding_model, chunk_tokens=index.chunk_tokens,
        lacking=lacking, job_id=index.job_id, report=None if index.report is None else _report(index.report),
        created_at=moment(index.created_at), changed_at=moment(index.changed_at),
    )  # fmt: skip


def _report(report: Comparison) -> ComparisonView:
    def scored(one: Scored | None) -> ScoredView | None:
        return None if one is None else ScoredView(recall=one.recall, mrr=one.mrr)

    return ComparisonView(
        at=moment(report.at), over=report.over, questions=report.questions, overlap=report.overlap,
        evaluation_set=report.evaluation_set, judged=report.judged, before=scored(report.before), after=scored(report.after),
    )  # fmt: skip
