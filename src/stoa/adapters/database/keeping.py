"""Looking after the indexes of all collections: what is to be begun or brought up to date becomes a job, what is over goes."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from stoa.adapters.database.desired import ResourceTable
from stoa.adapters.database.engine import Database
from stoa.adapters.database.indexes import IndexRecords, IndexTable
from stoa.adapters.database.jobs import JobTable
from stoa.adapters.database.revision import current
from stoa.domain.indexes import Index, IndexStore
from stoa.domain.jobs import Job
from stoa.domain.library import JobStore
from stoa.domain.processing import Recipe
from stoa.domain.resources import Collection
from stoa.domain.vectors import PassageIndex

GRACE_MS = 60_000
"""How long a dropped index stays for searches that began on it."""


class KeepUp(Protocol):
    """`knowledge.beside.keep_up`."""

    def __call__(
        self, collection: Collection, indexes: IndexStore, jobs: JobStore, *, now_ms: int
    ) -> Awaitable[Sequence[Job]]: ...


class IndexKeeper:
    """Looks when something has changed. `index` is what dropped ones are erased from, `kind` that of the jobs it makes."""

    def __init__(
        self,
        database: Database,
        index: PassageIndex,
        *,
        kind: str,
        keep_up: KeepUp,
        now_ms: Callable[[], int],
        grace_ms: int = GRACE_MS,
    ) -> None:
        self._database, self._index, self._now_ms, self._keep_up = database, index, now_ms, keep_up
        self._kind, self._grace_ms = kind, grace_ms
        self._seen: int | None = None
        self._unsettled = True

    async def look(self) -> Sequence[Job]:
        """The jobs that are new."""
        await self._erase()
        revision = await self._database.look(current)
        if revision == self._seen and not self._unsettled:
            return []
        async with self._database.read() as connection:
            every = await IndexTable(connection).every()
            collections = [each for each in await ResourceTable(connection).all() if isinstance(each, Collection)]
        several = {each.collection for each in every if each.state != "serving"}
        made_as = {each.collection: each.recipe for each in every if each.state == "serving"}
        await self._drop([each for each in every if each.collection not in {one.name for one in collections}])
        made: list[Job] = []
        for each in collections:
            recipe = made_as.get(each.name)
            same = recipe == Recipe(each.embedding_model, each.chunk_tokens)
            if recipe is None or (same and each.name not in several):
                continue
            async with self._database.write() as connection:
                made += await self._keep_up(each, IndexTable(connection), JobTable(connection), now_ms=self._now_ms())
        self._seen, self._unsettled = revision, await self._under_way()
        return made

    async def _under_way(self) -> bool:
        """Whether some index is being worked on: its end is no change of the revision."""
        async with self._database.read() as connection:
            return any(job.kind == self._kind for job in await JobTable(connection).unfinished())

    async def _drop(self, orphans: Sequence[Index]) -> None:
        """What was deleted may come again under its name, and begins anew then."""
        for each in orphans:
            async with self._database.write() as connection:
                await IndexTable(connection).drop(each, now_ms=self._now_ms())

    async def _erase(self) -> None:
        records = IndexRecords(self._database)
        for each in await records.erasable(self._now_ms() - self._grace_ms):
            await self._index.drop(each.name)
            await records.erased(each)
