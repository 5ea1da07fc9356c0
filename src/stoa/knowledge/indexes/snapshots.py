"""Snapshots of an index: its rows as files among the objects, and how one is put back.

A snapshot lies under `vectors/snapshots/COLLECTION/ID`: files of rows, what each document's rows were made from, and a manifest
that comes last, so that one without it is not a snapshot. How one is put back, `putting_back` says.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from stoa.domain.documents import ListedObjects
from stoa.domain.vectors import CorpusLedger, IndexedChunk, RowFiles, Searched, VectorStore
from stoa.errors import Conflict, InternalError, NotFound
from stoa.kit.ids import new_id
from stoa.knowledge.indexes.gate import IndexGate
from stoa.knowledge.indexes.putting_back import PutBack, put_back
from stoa.knowledge.indexes.sameness import batches

FOLDER = "vectors/snapshots"

PART_ROWS = 10_000
"""Rows of one file, at least, but for the last; a document is never in two."""


class Part(msgspec.Struct, frozen=True):
    """A file of a snapshot."""

    name: str
    rows: int
    bytes: int
    sha256: str


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest. `created_at` is UTC milliseconds; `contents` says by document what its rows were made from."""

    id: str
    collection: str
    created_at: int
    corpus: int
    embedding_model: str
    documents: int
    rows: int
    bytes: int
    contents: Part
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class SnapshotPorts:
    objects: ListedObjects
    index: VectorStore
    corpus: CorpusLedger
    files: RowFiles
    gate: IndexGate
    now_ms: Callable[[], int]
    part_rows: int = PART_ROWS


class Snapshots:
    """Snapshots of the index that the settings name."""

    def __init__(self, ports: SnapshotPorts) -> None:
        self._ports = ports

    async def create(self, searched: Searched, *, say: Callable[[int, int], None]) -> Snapshot:
        """Write one, also while the collection is changed. `say` is told documents done, and in all."""
        ports, name, collection = self._ports, searched.name, searched.collection
        made, at = new_id("snp"), ports.now_ms()
        folder = f"{FOLDER}/{collection.name}/{made}"
        corpus = await ports.corpus.version(collection.name)
        parts, contents = list[Part](), dict[str, str]()
        waiting, rows, done = list[IndexedChunk](), 0, 0
        documents = await ports.index.documents(name)
        for some in batches(documents):
            before = await self._prints(some)
            found = await ports.index.rows(name, some)
            after = await self._prints(some)
            # What was changed between the two is left out: nobody could say what its rows were made from.
            contents |= {document: text for document, text in before.items() if after.get(document) == text}
            waiting += [row for row in found if row.chunk.document_id in contents]
            done += len(some)
            say(done, len(documents))
            if len(waiting) >= ports.part_rows:
                parts.append(await self._part(f"{folder}/{len(parts):05}.parquet", ports.files.pack(waiting), len(waiting)))
                rows, waiting = rows + len(waiting), []
        if waiting:
            parts.append(await self._part(f"{folder}/{len(parts):05}.parquet", ports.files.pack(waiting), len(waiting)))
            rows += len(waiting)
        said = await self._part(f"{folder}/contents.json", msgspec.json.encode(contents), len(contents))
        snapshot = Snapshot(
            id=made, collection=collection.name, created_at=at, corpus=corpus, embedding_model=collection.embedding_model,
            documents=len(contents), rows=rows, bytes=sum(part.bytes for part in (*parts, said)), contents=said,
            parts=tuple(parts),
        )  # fmt: skip
        await ports.objects.put(f"{folder}/manifest.json", msgspec.json.encode(snapshot))
        return snapshot

    async def all(self, collection: str) -> Sequence[Snapshot]:
        """The newest first. What a crash left half written is none of them."""
        names = await self._ports.objects.names(f"{FOLDER}/{collection}")
        kept = [await self._ports.objects.get(name) for name in names if name.endswith("/manifest.json")]
        return sorted((msgspec.json.decode(one, type=Snapshot) for one in kept if one), key=lambda one: one.id, reverse=True)

    async def get(self, collection: str, snapshot_id: str) -> Snapshot:
        """Raises NotFound."""
        found = {one.id: one for one in await self.all(collection)}
        if snapshot_id not in found:
            there = f"There are {', '.join(found)}." if found else "There are none."
            raise NotFound(f"Collection {collection!r} has no snapshot {snapshot_id!r}. {there}", param="snapshot")
        return found[snapshot_id]

    async def delete(self, collection: str, snapshot_id: str) -> None:
        """Also what a crash left of one. Raises NotFound when nothing of it is there."""
        names = await self._ports.objects.names(f"{FOLDER}/{collection}/{snapshot_id}")
        if not names:
            await self.get(collection, snapshot_id)
        for name in sorted(names, key=lambda name: not name.endswith("/manifest.json")):
            await self._ports.objects.delete(name)

    async def restore(self, searched: Searched, snapshot_id: str, *, say: Callable[[int, int], None]) -> PutBack:
        """Put one back. Readers find the index as it was until all is in place; an error leaves it as it was.

        Raises NotFound, Conflict when the collection's vectors are of another model now, InternalError for a file that is not
        what was written.
        """
        collection = searched.collection
        snapshot = await self.get(collection.name, snapshot_id)
        if snapshot.embedding_model != collection.embedding_model:
            raise Conflict(
                f"Snapshot {snapshot.id!r} holds vectors of {snapshot.embedding_model!r}, and collection {collection.name!r} "
                f"is searched with {collection.embedding_model!r}. Nothing was changed."
            )
        contents = msgspec.json.decode(await self._read(snapshot.contents), type=dict[str, str])

        async def rows() -> AsyncIterator[Sequence[IndexedChunk]]:
            for number, part in enumerate(snapshot.parts):
                yield self._ports.files.unpack(await self._read(part))
                say(number + 1, len(snapshot.parts))

        return await put_back(self._ports.index, self._ports.corpus, self._ports.gate, searched, contents, rows())

    async def _prints(self, documents: Sequence[str]) -> Mapping[str, str]:
        """What the index holds of them, as far as that is known."""
        rows = await self._ports.corpus.read(documents)
        return {key: row.indexed_as for key, row in rows.items() if row.indexed_as is not None and row.state != "removed"}

    async def _part(self, name: str, data: bytes, rows: int) -> Part:
        await self._ports.objects.put(name, data)
        return Part(name, rows, len(data), hashlib.sha256(data).hexdigest())

    async def _read(self, part: Part) -> bytes:
        data = await self._ports.objects.get(part.name)
        if data is None or hashlib.sha256(data).hexdigest() != part.sha256:
            found = "is not there" if data is None else "is not what was written"
            raise InternalError(f"The object {part.name!r} of the snapshot {found}. The index was left as it is.")
        return data
