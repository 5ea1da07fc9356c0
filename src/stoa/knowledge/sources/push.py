"""Documents that others send to a source. Those that come close together share one ingestion job, which is also their sync.

The job waits until somebody hands it over, so that ten thousand documents are not ten thousand jobs.
"""

from dataclasses import dataclass
from typing import Literal

import msgspec

from stoa.domain.documents import Document
from stoa.domain.identity import Rights
from stoa.domain.resources import Source
from stoa.domain.sources import Push
from stoa.domain.syncs import Sync, SyncStores, document_source
from stoa.errors import Conflict, InvalidRequest, NotFound
from stoa.knowledge import intake
from stoa.knowledge.intake import File
from stoa.knowledge.sources.beginning import hand_over

MOST = 1000
"""Documents that share a job."""
GATHER_MS = 500
"""How long a job waits for more of them."""

Change = Literal["created", "changed", "unchanged"]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a document; `job` is the id of what indexes it, None where nothing changed."""

    document: Document
    change: Change
    job: str | None
    replaced: str | None = None
    """The digest of the bytes before."""


def require_push(source: Source) -> None:
    """Raises Conflict."""
    if not isinstance(source.origin, Push):
        raise Conflict(f"Documents of the source {source.name!r} are fetched; only one of type 'push' is sent documents.")


async def push(stores: SyncStores, source: Source, file: File, rights: Rights, *, by: str, now_ms: int) -> Pushed:
    """Put a document whose bytes are stored in the place of the one at its path. Sending it again changes nothing."""
    known = await _find(stores, source, file.path)
    if known is not None and known.state != "failed" and (known.digest, known.rights) == (file.digest, rights):
        return Pushed(known, "unchanged", known.job_id if known.state == "queued" else None)
    sync = await _open(stores, source, by=by, now_ms=now_ms)
    await intake.put_files(
        stores, [file], sync.id, collection=source.collection, source=document_source(source.name), rights=lambda _: rights,
        now_ms=now_ms,
    )  # fmt: skip
    added = known is None
    moved = known is not None and known.rights != rights
    again = known is not None and known.job_id == sync.id
    await stores.syncs.count(
        sync.id, listed=1, added=int(added), changed=int(known is not None and known.digest != file.digest),
        rights_moved=int(moved), bytes=file.bytes,
    )  # fmt: skip
    await _grow(stores, sync, 0 if again else 1, now_ms=now_ms)
    document = await _find(stores, source, file.path)
    assert document is not None
    replaced = known.digest if known is not None and known.digest != file.digest else None
    return Pushed(document, "created" if added else "changed", sync.id, replaced)


async def take_back(stores: SyncStores, source: Source, path: str, *, by: str, now_ms: int) -> str:
    """Remove a document; the id of the job that takes it out of the index. Raises NotFound."""
    known = await _find(stores, source, path)
    if known is None:
        raise NotFound(f"The source {source.name!r} has no document {path!r}.", param="path")
    sync = await _open(stores, source, by=by, now_ms=now_ms)
    await stores.documents.put([intake.changed(known, sync.id, state="removed", now_ms=now_ms)])
    await stores.syncs.count(sync.id, removed=1)
    await _grow(stores, sync, -1 if known.job_id == sync.id and known.state == "queued" else 0, now_ms=now_ms)
    return sync.id


async def _open(stores: SyncStores, source: Source, *, by: str, now_ms: int) -> Sync:
    """The sync that gathers what is sent now, begun if there is none. Raises Conflict while the source is withdrawn."""
    for _ in range(2):
        last = (await stores.syncs.latest(source.name)).get(source.name)
        running = await stores.syncs.get(last.id, lock=True) if last is not None and last.ended_at is None else None
        if running is not None and running.ended_at is None:
            if running.cause != "pushed":
                raise Conflict(f"What the source {source.name!r} had before is being taken away; send it again in a moment.")
            return running
        job = intake.new_job(source.collection, by=by, now_ms=now_ms, total=0)
        sync = Sync(id=job.id, source=source.name, collection=source.collection, cause="pushed", started_at=now_ms)
        if await stores.syncs.add(sync):
            await stores.jobs.add(msgspec.structs.replace(job, state="waiting"))
            return sync
    raise Conflict(f"The source {source.name!r} is busy; send it again in a moment.")


async def _grow(stores: SyncStores, sync: Sync, more: int, *, now_ms: int) -> None:
    job = await stores.jobs.get(sync.id)
    total = (job.total if job is not None else 0) + more
    await stores.jobs.reach(sync.id, total=total)
    if total >= MOST:
        await hand_over(stores, sync.id, now_ms=now_ms)


async def _find(stores: SyncStores, source: Source, path: str) -> Document | None:
    return await stores.documents.at(source.collection, document_source(source.name), path)


def require_some(file: File) -> None:
    """Raises InvalidRequest for a document without bytes."""
    if not file.bytes:
        raise InvalidRequest(f"{file.path!r} was sent without bytes; they are the body of the request.", param="body")
