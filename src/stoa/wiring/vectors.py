"""What the verbs about stores of vectors need, put together. They work beside a running Stoa, or without one."""

import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stoa.domain.indexes import collection_of
from stoa.domain.vectors import Searched
from stoa.errors import NotFound
from stoa.sections import VectorsSettings, check_vectors
from stoa.settings import Settings
from stoa.wiring.shared import now_ms

if TYPE_CHECKING:  # late: see the functions
    from stoa.adapters.database.ledgers import Collections
    from stoa.domain.documents import Objects
    from stoa.domain.indexes import IndexLedger
    from stoa.domain.vectors import CorpusLedger, VectorStore
    from stoa.knowledge.indexes.gate import IndexGate
    from stoa.knowledge.indexes.snapshots import Snapshots

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
    indexes: "IndexLedger"
    gate: "IndexGate"
    snapshots: "Snapshots"

    async def searched(self, collection: str) -> Searched:
        """The index of a collection that is searched. Raises NotFound."""
        found = await searched(collection, self.collections, self.indexes)
        if found is None:
            raise NotFound(f"There is no collection {collection!r}. See: stoa get collection", param="collection")
        return found

    async def chosen(self, names: Sequence[str]) -> Sequence[str]:
        """What the store has of the collections that are named, each of their versions, or all. Raises NotFound."""
        there = await self.index.collections()
        known = sorted({collection_of(name) for name in there})
        if unknown := sorted(set(names) - set(known)):
            raise NotFound(
                f"The index in {self.place!r} has no collection {unknown[0]!r}. It has: {', '.join(known) or 'none'}.",
                param="collection",
            )
        return [name for name in there if not names or collection_of(name) in names]

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
    index: "VectorStore",
    place: str,
    corpus: "CorpusLedger",
    gate: "IndexGate",
    collections: "Collections",
    indexes: "IndexLedger",
    objects: "Objects",
) -> None:
    """Write collections anew that are in an earlier version's form. Loads the store only if that was not seen to yet."""
    seen = msgspec.json.encode({"store": place, "form": FORM})
    there = Path(place).is_dir()  # noqa: ASYNC240 - one look at a start
    if not there or await objects.get(_SEEN) == seen:
        return
    try:
        for name in await index.outdated():
            await _renew(name, index, corpus, gate, await searched(collection_of(name), collections, indexes))
    except Exception:
        log.exception("An index in an earlier version's form could not be written anew. It is tried again at the next start.")
    else:
        await objects.put(_SEEN, seen)


async def searched(collection: str, collections: "Collections", indexes: "IndexLedger") -> Searched | None:
    """The index of a collection that is searched; None where there is no such collection."""
    resource = await collections.get(collection)
    live = next((each for each in await indexes.of(collection) if each.state == "serving"), None)
    if resource is None or live is None:
        return Searched(collection, resource) if resource is not None else None
    made = msgspec.structs.replace(resource, embedding_model=live.embedding_model, chunk_tokens=live.chunk_tokens)
    return Searched(live.name, made)


async def _renew(name: str, index: "VectorStore", corpus: "CorpusLedger", gate: "IndexGate", known: Searched | None) -> None:
    from stoa.knowledge.indexes.putting_back import renew

    if known is None or known.name != name:
        log.warning("The index %r is in an earlier version's form, and is not searched any more: it is left as it is.", name)
        return
    log.info("The index of collection %r is in an earlier version's form, and is written anew.", name)
    done = await renew(index, corpus, gate, known)
    log.info("Collection %r: %d passages written anew; %d documents to be sent again.", name, done.rows, len(done.missing))


@asynccontextmanager
async def vectors(settings: Settings) -> "AsyncGenerator[Vectors]":
    """The store of the settings, with the database and the objects of this Stoa."""
    from stoa.adapters.database import Database
    from stoa.adapters.database.corpus import CorpusRecords
    from stoa.adapters.database.indexes import IndexRecords
    from stoa.adapters.database.ledgers import Collections
    from stoa.adapters.database.migrate import check
    from stoa.adapters.objects.opening import open_objects
    from stoa.adapters.vectors.opening import open_index, place_of
    from stoa.adapters.vectors.parquet import ParquetRows
    from stoa.knowledge.indexes.gate import IndexGate
    from stoa.knowledge.indexes.snapshots import SnapshotPorts, Snapshots

    await check(settings.database_url, rows=False)
    home = settings.home_folder
    database = Database.open(settings.database_url, pool_size=2)
    index, place = open_index(settings.vectors, home.vectors, patient=True), place_of(settings.vectors, home.vectors)
    objects, corpus = open_objects(settings.objects, home.objects), CorpusRecords(database)
    gate = IndexGate(objects, store=place, now_ms=now_ms)
    ports = SnapshotPorts(objects=objects, index=index, corpus=corpus, files=ParquetRows(), gate=gate, now_ms=now_ms)
    try:
        yield Vectors(
            settings=settings, index=index, place=place, corpus=corpus, collections=Collections(database),
            indexes=IndexRecords(database), gate=gate, snapshots=Snapshots(ports),
        )  # fmt: skip
    finally:
        await index.close()
        await database.close()
