"""Rows kept in memory: within their room, each read once, and none that is no longer there."""

from pathlib import Path

import lancedb
import numpy as np
import pytest

from stoa.adapters.vectors.rows import KeptRows, as_table
from stoa.domain.vectors import Chunk, IndexedChunk


def chunk(n: int, text: str) -> IndexedChunk:
    return IndexedChunk(
        Chunk(id=f"c{n}", document_id="d", title="T", path="p", heading=("A",), page=n, start=0, end=1, context="T", text=text),
        [float(n), 1.0],
        frozenset({"team:a"}),
    )


@pytest.fixture
async def table(tmp_path: Path) -> lancedb.AsyncTable:
    database = await lancedb.connect_async(str(tmp_path))
    return await database.create_table("c", as_table([chunk(n, f"text {n}") for n in range(10)]))


async def test_rows_are_whole_and_a_missing_one_is_left_out(table: lancedb.AsyncTable) -> None:
    rows = await KeptRows(1_000_000).read("c", table, [3, 1, 77])
    assert set(rows) == {1, 3}
    passage = rows[3].passage
    assert (passage.id, passage.collection, passage.text, passage.heading, passage.page) == ("c3", "c", "text 3", ("A",), 3)
    np.testing.assert_array_equal(rows[3].vector, [3, 1])


async def test_a_row_is_read_once(table: lancedb.AsyncTable) -> None:
    kept = KeptRows(1_000_000)
    first = await kept.read("c", table, [1, 2])
    await table.delete("id = 'c2'")
    again = await kept.read("c", table, [2, 1])
    assert again[1] is first[1]
    assert again[2] is first[2]


async def test_rows_used_longest_ago_make_room(table: lancedb.AsyncTable) -> None:
    one = (await KeptRows(1_000_000).read("c", table, [1]))[1].size
    kept = KeptRows(3 * one)
    first = await kept.read("c", table, [1, 2, 3])
    await kept.read("c", table, [1])
    await kept.read("c", table, [4])
    assert (await kept.read("c", table, [1]))[1] is first[1]
    assert (await kept.read("c", table, [2]))[2] is not first[2]


async def test_without_room_rows_are_still_read(table: lancedb.AsyncTable) -> None:
    kept = KeptRows(0)
    assert len(await kept.read("c", table, [1, 2])) == 2
    assert len(await kept.read("c", table, [1, 2])) == 2


async def test_collections_do_not_share_rows(table: lancedb.AsyncTable) -> None:
    kept = KeptRows(1_000_000)
    one, other = await kept.read("one", table, [1]), await kept.read("other", table, [1])
    assert (one[1].passage.collection, other[1].passage.collection) == ("one", "other")
    kept.clear()
    assert (await kept.read("one", table, [1]))[1] is not one[1]
