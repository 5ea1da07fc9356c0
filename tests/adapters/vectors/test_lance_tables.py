"""What LanceDB keeps in memory of tables that change."""

from collections.abc import Sequence
from pathlib import Path

from stoa.adapters.vectors.lance_tables import LanceTables
from stoa.adapters.vectors.rows import as_table
from stoa.domain.vectors import Chunk, IndexedChunk

ROOM = 65_536


def row(number: int) -> IndexedChunk:
    name = f"d{number}"
    chunk = Chunk(
        id=f"{name}.0", document_id=name, title="", path=f"{name}.md", heading=(), page=None, start=0, end=4, context="",
        text="text",
    )  # fmt: skip
    return IndexedChunk(chunk, [1.0, 0.0], frozenset({"team:all"}))


async def kept_after(tables: LanceTables, changes: Sequence[int]) -> int:
    table = await tables.make("c", width=2)
    for number in changes:
        await table.delete(f"document_id = 'd{number}'")
        await table.add(as_table([row(number)]))
    return tables.kept_bytes


async def test_what_is_kept_does_not_grow_with_what_was_ever_written(tmp_path: Path) -> None:
    bounded = LanceTables(str(tmp_path / "one"), cache_bytes=ROOM, versions_bytes=ROOM)
    roomy = LanceTables(str(tmp_path / "other"), cache_bytes=ROOM, versions_bytes=100 * ROOM)
    try:
        assert 0 < await kept_after(bounded, range(40)) <= 2 * ROOM
        assert await kept_after(roomy, range(40)) > 4 * ROOM, "40 changes would not fill the room"
    finally:
        await bounded.close()
        await roomy.close()


async def test_what_was_kept_is_let_go_of_when_it_is_closed(tmp_path: Path) -> None:
    tables = LanceTables(str(tmp_path), cache_bytes=ROOM, versions_bytes=ROOM)
    assert await kept_after(tables, range(5)) > 10_000
    await tables.close()
    assert tables.kept_bytes < 1_000
