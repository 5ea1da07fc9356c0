"""`/api/sources`: where documents come from, how their syncs went, and whether a source can be reached."""

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter

from stoa.adapters.database.syncs import SourceRecords, SyncTables
from stoa.api.access import Caller, Parts, allow
from stoa.api.description import RESOURCE
from stoa.api.forms import Flag, Form, Moment, View, described, moment, moment_or_none
from stoa.api.holdings import target_of
from stoa.api.jobs import FailureView
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.control import desired
from stoa.control.reading import read_resource
from stoa.domain.resources import Source
from stoa.domain.sources import Push
from stoa.domain.syncs import Applied, Sync, SyncCause, SyncState, document_source
from stoa.errors import Conflict, InvalidRequest, NotFound, OperatorError, ProviderError, SourceError, Unreadable
from stoa.kit.names import did_you_mean
from stoa.knowledge.sources import beginning as sources
from stoa.wiring import Control, now_ms

router = APIRouter(prefix="/api/sources", tags=["sources"])
tests = APIRouter(tags=["sources"])
"""Not below the sources themselves: one of them may be called `test`."""

TEST_S = 20.0
"""How long a source has to answer a test."""
_FAILURES = 100


class SourceSyncView(View):
    """Counts are documents. `held_back` wait for the source's hours; `acl_lag_ms` is how long the slowest change of a right
    took from being seen at the source to being in force.
    """

    id: str
    source: str
    cause: SyncCause
    state: SyncState
    message: str | None
    started_at: Moment
    ended_at: Moment | None
    listed: int
    added: int
    changed: int
    removed: int
    rights_moved: int
    failed: int
    held_back: int
    bytes: int
    acl_lag_ms: int | None


class SourceView(View):
    """`type` is its origin's; `next_sync_at` is null where it waits to be asked. `documents` and `failed` are as of now."""

    name: str
    description: str
    collection: str
    type: str
    paused: bool
    every: str | None
    watch: bool
    window: str | None
    documents: int
    failed: int
    last_sync: SourceSyncView | None
    next_sync_at: Moment | None


class SourceDetail(SourceView):
    """`errors` are documents that could not be fetched or read, of those that the caller may read; the first hundred."""

    errors: list[FailureView]


class SyncRequest(Form):
    confirm_removals: Flag = False
    """Take away what is gone, however much it is."""


class SourceTest(Form):
    """A source that was applied, by name, or one as it is drawn up."""

    name: str | None = None
    # Any: read by hand, so that each mistake is named with its field
    source: Annotated[Any, described(anyOf=[{"$ref": f"{RESOURCE}.Source"}])] = None


class SourceTested(View):
    reached: bool
    message: str
    """What is there, or why it cannot be reached."""


def sync_view(sync: Sync) -> SourceSyncView:
    fields = {name: getattr(sync, name) for name in SourceSyncView.model_fields if name not in ("started_at", "ended_at")}
    return SourceSyncView(**fields, started_at=moment(sync.started_at), ended_at=moment_or_none(sync.ended_at))


@router.get("")
async def list_sources(
    caller: Annotated[Caller, allow("source:list")], parts: Parts, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[SourceView]:
    """Those of collections that the caller may see the sources of, by name."""
    after = place_of(cursor) or ""
    found = [each for name, each in sorted((await _visible(parts, caller)).items()) if name > after]
    async with parts.database.read() as connection:
        stores = SyncTables(connection)
        last, counts = await stores.syncs.latest(), await stores.entries.counts()
    views = [_view(each, last.get(each.source.name), counts.get(each.source.name, (0, 0))) for each in found]
    return page(views, limit=limit, view=lambda view: view, place=lambda view: view.name)


@router.get("/{name}")
async def read_source(name: str, caller: Annotated[Caller, allow("source:read")], parts: Parts) -> SourceDetail:
    applied = await source_named(parts, caller, name)
    async with parts.database.read() as connection:
        stores = SyncTables(connection)
        last, counts = await stores.syncs.latest(name), await stores.entries.counts(name)
        failed = await stores.documents.page(
            applied.collection.name, acl=caller.principal.acl, state="failed", source=document_source(name), limit=_FAILURES
        )
    view = _view(applied, last.get(name), counts.get(name, (0, 0)))
    errors = [FailureView(path=each.path, reason=each.error or "") for each in failed]
    return SourceDetail(**view.model_dump(), errors=errors)


@router.get("/{name}/syncs")
async def list_syncs(
    name: str,
    caller: Annotated[Caller, allow("source:read")],
    parts: Parts,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[SourceSyncView]:
    """The newest first. Of syncs in a row that began by themselves and found nothing, the last is kept."""
    await source_named(parts, caller, name)
    async with parts.database.read() as connection:
        found = await SyncTables(connection).syncs.page(name, before=place_of(cursor), limit=limit + 1)
    return page(found, limit=limit, view=sync_view, place=lambda sync: sync.id)


@router.post("/{name}/syncs", status_code=202)
async def begin_sync(
    name: str, wanted: SyncRequest, caller: Annotated[Caller, allow("source:sync")], parts: Parts
) -> SourceSyncView:
    """Sync now, whatever its hours are. Its job has the sync's id. Raises Conflict while one is under way."""
    applied = await source_named(parts, caller, name)
    if isinstance(applied.source.origin, Push):
        raise Conflict(f"The source {name!r} fetches nothing: its documents are sent to /api/sources/{name}/documents.")
    async with parts.database.write() as connection:
        sync = await sources.begin(
            SyncTables(connection), name, applied.collection.name, cause="asked", by=caller.principal.id, now_ms=now_ms(),
            confirmed=wanted.confirm_removals,
        )  # fmt: skip
    if sync is None:
        raise Conflict(f"A sync of the source {name!r} is under way already. Follow it, or cancel its job first.")
    return sync_view(sync)


@tests.post("/api/source-tests")
async def test_source(asked: SourceTest, caller: Annotated[Caller, allow("source:test")], parts: Parts) -> SourceTested:
    """Reach a source without bringing anything."""
    source = await _drawn_up(asked, caller, parts)
    if isinstance(source.origin, Push):
        return SourceTested(reached=True, message=f"Send documents to PUT /api/sources/{source.name}/documents.")
    try:
        credentials = {name: parts.secrets.open(value) for name, value in source.credentials.items()}
        connector = parts.connectors.open(source.origin, credentials, most_bytes=parts.settings.worker.document_bytes)
        try:
            async with asyncio.timeout(TEST_S):
                return SourceTested(reached=True, message=await connector.test())
        finally:
            await connector.close()
    except TimeoutError:
        return SourceTested(reached=False, message=f"It did not answer within {TEST_S:.0f} seconds.")
    except (SourceError, Unreadable, InvalidRequest, OperatorError, ProviderError) as error:
        return SourceTested(reached=False, message=error.message)


async def source_named(parts: Control, caller: Caller, name: str) -> Applied:
    """Raises NotFound for one that is not there or not the caller's to know of."""
    found = await _visible(parts, caller)
    if name not in found:
        raise NotFound(f"There is no source {name!r} here for you.{did_you_mean(name, found)}", param="name")
    return found[name]


async def _visible(parts: Control, caller: Caller) -> dict[str, Applied]:
    every = await SourceRecords(parts.database).all()
    return {name: each for name, each in every.items() if caller.may(target_of(each.collection))}


async def _drawn_up(asked: SourceTest, caller: Caller, parts: Control) -> Source:
    """As it would be kept: credentials sealed, masked ones as they are stored."""
    if (asked.name is None) == (asked.source is None):
        raise InvalidRequest("Name a source by 'name', or draw one up in 'source'.", param="name")
    async with parts.read() as stores:
        if asked.name is not None:
            found = await desired.find(stores, "Source", asked.name)
            assert isinstance(found, Source)
            caller.require(desired.target_of(found))
            return found
        drawn = read_resource(asked.source, place="source")
        if not isinstance(drawn, Source):
            raise InvalidRequest("'source' must be of the kind Source.", param="source.kind")
        caller.require(desired.target_of(drawn))
        after = desired.applied_on(await stores.resources.all(), [drawn], [], sealer=parts.secrets)
        await desired.require_sound(stores, after, engine_url=parts.engine_url)
    return next(each for each in after if isinstance(each, Source) and each.name == drawn.name)


def _view(applied: Applied, last: Sync | None, counts: tuple[int, int]) -> SourceView:
    source = applied.source
    running = last is not None and last.ended_at is None
    due = None if running else sources.next_sync(applied, last)
    return SourceView(
        name=source.name, description=source.description, collection=source.collection,
        type=str(msgspec.to_builtins(source.origin)["type"]), paused=source.paused, every=source.every, watch=source.watch,
        window=source.window, documents=counts[0], failed=counts[1], last_sync=sync_view(last) if last is not None else None,
        next_sync_at=moment(max(due[0], now_ms())) if due is not None else None,
    )  # fmt: skip
