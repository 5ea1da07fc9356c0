"""Rows as Parquet: a form of our own choosing that neither store knows, so that a snapshot outlives the store it came from."""

import io
from collections.abc import Sequence

from stoa.adapters.vectors.lean import without_pandas
from stoa.domain.vectors import Chunk, IndexedChunk

with without_pandas():
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

_TEXT, _TAGS = pa.string(), pa.list_(pa.string())
_FIELDS: dict[str, pa.DataType] = {
    "id": _TEXT, "document_id": _TEXT, "title": _TEXT, "path": _TEXT, "heading": _TAGS, "page": pa.int32(), "start": pa.int64(),
    "end": pa.int64(), "context": _TEXT, "text": _TEXT, "acl": _TAGS, "deny": _TAGS,
}  # fmt: skip


class ParquetRows:
    """RowFiles: one file of one group, compressed."""

    def pack(self, rows: Sequence[IndexedChunk]) -> bytes:
        """At least one row, all of one width."""
        width = len(rows[0].vector)
        columns: dict[str, pa.Array] = {
            name: pa.array([_value(row, name) for row in rows], type=kind) for name, kind in _FIELDS.items()
        }
        vectors = np.asarray([row.vector for row in rows], dtype=np.float32).reshape(-1)
        columns["vector"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors), width)
        written = io.BytesIO()
        pq.write_table(pa.table(columns), written, compression="zstd")
        return written.getvalue()

    def unpack(self, data: bytes) -> Sequence[IndexedChunk]:
        table = pq.read_table(io.BytesIO(data))
        width = table.schema.field("vector").type.list_size
        vectors = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
        rows = zip(*(table[name].to_pylist() for name in _FIELDS), vectors, strict=True)
        return [
            IndexedChunk(
                Chunk(
                    id=key, document_id=document, title=title, path=path, heading=tuple(heading), page=page, start=start,
                    end=end, context=context, text=text,
                ),
                vector.tolist(),
                frozenset(acl),
                frozenset(deny),
            )
            for key, document, title, path, heading, page, start, end, context, text, acl, deny, vector in rows
        ]  # fmt: skip


def _value(row: IndexedChunk, name: str) -> object:
    found = getattr(row if name in ("acl", "deny") else row.chunk, name)
    return sorted(found) if isinstance(found, frozenset) else list(found) if isinstance(found, tuple) else found
