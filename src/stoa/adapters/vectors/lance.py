"""The index in LanceDB: one table a collection, in a folder or a bucket, read and written by several processes at once.

Access tags are a filter inside every search, never applied to the best that it found, and are written into it as quoted
literals alone. A small table is held in memory with them, and who may read what is told there.
Importing this module takes a second and 100 MB: whoever needs it imports it late.
"""

import os
from collections.abc import AsyncIterable, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

os.putenv("LANCEDB_LOG", "error")  # for the library alone, when it is loaded: its warnings are not for our users

from stoa.adapters.vectors.lance_filters import about, array_of, list_of, literal, open_to
from stoa.adapters.vectors.lance_folder import TableFolders
from stoa.adapters.vectors.lean import without_pandas
from stoa.domain.identity import AccessTag, Rights
from stoa.domain.passages import Among, Passage
from stoa.domain.vectors import Hit, IndexedChunk

with without_pandas():
    import numpy as np
    import pyarrow as pa
    from lancedb.query import AsyncQueryBase, MatchQuery
    from lancedb.table import AsyncTable

    from stoa.adapters.vectors.held import SETTLED, HeldTables
    from stoa.adapters.vectors.lance_indices import segments, tend
    from stoa.adapters.vectors.lance_tables import LanceTables, is_ready
    from stoa.adapters.vectors.lance_whole import Spool, documents_of, rows_where
    from stoa.adapters.vectors.rows import PASSAGE, KeptRows, Row, as_table, passages

CACHE_BYTES = 1_073_741_824
"""Most of the indices that stays in memory: about 350 bytes a passage that is searched."""

KEEP_BYTES = 32_000_000
"""Rows of large tables found lately stay in memory, up to this size."""

_IDS = 1000
"""Documents named in one statement."""

_ALL_PARTITIONS = 512
"""Partitions looked at, at most: all of them up to two million rows, so that a filter which few rows pass loses none."""

_NEAREST = 50
"""Rows that the index gives at least, to be ranked by the vectors themselves."""

_SEARCHES = 3
"""Times a search is made when rows that it found are gone, rewritten or moved before they are read."""


class LanceIndex:
    """VectorStore over the tables under `uri`. A search sees what was committed before it.

    A small table that nobody changed for `settled` is searched, and its rights are looked up, in memory. Of the indices of
    the others up to `cache_bytes` stay there.
    """

    def __init__(self, uri: str, *, settled: timedelta = SETTLED, cache_bytes: int = CACHE_BYTES) -> None:
        self._tables = LanceTables(uri, cache_bytes=cache_bytes)
        self._kept = KeptRows(KEEP_BYTES)
        self._held = HeldTables(folders=TableFolders(None if "://" in uri else Path(uri)), settled=settled)

    @property
    def kept_bytes(self) -> int:
        """What LanceDB keeps of indices and of versions, by its own account."""
        return self._tables.kept_bytes

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        table = await self._tables.ready(collection)
        if table is None:
            if not chunks:
                return
            table = await self._tables.make(collection, width=len(chunks[0].vector))
        for some in (documents[n : n + _IDS] for n in range(0, len(documents), _IDS)):
            await table.delete(f"document_id IN {list_of(some)}")
        if chunks:
            await table.add(as_table(chunks))

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        table = await self._tables.ready(collection)
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
        if (table := await self._tables.ready(collection)) is not None:
            await tend(table)

    async def drop(self, collection: str) -> None:
        await self._tables.drop(collection)
        self._kept.clear()  # the addresses of a table that is made anew under the name begin anew
        self._held.clear()

    async def segments(self, collection: str) -> int:
        """Parts that the index of vectors has; none where every vector is compared."""
        table = await self._tables.ready(collection)
        return await segments(table) if table is not None else 0

    async def dense(
        self,
        collection: str,
        vector: Sequence[float],
        *,
        acl: frozenset[AccessTag],
        limit: int,
        among: Among | None = None,
    ) -> Sequence[Hit]:
        table = await self._tables.ready(collection) if acl and not _is_nothing(among) else None
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
        table = await self._tables.ready(collection) if acl and question.strip() and not _is_nothing(among) else None
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
        table = await self._tables.ready(collection) if acl and ids else None
        if table is None:
            return []
        if held := await self._held.of(collection, table):
            return held.hits(collection, held.of_ids(ids, acl=acl), vector)
        query = table.query().where(f"id IN {list_of(ids)} AND {open_to(acl)}")
        return await self._found(collection, table, query.select([]).with_row_id(), vector)

    async def of_document(self, collection: str, document_id: str, *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        table = await self._tables.ready(collection) if acl else None
        if table is None:
            return []
        of_it = f"document_id = {literal(document_id)} AND {open_to(acl)}"
        found = passages(collection, await table.query().where(of_it).select(PASSAGE).to_arrow())
        return sorted(found, key=lambda passage: passage.start)

    async def of_ids(self, collection: str, ids: Sequence[str], *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        table = await self._tables.ready(collection) if acl and ids else None
        if table is None:
            return []
        found = await table.query().where(f"id IN {list_of(ids)} AND {open_to(acl)}").select(PASSAGE).to_arrow()
        return list(passages(collection, found))

    async def collections(self) -> Sequence[str]:
        return await self._tables.names()

    async def outdated(self) -> Sequence[str]:
        return await self._tables.outdated()

    async def documents(self, collection: str) -> Sequence[str]:
        table = await self._tables.as_it_is(collection)
        return await documents_of(table) if table is not None else []

    async def rows(self, collection: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        table = await self._tables.as_it_is(collection)
        if table is None:
            return []
        parts = [documents[n : n + _IDS] for n in range(0, len(documents), _IDS)]
        return [row for some in parts for row in await rows_where(table, f"document_id IN {list_of(some)}")]

    async def rebuild(self, collection: str, parts: AsyncIterable[Sequence[IndexedChunk]]) -> None:
        with closing(Spool()) as spool:
            await spool.fill(parts)
            table = await self._tables.as_it_is(collection)
            if table is not None and not await is_ready(table):
                await self._tables.renew(collection, spool)
                return
            if table is None and spool.width:
                table = await self._tables.make(collection, width=spool.width)
            if table is not None:
                await spool.put(table)

    async def close(self) -> None:
        self._kept.clear()
        self._held.clear()
        await self._tables.close()

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


def _hits(scored: Sequence[tuple[Row, float | None]], vector: Sequence[float]) -> list[Hit]:
    if not scored:
        return []
    cosines = np.stack([row.vector for row, _ in scored]) @ np.asarray(vector, dtype=np.float32)
    return [Hit(row.passage, cosine, score) for (row, score), cosine in zip(scored, cosines.tolist(), strict=True)]


def _is_nothing(among: Among | None) -> bool:
    return among is not None and among.nothing
