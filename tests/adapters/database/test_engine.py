import asyncio
import socket

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from stoa.adapters.database import Database
from stoa.adapters.database.engine import parse_url, sqlite_path
from stoa.adapters.database.tables import metadata, revision, teams, users
from stoa.errors import InvalidRequest, OperatorError, SettingsError


async def names(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(select(teams.c.name).order_by(teams.c.name))).scalars())


async def test_a_transaction_is_committed_at_its_end(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(teams).values(name="red", created_at=0))
    assert await names(database) == ["red"]


async def test_an_error_rolls_the_transaction_back(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.write() as connection:
            await connection.execute(insert(teams).values(name="red", created_at=0))
            raise RuntimeError
    assert await names(database) == []


async def test_what_is_written_through_a_reading_connection_does_not_stay(database: Database) -> None:
    async with database.read() as connection:
        await connection.execute(insert(teams).values(name="red", created_at=0))
    assert await names(database) == []


async def test_foreign_keys_are_enforced(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as connection:
            await connection.execute(insert(users).values(id="u", name="u", display_name="u", team="none", created_at=0))


async def test_many_writers_lose_nothing(database_url: str, database: Database) -> None:
    other = Database.open(database_url)  # as another process would
    async with database.write() as connection:
        await connection.execute(insert(revision).values(id=1, value=0))

    async def add_one(into: Database) -> None:
        async with into.write() as connection:
            await connection.execute(text("UPDATE revision SET value = value + 1"))

    await asyncio.gather(*(add_one(into) for _ in range(25) for into in (database, other)))
    async with other.read() as connection:
        assert (await connection.execute(select(revision.c.value))).scalar_one() == 50
    await other.close()


@pytest.mark.slow
async def test_what_postgresql_has_no_text_for_is_the_fault_of_whoever_sent_it(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    with pytest.raises(InvalidRequest, match=r"U\+0000"):
        async with database.read() as connection:
            await connection.execute(select(teams.c.name).where(teams.c.name == "re\0d"))
    with pytest.raises(InvalidRequest, match=r"U\+0000"):
        async with database.write() as connection:
            await connection.execute(insert(teams).values(name="re\0d", created_at=0))
    assert await names(database) == []
    await database.close()


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(insert(teams).values(name="red", created_at=0))
        assert await names(database) == []


def test_sqlite_gets_its_asynchronous_driver() -> None:
    assert parse_url("sqlite:////tmp/stoa.sqlite").drivername == "sqlite+aiosqlite"
    assert str(sqlite_path("sqlite:////tmp/stoa.sqlite")) == "/tmp/stoa.sqlite"


@pytest.mark.parametrize("url", ["postgresql://u:p@h/stoa?sslmode=require", "postgres://u:p@h/stoa?sslmode=require"])
def test_a_plain_postgresql_url_gets_its_asynchronous_driver(url: str) -> None:
    parsed = parse_url(url)
    assert parsed.drivername == "postgresql+asyncpg"
    assert parsed.query == {"ssl": "require"}
    assert sqlite_path(url) is None


@pytest.mark.parametrize("url", ["mysql://root:geheim@h/stoa", "geheim", "sqlite://"])
def test_another_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_url(url)
    assert "geheim" not in refused.value.message
    assert refused.value.param == "database.url"


async def test_a_database_that_is_away_is_an_error_of_the_operator_that_names_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    database = Database.open(f"postgresql://stoa:secret@127.0.0.1:{port}/stoa")
    try:
        for transaction in (database.read, database.write):
            with pytest.raises(OperatorError, match="The database cannot be reached") as raised:
                async with transaction():
                    pass
            assert (raised.value.status, raised.value.code) == (503, "database_away")
            assert "secret" not in raised.value.message
    finally:
        await database.close()
