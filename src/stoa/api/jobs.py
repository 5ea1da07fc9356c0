"""`/api/jobs`: long work, how far it is, and stopping it."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated

from fastapi import APIRouter, Path

from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller, Parts, allow
from stoa.api.description import events
from stoa.api.events import EventStream, event, kept_alive
from stoa.api.forms import Moment, View, moment, moment_or_none
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.domain.jobs import ENDED, Job, JobState
from stoa.domain.library import Failure
from stoa.domain.resources import Collection
from stoa.errors import Conflict, NotFound
from stoa.policy.decide import Target
from stoa.wiring import Control, now_ms

router = APIRouter(prefix="/api/jobs", tags=["jobs"])

Id = Annotated[str, Path(alias="id")]

_LOOK_EVERY_S = 0.3


class FailureView(View):
    path: str
    reason: str


class JobView(View):
    """Counts are documents or lines, but for pages and chunks; what failed is not among `done`.

    `seconds_left` is at the speed so far, null where there is none; `tokens` and `cost_nano_usd` are of embedding, and a cost
    that is not known is null.
    """

    id: str
    kind: str
    collection: str | None
    state: JobState
    total: int
    done: int
    failed: int
    pages: int
    chunks: int
    pages_per_second: float | None
    documents_per_second: float | None
    seconds_left: float | None
    tokens: int
    cost_nano_usd: int | None
    message: str | None
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None
    errors: list[FailureView]


def job_view(job: Job, failures: Sequence[Failure], *, now_ms: int) -> JobView:
    return JobView(
        id=job.id, kind=job.kind, collection=job.collection, state=job.state, total=job.total, done=job.done, failed=job.failed,
        pages=job.pages, chunks=job.chunks, pages_per_second=job.pages_per_second(now_ms),
        documents_per_second=job.done_per_second(now_ms),
        seconds_left=job.seconds_left(now_ms), tokens=job.tokens, cost_nano_usd=job.cost, message=job.message,
        created_at=moment(job.created_at), started_at=moment_or_none(job.started_at), ended_at=moment_or_none(job.ended_at),
        errors=[FailureView(path=failure.path, reason=failure.reason) for failure in failures],
    )  # fmt: skip


@router.get("")
async def list_jobs(
    caller: Annotated[Caller, allow("job:list")], parts: Parts, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[JobView]:
    """The newest first."""
    collections = await _teams(parts)
    async with parts.read() as stores:
        teams = [team.name for team in await stores.teams.all()]
    mine = {team for team in {*collections.values(), *teams} if caller.may(Target("Job", team=team))}
    names = [name for name, team in collections.items() if team in mine]
    async with parts.database.read() as connection:
        library = DatabaseLibrary(connection)
        found = await library.jobs.page(collections=names, teams=sorted(mine), before=place_of(cursor), limit=limit + 1)
        failures = await library.documents.failures([job.id for job in found if job.failed])
    shown = {job.id: _shown(caller, job, failures.get(job.id, [])) for job in found}
    return page(found, limit=limit, view=lambda job: job_view(job, shown[job.id], now_ms=now_ms()), place=lambda job: job.id)


@router.get("/{id}")
async def read_job(id_: Id, caller: Annotated[Caller, allow("job:read")], parts: Parts) -> JobView:
    return await _read(parts, caller, id_)


@router.get("/{id}/events", response_class=EventStream, responses=events("progress"))
async def follow_job(id_: Id, caller: Annotated[Caller, allow("job:read")], parts: Parts) -> EventStream:
    """`event: progress` with the job whenever it has moved, until it has ended."""
    first = await _read(parts, caller, id_)

    async def moves() -> AsyncGenerator[JobView]:
        seen = first
        yield seen
        while seen.state not in ENDED:
            await asyncio.sleep(_LOOK_EVERY_S)
            now = await _read(parts, caller, id_)
            if now.model_copy(update={"pages_per_second": None}) != seen.model_copy(update={"pages_per_second": None}):
                seen = now
                yield seen

    watch = Watch(moves())
    return EventStream(kept_alive(watch, lambda job: event("progress", job)), on_close=watch.close)


@router.post("/{id}/cancel")
async def cancel_job(id_: Id, caller: Annotated[Caller, allow("job:cancel")], parts: Parts) -> JobView:
    """What it has done stays done. Raises Conflict for one that has ended."""
    await _read(parts, caller, id_)
    async with parts.database.write() as connection:
        if not await DatabaseLibrary(connection).jobs.cancel(id_):
            raise Conflict(f"The job {id_!r} has ended already.")
    return await _read(parts, caller, id_)


class Watch:
    """A generator read by a task of its own, so that whoever waits for the next item may stop waiting and come back."""

    def __init__(self, source: AsyncGenerator[JobView]) -> None:
        self._source = source
        self._next: asyncio.Task[JobView] | None = None

    def __aiter__(self) -> "Watch":
        return self

    async def __anext__(self) -> JobView:
        if self._next is None:
            self._next = asyncio.ensure_future(anext(self._source))
        item = await asyncio.shield(self._next)
        self._next = None
        return item

    def close(self) -> None:
        if self._next is not None:
            self._next.cancel()


async def _read(parts: Control, caller: Caller, job_id: str) -> JobView:
    """Raises NotFound for a job that is not there or not the caller's to know of."""
    teams = await _teams(parts)
    async with parts.database.read() as connection:
        library = DatabaseLibrary(connection)
        job = await library.jobs.get(job_id)
        failures = await library.documents.failures([job_id])
    team = (teams.get(job.collection) if job.collection else job.team) if job else None
    if job is None or not caller.may(Target("Job", id=job.id, team=team, owner=job.created_by)):
        raise NotFound(f"There is no job {job_id!r} here for you.", param="id")
    return job_view(job, _shown(caller, job, failures.get(job_id, [])), now_ms=now_ms())


def _shown(caller: Caller, job: Job, failures: Sequence[Failure]) -> list[Failure]:
    """Names of files are for those who sent them and those who may read them."""
    own = job.created_by == caller.principal.id
    return [failure for failure in failures if own or failure.rights.open_to(caller.principal.acl)]


async def _teams(parts: Control) -> dict[str, str]:
    async with parts.read() as stores:
        return {each.name: each.team for each in await stores.resources.all() if isinstance(each, Collection)}
