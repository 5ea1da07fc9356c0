"""An index beside the one that is searched: begun when a collection says that it is made otherwise, or when somebody asks.

What is here decides and commits; the work is a job of the kind `reindex`.
"""

from collections.abc import Sequence

import msgspec

from stoa.domain.indexes import Index, IndexStore
from stoa.domain.jobs import ENDED, Job
from stoa.domain.library import JobStore
from stoa.domain.processing import Recipe
from stoa.domain.resources import Collection
from stoa.errors import Conflict
from stoa.kit.ids import new_id

KIND = "reindex"
BY = "stoa"
"""Who asks for an index that nobody asked for by hand."""


async def keep_up(collection: Collection, indexes: IndexStore, jobs: JobStore, *, now_ms: int) -> Sequence[Job]:
    """Begin, give up and bring up to date what is to be. The jobs that are new.

    An index whose last job failed or was cancelled waits for somebody to ask again.
    """
    live = await indexes.of(collection.name)
    serving = next((each for each in live if each.state == "serving"), None)
    if serving is None:
        return []
    building = next((each for each in live if each.state == "building"), None)
    made: list[Job] = []
    if serving.recipe != recipe_of(collection) and not _went_back(collection, serving, live):
        if building is None or building.recipe != recipe_of(collection):
            made.append((await begin(collection, indexes, jobs, by=BY, now_ms=now_ms))[1])
            return made
    elif building is not None and building.recipe not in (serving.recipe, recipe_of(collection)):
        await give_up(building, indexes, jobs, now_ms=now_ms)
        building = None
    kept = any(each.state == "kept" for each in live)
    for index in filter(None, (building, serving if kept else None)):
        job = await jobs.get(index.job_id) if index.job_id is not None else None
        if job is not None and job.state != "succeeded":
            continue
        if lacking := await indexes.count_lacking(index):
            made.append(await _work_on(index, lacking, indexes, jobs, by=BY, now_ms=now_ms))
    return made


async def begin(collection: Collection, indexes: IndexStore, jobs: JobStore, *, by: str, now_ms: int) -> tuple[Index, Job]:
    """Build a new index as the collection says now. One that is being built otherwise is given up.

    Raises Conflict where nothing is searched yet, so that there is nothing to build beside.
    """
    live = await indexes.of(collection.name)
    if not any(each.state == "serving" for each in live):
        raise Conflict(f"The collection {collection.name!r} has no index yet; it gets one with its first documents.")
    for each in live:
        if each.state == "building":
            await give_up(each, indexes, jobs, now_ms=now_ms)
    index = await indexes.add(collection.name, recipe_of(collection), state="building", now_ms=now_ms)
    lacking = await indexes.count_lacking(index)
    job = await _work_on(index, lacking, indexes, jobs, by=by, now_ms=now_ms)
    return msgspec.structs.replace(index, job_id=job.id), job


async def again(index: Index, indexes: IndexStore, jobs: JobStore, *, by: str, now_ms: int) -> Job | None:
    """Go on with one whose job has ended, whatever it ended with. None when its job is under way."""
    job = await jobs.get(index.job_id) if index.job_id is not None else None
    if job is not None and job.state not in ENDED:
        return None
    return await _work_on(index, await indexes.count_lacking(index), indexes, jobs, by=by, now_ms=now_ms)


async def give_up(index: Index, indexes: IndexStore, jobs: JobStore, *, now_ms: int) -> None:
    """Stop building it."""
    if index.job_id is not None:
        await jobs.cancel(index.job_id)
    await indexes.drop(index, now_ms=now_ms)


def _went_back(collection: Collection, serving: Index, live: Sequence[Index]) -> bool:
    """Whether somebody went back from an index that was made as the collection says; it is not built again by itself."""
    wanted = recipe_of(collection)
    return any(each.state == "kept" and each.recipe == wanted and each.version > serving.version for each in live)


def recipe_of(collection: Collection) -> Recipe:
    """How the collection says that its index is made."""
    return Recipe(collection.embedding_model, collection.chunk_tokens)


async def _work_on(index: Index, lacking: int, indexes: IndexStore, jobs: JobStore, *, by: str, now_ms: int) -> Job:
    job = Job(
        id=new_id("job"), kind=KIND, collection=index.collection, state="queued", total=lacking, done=0, failed=0, pages=0,
        chunks=0, message=None, created_by=by, created_at=now_ms,
    )  # fmt: skip
    await jobs.add(job, plan={"version": index.version})
    await indexes.work(index, job.id)
    return job
