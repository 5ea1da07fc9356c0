"""The sync of a source as a durable job: list, compare with what earlier syncs brought, fetch what is new or changed, follow
rights and removals.

Everything may run again. What lies in the source is noted as it is listed; documents, the job that indexes them and what is
known of their entries are committed together, a part at a time, so that a crash costs one part. Rights and removals come first,
and are in the index before their job is handed over to whoever indexes the rest.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from stoa.domain.documents import Document
from stoa.domain.identity import Rights
from stoa.domain.sources import Connector
from stoa.domain.syncs import Applied, Listed, Sync, SyncState, SyncStores, document_source
from stoa.errors import InternalError
from stoa.knowledge import intake
from stoa.knowledge.forget import forget
from stoa.knowledge.ingest import NOT_INDEXED
from stoa.knowledge.sources.beginning import begin, entry_rights, origin_print
from stoa.knowledge.sources.fetching import Fetch, counts, differs, fetch
from stoa.knowledge.sources.listing import PAGE, PART_DOCUMENTS, Listing
from stoa.knowledge.sources.ports import SyncPorts

RIGHTS = "rights"
"""The part that brings changed rights and removals into force."""


@dataclass
class _Pace:
    """How fast a sync fetches in this process, for whoever watches it."""

    began: float = field(default_factory=time.monotonic)
    fetched: int = 0

    def say(self, done: int, total: int) -> str:
        rate = self.fetched / max(time.monotonic() - self.began, 0.001)
        left = f", about {(total - done) / rate:,.0f} s left" if rate and done < total else ""
        return f"Fetched {done:,} of {total:,} documents: {rate:,.1f} a second{left}."


class SyncWork:
    """Work of the kind `sync`."""

    def __init__(self, ports: SyncPorts) -> None:
        self._ports = ports
        self._open: dict[str, Connector] = {}
        self._paces: dict[str, _Pace] = {}

    async def plan(self, job_id: str) -> Sequence[str]:
        """List and compare. Rights and removals, then parts of documents to fetch; those whose rights moved too come first."""
        if not await self._ports.jobs.start(job_id):
            return []
        sync, applied = await self._sync(job_id)
        if applied is None:  # deleted: nothing lies there any more
            await self._ports.change(job_id, whole=True)
            return [RIGHTS]
        listing = Listing(self._ports, sync, applied)
        if await listing.note(self._connector(sync, applied)):
            await listing.weigh_removals()
        return [RIGHTS, *await listing.assign()]

    async def part(self, job_id: str, part: str) -> None:
        """One part of the plan. Raises SourceError when the source stays away, Cancelled when nobody wants it any more."""
        await self._ports.not_cancelled(job_id)
        sync, applied = await self._sync(job_id)
        await self._hand_over(sync)
        if part == RIGHTS:
            await self._follow(sync, applied)
        elif applied is not None:
            await self._bring(sync, applied, int(part))

    async def finish(self, job_id: str, error: str | None) -> None:
        """Say what became of it, and forget what is gone. A source that was deleted meanwhile is withdrawn."""
        ports = self._ports
        if (connector := self._open.pop(job_id, None)) is not None:
            await connector.close()
        self._paces.pop(job_id, None)
        sync, applied = await self._sync(job_id)
        await self._hand_over(sync)
        job = await ports.jobs.get(job_id)
        message = error or sync.message
        state: SyncState = "failed" if error or not sync.whole else "unconfirmed" if sync.unconfirmed else "succeeded"
        if job is None or job.state == "cancelled":
            state, message = "cancelled", "It was cancelled; what it had brought stays."
        async with ports.write() as stores:
            if sync.whole and not sync.unconfirmed and state == "succeeded":
                await stores.entries.forget(sync)
            await stores.syncs.change(job_id, state=state, message=message, ended_at=ports.now_ms())
            await self._tidy(stores, msgspec.structs.replace(sync, state=state))
            if applied is None and sync.cause != "removed":
                await begin(stores, sync.source, sync.collection, cause="removed", by="stoa", now_ms=ports.now_ms())
        await ports.jobs.end(job_id, error=message if state in ("failed", "unconfirmed") else None)

    async def close(self) -> None:
        """Let go of the sources that are open; whoever takes up their syncs opens them again."""
        while self._open:
            _, connector = self._open.popitem()
            await connector.close()

    async def _tidy(self, stores: SyncStores, ended: Sync) -> None:
        """Of syncs in a row that began by themselves and found nothing, the last one is enough."""
        if not ended.idle:
            return
        for before in await stores.syncs.page(ended.source, before=ended.id, limit=1):
            if before.idle and before.cause in ("due", "watched"):
                await stores.syncs.drop([before.id])

    async def _follow(self, sync: Sync, applied: Applied | None) -> None:
        """Rights that moved and documents that are gone, into force at once."""
        moved, seen_at = list[Listed](), list[int]()
        if applied is not None:
            async for each, need in Listing(self._ports, sync, applied).needs():
                if need == "rights":
                    moved.append(each)
                    seen_at.append(each.seen_at)
                if len(moved) >= PAGE:
                    sync = await self._move(sync, applied, moved)
                    moved = []
            if moved:
                sync = await self._move(sync, applied, moved)
        while sync.whole and not sync.unconfirmed:
            async with self._ports.write() as stores:
                gone = await stores.entries.gone(sync, limit=PAGE)
                if not gone:
                    break
                sync = await self._with_job(stores, sync, more=0)
                await self._put(stores, sync, [(document, None) for document in gone])
                await stores.syncs.count(sync.id, removed=len(gone))
        await self._hand_over(sync, seen_at=min(seen_at, default=None))

    async def _move(self, sync: Sync, applied: Applied, moved: Sequence[Listed]) -> Sync:
        async with self._ports.write() as stores:
            sync = await self._with_job(stores, sync, more=len(moved))
            rights = [entry_rights(each.entry, applied.source, applied.collection) for each in moved]
            documents = [each.document for each in moved if each.document is not None]
            await self._put(stores, sync, list(zip(documents, rights, strict=True)))
            await stores.syncs.count(sync.id, rights_moved=len(moved))
        return sync

    async def _put(self, stores: SyncStores, sync: Sync, changes: Sequence[tuple[Document, Rights | None]]) -> None:
        """Other rights for documents, or None for those that go. What could not be read still says why."""
        now_ms, job_id = self._ports.now_ms(), sync.open_job or ""
        changed: list[Document] = []
        for document, rights in changes:
            state = "removed" if rights is None else "queued"
            to_be = intake.changed(document, job_id, state=state, now_ms=now_ms, rights=rights)
            lasting = document.state == "failed" and not (document.error or "").startswith(NOT_INDEXED)
            changed.append(msgspec.structs.replace(to_be, error=document.error) if lasting and rights is not None else to_be)
        await stores.documents.put(changed)

    async def _bring(self, sync: Sync, applied: Applied, number: int) -> None:
        """Fetch a part, and commit its documents, their job and what is known of its entries together."""
        ports, origin = self._ports, origin_print(applied.source.origin)
        async with ports.read() as stores:
            wanted = await stores.entries.listed(sync, part=number, limit=PART_DOCUMENTS)
        found = await fetch(
            wanted, self._connector(sync, applied), ports.objects, origin=origin, most_bytes=ports.most_bytes,
            check=lambda: self._ports.not_cancelled(sync.id), pauses_s=ports.pauses_s,
        )  # fmt: skip
        rights = {each.entry.path: entry_rights(each.entry, applied.source, applied.collection) for each in wanted}
        differing = [each for each in found if differs(each, rights[each.listed.entry.path], applied.collection)]
        moved = [each.listed.seen_at for each in differing if (d := each.listed.document) and d.rights != rights[d.path]]
        pace = self._paces.setdefault(sync.id, _Pace())
        pace.fetched += len(found)
        async with ports.write() as stores:
            if differing:
                sync = await self._with_job(stores, sync, more=len(differing))
                await intake.put_files(
                    stores, [each.file for each in differing], sync.open_job or "", collection=sync.collection,
                    source=document_source(sync.source), rights=rights.__getitem__, now_ms=ports.now_ms(),
                )  # fmt: skip
            await stores.entries.bring(sync.source, [each.brought for each in found], origin=origin)
            await stores.syncs.count(sync.id, rights_moved=len(moved), **counts(found))
            await self._reach(stores, sync, found, pace)
        await self._hand_over(sync, rights=bool(moved), seen_at=min(moved, default=None))
        replaced = [(d.digest, d.path) for each in differing if (d := each.listed.document) and d.digest != each.file.digest]
        await forget(ports.documents, ports.objects, replaced)

    async def _reach(self, stores: SyncStores, sync: Sync, found: Sequence[Fetch], pace: _Pace) -> None:
        job = await stores.jobs.get(sync.id)
        assert job is not None
        failed = sum(1 for each in found if each.brought.error)
        done = job.done + len(found) - failed
        message = pace.say(done + job.failed + failed, job.total)
        await stores.jobs.reach(sync.id, done=done, failed=job.failed + failed, message=message)

    async def _with_job(self, stores: SyncStores, sync: Sync, *, more: int) -> Sync:
        """The sync with an ingestion job that nobody takes yet, which is to index so many more documents."""
        if sync.open_job is None:
            job = intake.new_job(sync.collection, by="stoa", now_ms=self._ports.now_ms(), total=more)
            await stores.jobs.add(msgspec.structs.replace(job, state="waiting"))
            await stores.syncs.change(sync.id, open_job=job.id)
            return msgspec.structs.replace(sync, open_job=job.id)
        job = await stores.jobs.get(sync.open_job)
        await stores.jobs.reach(sync.open_job, total=(job.total if job is not None else 0) + more)
        return sync

    async def _hand_over(self, sync: Sync, *, rights: bool = True, seen_at: int | None = None) -> None:
        """Bring rights and removals of the open job into the index, then have its documents indexed."""
        ports, job_id = self._ports, sync.open_job
        if job_id is None:
            return
        if rights:
            await ports.rights(job_id)
        lag = None if seen_at is None else max(ports.now_ms() - seen_at, sync.acl_lag_ms or 0)
        async with ports.write() as stores:
            job = await stores.jobs.get(job_id)
            await stores.jobs.queue(job_id, total=job.total if job is not None else 0)
            await stores.syncs.change(sync.id, open_job=None, **({} if lag is None else {"acl_lag_ms": lag}))

    def _connector(self, sync: Sync, applied: Applied) -> Connector:
        """One a sync and process: some take long to open. Raises InvalidRequest."""
        if sync.id not in self._open:
            credentials = {name: self._ports.unseal(value) for name, value in applied.source.credentials.items()}
            self._open[sync.id] = self._ports.connectors.open(
                applied.source.origin, credentials, most_bytes=self._ports.most_bytes
            )
        return self._open[sync.id]

    async def _sync(self, job_id: str) -> tuple[Sync, Applied | None]:
        """The sync as it is now, and its source, None where that was deleted."""
        async with self._ports.read() as stores:
            sync = await stores.syncs.get(job_id)
        if sync is None:
            raise InternalError(f"The sync of the job {job_id!r} is not in the database.")
        applied = (await self._ports.sources.all()).get(sync.source)
        return sync, applied if applied is not None and applied.collection.name == sync.collection else None
