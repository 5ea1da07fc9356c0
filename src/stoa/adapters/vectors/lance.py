"""The index in LanceDB: one table a collection, in a folder or a bucket, read and written by several processes at once.

Access tags are a filter inside every search, never applied after them, and are written into it as quoted literals only.
Importing this module takes a second and 100 MB: whoever needs it imports it late.
"""

import asyncio
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

os.putenv("RUST_LOG", "error")  # for the library alone, when it is loaded: its warnings are not for our users

from stoa.adapters.vectors.lean import without_pandas
from stoa.domain.identity import AccessTag, Rights, denying, opening
from stoa.domain.passages import Passage
from stoa.domain.vectors import Hit, IndexedChunk

with without_pandas():
    import lancedb
    import numpy as np
    import pyarrow as pa
    from lancedb.index import FTS, BTree, LabelList
    from lancedb.query import MatchQuery
    from lancedb.table import AsyncTable

KEEP_VERSIONS = timedelta(minutes=10)
"""Old versions of a table stay this long, for searches that began on them."""

_IDS = 1000
"""Documents named in one statement."""

_PASSAGE = [
    "id", "document_id", "title", "path", "heading", "page", "start", "end", "context", "contextual_text", "acl", "deny",
]  # fmt: skip


class LanceIndex:
    """PassageSearch, PassageReader and PassageIndex over the tables under `uri`. A search sees what was committed before it."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._database: lancedb.AsyncConnection | None = None
        self._tables: dict[str, AsyncTable] = {}
        self._opening = asyncio.Lock()

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        table = await self._table(collection)
        if table is None:
            if not chunks:
                return
            table = await self._make(collection, width=len(chunks[0].vector))
        for some in (documents[n : n + _IDS] for n in range(0, len(documents), _IDS)):
            await table.delete(f"document_id IN {_list(some)}")
        if chunks:
            await table.add(_rows(chunks))

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        table = await self._table(collection)
        if table is None:
            return
        same: dict[Rights, list[str]] = {}
        for document, each in rights.items():
            same.setdefault(each, []).append(document)
        for each, documents in same.items():
            values = {"acl": _array(each.allow), "deny": _array(each.deny)}
            for some in (documents[n : n + _IDS] for n in range(0, len(documents), _IDS)):
                await table.update(where=f"document_id IN {_list(some)}", updates_sql=values)

    async def tend(self, collection: str) -> None:
        table = await self._table(collection)
        if table is not None:
            if not any("deny" in index.columns for index in await table.list_indices()):
                await table.create_index("deny", config=LabelList())
            await table.optimize(cleanup_older_than=KEEP_VERSIONS)

    async def dense(self, collection: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int) -> Sequence[Hit]:
        table = await self._table(collection) if acl else None
        if table is None:
            return []
        query = table.query().nearest_to(np.asarray(vector, dtype=np.float32)).distance_type("dot")
        found = await query.where(_open_to(acl)).limit(limit).select([*_PASSAGE, "_distance"]).to_arrow()
        return [
            Hit(_passage(collection, row), similarity=1.0 - row["_distance"], lexical=None)  # LanceDB's dot distance is 1 - dot
            for row in found.to_pylist()
        ]

    async def lexical(
        self, collection: str, question: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int
    ) -> Sequence[Hit]:
        table = await self._table(collection) if acl and question.strip() else None
        if table is None:
            return []
        words = MatchQuery(question, "contextual_text")  # pyright: ignore[reportCallIssue] - its defaults are pydantic's
        query = table.query().nearest_to_text(words).where(_open_to(acl)).limit(limit)
        return _hits(collection, await query.select([*_PASSAGE, "vector", "_score"]).to_arrow(), vector)

    async def fetch(
        self, collection: str, ids: Sequence[str], vector: Sequence[float], *, acl: frozenset[AccessTag]
    ) -> Sequence[Hit]:
        table = await self._table(collection) if acl and ids else None
        if table is None:
            return []
        query = table.query().where(f"id IN {_list(ids)} AND {_open_to(acl)}")
        return _hits(collection, await query.select([*_PASSAGE, "vector"]).to_arrow(), vector)

    async def of_document(self, collection: str, document_id: str, *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        table = await self._table(collection) if acl else None
        if table is None:
            return []
        of_it = f"document_id = {_literal(document_id)} AND {_open_to(acl)}"
        found = await table.query().where(of_it).select(_PASSAGE).to_arrow()
        return sorted((_passage(collection, row) for row in found.to_pylist()), key=lambda passage: passage.start)

    async def close(self) -> None:
        self._tables.clear()
        if self._database is not None:
            self._database.close()
            self._database = None

    async def _connection(self) -> lancedb.AsyncConnection:
        if self._database is None:
            self._database = await lancedb.connect_async(self._uri, read_consistency_interval=timedelta(0))
        return self._database

    async def _table(self, collection: str) -> AsyncTable | None:
        if found := self._tables.get(collection):
            return found
        async with self._opening:
            database = await self._connection()
            try:
                table = await database.open_table(collection)
            except ValueError:  # what LanceDB raises for a table that is not there
                return None
            await _upgrade(table)
            self._tables[collection] = table
            return table

    async def _make(self, collection: str, *, width: int) -> AsyncTable:
        async with self._opening:
            database = await self._connection()
            table = await database.create_table(collection, schema=_schema(width), exist_ok=True)
            if not await table.list_indices():
                await table.create_index("acl", config=LabelList())
                await table.create_index("deny", config=LabelList())
                for column in ("id", "document_id"):
                    await table.create_index(column, config=BTree())
                # Measured on beerqa: without stop words and with stems .841 of first passages right, with stop words .822.
                words = FTS(language="English", stem=True, remove_stop_words=True, ascii_folding=True, with_position=False)
                await table.create_index("contextual_text", config=words)
            self._tables[collection] = table
            return table


async def _upgrade(table: AsyncTable) -> None:
    """Give a table of a version that knew no denials the column for them, empty. Several processes may do so at once.

    Its index is made when the table is tended next, by the one process that does so.
    """
    if "deny" in (await table.schema()).names:
        return
    try:
        await table.add_columns({"deny": "arrow_cast(make_array(), 'List(Utf8)')"})
    except (RuntimeError, ValueError):
        if "deny" not in (await table.schema()).names:
            raise


def _schema(width: int) -> pa.Schema:
    text, number = pa.string(), pa.int64()
    fields: dict[str, pa.DataType] = {
        "id": text, "document_id": text, "title": text, "path": text, "heading": pa.list_(text), "page": pa.int32(),
        "start": number, "end": number, "context": text, "contextual_text": text,
        "acl": pa.list_(text), "deny": pa.list_(text), "vector": pa.list_(pa.float32(), width),
    }  # fmt: skip
    return pa.schema([pa.field(name, kind) for name, kind in fields.items()])


def _rows(chunks: Sequence[IndexedChunk]) -> pa.Table:
    rows = [
        {
            "id": row.chunk.id, "document_id": row.chunk.document_id, "title": row.chunk.title, "path": row.chunk.path,
            "heading": list(row.chunk.heading), "page": row.chunk.page, "start": row.chunk.start, "end": row.chunk.end,
            "context": row.chunk.context, "contextual_text": row.chunk.contextual_text,
            "acl": sorted(row.acl), "deny": sorted(row.deny), "vector": row.vector,
        }
        for row in chunks
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, schema=_schema(len(chunks[0].vector)))


def _hits(collection: str, found: pa.Table, vector: Sequence[float]) -> list[Hit]:
    """Rows that came with their vectors."""
    vectors = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False).reshape(-1, len(vector))
    similar = vectors @ np.asarray(vector, dtype=np.float32)
    return [
        Hit(_passage(collection, row), similarity=float(similarity), lexical=row.get("_score"))
        for row, similarity in zip(found.drop_columns(["vector"]).to_pylist(), similar, strict=True)
    ]


def _passage(collection: str, row: Mapping[str, object]) -> Passage:
    context, text = str(row["context"]), str(row["contextual_text"])
    fields = {name: row[name] for name in ("id", "document_id", "title", "path", "page", "start", "end")}
    return Passage(
        **fields,  # pyright: ignore[reportArgumentType] - typed by the table's schema
        collection=collection,
        heading=tuple(row["heading"] or ()),  # pyright: ignore[reportArgumentType]
        text=text[len(context) + 1 :] if context else text,
        score=0.0,
        personal=Rights(row["acl"], row["deny"]).personal,  # pyright: ignore[reportArgumentType] - lists of tags
    )


def _open_to(held: frozenset[AccessTag]) -> str:
    return f"array_has_any(acl, {_array(opening(held))}) AND NOT array_has_any(deny, {_array(denying(held))})"


def _array(values: Iterable[str]) -> str:
    """A SQL array of string literals; a quote inside is doubled, and nothing else ends a literal."""
    return f"make_array({', '.join(_literal(value) for value in sorted(values))})"


def _list(values: Iterable[str]) -> str:
    return f"({', '.join(_literal(value) for value in values)})"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
