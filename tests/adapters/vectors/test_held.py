import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import lancedb
import numpy as np
import pytest

from stoa.adapters.vectors.held import Held, HeldTables, Rows, mark, marked
from stoa.adapters.vectors.lance_folder import TableFolders
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


def found(held: Held, question: str, *, acl: frozenset[str] = A) -> dict[int, float]:
    """The scores by words of rows by address."""
    rows, scores = held.worded(question, acl=acl, limit=9)
    return dict(zip(held.addresses[rows].tolist(), scores, strict=True))


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

    async def named(rows: Rows) -> set[str]:
        return set((await table.take_row_ids(held.addresses[rows].tolist()).select(["id"]).to_arrow())["id"].to_pylist())

    assert await named(held.nearest([1.0, 0.0], acl=A, limit=2)) == {"near", "nearest"}
    assert await named(held.nearest([1.0, 0.0], acl=A, limit=9)) == {"far", "near", "nearest"}
    few = Among(frozenset({"of far", "of closed"}))
    assert await named(held.nearest([1.0, 0.0], acl=A, limit=2, among=few)) == {"far"}
    assert await named(held.of_ids(["far", "closed", "unknown", "far"], acl=A)) == {"far"}
    assert not len(held.nearest([1.0, 0.0], acl=frozenset({"team:b"}), limit=2))
    assert not len(held.of_ids([], acl=A))
    (far,) = held.of_ids(["far"], acl=A)
    (near,) = held.of_ids(["near"], acl=A)
    first, second = held.hits("c", np.array([near, far]), [1.0, 0.0], [2.0, 1.0])
    assert (first.passage.text, first.passage.collection, first.lexical, second.lexical) == ("near", "c", 2.0, 1.0)
    assert [first.similarity, second.similarity] == pytest.approx([0.8, 0.0])


async def test_the_best_open_rows_by_words_are_found_in_order(database: Any) -> None:
    table = await made(
        database,
        row("Taxi, taxi!", 0.0, 1.0),
        row("The taxis of the town", 0.0, 1.0),
        row("trains", 0.0, 1.0),
        row("taxi", 0.0, 1.0, acl=frozenset()),
    )
    held = await HeldTables(settled=AT_ONCE).of("c", table)
    assert held is not None

    rows, scores = held.worded("a taxi", acl=A, limit=9)
    (taxi,), (taxis,) = held.of_ids(["Taxi, taxi!"], acl=A), held.of_ids(["The taxis of the town"], acl=A)
    assert rows.tolist() == [taxi, taxis]
    assert scores == sorted(scores, reverse=True)
    assert held.worded("a taxi", acl=A, limit=1)[0].tolist() == [taxi]
    town = Among(frozenset({"of The taxis of the town"}))
    among_one, of_one = held.worded("a taxi", acl=A, limit=1, among=town)
    assert (among_one.tolist(), of_one) == ([taxis], scores[1:])
    for words, acl in (("a taxi", frozenset({"team:b"})), ("the", A), ("buses", A)):
        assert found(held, words, acl=acl) == {}


async def test_a_version_read_after_another_finds_what_one_read_afresh_finds(database: Any) -> None:
    table, tables = await made(database, *(row(f"word {n} and", 1.0, 0.0) for n in range(9))), HeldTables(settled=AT_ONCE)
    assert await tables.of("c", table) is not None
    await table.delete("id = 'word 3 and'")
    await table.update(where="id = 'word 5 and'", updates_sql={"acl": "make_array('team:b')"})
    await table.add(as_table([row("word 7 with more", 1.0, 0.0)]))
    after, fresh = await tables.of("c", table), await HeldTables(settled=AT_ONCE).of("c", table)
    assert after is not None
    assert fresh is not None
    for question in ("word", "7", "3", "5", "more"):
        assert found(after, question) == found(fresh, question)
    assert found(after, "7")
    assert found(after, "3") == found(after, "5") == {}
    await table.delete("true")
    emptied = await tables.of("c", table)
    assert emptied is not None
    assert found(emptied, "word") == {}


async def test_a_folder_without_news_spares_asking_the_store(database: Any, tmp_path: Path) -> None:
    table, tables = await made(database, row("one", 1.0, 0.0)), HeldTables(folders=TableFolders(tmp_path), settled=AT_ONCE)
    held = await tables.of("c", table)
    assert held is not None
    no_store: Any = None  # Any: not asked, so it need not be one
    assert await tables.of("c", no_store) is held
    await table.update(updates_sql={"acl": "make_array('team:b')"})
    after = await tables.of("c", table)
    assert after is not None
    assert not len(after.nearest([1.0, 0.0], acl=A, limit=1))
    await database.drop_table("c")
    await made(database, row("one", 1.0, 0.0, acl=frozenset({"team:c"})))
    again = await tables.of("c", await database.open_table("c"))
    assert again is not None
    assert len(again.nearest([1.0, 0.0], acl=frozenset({"team:c"}), limit=1)) == 1


async def test_another_version_is_read_anew(database: Any) -> None:
    table, tables = await made(database, row("one", 1.0, 0.0)), HeldTables(settled=AT_ONCE)
    before = await tables.of("c", table)
    assert before is await tables.of("c", table)
    await (await database.open_table("c")).delete("true")
    after = await tables.of("c", table)
    assert after is not None
    assert not len(after.nearest([1.0, 0.0], acl=A, limit=1))


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
    assert held is None or not len(held.nearest([1.0, 0.0], acl=A, limit=1))


async def test_what_is_too_large_is_searched_in_the_store(database: Any) -> None:
    table = await made(database, row("one", 1.0, 0.0))
    assert await HeldTables(room=100, settled=AT_ONCE).of("c", table) is None


async def test_what_turns_out_too_large_once_it_is_read_is_searched_in_the_store(database: Any) -> None:
    table = await made(database, row("long " * 2_000, 1.0, 0.0))
    tables = HeldTables(room=9_000, settled=AT_ONCE)
    assert await tables.of("c", table) is None
    no_store: Any = None  # Any: not read again, so it need not be one
    assert await tables.of("c", no_store) is None


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
