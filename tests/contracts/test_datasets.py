"""Datasets in their versions, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.tables import with_tables

from stoa.adapters.database import Database
from stoa.adapters.database.contents import ContentTable
from stoa.adapters.database.datasets import DatasetTables
from stoa.adapters.database.opening import opener
from stoa.adapters.database.retention import RetentionTable
from stoa.adapters.secrets import Secrets
from stoa.adapters.secrets.contents import ContentSeals
from stoa.domain.contents import SubjectKey
from stoa.domain.datasets import Body, Dataset, ItemQuery, Origin
from stoa.errors import Conflict, InvalidRequest, NotFound, OperatorError
from stoa.factory.datasets import Kept, New, Read, Writing, read_items

DAY_MS = 86_400_000
SEALS = ContentSeals(Secrets(b"m" * 32))
SMOKE = Dataset(
    id="ds_1", name="smoke", team="red", description="", version=0, items=0, created_by="u", created_at=1, changed_at=1
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path / 'db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = await with_tables(url)
    async with database.write() as connection:
        assert await DatasetTables(connection).add(SMOKE)
    yield database
    await database.close()


def example(text: str, origin: Origin | None = None, kept: Kept | None = None, **said: Any) -> New:
    body = Body(messages=[{"role": "user", "content": text}], answer={"role": "assistant", "content": "So."}, **said)
    return New(body, origin or Origin(source="given"), kept)


def asked(request: str, kept: Kept, **said: Any) -> New:
    return example(request, Origin(source="request", request=request, model="claude", snapshot=7, asked_at=0), kept, **said)


async def change(database: Database, name: str, *args: Any, now_ms: int = 5, **options: Any) -> Any:
    async with database.write() as connection:
        writing = Writing(DatasetTables(connection), ContentTable(connection), SEALS, by="ann", now_ms=now_ms)
        return await getattr(writing, name)(SMOKE, *args, **options)


async def read(database: Database, version: int, *, text: str | None = None, now_ms: int = 5, **query: Any) -> list[Read]:
    wanted, opened = ItemQuery(version, **query), opener(database.read, DatasetTables)
    return [each async for each in read_items(opened, SMOKE, wanted, seal=SEALS, text=text, now_ms=now_ms, slice_of=2)]


def texts(found: Sequence[Read]) -> list[Any]:
    return [each.body.messages[0]["content"] if each.body is not None else each.state for each in found]


async def kept(database: Database, subject: str, *, days: int = 7) -> Kept:
    async with database.write() as connection:
        keys = await ContentTable(connection).keys_of(
            [subject], {subject: SubjectKey(f"ck_{subject}", SEALS.new_key())}, now_ms=1
        )
    return Kept(keys[subject].id, keys[subject].sealed, days * DAY_MS)


async def test_each_version_stays_as_it_was(database: Database) -> None:
    first = await change(database, "add", [example(each) for each in ("a", "b", "c")])
    assert list(first) == sorted(first)
    await change(database, "change", first[0], expected={"role": "assistant", "content": "Better."}, notes="why")
    assert await change(database, "remove", [first[1]], erase=False) == 1
    await change(database, "add", [example("d")], change="imported")
    assert [texts(await read(database, version)) for version in range(5)] == [
        [], ["a", "b", "c"], ["a", "b", "c"], ["a", "c"], ["a", "c", "d"],
    ]  # fmt: skip
    before, after = [(await read(database, version))[0].body for version in (1, 2)]
    assert before is not None and before.expected is None
    assert after is not None and (after.expected, after.notes) == ({"role": "assistant", "content": "Better."}, "why")
    async with database.read() as connection:
        tables = DatasetTables(connection)
        found = await tables.find("smoke")
        made = await tables.versions("ds_1", before=None, limit=10)
        assert [each.version for each in await tables.versions("ds_1", before=3, limit=1)] == [2]
    assert found is not None and (found.version, found.items, found.changed_at) == (4, 3, 5)
    assert [(each.change, each.changed, each.items) for each in made] == [
        ("imported", 1, 3), ("removed", 1, 2), ("changed", 1, 3), ("added", 3, 3),
    ]  # fmt: skip
    assert {each.by for each in made} == {"ann"}


async def test_examples_are_found_by_what_they_say_and_where_they_are_from(database: Database) -> None:
    ann = await kept(database, "user:ann")
    expected = {"role": "assistant", "content": "E"}
    found = [example("Über ALLES"), asked("r1", ann), example("c", notes="über"), example("d", expected=expected)]
    await change(database, "add", found)
    assert texts(await read(database, 1, text="ÜBER")) == ["Über ALLES", "c"]
    assert texts(await read(database, 1, model="claude")) == ["r1"]
    assert texts(await read(database, 1, request="r1")) == ["r1"]
    assert texts(await read(database, 1, expected=True)) == ["d"]
    assert len(await read(database, 1, expected=False)) == 3
    async with database.read() as connection:
        there = await DatasetTables(connection).requests("ds_1", ["r1", "r2"], version=1)
    assert list(there) == ["r1"]
    origin = (await read(database, 1, request="r1"))[0].item.origin
    assert (origin.model, origin.snapshot, origin.asked_at) == ("claude", 7, 0)


async def test_to_erase_somebodys_content_erases_its_copies_in_every_version(database: Database) -> None:
    ann, bob = await kept(database, "user:ann"), await kept(database, "user:bob")
    ids = await change(database, "add", [asked("r1", ann), asked("r2", bob), example("own")])
    await change(database, "change", ids[0], notes="seen")
    async with database.write() as connection:
        assert await DatasetTables(connection).copies("user:ann") == 1
        assert await ContentTable(connection).erase("user:ann") == 1
    assert [texts(await read(database, version)) for version in (1, 2)] == [["erased", "r2", "own"]] * 2
    with pytest.raises(Conflict, match="erased"):
        await change(database, "change", ids[0], notes="again")


async def test_a_copy_ends_when_its_content_does_and_the_sweep_takes_what_it_said(database: Database) -> None:
    ann = await kept(database, "user:ann", days=7)
    await change(database, "add", [asked("r1", ann), example("own")])
    assert texts(await read(database, 1, now_ms=7 * DAY_MS)) == ["expired", "own"]
    async with database.write() as connection:
        await ContentTable(connection).shorten("red", 2, now_ms=5)
        await ContentTable(connection).shorten("blue", None, now_ms=5)
    assert texts(await read(database, 1, now_ms=2 * DAY_MS - 1)) == ["r1", "own"]
    assert texts(await read(database, 1, now_ms=2 * DAY_MS)) == ["expired", "own"]
    async with database.write() as connection:
        removed = [await RetentionTable(connection).remove("examples", before_ms=3 * DAY_MS, most=10) for _ in range(2)]
    assert removed == [1, 0]
    found = await read(database, 1, now_ms=3 * DAY_MS)
    assert [(each.state, each.item.sealed is None) for each in found] == [("expired", True), ("readable", False)]


async def test_an_example_that_is_erased_is_read_in_no_version(database: Database) -> None:
    ids = await change(database, "add", [example("secret"), example("b")])
    await change(database, "change", ids[0], notes="n")
    assert await change(database, "remove", [ids[0], "ex_nothing"], erase=True) == 1
    assert [texts(await read(database, version)) for version in (1, 2, 3)] == [["erased", "b"], ["erased", "b"], ["b"]]
    assert await change(database, "remove", [ids[0]], erase=True) == 0


async def test_nobody_overwrites_what_they_have_not_seen(database: Database) -> None:
    (name,) = await change(database, "add", [example("a")])
    await change(database, "change", name, notes="first", since=1)
    with pytest.raises(Conflict, match="version 2"):
        await change(database, "change", name, notes="second", since=1)
    assert (await change(database, "change", name, notes="first")).item.since == 2  # nothing new: no version
    with pytest.raises(NotFound):
        await change(database, "change", "ex_nothing", notes="x")


async def test_a_dataset_that_is_full_takes_nothing_more(database: Database) -> None:
    async with database.write() as connection:
        await connection.exec_driver_sql("UPDATE datasets SET items = 99999")
    with pytest.raises(InvalidRequest, match="2 more are too many"):
        await change(database, "add", [example("a"), example("b")])
    assert await read(database, 9) == []


async def test_a_deleted_dataset_takes_its_examples_and_its_key_along(database: Database) -> None:
    await change(database, "add", [example("a")])
    await change(database, "delete")
    async with database.read() as connection:
        tables = DatasetTables(connection)
        assert (await tables.all(), await tables.copies("dataset:ds_1")) == ([], 0)
    assert await read(database, 1) == []
    with pytest.raises(NotFound, match="any more"):
        await change(database, "add", [example("b")])


async def test_a_name_is_given_once_and_lists_go_by_name(database: Database) -> None:
    async with database.write() as connection:
        tables = DatasetTables(connection)
        assert not await tables.add(msgspec.structs.replace(SMOKE, id="ds_2"))
        assert await tables.add(msgspec.structs.replace(SMOKE, id="ds_2", name="b"))
        await tables.describe("ds_2", "what it is for")
        assert [each.name for each in await tables.all()] == ["b", "smoke"]
        assert [each.name for each in await tables.all(after="b")] == ["smoke"]
        found = await tables.find("b")
    assert found is not None and found.description == "what it is for"


def test_what_one_example_says_does_not_open_as_anothers() -> None:
    key = SEALS.new_key()
    sealed = SEALS.seal_item(key, "ex_1", b"secret")
    assert b"secret" not in sealed
    assert SEALS.open_item(key, "ex_1", sealed) == b"secret"
    with pytest.raises(OperatorError, match="does not open"):
        SEALS.open_item(key, "ex_2", sealed)
