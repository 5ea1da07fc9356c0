"""Databases that have all tables and nothing in them. SQLite's are copies of one: making them takes longer than most tests."""

import tempfile
from functools import cache
from pathlib import Path

import tests.statements  # noqa: F401 - databases share what it keeps
from sqlalchemy import create_engine

from stoa.adapters.database import Database
from stoa.adapters.database.tables import metadata

_SQLITE = "sqlite:///"


async def with_tables(url: str) -> Database:
    """The database at this URL, where there was none or an empty one, opened. Whoever asks for it closes it."""
    if url.startswith(_SQLITE):
        _copy_to(Path(url.removeprefix(_SQLITE)))
        return Database.open(url)
    database = Database.open(url)
    async with database.write() as connection:
        await connection.run_sync(metadata.create_all)
    return database


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
