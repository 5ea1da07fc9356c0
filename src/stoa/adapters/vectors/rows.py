"""Rows of a LanceDB table: chunks as they are written, and those found lately, kept in memory as passages with their vectors.

A row's address never comes to mean another row: changed text and changed rights are new rows, and compaction gives new
addresses. So what is kept needs no refreshing, and only a search that has applied the caller's rights names an address.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence

import lancedb
import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from stoa.domain.passages import Passage
from stoa.domain.vectors import IndexedChunk

_OVERHEAD = 600
"""Bytes of a kept row beside its text and its vector, about."""

_PASSAGE = ["id", "document_id", "title", "path", "heading", "page", "start", "end", "context", "contextual_text"]


class Row(msgspec.Struct, frozen=True):
    """A passage with its unit vector."""

    passage: Passage
    vector: npt.NDArray[np.float32]

    @property
    def size(self) -> int:
        """Bytes in memory, about."""
        return _OVERHEAD + len(self.passage.text) + self.vector.nbytes


class KeptRows:
    """Rows by collection and address, those used longest ago forgotten first, `room` bytes together."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._rows: OrderedDict[tuple[str, int], Row] = OrderedDict()

    async def read(self, collection: str, table: lancedb.AsyncTable, addresses: Sequence[int]) -> Mapping[int, Row]:
        """The rows at these addresses, read together where they are not kept; one that is no longer there is left out."""
        rows: dict[int, Row] = {}
        for address in addresses:
            if (row := self._rows.get((collection, address))) is not None:
                rows[address] = row
                self._rows.move_to_end((collection, address))
        if missing := [address for address in addresses if address not in rows]:
            found = await table.take_row_ids(missing).select([*_PASSAGE, "vector"]).with_row_id().to_arrow()
            for address, row in _rows(collection, found):
                rows[address] = row
                self._keep((collection, address), row)
        return rows

    def clear(self) -> None:
        self._rows.clear()

    def _keep(self, key: tuple[str, int], row: Row) -> None:
        if key not in self._rows:  # two searches may have read it at once
            self._rows[key] = row
            self._room -= row.size
        while self._room < 0:
            _, oldest = self._rows.popitem(last=False)
            self._room += oldest.size


def schema(width: int) -> pa.Schema:
    text, number = pa.string(), pa.int64()
    fields: dict[str, pa.DataType] = {
        "id": text, "document_id": text, "title": text, "path": text, "heading": pa.list_(text), "page": pa.int32(),
        "start": number, "end": number, "context": text, "contextual_text": text,
        "acl": pa.list_(text), "vector": pa.list_(pa.float32(), width),
    }  # fmt: skip
    return pa.schema([pa.field(name, kind) for name, kind in fields.items()])


def as_table(chunks: Sequence[IndexedChunk]) -> pa.Table:
    rows = [
        {
            "id": row.chunk.id, "document_id": row.chunk.document_id, "title": row.chunk.title, "path": row.chunk.path,
            "heading": list(row.chunk.heading), "page": row.chunk.page, "start": row.chunk.start, "end": row.chunk.end,
            "context": row.chunk.context, "contextual_text": row.chunk.contextual_text,
            "acl": sorted(row.acl), "vector": row.vector,
        }
        for row in chunks
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=schema(len(chunks[0].vector)))


def _rows(collection: str, found: pa.Table) -> Iterator[tuple[int, Row]]:
    width = found.schema.field("vector").type.list_size
    vectors = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    columns = (found[name].to_pylist() for name in ("_rowid", *_PASSAGE))
    for number, values in enumerate(zip(*columns, strict=True)):
        address, name, document, title, path, heading, page, start, end, context, text = values
        passage = Passage(
            id=name, document_id=document, collection=collection, title=title, path=path, heading=tuple(heading or ()),
            page=page, start=start, end=end, text=text[len(context) + 1 :] if context else text, score=0.0,
        )  # fmt: skip
        yield address, Row(passage, vectors[number].copy())  # a copy, or one row would keep all of them
