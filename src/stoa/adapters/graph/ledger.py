"""What a collection's graph consists of: its segments, and the rights and removals that came after they were written.

A SQLite file beside the segments: a change is one transaction, whoever else writes waits, and readers see it whole or not at
all. Rights are numbered; a document that is gone has the number GONE.
"""

import sqlite3
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stoa.domain.identity import Rights

GONE = -1

_WAIT_S = 30.0
_TABLES = """
CREATE TABLE IF NOT EXISTS rights (number INTEGER PRIMARY KEY AUTOINCREMENT, written TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS segments (number INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS changes (
  segment INTEGER NOT NULL, place INTEGER NOT NULL, rights INTEGER NOT NULL, revision INTEGER NOT NULL,
  PRIMARY KEY (segment, place)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS latest ON changes (revision);
"""


class _Written(msgspec.Struct, frozen=True):
    """Rights in one way of writing them."""

    allow: tuple[str, ...]
    deny: tuple[str, ...]


class Ledger:
    """One connection. `changed` is cheap enough to be asked before every walk."""

    def __init__(self, folder: Path, *, make: bool) -> None:
        """Raises FileNotFoundError where there is no graph and none shall be made."""
        path = folder / "graph.sqlite"
        if make:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif not path.is_file():
            raise FileNotFoundError(path)
        self._connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        if make:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_TABLES)
            path.chmod(0o600)
        self._seen: int | None = None

    def changed(self) -> bool:
        """Whether another connection wrote since this was asked last; true the first time."""
        (now,) = self._connection.execute("PRAGMA data_version").fetchone()
        before, self._seen = self._seen, now
        return before != now

    @contextmanager
    def writing(self) -> Generator[None]:
        """What happens inside happens at once, and not at all if it fails."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def reading(self) -> Generator[None]:
        """What is read inside is of one moment."""
        with self._transaction("BEGIN"):
            yield

    def segments(self) -> list[tuple[int, int, int]]:
        """Their numbers, how many passages each has and how many changes came after it, the oldest first."""
        return self._connection.execute(
            "SELECT number, size, (SELECT count(*) FROM changes WHERE segment = number) FROM segments ORDER BY number"
        ).fetchall()

    def add_segment(self, size: int) -> int:
        return self._connection.execute("INSERT INTO segments (size) VALUES (?)", (size,)).lastrowid or 0

    def drop_segments(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._connection.execute("DELETE FROM segments WHERE number = ?", (number,))
            self._connection.execute("DELETE FROM changes WHERE segment = ?", (number,))

    def number_of(self, rights: Rights) -> int:
        """The number of these rights, given now if they have none."""
        written = msgspec.json.encode(_Written(tuple(sorted(rights.allow)), tuple(sorted(rights.deny)))).decode()
        self._connection.execute("INSERT INTO rights (written) VALUES (?) ON CONFLICT DO NOTHING", (written,))
        (number,) = self._connection.execute("SELECT number FROM rights WHERE written = ?", (written,)).fetchone()
        return number

    def rights(self) -> list[tuple[int, Rights]]:
        """All, in the order of their numbers."""
        rows = self._connection.execute("SELECT number, written FROM rights ORDER BY number")
        read = ((number, msgspec.json.decode(written, type=_Written)) for number, written in rows)
        return [(number, Rights(frozenset(each.allow), frozenset(each.deny))) for number, each in read]

    def keep_rights(self, numbers: set[int]) -> None:
        """Forget those that no document has."""
        every = self._connection.execute("SELECT number FROM rights").fetchall()
        self._connection.executemany("DELETE FROM rights WHERE number = ?", [row for row in every if row[0] not in numbers])

    def revision(self) -> int:
        (latest,) = self._connection.execute("SELECT coalesce(max(revision), 0) FROM changes").fetchone()
        return latest

    def change(self, changes: Sequence[tuple[int, int, int]]) -> None:
        """The rights that documents have from now on, each as its segment, its place and their number."""
        revision = self.revision() + 1
        self._connection.executemany(
            "INSERT INTO changes (segment, place, rights, revision) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET rights = excluded.rights, revision = excluded.revision",
            [(*change, revision) for change in changes],
        )

    def changes(self, after: int = -1) -> list[tuple[int, int, int]]:
        """Those made since a revision, that revision's own again included."""
        rows = self._connection.execute("SELECT segment, place, rights FROM changes WHERE revision >= ?", (after,))
        return rows.fetchall()

    def close(self) -> None:
        self._connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Generator[None]:
        self._connection.execute(begin)
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
