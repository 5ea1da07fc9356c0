"""What form a database is in: its revision, and whether it is what that revision promises."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from stoa.adapters.database.tables import metadata

MIGRATIONS = Path(__file__).parent / "migrations"

_WHOLE: set[bytes] = set()
"""Catalogues that were compared in this process and found whole. Comparing one takes 50 ms; the same text is the same."""

State = Literal["empty", "old", "current", "newer", "foreign"]


@dataclass(frozen=True, slots=True)
class Schema:
    """`foreign` is a database with tables but without a revision: half made, or somebody else's."""

    state: State
    revision: str | None
    pending: tuple[str, ...] = ()


def config(connection: Connection) -> Config:
    """Alembic's configuration for one connection; there is no file of it."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.attributes["connection"] = connection
    return made


def inspect_schema(connection: Connection) -> Schema:
    """Read which revision the database is at, and which are still to be applied."""
    script = ScriptDirectory.from_config(config(connection))
    context = MigrationContext.configure(connection)
    revision = context.get_current_revision()
    known = [step.revision for step in script.walk_revisions()]  # newest first
    if revision is None:
        ours = set(inspect(connection).get_table_names()) & set(metadata.tables)
        return Schema("foreign" if ours else "empty", None, () if ours else tuple(reversed(known)))
    if revision not in known:
        return Schema("newer", revision)
    pending = tuple(reversed(known[: known.index(revision)]))
    return Schema("old" if pending else "current", revision, pending)


def faults(connection: Connection, *, rows: bool) -> list[str]:
    """How the database differs from `tables.py` and, with `rows`, what SQLite's own check finds; nothing when it is whole."""
    catalogue = _catalogue(connection)
    found = [] if catalogue is not None and catalogue in _WHOLE else _differences(connection)
    if catalogue is not None and not found:
        _WHOLE.add(catalogue)
    if rows and connection.dialect.name == "sqlite":
        found += [f"integrity: {row[0]}" for row in connection.exec_driver_sql("PRAGMA integrity_check") if row[0] != "ok"]
        found += [f"a row of {row[0]!r} refers to nothing" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")]
    return found


def _catalogue(connection: Connection) -> bytes | None:
    """A digest of all that defines a SQLite database; None for PostgreSQL, which has no such text."""
    if connection.dialect.name != "sqlite":
        return None
    told = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
    return hashlib.sha256(repr(told.fetchall()).encode()).digest()


def _differences(connection: Connection) -> list[str]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _ours})
    return [_describe(difference) for difference in compare_metadata(context, metadata)]


def _ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a table is Stoa's: the durable jobs keep theirs in the same PostgreSQL database."""
    return kind != "table" or name in metadata.tables


def _describe(difference: object) -> str:
    if isinstance(difference, list):  # changes of one column come as a list
        return "; ".join(_describe(part) for part in difference)
    assert isinstance(difference, tuple)
    return " ".join(str(getattr(part, "name", part)) for part in difference if part is not None)
