"""Which sources are synced by themselves now. Several workers may ask this at once: the database lets one of them begin."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from stoa.domain.syncs import Applied, AppliedSources, OpenStores, Sync, SyncCause
from stoa.knowledge.sources.beginning import begin, hand_over, next_sync
from stoa.knowledge.sources.push import GATHER_MS


@dataclass(frozen=True)
class Schedule:
    """Begins syncs that are due."""

    read: OpenStores
    write: OpenStores
    sources: AppliedSources
    now_ms: Callable[[], int]

    async def applied(self) -> list[Applied]:
        return list((await self.sources.all()).values())

    async def begin_due(self, applied: Collection[Applied], moved: Collection[str] = ()) -> list[Sync]:
        """The syncs that were begun; what was sent to sources is handed over beside.

        `moved` are sources whose watched folder changed: those begin as soon as they can.
        """
        if not applied:
            return []
        async with self.read() as stores:
            last = await stores.syncs.latest()
        begun: list[Sync] = []
        for each in last.values():
            if each.cause == "pushed" and each.ended_at is None and each.started_at <= self.now_ms() - GATHER_MS:
                async with self.write() as stores:
                    await hand_over(stores, each.id, now_ms=self.now_ms())
        for each in applied:
            if (cause := self._cause(each, last.get(each.source.name), moved)) is None:
                continue
            async with self.write() as stores:
                source = each.source
                sync = await begin(stores, source.name, source.collection, cause=cause, by="stoa", now_ms=self.now_ms())
            if sync is not None:
                begun.append(sync)
        return begun

    def _cause(self, applied: Applied, last: Sync | None, moved: Collection[str]) -> SyncCause | None:
        if last is not None and last.ended_at is None:
            return None
        if applied.source.name in moved and applied.source.watch and not applied.source.paused:
            return "watched"
        due = next_sync(applied, last)
        return due[1] if due is not None and due[0] <= self.now_ms() else None
