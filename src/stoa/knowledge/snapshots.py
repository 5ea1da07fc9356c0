"""Snapshots of an index: its rows as files among the objects, and how one is put back.

A snapshot lies under `vectors/snapshots/COLLECTION/ID`: files of rows, what each document's rows were made from, and a manifest
that comes last, so that one without it is not a snapshot. What is put back is no older than what the database says: of each
document the rows as the snapshot has them, if they were made from the bytes and in the way that hold now, under the rights that
hold now; of the others what the index holds. Documents that were removed since stay away.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from stoa.domain.documents import Document, ListedObjects
from stoa.domain.identity import Rights
from stoa.domain.resources import Collection
from stoa.domain.vectors import CorpusLedger, IndexedChunk, RowFiles, VectorStore
from stoa.errors import Conflict, InternalError, NotFound
from stoa.kit.ids import new_id
from stoa.knowledge.comparing import batches, of_document
from stoa.knowledge.fingerprint import fingerprint, same_content
from stoa.knowledge.gate import IndexGate

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
class Restored:
    """What became of the documents: from the snapshot, as they were in the index, and those that must be indexed again."""

    restored: int
    kept: int
    missing: Sequence[str]
    rows: int


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

    async def create(self, collection: Collection, *, say: Callable[[int, int], None]) -> Snapshot:
        """Write one, also while the collection is changed. `say` is told documents done, and in all."""
        ports, name = self._ports, collection.name
        made, at = new_id("snp"), ports.now_ms()
        folder = f"{FOLDER}/{name}/{made}"
        corpus = await ports.corpus.version(name)
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
            id=made, collection=name, created_at=at, corpus=corpus, embedding_model=collection.embedding_model,
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

    async def restore(self, collection: Collection, snapshot_id: str, *, say: Callable[[int, int], None]) -> Restored:
        """Put one back. Readers find the index as it was until all is in place; an error leaves it as it was.

        Raises NotFound, Conflict when the collection's vectors are of another model now, InternalError for a file that is not
        what was written.
        """
        snapshot = await self.get(collection.name, snapshot_id)
        if snapshot.embedding_model != collection.embedding_model:
            raise Conflict(
                f"Snapshot {snapshot.id!r} holds vectors of {snapshot.embedding_model!r}, and collection {collection.name!r} "
                f"is searched with {collection.embedding_model!r}. Nothing was changed."
            )
        await self._ports.gate.close(collection.name)
        try:
            return await self._restore(collection, snapshot, say)
        finally:
            await self._ports.gate.open(collection.name)

    async def _restore(self, collection: Collection, snapshot: Snapshot, say: Callable[[int, int], None]) -> Restored:
        ports, name = self._ports, collection.name
        documents = await self._documents(name)
        contents = msgspec.json.decode(await self._read(snapshot.contents), type=dict[str, str])
        wanted = {key: fingerprint(document, collection) for key, document in documents.items()}
        living = {key for key, document in documents.items() if document.state in ("indexed", "queued")}
        back = {key for key in living if same_content(contents.get(key), wanted[key])}
        seen, rows = dict[str, Rights](), 0

        async def all_rows() -> AsyncIterator[Sequence[IndexedChunk]]:
            nonlocal rows
            for number, part in enumerate(snapshot.parts):
                await ports.gate.close(name)
                taken = [row for row in ports.files.unpack(await self._read(part)) if row.chunk.document_id in back]
                now = [_under(row, documents[row.chunk.document_id].rights) for row in taken]
                seen.update({row.chunk.document_id: row.rights for row in now})
                rows += len(now)
                say(number + 1, len(snapshot.parts))
                yield now
            for some in batches(sorted(living - back)):
                await ports.gate.close(name)
                held = of_document(await ports.index.rows(name, some))
                kept = [row for key, found in held.items() for row in _as_now(found, documents[key], wanted[key])]
                seen.update({row.chunk.document_id: row.rights for row in kept})
                rows += len(kept)
                yield kept

        await ports.index.rebuild(name, all_rows())
        await self._catch_up(name, seen)
        await ports.index.tend(name)
        missing = sorted(key for key in living - set(seen) if documents[key].chunks != 0)
        await ports.corpus.unknown(missing)
        await ports.corpus.raise_version(name)
        restored = len(back & set(seen))
        return Restored(restored, len(seen) - restored, missing, rows)

    async def _catch_up(self, collection: str, seen: Mapping[str, Rights]) -> None:
        """Rights that changed, and removals that happened, while it was put back: jobs that bring them wait at the gate."""
        now = await self._documents(collection)
        if gone := sorted(set(seen) - set(now)):
            await self._ports.index.replace(collection, gone, [])
        moved = {key: now[key].rights for key, rights in seen.items() if key in now and now[key].rights != rights}
        if moved:
            await self._ports.index.grant(collection, moved)

    async def _documents(self, collection: str) -> dict[str, Document]:
        found, after = dict[str, Document](), ""
        while page := await self._ports.corpus.documents(collection, after=after):
            found |= {document.id: document for document in page}
            after = page[-1].id
        return found

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


def _under(row: IndexedChunk, rights: Rights) -> IndexedChunk:
    return IndexedChunk(row.chunk, row.vector, rights.allow, rights.deny)


def _as_now(rows: Sequence[IndexedChunk], document: Document, wanted: str) -> Sequence[IndexedChunk]:
    """What the index holds of a document, under the rights of now; old text goes to nobody whom it was not for."""
    if same_content(document.indexed_as, wanted):
        return [_under(row, document.rights) for row in rows]
    return [row for row in rows if row.rights == document.rights]
