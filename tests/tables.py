"""Databases that have all tables and nothing in them, copies of one: making the tables takes longer than most tests."""

import tempfile
from functools import cache
from pathlib import Path

import asyncpg
import tests.statements  # noqa: F401 - databases share what it keeps
from sqlalchemy import create_engine

from stoa.adapters.database import Database
from stoa.adapters.database.tables import metadata

_SQLITE = "sqlite:///"
_TEMPLATE = "with_tables"


async def with_tables(url: str) -> Database:
    """The database at this URL, where there was none or an empty one, opened. Whoever asks for it closes it."""
    if url.startswith(_SQLITE):
        _copy_to(Path(url.removeprefix(_SQLITE)))
        return Database.open(url)
    server, _, name = url.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        if not await connection.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", _TEMPLATE):
            await connection.execute(f"CREATE DATABASE {_TEMPLATE}")
            await _make_tables(f"{server}/{_TEMPLATE}")
        await connection.execute(f"DROP DATABASE {name}")
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    finally:
        await connection.close()
    return Database.open(url)


async def _make_tables(url: str) -> None:
    database = Database.open(url)
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    await database.close()


def _copy_to(file: Path) -> None:
    file.write_bytes(_sqlite_with_tables())


@cache
def _sqlite_with_tables() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "db"
        engine = create_engine(f"{_SQLITE}{file}")
        metadata.create_all(engine)
        engine.dispose()
        return file.read_bytes()
