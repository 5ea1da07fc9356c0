import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from stoa.adapters.database import Database, schema, tables
from stoa.adapters.database.backup import backup, restore
from stoa.adapters.database.migrate import check, migrate
from stoa.errors import NotFound, SchemaError
from stoa.kit.home import Home

RELEASED = sorted(file.name[:4] for file in (schema.MIGRATIONS / "versions").glob("0*.py"))
NEWEST = RELEASED[-1]
NEXT = f"{int(NEWEST) + 1:04d}"
ADDS_A_COLUMN = f"""
import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{NEWEST}"


def upgrade() -> None:
    with op.batch_alter_table("teams") as teams:
        teams.add_column(sa.Column("motto", sa.Text()))
"""
FAILS_HALFWAY = ADDS_A_COLUMN + "    op.execute('INSERT INTO nowhere VALUES (1)')\n"


async def run(url: str, *statements: str) -> None:
    database = Database.open(url)
    async with database.write() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await database.close()


async def rows(url: str, statement: str) -> Sequence[object]:
    database = Database.open(url)
    async with database.read() as connection:
        found = (await connection.execute(text(statement))).scalars().all()
    await database.close()
    return found


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a later version's revisions, as that version would have them installed."""
    folder = tmp_path / "next" / "migrations"
    (folder / "versions").mkdir(parents=True)
    for file in schema.MIGRATIONS.rglob("*.py"):
        (folder / file.relative_to(schema.MIGRATIONS)).write_text(file.read_text())
    monkeypatch.setattr(schema, "MIGRATIONS", folder)
    return folder / "versions"


async def test_an_empty_database_is_brought_to_the_form_of_tables(database_url: str, home: Home) -> None:
    done = await migrate(database_url, home)
    assert done.applied == tuple(RELEASED)
    assert done.backup is None
    assert await check(database_url) == NEWEST


async def test_a_current_database_is_left_alone(database_url: str, home: Home) -> None:
    await migrate(database_url, home)
    assert (await migrate(database_url, home)).applied == ()


async def test_several_starters_migrate_once(database_url: str, home: Home) -> None:
    done = await asyncio.gather(*(migrate(database_url, home) for _ in range(4)))
    assert sorted(len(each.applied) for each in done) == [0, 0, 0, len(RELEASED)]


async def test_a_missing_or_empty_database_is_refused_by_check(database_url: str) -> None:
    with pytest.raises(SchemaError, match="stoa db migrate"):
        await check(database_url)


async def test_a_newer_database_is_refused_and_the_message_says_what_to_do(database_url: str, home: Home) -> None:
    await migrate(database_url, home)
    await run(database_url, "UPDATE alembic_version SET version_num = '9999'")
    for refused in (check(database_url), migrate(database_url, home)):
        with pytest.raises(SchemaError, match="newer Stoa"):
            await refused


async def test_tables_without_a_revision_are_refused(database_url: str, home: Home) -> None:
    await run(database_url, "CREATE TABLE users (id VARCHAR(40))")
    for refused in (check(database_url), migrate(database_url, home)):
        with pytest.raises(SchemaError, match="half made"):
            await refused


async def test_a_database_that_lost_a_table_is_refused(database_url: str, home: Home) -> None:
    await migrate(database_url, home)
    await run(database_url, "DROP TABLE feedback")
    with pytest.raises(SchemaError, match="feedback"):
        await check(database_url)


async def test_tables_of_others_beside_ours_are_no_fault(database_url: str, home: Home) -> None:
    await migrate(database_url, home)
    await run(database_url, "CREATE TABLE somebody_elses (id INTEGER)")
    assert await check(database_url) == NEWEST


async def test_an_upgrade_that_does_not_verify_is_rolled_back(database_url: str, home: Home, next_release: Path) -> None:
    await migrate(database_url, home)
    await run(
        database_url,
        "INSERT INTO teams (name, created_at) VALUES ('company', 0)",
        "INSERT INTO users VALUES ('u1', 'ada', 'Ada', 'company', 0, NULL)",
    )
    (next_release / f"{NEXT}_motto.py").write_text(ADDS_A_COLUMN)
    with pytest.raises(SchemaError, match="did not verify"):  # tables.py knows of no such column
        await migrate(database_url, home)
    assert await rows(database_url, "SELECT version_num FROM alembic_version") == [NEWEST]
    assert await rows(database_url, "SELECT name FROM users") == ["ada"]
    assert [file for file in home.backups.iterdir() if f"-{NEWEST}" in file.name]


async def test_an_upgrade_that_verifies_is_committed(
    database_url: str, home: Home, next_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate(database_url, home)
    await run(
        database_url,
        "INSERT INTO teams (name, created_at) VALUES ('company', 0)",
        "INSERT INTO users VALUES ('u1', 'ada', 'Ada', 'company', 0, NULL)",
    )
    (next_release / f"{NEXT}_motto.py").write_text(ADDS_A_COLUMN)
    later = tables.metadata.__class__(naming_convention=tables.metadata.naming_convention)
    for table in tables.metadata.sorted_tables:
        table.to_metadata(later)
    later.tables["teams"].append_column(tables.Column("motto", tables.Text))
    monkeypatch.setattr(schema, "metadata", later)
    done = await migrate(database_url, home)
    assert (done.revision, done.applied) == (NEXT, (NEXT,))
    assert done.backup is not None
    assert await rows(database_url, "SELECT name FROM users") == ["ada"]
    assert await rows(database_url, "SELECT motto FROM teams") == [None]


async def test_a_migration_that_fails_halfway_leaves_the_old_database(
    database_url: str, home: Home, next_release: Path
) -> None:
    await migrate(database_url, home)
    (next_release / f"{NEXT}_fails.py").write_text(FAILS_HALFWAY)
    with pytest.raises(SchemaError, match="left as it was"):
        await migrate(database_url, home)
    assert await rows(database_url, "SELECT version_num FROM alembic_version") == [NEWEST]
    with pytest.raises(SchemaError, match=f"needs '{NEXT}'"):
        await check(database_url)


async def test_a_backup_can_be_put_back(database_url: str, home: Home) -> None:
    await migrate(database_url, home)
    await run(database_url, "INSERT INTO teams (name, created_at) VALUES ('company', 0)")
    saved = await backup(database_url, home)
    assert saved.stat().st_mode & 0o777 == 0o600
    await run(database_url, "DELETE FROM teams")
    before = await restore(database_url, home, saved)
    assert before is not None
    assert await rows(database_url, "SELECT name FROM teams") == ["company"]
    assert await check(database_url) == NEWEST


async def test_a_file_that_is_no_database_is_not_put_back(tmp_path: Path, home: Home) -> None:
    url = f"sqlite:///{tmp_path / 'stoa.sqlite'}"
    await migrate(url, home)
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"not a database" * 100)
    with pytest.raises(SchemaError, match="not a whole database"):
        await restore(url, home, broken)
    with pytest.raises(NotFound, match="no backup"):
        await restore(url, home, tmp_path / "nothing")
    assert await check(url) == NEWEST
