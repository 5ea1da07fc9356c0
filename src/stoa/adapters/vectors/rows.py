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
from stoa.domain.vectors import Chunk, IndexedChunk

_OVERHEAD = 600
"""Bytes of a kept row beside its text and its vector, about."""


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """What a search gives of a chunk, in one column: measured, fifty rows are read in half the time that ten columns take."""

    id: str
    document_id: str
    title: str
    path: str
    heading: tuple[str, ...]
    page: int | None
    start: int
    end: int
    text: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Stored).decode


PASSAGE = ["passage", "personal"]
"""The columns that a passage is made from."""


WHOLE = ["passage", "contextual_text", "acl", "deny", "vector"]
"""Those that a chunk is made from."""


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
            found = await table.take_row_ids(missing).select([*PASSAGE, "vector"]).with_row_id().to_arrow()
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
    text = pa.string()
    fields: dict[str, pa.DataType] = {
        "id": text, "document_id": text, "contextual_text": text, "acl": pa.list_(text), "deny": pa.list_(text),
        "personal": pa.bool_(), "passage": pa.binary(), "vector": pa.list_(pa.float32(), width),
    }  # fmt: skip
    return pa.schema([pa.field(name, kind) for name, kind in fields.items()])


def as_table(chunks: Sequence[IndexedChunk]) -> pa.Table:
    rows = [
        {
            "id": row.chunk.id, "document_id": row.chunk.document_id, "contextual_text": row.chunk.contextual_text,
            "acl": sorted(row.acl), "deny": sorted(row.deny), "personal": row.rights.personal,
            "passage": _encode(_stored(row.chunk)), "vector": row.vector,
        }
        for row in chunks
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=schema(len(chunks[0].vector)))


def _stored(chunk: Chunk) -> _Stored:
    return _Stored(
        id=chunk.id, document_id=chunk.document_id, title=chunk.title, path=chunk.path, heading=chunk.heading,
        page=chunk.page, start=chunk.start, end=chunk.end, text=chunk.text,
    )  # fmt: skip


def passages(collection: str, found: pa.Table) -> Iterator[Passage]:
    """Those of rows that were read with the columns PASSAGE, in their order."""
    for stored, personal in zip(found["passage"].to_pylist(), found["personal"].to_pylist(), strict=True):
        yield passage(collection, stored, personal)


def passage(collection: str, stored: bytes, personal: bool) -> Passage:
    """One of a row with these values in the columns PASSAGE."""
    one = _decode(stored)
    return Passage(
        id=one.id, document_id=one.document_id, collection=collection, title=one.title, path=one.path,
        heading=one.heading, page=one.page, start=one.start, end=one.end, text=one.text, score=0.0, personal=personal,
    )  # fmt: skip


def chunks(found: pa.Table) -> Iterator[IndexedChunk]:
    """Those of rows that were read with the columns WHOLE, in their order."""
    columns = [found[name].to_pylist() for name in ("passage", "contextual_text", "acl", "deny")]
    for stored, text, acl, deny, vector in zip(*columns, _vectors(found), strict=True):
        one = _decode(stored)
        chunk = Chunk(
            id=one.id, document_id=one.document_id, title=one.title, path=one.path, heading=one.heading, page=one.page,
            start=one.start, end=one.end, context=text.removesuffix(one.text).removesuffix("\n"), text=one.text,
        )  # fmt: skip
        yield IndexedChunk(chunk, vector.tolist(), frozenset(acl), frozenset(deny))


OLD = ["id", "document_id", "title", "path", "heading", "page", "start", "end", "context", "contextual_text", "acl", "vector"]
"""The columns of a table that an earlier version made, beside `deny`, which the first had not: nobody was denied anything."""


def old_chunks(found: pa.Table) -> Iterator[IndexedChunk]:
    """Those of rows that were read with the columns OLD, and `deny` if there is one."""
    names = [name for name in found.column_names if name != "vector"]
    for values, vector in zip(zip(*(found[name].to_pylist() for name in names), strict=True), _vectors(found), strict=True):
        row = dict(zip(names, values, strict=True))
        chunk = Chunk(
            id=row["id"], document_id=row["document_id"], title=row["title"], path=row["path"], heading=tuple(row["heading"]),
            page=row["page"], start=row["start"], end=row["end"], context=row["context"],
            text=row["contextual_text"].removeprefix(f"{row['context']}\n" if row["context"] else ""),
        )  # fmt: skip
        yield IndexedChunk(chunk, vector.tolist(), frozenset(row["acl"]), frozenset(row.get("deny") or ()))


def _vectors(found: pa.Table) -> npt.NDArray[np.float32]:
    width = found.schema.field("vector").type.list_size
    return found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)


def _rows(collection: str, found: pa.Table) -> Iterator[tuple[int, Row]]:
    for address, passage, vector in zip(found["_rowid"].to_pylist(), passages(collection, found), _vectors(found), strict=True):
        yield address, Row(passage, vector.copy())  # a copy, or one row would keep all of them
