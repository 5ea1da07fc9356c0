import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import lancedb
import pytest

from stoa.adapters.vectors.held import HeldTables, mark, marked
from stoa.adapters.vectors.rows import as_table, schema
from stoa.domain.passages import Among
from stoa.domain.vectors import Chunk, IndexedChunk

LANCEDB: Any = lancedb  # Any: what the library takes and gives has no types
COLUMNS: Any = schema(2)
A = frozenset({"team:a"})
AT_ONCE = timedelta(0)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Any]:
    connection = await LANCEDB.connect_async(str(tmp_path), read_consistency_interval=timedelta(0))
    yield connection
    connection.close()


def row(name: str, *vector: float, acl: frozenset[str] = A) -> IndexedChunk:
    chunk = Chunk(
        id=name, document_id=f"of {name}", title="T", path="t.md", heading=(), page=None, start=0, end=1, context="", text=name
    )
    return IndexedChunk(chunk, vector, acl)


async def made(database: Any, *rows: IndexedChunk) -> Any:
    table = await database.create_table("c", schema=marked(COLUMNS))
    await table.add(as_table(rows))
    return table


async def test_the_nearest_open_rows_are_found(database: Any) -> None:
    table = await made(
        database,
        row("far", 0.0, 1.0),
        row("near", 0.8, 0.6),
        row("nearest", 1.0, 0.0),
        row("closed", 1.0, 0.0, acl=frozenset()),
    )
    held = await HeldTables(settled=AT_ONCE).of("c", table)
    assert held is not None

    async def named(addresses: list[int]) -> set[str]:
        return set((await table.take_row_ids(addresses).select(["id"]).to_arrow())["id"].to_pylist())

    assert await named(held.nearest([1.0, 0.0], acl=A, limit=2)) == {"near", "nearest"}
    assert await named(held.nearest([1.0, 0.0], acl=A, limit=9)) == {"far", "near", "nearest"}
    few = Among(frozenset({"of far", "of closed"}))
    assert await named(held.nearest([1.0, 0.0], acl=A, limit=2, among=few)) == {"far"}
    assert await named(held.of_ids(["far", "closed", "unknown", "far"], acl=A)) == {"far"}
    assert held.nearest([1.0, 0.0], acl=frozenset({"team:b"}), limit=2) == []
    everywhere = (await table.query().with_row_id().to_arrow())["_rowid"].to_numpy()
    shown = held.shown(everywhere, acl=A)
    assert shown is not None
    assert await named(everywhere[shown].tolist()) == {"far", "near", "nearest"}
    assert held.hides(A)
    assert held.shown(everywhere + 1, acl=A) is None


async def test_another_version_is_read_anew(database: Any) -> None:
    table, tables = await made(database, row("one", 1.0, 0.0)), HeldTables(settled=AT_ONCE)
    before = await tables.of("c", table)
    assert before is await tables.of("c", table)
    await (await database.open_table("c")).delete("true")
    after = await tables.of("c", table)
    assert after is not None
    assert after.nearest([1.0, 0.0], acl=A, limit=1) == []


async def test_a_version_that_is_new_is_searched_in_the_store(database: Any) -> None:
    table = await made(database, row("one", 1.0, 0.0))
    assert await HeldTables(settled=timedelta(days=1)).of("c", table) is None


async def test_a_table_made_anew_under_the_name_is_another_at_the_same_version(database: Any) -> None:
    tables, opened = HeldTables(settled=AT_ONCE), await made(database, row("one", 1.0, 0.0))
    first = await tables.of("c", opened)
    await database.drop_table("c")
    again = await made(database, row("one", 1.0, 0.0, acl=frozenset({"team:b"})))
    assert await again.version() == await opened.version()
    held = await tables.of("c", opened)
    assert held is not first
    assert held is None or held.nearest([1.0, 0.0], acl=A, limit=1) == []


async def test_what_is_too_large_is_searched_in_the_store(database: Any) -> None:
    table = await made(database, row("one", 1.0, 0.0))
    assert await HeldTables(room=100, settled=AT_ONCE).of("c", table) is None


async def test_a_table_of_an_earlier_version_is_searched_in_the_store_until_it_has_a_mark(
    database: Any,
) -> None:
    table = await database.create_table("c", schema=COLUMNS)
    await table.add(as_table([row("one", 1.0, 0.0)]))
    tables = HeldTables(settled=AT_ONCE)
    assert await tables.of("c", table) is None
    await mark(table)
    held = await tables.of("c", table)
    assert held is not None
    assert len(held.nearest([1.0, 0.0], acl=A, limit=1)) == 1


async def test_what_a_search_meets_while_all_is_forgotten_is_searched_in_the_store(database: Any) -> None:
    table, tables = await made(database, row("one", 1.0, 0.0)), HeldTables(settled=AT_ONCE)
    assert await tables.of("c", table) is not None
    searching = asyncio.ensure_future(tables.of("c", table))
    await asyncio.sleep(0)
    tables.clear()
    assert await searching is None
