"""Whole LanceDB tables: read by document, and put in place of what they hold in one commit."""

import tempfile
from collections.abc import AsyncIterable, Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from lancedb import AsyncConnection
from lancedb.table import AsyncTable

from stoa.adapters.vectors.held import marked
from stoa.adapters.vectors.rows import OLD, PASSAGE, WHOLE, as_table, chunks, old_chunks
from stoa.domain.vectors import IndexedChunk

_SHUFFLED = Path("rows.arrow")


async def documents_of(table: AsyncTable) -> Sequence[str]:
    """The ids of the documents that have rows, sorted."""
    found = set[str]()
    async for batch in await table.query().select(["document_id"]).to_batches():
        found.update(batch["document_id"].to_pylist())
    return sorted(found)


async def rows_where(table: AsyncTable, condition: str) -> Sequence[IndexedChunk]:
    """Of a table in the form of now, or of an earlier version."""
    names = set((await table.schema()).names)
    if is_current(names):
        return list(chunks(await table.query().where(condition).select(WHOLE).to_arrow()))
    columns = [*OLD, *(["deny"] if "deny" in names else [])]
    return list(old_chunks(await table.query().where(condition).select(columns).to_arrow()))


def is_current(names: set[str]) -> bool:
    """Whether a table with these columns is in the form of now."""
    return {*WHOLE, *PASSAGE} <= names


def is_readable(names: set[str]) -> bool:
    """Whether the rows hold all that is needed: those of now, and those of earlier versions."""
    return is_current(names) or set(OLD) <= names


class Spool:
    """Rows on their way into a table, in a file, so that memory holds one part of them at a time."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="stoa-vectors-")
        self._path = Path(self._folder.name) / _SHUFFLED
        self._writer: pa.RecordBatchFileWriter | None = None
        self.width = 0

    async def fill(self, parts: AsyncIterable[Sequence[IndexedChunk]]) -> None:
        async for part in parts:
            if part:
                self._write(as_table(part))
                self.width = len(part[0].vector)
        if self._writer is not None:
            self._writer.close()

    async def overwrite(self, database: AsyncConnection, name: str) -> None:
        """Put a table of these rows in the place of one of another form: one commit. It has no indices yet."""
        assert self._writer is not None, "a table of no rows is dropped instead"
        with pa.memory_map(str(self._path)) as mapped, pa.ipc.open_file(mapped) as file:
            own = marked(file.schema)
            reader = pa.RecordBatchReader.from_batches(own, (batch.cast(own) for batch in _batches(file)))
            await database.create_table(name, data=reader, mode="overwrite")

    async def put(self, table: AsyncTable) -> None:
        """Make what is in the file all that the table holds: one commit, so that readers see the old rows or the new."""
        if self._writer is None:
            await table.delete("true")
            return
        merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
        with pa.memory_map(str(self._path)) as mapped, pa.ipc.open_file(mapped) as file:
            await merge.when_not_matched_by_source_delete().execute(
                pa.RecordBatchReader.from_batches(file.schema, _batches(file))
            )

    def close(self) -> None:
        self._folder.cleanup()

    def _write(self, rows: pa.Table) -> None:
        if self._writer is None:
            self._writer = pa.ipc.new_file(str(self._path), rows.schema)
        self._writer.write_table(rows)


def _batches(file: "pa.ipc.RecordBatchFileReader") -> Iterator[pa.RecordBatch]:
    get: Callable[[int], pa.RecordBatch] = file.get_batch
    return (get(n) for n in range(file.num_record_batches))
