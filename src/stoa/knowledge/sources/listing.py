"""The first step of a sync: note all that lies in a source, weigh what is gone, and put what is to be fetched into parts."""

import time
from collections.abc import AsyncGenerator, Sequence

import msgspec

from stoa.domain.sources import Connector, Entry
from stoa.domain.syncs import Applied, Listed, Sync
from stoa.errors import InvalidRequest, SourceError
from stoa.knowledge import intake
from stoa.knowledge.sources.beginning import entry_rights, hours_of, included, origin_print
from stoa.knowledge.sources.plan import Need, Parts, need_of
from stoa.knowledge.sources.ports import SyncPorts

PAGE = 500
"""Entries looked at, or written, in one transaction."""
PART_DOCUMENTS = 64
PART_BYTES = 32_000_000

_SAY_EVERY_S = 2.0


class Listing:
    """The listing of one sync."""

    def __init__(self, ports: SyncPorts, sync: Sync, applied: Applied) -> None:
        self._ports, self._sync, self._applied = ports, sync, applied

    async def note(self, connector: Connector) -> bool:
        """Note all that lies there; False where it broke off, so that only what was seen can be gone on with."""
        ports, sync, source = self._ports, self._sync, self._applied.source
        found, noted, said = list[Entry](), 0, time.monotonic()
        skipped, broken = list[str](), ""

        async def write() -> None:
            nonlocal noted, said
            await self._ports.not_cancelled(sync.id)
            async with ports.write() as stores:
                await stores.entries.note(sync.source, found, sync_id=sync.id, now_ms=ports.now_ms())
            noted += len(found)
            found.clear()
            if time.monotonic() - said > _SAY_EVERY_S:
                said = time.monotonic()
                await ports.jobs.say(sync.id, f"Listing: {noted:,} documents so far.")

        try:
            async for entry in connector.entries():
                try:
                    path = intake.clean_path(entry.path)
                except InvalidRequest:
                    skipped.append(entry.path)
                    continue
                if included(source, path):
                    found.append(entry if path == entry.path else msgspec.structs.replace(entry, path=path))
                if len(found) >= PAGE:
                    await write()
        except SourceError as error:
            if not noted and not found:
                raise
            broken = f"{error.message} The source was not listed whole, so nothing was removed."
        await write()
        odd = f"{len(skipped)} of its paths can be no document's, such as {skipped[0][:100]!r}." if skipped else ""
        told = " ".join(part for part in (broken, odd) if part)
        await self._ports.change(sync.id, listed=noted, whole=not broken, message=told or None, failed=len(skipped))
        return not broken

    async def weigh_removals(self) -> None:
        """Take nothing away where so much is gone that it can hardly be meant."""
        sync, most = self._sync, self._applied.source.most_removed
        async with self._ports.read() as stores:
            every, gone = await stores.entries.sizes(sync)
        if sync.confirmed or gone <= most * every:
            return
        await self._ports.change(
            sync.id, unconfirmed=True,
            message=f"{gone:,} of its {every:,} documents are gone from the source, more than most_removed ({most:.0%}) "
            f"allows, so nothing was removed. If it is meant: stoa source sync {sync.source} --confirm-removals",
        )  # fmt: skip

    async def assign(self) -> list[str]:
        """Put what is to be fetched into parts. Outside the source's hours only what cannot wait, unless somebody asked."""
        ports, sync, hours = self._ports, self._sync, hours_of(self._applied.source)
        now = sync.cause == "asked" or hours is None or hours.open_at(ports.now_ms())
        parts, held_back, total = Parts(documents=PART_DOCUMENTS, bytes=PART_BYTES), 0, 0
        async for each, need in self.needs():
            if need == "urgent" or (need in ("fetch", "index") and now):
                total += 1
                if (full := parts.add(each, urgent=need == "urgent")) is not None:
                    await self._write_part(*full)
            elif need in ("fetch", "index"):
                held_back += 1
        for full in parts.rest():
            await self._write_part(*full)
        await self._ports.change(sync.id, held_back=held_back)
        async with ports.write() as stores:
            await stores.jobs.reach(sync.id, total=total, message=None)
        return [str(number) for number in parts.numbers]

    async def needs(self) -> AsyncGenerator[tuple[Listed, Need]]:
        """Every entry that was listed, with what it needs."""
        sync, applied = self._sync, self._applied
        origin, after = origin_print(applied.source.origin), None
        while True:
            async with self._ports.read() as stores:
                page = await stores.entries.listed(sync, after=after, limit=PAGE)
            for each in page:
                rights = entry_rights(each.entry, applied.source, applied.collection)
                yield each, need_of(each, rights, origin=origin, collection=applied.collection, retry=sync.cause == "asked")
            if len(page) < PAGE:
                return
            after = page[-1].entry.path

    async def _write_part(self, number: int, paths: Sequence[str]) -> None:
        async with self._ports.write() as stores:
            await stores.entries.assign(self._sync.source, paths, part=number)
