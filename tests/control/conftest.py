"""A database with two people in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert
from tests.tables import with_tables

from stoa.adapters.database import Database
from stoa.adapters.database.tables import teams, users


@pytest.fixture
async def peopled(tmp_path: Path) -> AsyncIterator[Database]:
    """SQLite with all tables, the team `red`, and its members `ann` and `bob`."""
    database = await with_tables(f"sqlite:///{tmp_path / 'stoa.sqlite'}")
    async with database.write() as connection:
        await connection.execute(insert(teams), [{"name": "red", "created_at": 1}])
        people = [{"id": name, "name": name, "display_name": name, "team": "red", "created_at": 1} for name in ("ann", "bob")]
        await connection.execute(insert(users), people)
    yield database
    await database.close()
