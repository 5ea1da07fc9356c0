"""Bring the main database into the form that this version needs, or refuse without touching it.

Several processes may start at once: one migrates under a lock, the others wait and find it done. All pending revisions run
in one transaction, which is committed only after the result was compared with `tables.py` and checked for integrity; so a
failure leaves the old database as it was, and the backup taken before is a second way back.
"""

import fcntl
import hashlib
from asyncio import to_thread
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from stoa.adapters.database.backup import backup
from stoa.adapters.database.engine import create_engine, create_sqlite_engine, sqlite_path
from stoa.adapters.database.schema import Schema, config, faults, inspect_schema
from stoa.errors import SchemaError
from stoa.kit.home import Home

_ADVISORY_LOCK = int.from_bytes(hashlib.sha256(b"stoa schema").digest()[:8], "big", signed=True)


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was done: the revisions applied, oldest first, and the backup taken before, if there was anything to lose."""

    revision: str | None
    applied: tuple[str, ...]
    backup: Path | None


async def migrate(url: str, home: Home, *, take_backup: bool = True) -> Migrated:
    """Apply what is pending. Raises SchemaError, and leaves the database as it was, when that cannot be done or verified."""
    home.prepare()
    engine = create_engine(url, pool_size=2, foreign_keys=False)
    try:
        async with _lock(engine, url):
            schema = await _read(engine)
            _refuse(schema)
            if not schema.pending:
                return Migrated(schema.revision, (), None)
            saved = None
            if take_backup and schema.state != "empty":
                saved = await backup(url, home, label=schema.revision or "empty")
            async with engine.connect() as connection:
                await connection.execution_options(stoa_write=True)
                async with connection.begin():
                    revision = await connection.run_sync(_upgrade, schema)
            return Migrated(revision, schema.pending, saved)
    except DBAPIError as error:
        raise SchemaError(f"The database could not be migrated and was left as it was: {error.orig}") from error
    finally:
        await engine.dispose()


async def check(url: str, *, rows: bool = True) -> str:
    """The revision of a database that is current and whole. Raises SchemaError saying what to do about any other.

    `rows` reads all of it, which takes long for a large one; without it only the schema is looked at.
    """
    path = sqlite_path(url)
    if path is not None and not path.exists():
        raise SchemaError(f"There is no database at {str(path)!r} yet. Run `stoa db migrate`, or `stoa up`, which does it.")
    try:
        schema, found = await (_looked_at(url, rows=rows) if path is None else to_thread(_looked_at_file, path, rows=rows))
    except (DBAPIError, OSError) as error:
        raise SchemaError(f"The database cannot be read: {error}") from error
    _refuse(schema)
    if schema.pending:
        raise SchemaError(
            f"The database is at revision {schema.revision or 'none'!r} and needs {schema.pending[-1]!r}. "
            "Run `stoa db migrate`, or `stoa up`, which does it."
        )
    if found:
        raise SchemaError(
            f"The database says it is at revision {schema.revision!r} but is not: {'; '.join(found[:5])}. "
            "Restore a backup with `stoa db restore`."
        )
    assert schema.revision is not None
    return schema.revision


async def _looked_at(url: str, *, rows: bool) -> tuple[Schema, list[str]]:
    engine = create_engine(url, pool_size=1)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(partial(_look, rows=rows))
    finally:
        await engine.dispose()


def _looked_at_file(path: Path, *, rows: bool) -> tuple[Schema, list[str]]:
    with create_sqlite_engine(path).connect() as connection:
        return _look(connection, rows=rows)


def _look(connection: Connection, *, rows: bool) -> tuple[Schema, list[str]]:
    """What form the database is in; and what is wrong with it, if it says that it is as this version needs it."""
    schema = inspect_schema(connection)
    return schema, faults(connection, rows=rows) if schema.state == "current" else []


async def _read(engine: AsyncEngine) -> Schema:
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(inspect_schema)
    except (DBAPIError, OSError) as error:
        raise SchemaError(f"The database cannot be read: {error}") from error


def _refuse(schema: Schema) -> None:
    if schema.state == "newer":
        raise SchemaError(
            f"The database is at revision {schema.revision!r}, which a newer Stoa made. Install that version again, or restore "
            "the backup taken before the upgrade with `stoa db restore`."
        )
    if schema.state == "foreign":
        raise SchemaError(
            "The database holds tables of Stoa's names but no revision: half made, or another program's. Restore a backup "
            "with `stoa db restore`, or name an empty database in `database.url`."
        )


def _upgrade(connection: Connection, schema: Schema) -> str | None:
    """Inside one transaction: apply, then verify. Any error rolls everything back."""
    command.upgrade(config(connection), "head")
    after = inspect_schema(connection)
    found = faults(connection, rows=True)
    if after.pending or after.revision != schema.pending[-1]:
        found.insert(0, f"the revision is {after.revision!r} where {schema.pending[-1]!r} was expected")
    if found:
        raise SchemaError(f"The migration did not verify and was rolled back: {'; '.join(found[:5])}.")
    return after.revision


@asynccontextmanager
async def _lock(engine: AsyncEngine, url: str) -> AsyncGenerator[None]:
    """One migration at a time: an advisory lock on PostgreSQL, a locked file beside a SQLite file."""
    path = sqlite_path(url)
    if path is None:
        async with engine.begin() as connection:  # the lock ends with this transaction
            await connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _ADVISORY_LOCK})
            yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with await to_thread(path.with_name(f".{path.name}.migrating").open, "w") as file:
        await to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        yield
