"""What the verbs about stores of vectors need, put together. They work beside a running Stoa, or without one."""

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stoa.domain.resources import Collection
from stoa.errors import NotFound
from stoa.sections import VectorsSettings, check_vectors
from stoa.settings import Settings
from stoa.wiring.shared import now_ms

if TYPE_CHECKING:  # late: see the functions
    from stoa.adapters.database.ledgers import Collections
    from stoa.domain.documents import Objects
    from stoa.domain.vectors import CorpusLedger, VectorStore
    from stoa.knowledge.gate import IndexGate
    from stoa.knowledge.snapshots import Snapshots

log = logging.getLogger(__name__)

FORM = 3
"""Of the rows in a folder (LanceDB). It grows when a table of before can't be read any more as it is."""

_SEEN = "vectors/form.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """`place` is where the index is, as people may read it."""

    settings: Settings
    index: "VectorStore"
    place: str
    corpus: "CorpusLedger"
    collections: "Collections"
    gate: "IndexGate"
    snapshots: "Snapshots"

    async def collection(self, name: str) -> Collection:
        """Raises NotFound."""
        found = await self.collections.get(name)
        if found is None:
            raise NotFound(f"There is no collection {name!r}. See: stoa get collection", param="collection")
        return found

    async def chosen(self, names: Sequence[str]) -> Sequence[str]:
        """Those of the index that are named, or all that it has. Raises NotFound."""
        there = await self.index.collections()
        if unknown := sorted(set(names) - set(there)):
            raise NotFound(
                f"The index in {self.place!r} has no collection {unknown[0]!r}. It has: {', '.join(there) or 'none'}.",
                param="collection",
            )
        return list(names) or there

    @asynccontextmanager
    async def other(self, url: str) -> "AsyncGenerator[tuple[VectorStore, str]]":
        """Another store, and its name for people. The token of the settings is for whichever is a Milvus."""
        from stoa.adapters.vectors.opening import open_index, place_of

        check_vectors(url, setting="--to or --against")
        settings, folder = VectorsSettings(url=url, token=self.settings.vectors.token), self.settings.home_folder.vectors
        store = open_index(settings, folder, patient=True)
        try:
            yield store, place_of(settings, folder)
        finally:
            await store.close()


async def renew_outdated(
    index: "VectorStore", place: str, corpus: "CorpusLedger", gate: "IndexGate", collections: "Collections", objects: "Objects"
) -> None:
    """Write collections anew that are in an earlier version's form. Loads the store only if that was not seen to yet."""
    seen = msgspec.json.encode({"store": place, "form": FORM})
    there = Path(place).is_dir()  # noqa: ASYNC240 - one look at a start
    if not there or await objects.get(_SEEN) == seen:
        return
    try:
        for name in await index.outdated():
            await _renew(name, index, corpus, gate, collections)
    except Exception:
        log.exception("An index in an earlier version's form could not be written anew. It is tried again at the next start.")
    else:
        await objects.put(_SEEN, seen)


async def _renew(
    name: str, index: "VectorStore", corpus: "CorpusLedger", gate: "IndexGate", collections: "Collections"
) -> None:
    from stoa.knowledge.putting_back import renew

    resource = await collections.get(name)
    if resource is None:
        log.warning("The index of %r is in an earlier version's form, and there is no such collection any more.", name)
        return
    log.info("The index of collection %r is in an earlier version's form, and is written anew.", name)
    done = await renew(index, corpus, gate, resource)
    log.info("Collection %r: %d passages written anew; %d documents to be sent again.", name, done.rows, len(done.missing))


@asynccontextmanager
async def vectors(settings: Settings) -> "AsyncGenerator[Vectors]":
    """The store of the settings, with the database and the objects of this Stoa."""
    from stoa.adapters.database import Database
    from stoa.adapters.database.corpus import CorpusRecords
    from stoa.adapters.database.ledgers import Collections
    from stoa.adapters.database.migrate import check
    from stoa.adapters.objects.opening import open_objects
    from stoa.adapters.vectors.opening import open_index, place_of
    from stoa.adapters.vectors.parquet import ParquetRows
    from stoa.knowledge.gate import IndexGate
    from stoa.knowledge.snapshots import SnapshotPorts, Snapshots

    await check(settings.database_url, rows=False)
    home = settings.home_folder
    database = Database.open(settings.database_url, pool_size=2)
    index, place = open_index(settings.vectors, home.vectors, patient=True), place_of(settings.vectors, home.vectors)
    objects, corpus = open_objects(settings.objects, home.objects), CorpusRecords(database)
    gate = IndexGate(objects, store=place, now_ms=now_ms)
    ports = SnapshotPorts(objects=objects, index=index, corpus=corpus, files=ParquetRows(), gate=gate, now_ms=now_ms)
    try:
        yield Vectors(
            settings=settings, index=index, place=place, corpus=corpus, collections=Collections(database), gate=gate,
            snapshots=Snapshots(ports),
        )  # fmt: skip
    finally:
        await index.close()
        await database.close()
