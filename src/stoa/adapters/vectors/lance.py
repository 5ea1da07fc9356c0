"""The index in LanceDB: one table a collection, in a folder or a bucket, read and written by several processes at once.

Access tags are a filter inside every search, never applied to the best that it found, and are written into it as quoted
literals alone. A small table is held in memory with them, and who may read what is told there.
Importing this module takes a second and 100 MB: whoever needs it imports it late.
"""

import asyncio
import os
from collections.abc import AsyncIterable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

os.putenv("RUST_LOG", "error")  # for the library alone, when it is loaded: its warnings are not for our users

from stoa.adapters.vectors.lance_filters import about, array_of, list_of, literal, open_to
from stoa.adapters.vectors.lance_folder import TableFolders
from stoa.adapters.vectors.lean import without_pandas
from stoa.domain.identity import AccessTag, Rights
from stoa.domain.passages import Among, Passage
from stoa.domain.vectors import Hit, IndexedChunk
from stoa.errors import SchemaError
from stoa.kit.memory import give_back

with without_pandas():
    import lancedb
    import numpy as np
    import pyarrow as pa
    from lancedb.index import FTS, BTree, IvfRq, LabelList
    from lancedb.query import AsyncQueryBase, MatchQuery
    from lancedb.table import AsyncTable

    from stoa.adapters.vectors.held import SETTLED, HeldTables, mark, marked
    from stoa.adapters.vectors.held_words import CUT
    from stoa.adapters.vectors.lance_whole import Spool, documents_of, is_current, is_readable, rows_where
    from stoa.adapters.vectors.rows import PASSAGE, KeptRows, Row, as_table, passages, schema

KEEP_VERSIONS = timedelta(minutes=10)
"""Old versions of a table stay this long, for searches that began on them."""

KEEP_BYTES = 32_000_000
"""Rows of large tables found lately stay in memory, up to this size."""

EXACT_BELOW = 1_024
"""Rows from which on vectors have an index. Measured, it finds in 3.7 ms what comparing with all takes 5.2 ms for with 2,000
rows and 130 ms with 100,000; on BeerQA the fused ranking finds the same passages."""

MOST_SEGMENTS = 24
"""Parts of that index, one more each time that something new is brought into it, before it is built anew as one."""

_IDS = 1000
"""Documents named in one statement."""

_VECTORS = "vector_idx"

_ALL_PARTITIONS = 512
"""Partitions looked at, at most: all of them up to two million rows, so that a filter which few rows pass loses none."""

_BITS = 4
"""Of each number of a vector in that index. Measured with 100,000 rows: of the nearest ten .997 are among its fifty, in
5 ms; with one bit .95, and finding more to choose from took 8 ms."""

_NEAREST = 50
"""Rows that the index gives at least, to be ranked by the vectors themselves."""

_OLD_FORM = (
    "The index of the collection {collection!r} was made by an earlier version, in another form. The worker of this version "
    "writes it anew at its start; where its log says that it could not, delete {folder!r} and send the documents again."
)

_SEARCHES = 3
"""Times a search is made when rows that it found are gone, rewritten or moved before they are read."""


class LanceIndex:
    """VectorStore over the tables under `uri`. A search sees what was committed before it.

    A small table that nobody changed for `settled` is searched, and its rights are looked up, in memory.
    """

    def __init__(self, uri: str, *, settled: timedelta = SETTLED) -> None:
        self._uri = uri
        self._database: lancedb.AsyncConnection | None = None
        self._tables: dict[str, AsyncTable] = {}
        self._kept = KeptRows(KEEP_BYTES)
        self._held = HeldTables(folders=TableFolders(None if "://" in uri else Path(uri)), settled=settled)
        self._opening = asyncio.Lock()

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        table = await self._table(collection)
        if table is None:
            if not chunks:
                return
            table = await self._make(collection, width=len(chunks[0].vector))
        for some in (documents[n : n + _IDS] for n in range(0, len(documents), _IDS)):
            await table.delete(f"document_id IN {list_of(some)}")
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
            values = {"acl": array_of(each.allow), "deny": array_of(each.deny), "personal": str(each.personal).lower()}
            for some in (documents[n : n + _IDS] for n in range(0, len(documents), _IDS)):
                await table.update(where=f"document_id IN {list_of(some)}", updates_sql=values)

    async def tend(self, collection: str) -> None:
        table = await self._table(collection)
        if table is None:
            return
        await mark(table)
        await table.optimize(cleanup_older_than=KEEP_VERSIONS)
        give_back()  # what putting files together took
        if await table.count_rows() >= EXACT_BELOW:
            segments = await self.segments(collection)
            if not segments or segments > MOST_SEGMENTS:
                await table.create_index("vector", config=IvfRq(distance_type="dot", num_bits=_BITS), name=_VECTORS)

    async def drop(self, collection: str) -> None:
        async with self._opening:
            self._tables.pop(collection, None)
            await (await self._connection()).drop_table(collection, ignore_missing=True)
            self._kept.clear()  # the addresses of a table that is made anew under the name begin anew
            self._held.clear()

    async def segments(self, collection: str) -> int:
        """Parts that the index of vectors has; none where every vector is compared."""
        table = await self._table(collection)
        known = await table.index_stats(_VECTORS) if table is not None else None
        return known.num_indices or 0 if known is not None else 0

    async def dense(
        self,
        collection: str,
        vector: Sequence[float],
        *,
        acl: frozenset[AccessTag],
        limit: int,
        among: Among | None = None,
    ) -> Sequence[Hit]:
        table = await self._table(collection) if acl and not _is_nothing(among) else None
        if table is None:
            return []
        if held := await self._held.of(collection, table):
            hits = held.hits(collection, held.nearest(vector, acl=acl, limit=limit, among=among), vector)
            return sorted(hits, key=lambda hit: -hit.similarity)
        nearest = table.query().nearest_to(np.asarray(vector, dtype=np.float32)).distance_type("dot")
        query = nearest.nprobes(_ALL_PARTITIONS).where(open_to(acl) + about(among)).limit(max(limit, _NEAREST))
        hits = await self._found(collection, table, query.select(["_distance"]).with_row_id(), vector)
        return sorted(hits, key=lambda hit: -hit.similarity)[:limit]

    async def lexical(
        self,
        collection: str,
        question: str,
        vector: Sequence[float],
        *,
        acl: frozenset[AccessTag],
        limit: int,
        among: Among | None = None,
    ) -> Sequence[Hit]:
        table = await self._table(collection) if acl and question.strip() and not _is_nothing(among) else None
        if table is None:
            return []
        if held := await self._held.of(collection, table):
            rows, scores = held.worded(question, acl=acl, limit=limit, among=among)
            return held.hits(collection, rows, vector, scores)
        words = MatchQuery(question, "contextual_text")  # pyright: ignore[reportCallIssue] - its defaults are pydantic's
        query = table.query().nearest_to_text(words).select(["_score"]).with_row_id()
        return await self._found(collection, table, query.where(open_to(acl) + about(among)).limit(limit), vector)

    async def fetch(
        self, collection: str, ids: Sequence[str], vector: Sequence[float], *, acl: frozenset[AccessTag]
    ) -> Sequence[Hit]:
        table = await self._table(collection) if acl and ids else None
        if table is None:
            return []
        if held := await self._held.of(collection, table):
            return held.hits(collection, held.of_ids(ids, acl=acl), vector)
        query = table.query().where(f"id IN {list_of(ids)} AND {open_to(acl)}")
        return await self._found(collection, table, query.select([]).with_row_id(), vector)

    async def of_document(self, collection: str, document_id: str, *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        table = await self._table(collection) if acl else None
        if table is None:
            return []
        of_it = f"document_id = {literal(document_id)} AND {open_to(acl)}"
        found = passages(collection, await table.query().where(of_it).select(PASSAGE).to_arrow())
        return sorted(found, key=lambda passage: passage.start)

    async def of_ids(self, collection: str, ids: Sequence[str], *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        table = await self._table(collection) if acl and ids else None
        if table is None:
            return []
        found = await table.query().where(f"id IN {list_of(ids)} AND {open_to(acl)}").select(PASSAGE).to_arrow()
        return list(passages(collection, found))

    async def collections(self) -> Sequence[str]:
        database, found, token = await self._connection(), list[str](), None
        while True:
            page = await database.list_tables(page_token=token, limit=_IDS)
            found += page.tables
            if not (token := page.page_token):
                return sorted(found)

    async def outdated(self) -> Sequence[str]:
        found = list[str]()
        for collection in await self.collections():
            table = await self._opened(collection)
            if table is None or await _is_ready(table) or await _is_new(table):
                continue
            if is_readable(set((await table.schema()).names)):
                found.append(collection)
        return found

    async def documents(self, collection: str) -> Sequence[str]:
        table = await self._opened(collection)
        return await documents_of(table) if table is not None else []

    async def rows(self, collection: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        table = await self._opened(collection)
        if table is None:
            return []
        parts = [documents[n : n + _IDS] for n in range(0, len(documents), _IDS)]
        return [row for some in parts for row in await rows_where(table, f"document_id IN {list_of(some)}")]

    async def rebuild(self, collection: str, parts: AsyncIterable[Sequence[IndexedChunk]]) -> None:
        with closing(Spool()) as spool:
            await spool.fill(parts)
            table = await self._opened(collection)
            if table is not None and not await _is_ready(table):
                await self._renew(collection, spool)
                return
            if table is None and spool.width:
                table = await self._make(collection, width=spool.width)
            if table is not None:
                await spool.put(table)

    async def close(self) -> None:
        self._tables.clear()
        self._kept.clear()
        self._held.clear()
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
        addresses = found["_rowid"].to_pylist() if rows else []
        scores = found["_score"].to_pylist() if "_score" in found.column_names else [None] * len(addresses)
        return _hits([(rows[at], score) for at, score in zip(addresses, scores, strict=False) if at in rows], vector)

    async def _connection(self) -> lancedb.AsyncConnection:
        if self._database is None:
            self._database = await lancedb.connect_async(self._uri, read_consistency_interval=timedelta(0))
        return self._database

    async def _table(self, collection: str) -> AsyncTable | None:
        """Raises SchemaError for one of another form."""
        if found := self._tables.get(collection):
            return found
        table = await self._opened(collection)
        if table is None:
            return None
        if not await _is_ready(table):
            if await _is_new(table):
                return None
            raise SchemaError(_OLD_FORM.format(collection=collection, folder=f"{self._uri}/{collection}.lance"))
        self._tables[collection] = table
        return table

    async def _opened(self, collection: str) -> AsyncTable | None:
        """In whatever form."""
        async with self._opening:
            database = await self._connection()
            try:
                return await database.open_table(collection)
            except ValueError:  # what LanceDB raises for a table that is not there
                return None

    async def _renew(self, collection: str, spool: Spool) -> None:
        """A table of the form of now in the place of an old one; it is refused until its indices are there too."""
        database = await self._connection()
        self._tables.pop(collection, None)
        if spool.width:
            await spool.overwrite(database, collection)
            await self._make(collection, width=spool.width)
        else:
            await database.drop_table(collection)

    async def _make(self, collection: str, *, width: int) -> AsyncTable:
        async with self._opening:
            database = await self._connection()
            try:
                table = await database.create_table(collection, schema=marked(schema(width)))
            except ValueError:  # it is there: made by another process, or with rows and without indices
                table = await database.open_table(collection)
            if not await _is_ready(table):
                await table.create_index("acl", config=LabelList())
                await table.create_index("deny", config=LabelList())
                for column in ("id", "document_id"):
                    await table.create_index(column, config=BTree())
                words = FTS(**CUT, with_position=False)
                await table.create_index("contextual_text", config=words)
            self._tables[collection] = table
            return table


def _hits(scored: Sequence[tuple[Row, float | None]], vector: Sequence[float]) -> list[Hit]:
    if not scored:
        return []
    cosines = np.stack([row.vector for row, _ in scored]) @ np.asarray(vector, dtype=np.float32)
    return [Hit(row.passage, cosine, score) for (row, score), cosine in zip(scored, cosines.tolist(), strict=True)]


async def _is_new(table: AsyncTable) -> bool:
    """Whether somebody is making it just now: there are no rows before there are indices."""
    return is_current(set((await table.schema()).names)) and await table.count_rows() == 0


async def _is_ready(table: AsyncTable) -> bool:
    """Whether it is in the form of now and can be searched by words, whose index is the last that is made."""
    names = set((await table.schema()).names)
    return is_current(names) and any("contextual_text" in index.columns for index in await table.list_indices())


def _is_nothing(among: Among | None) -> bool:
    return among is not None and among.nothing
