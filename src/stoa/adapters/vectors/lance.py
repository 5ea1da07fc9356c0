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
from stoa.errors import SchemaError

with without_pandas():
    import lancedb
    import numpy as np
    import pyarrow as pa
    from lancedb.index import FTS, BTree, IvfRq, LabelList
    from lancedb.query import AsyncQueryBase, MatchQuery
    from lancedb.table import AsyncTable

    from stoa.adapters.vectors.rows import PASSAGE, KeptRows, Row, as_table, passages, schema

KEEP_VERSIONS = timedelta(minutes=10)
"""Old versions of a table stay this long, for searches that began on them."""

KEEP_BYTES = 32_000_000
"""Rows found lately stay in memory, up to this size."""

EXACT_BELOW = 1_024
"""Rows from which on vectors have an index. Measured, it finds in 3.7 ms what comparing with all takes 5.2 ms for with 2,000
rows and 130 ms with 100,000; on BeerQA the fused ranking finds the same passages."""

MOST_SEGMENTS = 24
"""Parts of that index, one more each time that something new is brought into it, before it is built anew as one."""

_IDS = 1000
"""Documents named in one statement."""

_VECTORS = "vector_idx"

_BETWEEN = "\x1f"

_ALL_PARTITIONS = 512
"""Partitions looked at, at most: all of them up to two million rows, so that a filter which few rows pass loses none."""

_BITS = 4
"""Of each number of a vector in that index. Measured with 100,000 rows: of the nearest ten .997 are among its fifty, in
5 ms; with one bit .95, and finding more to choose from took 8 ms."""

_NEAREST = 50
"""Rows that the index gives at least, to be ranked by the vectors themselves."""

_OLD_FORM = (
    "The index of the collection {collection!r} was made by an earlier version, in another form. "
    "Delete {folder!r} and the collection's documents, and send them again."
)

_SEARCHES = 3
"""Times a search is made when rows that it found are gone, rewritten or moved before they are read."""


class LanceIndex:
    """PassageSearch, PassageReader and PassageIndex over the tables under `uri`. A search sees what was committed before it."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._database: lancedb.AsyncConnection | None = None
        self._tables: dict[str, AsyncTable] = {}
        self._kept = KeptRows(KEEP_BYTES)
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
            await table.add(as_table(chunks))

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        table = await self._table(collection)
        if table is None:
            return
        same: dict[Rights, list[str]] = {}
        for document, each in rights.items():
            same.setdefault(each, []).append(document)
        for each, documents in same.items():
            values = {"acl": _array(each.allow), "deny": _array(each.deny), "personal": str(each.personal).lower()}
            for some in (documents[n : n + _IDS] for n in range(0, len(documents), _IDS)):
                await table.update(where=f"document_id IN {_list(some)}", updates_sql=values)

    async def tend(self, collection: str) -> None:
        table = await self._table(collection)
        if table is None:
            return
        await table.optimize(cleanup_older_than=KEEP_VERSIONS)
        if await table.count_rows() >= EXACT_BELOW:
            segments = await self.segments(collection)
            if not segments or segments > MOST_SEGMENTS:
                await table.create_index("vector", config=IvfRq(distance_type="dot", num_bits=_BITS), name=_VECTORS)

    async def drop(self, collection: str) -> None:
        async with self._opening:
            self._tables.pop(collection, None)
            await (await self._connection()).drop_table(collection, ignore_missing=True)

    async def segments(self, collection: str) -> int:
        """Parts that the index of vectors has; none where every vector is compared."""
        table = await self._table(collection)
        known = await table.index_stats(_VECTORS) if table is not None else None
        return known.num_indices or 0 if known is not None else 0

    async def dense(self, collection: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int) -> Sequence[Hit]:
        table = await self._table(collection) if acl else None
        if table is None:
            return []
        nearest = table.query().nearest_to(np.asarray(vector, dtype=np.float32)).distance_type("dot")
        query = nearest.nprobes(_ALL_PARTITIONS).where(_open_to(acl)).limit(max(limit, _NEAREST))
        hits = await self._found(collection, table, query.select(["_distance"]).with_row_id(), vector)
        return sorted(hits, key=lambda hit: -hit.similarity)[:limit]

    async def lexical(
        self, collection: str, question: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int
    ) -> Sequence[Hit]:
        table = await self._table(collection) if acl and question.strip() else None
        if table is None:
            return []
        words = MatchQuery(question, "contextual_text")  # pyright: ignore[reportCallIssue] - its defaults are pydantic's
        query = table.query().nearest_to_text(words).where(_open_to(acl)).limit(limit)
        return await self._found(collection, table, query.select(["_score"]).with_row_id(), vector)

    async def fetch(
        self, collection: str, ids: Sequence[str], vector: Sequence[float], *, acl: frozenset[AccessTag]
    ) -> Sequence[Hit]:
        table = await self._table(collection) if acl and ids else None
        if table is None:
            return []
        query = table.query().where(f"id IN {_list(ids)} AND {_open_to(acl)}")
        return await self._found(collection, table, query.select([]).with_row_id(), vector)

    async def of_document(self, collection: str, document_id: str, *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        table = await self._table(collection) if acl else None
        if table is None:
            return []
        of_it = f"document_id = {_literal(document_id)} AND {_open_to(acl)}"
        found = passages(collection, await table.query().where(of_it).select(PASSAGE).to_arrow())
        return sorted(found, key=lambda passage: passage.start)

    async def of_ids(self, collection: str, ids: Sequence[str], *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        table = await self._table(collection) if acl and ids else None
        if table is None:
            return []
        found = await table.query().where(f"id IN {_list(ids)} AND {_open_to(acl)}").select(PASSAGE).to_arrow()
        return list(passages(collection, found))

    async def close(self) -> None:
        self._tables.clear()
        self._kept.clear()
        if self._database is not None:
            self._database.close()
            self._database = None

    async def _found(self, collection: str, table: AsyncTable, query: AsyncQueryBase, vector: Sequence[float]) -> list[Hit]:
        """What the query finds, in its order, with the rows read. Which rows may be read, its filter says, and nothing else."""
        found, rows = pa.table({}), dict[int, Row]()
        for _ in range(_SEARCHES):
            found = await query.to_arrow()
            rows = await self._kept.read(collection, table, found["_rowid"].to_pylist())
            if len(rows) == len(found):
                break
        if not rows:
            return []
        addresses = found["_rowid"].to_pylist()
        scores = found["_score"].to_pylist() if "_score" in found.column_names else [None] * len(addresses)
        scored = [(rows[address], score) for address, score in zip(addresses, scores, strict=True) if address in rows]
        cosines = np.stack([row.vector for row, _ in scored]) @ np.asarray(vector, dtype=np.float32)
        return [Hit(row.passage, cosine, score) for (row, score), cosine in zip(scored, cosines.tolist(), strict=True)]

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
            if not {*PASSAGE, "deny"} <= set((await table.schema()).names):
                raise SchemaError(_OLD_FORM.format(collection=collection, folder=f"{self._uri}/{collection}.lance"))
            self._tables[collection] = table
            return table

    async def _make(self, collection: str, *, width: int) -> AsyncTable:
        async with self._opening:
            database = await self._connection()
            table = await database.create_table(collection, schema=schema(width), exist_ok=True)
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


def _open_to(held: frozenset[AccessTag]) -> str:
    return f"array_has_any(acl, {_tags(opening(held))}) AND NOT array_has_any(deny, {_tags(denying(held))})"


def _tags(values: Iterable[AccessTag]) -> str:
    """Access tags as one literal that is split, read in 1 ms instead of 6 when they are 1,000; a tag is never split."""
    found = sorted(values)
    if not found or any(_BETWEEN in tag for tag in found):
        return _array(found)
    return f"string_to_array({_literal(_BETWEEN.join(found))}, '{_BETWEEN}')"


def _array(values: Iterable[str]) -> str:
    """A SQL array of string literals; a quote inside is doubled, and nothing else ends a literal."""
    return f"make_array({', '.join(_literal(value) for value in sorted(values))})"


def _list(values: Iterable[str]) -> str:
    return f"({', '.join(_literal(value) for value in values)})"


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
