"""Sources: beginning a sync, which of a source's paths count, whom its documents are for, and when the next sync is due."""

import hashlib
from fnmatch import fnmatchcase

import msgspec

from stoa.domain.identity import Rights, team_tag
from stoa.domain.jobs import Job
from stoa.domain.resources import Collection, Source
from stoa.domain.schedules import Hours, interval_ms
from stoa.domain.sources import Entry, Origin, Push
from stoa.domain.syncs import Applied, Sync, SyncCause, SyncStores
from stoa.kit.ids import new_id

KIND = "sync"

RETRY_MS = 300_000
"""How long after a sync that failed the next one begins, where the source's own interval is longer."""


async def begin(
    stores: SyncStores, source: str, collection: str, *, cause: SyncCause, by: str, now_ms: int, confirmed: bool = False
) -> Sync | None:
    """Queue a sync. None when one of this source is under way; whoever commits first begins it."""
    sync = Sync(id=new_id("job"), source=source, collection=collection, cause=cause, confirmed=confirmed, started_at=now_ms)
    if not await stores.syncs.add(sync):
        return None
    job = Job(
        id=sync.id, kind=KIND, collection=collection, state="queued", total=0, done=0, failed=0, pages=0, chunks=0,
        message=None, created_by=by, created_at=now_ms,
    )  # fmt: skip
    await stores.jobs.add(job)
    return sync


async def withdraw(stores: SyncStores, source: Source, *, by: str, now_ms: int) -> None:
    """The source was deleted: its documents go too. A sync under way is cancelled and sees to that at its end."""
    if await begin(stores, source.name, source.collection, cause="removed", by=by, now_ms=now_ms) is None:
        running = (await stores.syncs.latest(source.name))[source.name]
        if running.cause != "pushed":
            await stores.jobs.cancel(running.id)
            return
        await hand_over(stores, running.id, now_ms=now_ms)
        await begin(stores, source.name, source.collection, cause="removed", by=by, now_ms=now_ms)


async def hand_over(stores: SyncStores, sync_id: str, *, now_ms: int) -> None:
    """Have documents that were sent indexed. Handing over again changes nothing."""
    sync = await stores.syncs.get(sync_id, lock=True)
    job = await stores.jobs.get(sync_id)
    if sync is None or job is None or sync.ended_at is not None:
        return
    await stores.jobs.queue(sync_id, total=job.total)
    await stores.syncs.change(sync_id, ended_at=now_ms, state="succeeded", whole=True)


def included(source: Source, path: str) -> bool:
    """Whether a path is of the source as it was applied."""
    if source.include and not any(fnmatchcase(path, pattern) for pattern in source.include):
        return False
    return not any(fnmatchcase(path, pattern) for pattern in source.exclude)


def rights_of(own: Rights | None, source: Source, collection: Collection) -> Rights:
    """Whom a document is for: as it says itself, else as the source says, else the team. What the source denies stays so."""
    allow = frozenset(source.allow) or frozenset({team_tag(collection.team)})
    deny = frozenset(source.deny)
    return Rights(allow, deny) if own is None else Rights(own.allow or allow, own.deny | deny)


def entry_rights(entry: Entry, source: Source, collection: Collection) -> Rights:
    return rights_of(entry.rights, source, collection)


def origin_print(origin: Origin) -> str:
    """Tells one place from another: versions mean nothing at another place."""
    return hashlib.sha256(msgspec.json.encode(origin)).hexdigest()[:32]


def hours_of(source: Source) -> Hours | None:
    """The hours in which its documents are fetched, None for all."""
    return None if source.window is None else Hours(source.window, source.time_zone)


def next_sync(applied: Applied, last: Sync | None) -> tuple[int, SyncCause] | None:
    """When a sync begins by itself, and why; None when it waits to be asked. `last` is not under way any more."""
    source = applied.source
    if source.paused or isinstance(source.origin, Push):
        return None
    timed = source.every is not None or source.watch
    if last is None:
        return (applied.at, "due") if timed else None
    ended = last.ended_at or last.started_at
    found: list[tuple[int, SyncCause]] = []
    if applied.at > last.started_at:
        found.append((applied.at, "changed"))
    if last.held_back and (hours := hours_of(source)) is not None:
        found.append((hours.opens_at(ended), "due"))
    if source.every is not None:
        found.append((last.started_at + interval_ms(source.every), "due"))
    if timed and last.state == "failed":
        found.append((ended + RETRY_MS, "due"))
    return min(found) if found else None
