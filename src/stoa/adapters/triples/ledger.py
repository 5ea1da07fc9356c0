"""What every document of a collection says, and who may read it: the ledger that views are made from.

A SQLite file: a change is one transaction, any number of workers may write, readers see it whole or not at all, and a process
that is killed leaves nothing half-done. Every change of a document has a number of its own, so that whoever knows all up to one
number asks for those above it.
"""

import hashlib
import json
import sqlite3
import uuid
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import msgspec

from stoa.adapters.triples.written import lines_of
from stoa.domain.identity import AccessTag, Rights, denying, opening
from stoa.domain.triples import DocumentTriples

_WAIT_S = 30.0
_CHANGES = "SELECT change, iri, written, lines FROM documents JOIN rights ON rights.number = documents.rights"
_TABLES = """
CREATE TABLE IF NOT EXISTS ledger (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS rights (number INTEGER PRIMARY KEY AUTOINCREMENT, written TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS named (tag TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
  id TEXT PRIMARY KEY, iri TEXT NOT NULL, rights INTEGER NOT NULL, change INTEGER NOT NULL, triples INTEGER NOT NULL, lines BLOB
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS latest ON documents (change);
"""


class Change(NamedTuple):
    """A document as it is now. `lines` are its triples as N-Triples; None for one that is gone."""

    number: int
    iri: str
    rights: Rights
    lines: bytes | None


class Kind(NamedTuple):
    """What tells callers apart in a collection: the tags they hold of those that rights name there."""

    opening: frozenset[AccessTag]
    denying: frozenset[AccessTag]
    undenied: bool = False
    """Of nobody in particular: reads what its tags open and nobody is denied, so that whoever holds them reads all of it."""

    def reads(self, rights: Rights) -> bool:
        if self.undenied and rights.deny:
            return False
        return not rights.allow.isdisjoint(self.opening) and rights.deny.isdisjoint(self.denying)

    @property
    def name(self) -> str:
        """Short, the same for the same tags, and good as the name of a folder."""
        parts = ["\0".join(sorted(self.opening)), "\0".join(sorted(self.denying)), *(["undenied"] if self.undenied else [])]
        return hashlib.sha256("\1".join(parts).encode()).hexdigest()[:24]


class Size(NamedTuple):
    """Of documents, those of each counted alone."""

    documents: int
    triples: int


class Survey(NamedTuple):
    """Which rights the documents of a ledger have now, and how much has each of them."""

    latest: int
    rights: Mapping[int, Rights]
    sizes: Mapping[int, Size]

    def open_to(self, kind: Kind) -> frozenset[int]:
        """The rights by number."""
        return frozenset(number for number in self.sizes if kind.reads(self.rights[number]))

    def size(self, numbers: Iterable[int]) -> Size:
        found = [self.sizes[number] for number in numbers]
        return Size(sum(each.documents for each in found), sum(each.triples for each in found))


class _Written(msgspec.Struct, frozen=True):
    """Rights in one way of writing them."""

    allow: tuple[str, ...]
    deny: tuple[str, ...]


class Ledger:
    """The ledger of one collection, in its folder. Each method is one transaction on a connection of its own."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "triples.sqlite"

    def replace(self, documents: Sequence[str], triples: Sequence[DocumentTriples]) -> None:
        """These triples in the place of all that the documents said."""
        said = {one.id: one for one in triples}
        packed = {name: zlib.compress(lines_of(one.triples), 6) for name, one in said.items()}
        with self._changing() as rows:
            numbers = count(_latest(rows) + 1)
            for name in documents:
                if (one := said.get(name)) is None:
                    rows.execute(
                        "UPDATE documents SET lines = NULL, triples = 0, change = ? WHERE id = ? AND lines IS NOT NULL",
                        (next(numbers), name),
                    )
                else:
                    rows.execute(
                        "INSERT OR REPLACE INTO documents (id, iri, rights, change, triples, lines) VALUES (?, ?, ?, ?, ?, ?)",
                        (name, one.iri.iri, _number(rows, one.rights), next(numbers), len(set(one.triples)), packed[name]),
                    )

    def grant(self, rights: Mapping[str, Rights]) -> None:
        """Other rights for each document. One that is not there is passed over."""
        with self._changing() as rows:
            numbers = count(_latest(rows) + 1)
            for name, each in rights.items():
                values = (_number(rows, each), next(numbers), name)
                rows.execute("UPDATE documents SET rights = ?, change = ? WHERE id = ? AND lines IS NOT NULL", values)

    def identity(self) -> str:
        """Tells it from every other ledger, also of the same collection; empty for one that nothing was written to."""
        with self._reading() as rows:
            found = rows.execute("SELECT id FROM ledger").fetchone() if rows else None
        return found[0] if found else ""

    def latest(self) -> int:
        """The number of the latest change; 0 where there never was one."""
        with self._reading() as rows:
            return _latest(rows) if rows else 0

    def kind_of(self, acl: frozenset[AccessTag]) -> Kind:
        """Which of their tags any rights name, or named once: kinds stay the same when rights come and go."""
        asked = denying(acl)  # the tags held, and those held by whoever made a key
        with self._reading() as rows:
            if rows is None:
                named = frozenset[AccessTag]()
            elif _names_tags(rows):
                query = "SELECT tag FROM named WHERE tag IN (SELECT value FROM json_each(?))"
                named = frozenset(tag for (tag,) in rows.execute(query, (json.dumps(list(asked)),)))
            else:  # written before tags were kept, and not since
                named = asked & _tags(_rights(rows).values())
        return Kind(opening(acl) & named, asked & named)

    def changes(self, after: int, *, most: int) -> list[Change]:
        """The first changes above a number, in their order."""
        with self._reading() as rows:
            if rows is None:
                return []
            return _changes(rows.execute(f"{_CHANGES} WHERE change > ? ORDER BY change LIMIT ?", (after, most)))

    def numbers(self, after: int, upto: int) -> list[tuple[int, str]]:
        """The changes above one number and not above another, with the IRIs of their documents."""
        with self._reading() as rows:
            query = "SELECT change, iri FROM documents WHERE change > ? AND change <= ? ORDER BY change"
            return rows.execute(query, (after, upto)).fetchall() if rows else []

    def chosen(self, numbers: Sequence[int]) -> list[Change]:
        """The changes of these numbers, but for those that a later one of the same document has replaced."""
        with self._reading() as rows:
            if rows is None:
                return []
            some = "WHERE change IN (SELECT value FROM json_each(?)) ORDER BY change"
            return _changes(rows.execute(f"{_CHANGES} {some}", (json.dumps(list(numbers)),)))

    def waiting(self, after: int) -> Size:
        """How many changes there are above a number, and how many triples those documents say now."""
        with self._reading() as rows:
            query = "SELECT count(*), coalesce(sum(triples), 0) FROM documents WHERE change > ?"
            return Size(*rows.execute(query, (after,)).fetchone()) if rows else Size(0, 0)

    def survey(self) -> Survey:
        with self._reading() as rows:
            if rows is None:
                return Survey(0, {}, {})
            query = "SELECT rights, count(*), sum(triples) FROM documents WHERE lines IS NOT NULL GROUP BY rights"
            return Survey(_latest(rows), _rights(rows), {number: Size(*size) for number, *size in rows.execute(query)})

    def said(self, *, old: Iterable[int], new: Iterable[int], after: int, upto: int) -> Iterator[tuple[int, bytes]]:
        """Changes with their triples: of the rights `old` those up to one number, of the rights `new` those above it."""
        with self._reading() as rows:
            if rows is None:
                return
            query = """SELECT change, lines FROM documents WHERE lines IS NOT NULL AND change <= ? AND (
                  (change <= ? AND rights IN (SELECT value FROM json_each(?)))
                  OR (change > ? AND rights IN (SELECT value FROM json_each(?)))
                )"""
            values = (upto, after, json.dumps(list(old)), after, json.dumps(list(new)))
            yield from ((number, zlib.decompress(lines)) for number, lines in rows.execute(query, values))

    def whole(self, kind: Kind) -> Iterator[bytes]:
        """The triples of each document that is open to a kind of caller, all as of one moment."""
        with self._reading() as rows:
            if rows is None:
                return
            opened = [number for number, each in _rights(rows).items() if kind.reads(each)]
            query = """SELECT lines FROM documents
                WHERE lines IS NOT NULL AND rights IN (SELECT value FROM json_each(?))"""
            yield from (zlib.decompress(lines) for (lines,) in rows.execute(query, (json.dumps(opened),)))

    def size(self, kind: Kind) -> Size:
        """How much is open to a kind of caller."""
        survey = self.survey()
        return survey.size(survey.open_to(kind))

    @contextmanager
    def _changing(self) -> Generator[sqlite3.Connection]:
        """What happens inside happens at once, and not at all if it fails."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None)) as rows:
            rows.execute("PRAGMA journal_mode = WAL")
            rows.execute("PRAGMA synchronous = FULL")  # a view must never know a change that a power cut took back
            rows.executescript(_TABLES)
            self._path.chmod(0o600)
            rows.execute("INSERT INTO ledger (one, id) VALUES (1, ?) ON CONFLICT DO NOTHING", (uuid.uuid4().hex,))
            rows.execute("BEGIN IMMEDIATE")
            try:
                if not _names_tags(rows):
                    _name(rows, _tags(_rights(rows).values()))
                yield rows
            except BaseException:
                rows.execute("ROLLBACK")
                raise
            rows.execute("COMMIT")

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection | None]:
        """What is read inside is of one moment. None where nothing was ever written."""
        if not self._path.is_file():
            yield None
            return
        # Other threads: who takes many rows one by one may do so from several.
        with closing(sqlite3.connect(self._path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)) as rows:
            rows.executescript(_TABLES)  # another process may have come no further than making the file
            rows.execute("BEGIN")
            yield rows


def _latest(rows: sqlite3.Connection) -> int:
    return rows.execute("SELECT coalesce(max(change), 0) FROM documents").fetchone()[0]


def _number(rows: sqlite3.Connection, rights: Rights) -> int:
    """The number of these rights, given now if they have none."""
    written = msgspec.json.encode(_Written(tuple(sorted(rights.allow)), tuple(sorted(rights.deny)))).decode()
    if rows.execute("INSERT INTO rights (written) VALUES (?) ON CONFLICT DO NOTHING", (written,)).rowcount:
        _name(rows, _tags((rights,)))
    return rows.execute("SELECT number FROM rights WHERE written = ?", (written,)).fetchone()[0]


def _tags(every: Iterable[Rights]) -> frozenset[AccessTag]:
    return frozenset(tag for each in every for tag in (*each.allow, *each.deny))


def _name(rows: sqlite3.Connection, tags: Iterable[AccessTag]) -> None:
    rows.executemany("INSERT INTO named (tag) VALUES (?) ON CONFLICT DO NOTHING", ((tag,) for tag in tags))


def _names_tags(rows: sqlite3.Connection) -> bool:
    """Whether all tags that rights name are written down; then callers are told apart without reading all rights."""
    query = "SELECT EXISTS (SELECT 1 FROM named) OR NOT EXISTS (SELECT 1 FROM rights)"
    return bool(rows.execute(query).fetchone()[0])


def _rights(rows: sqlite3.Connection) -> dict[int, Rights]:
    return {number: _read(written) for number, written in rows.execute("SELECT number, written FROM rights")}


def _read(written: str) -> Rights:
    each = msgspec.json.decode(written, type=_Written)
    return Rights(frozenset(each.allow), frozenset(each.deny))


def _changes(found: sqlite3.Cursor) -> list[Change]:
    return [Change(n, iri, _read(written), lines and zlib.decompress(lines)) for n, iri, written, lines in found]
