"""The rows of a query as documents: the text columns of each as Markdown, its rights from columns of its own.

The query is read once while it is listed, so that all documents are of one moment, and none needs a query of its own.
"""

import asyncio
import datetime
import hashlib
import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from stoa.adapters.datastores.reading import ReadOnlyDatabase
from stoa.adapters.sources.spool import Spool
from stoa.adapters.sources.surroundings import Surroundings
from stoa.domain.datastores import require_select
from stoa.domain.identity import Rights
from stoa.domain.sources import Connector, Entry, Fetched, Sql
from stoa.errors import InvalidRequest, SourceError, Unreadable

_AT_ONCE = 200
_LONGEST_PATH = 500


def connect(origin: Sql, credentials: Mapping[str, str], *, most_bytes: int, surroundings: Surroundings) -> "SqlConnector":
    """Raises InvalidRequest, naming the field."""
    require_select(origin.query)
    hidden = credentials.get("url")
    if (origin.url is None) == (hidden is None):
        raise InvalidRequest(
            "A source of type sql has one URL: as url, or in its credentials if it holds a password.", param="url"
        )
    if not origin.text_columns:
        raise InvalidRequest("text_columns names the columns whose text is read, but it names none.", param="text_columns")
    database = ReadOnlyDatabase.open(origin.url or hidden or "")
    return SqlConnector(origin, database, folder=surroundings.scratch, most_bytes=most_bytes)


class SqlConnector(Connector):
    """Behind `Connector`. `folder` is where the rows of one listing lie until they are fetched."""

    def __init__(self, origin: Sql, database: ReadOnlyDatabase, *, folder: Path, most_bytes: int) -> None:
        self._origin = origin
        self._database = database
        self._folder = folder
        self._most_bytes = most_bytes
        self._spool: Spool | None = None
        self._versions: dict[str, str] = {}

    async def test(self) -> str:
        """Run the query and look at its first row."""
        async with aclosing(self._database.rows(self._origin.query)) as rows:
            async for row in rows:
                self._check(row)
                return f"The query answers, with columns {', '.join(row)}."
        return "The query answers, with no row."

    async def entries(self) -> AsyncGenerator[Entry]:
        """One for each row, as the query comes to them."""
        self._versions.clear()
        if self._spool is None:
            self._spool = await asyncio.to_thread(Spool, self._folder)
        self._spool.clear()
        waiting: list[Mapping[str, Any]] = []
        async with aclosing(self._database.rows(self._origin.query)) as rows:
            async for row in rows:
                if not self._versions and not waiting:
                    self._check(row)
                waiting.append(row)
                if len(waiting) == _AT_ONCE:
                    for entry in await asyncio.to_thread(self._keep, self._spool, waiting):
                        yield entry
                    waiting = []
        for entry in await asyncio.to_thread(self._keep, self._spool, waiting):
            yield entry

    async def fetch(self, entry: Entry, *, known: str | None) -> Fetched | None:
        """The row as it was listed; a connector that has listed nothing yet runs the query first."""
        if self._spool is None:
            async with aclosing(self.entries()) as entries:
                async for _ in entries:
                    pass
        assert self._spool is not None
        version = self._versions.get(entry.path)
        if version is not None and version == known:
            return None
        data = await asyncio.to_thread(self._spool.get, entry.path)
        if data is None or version is None:
            raise Unreadable("The query has no such row any more.")
        if len(data) > self._most_bytes:
            raise Unreadable(f"The row's text has {len(data):,} bytes, but the largest document has {self._most_bytes:,}.")
        return Fetched(data, version)

    async def close(self) -> None:
        await self._database.close()
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def _keep(self, spool: Spool, rows: Sequence[Mapping[str, Any]]) -> list[Entry]:
        return [self._kept(spool, row) for row in rows if not self._for_nobody(row)]

    def _for_nobody(self, row: Mapping[str, Any]) -> bool:
        """Rights without `allow` would leave that to the source, but this row opens itself to nobody."""
        return self._origin.allow_column is not None and not tags(row[self._origin.allow_column])

    def _kept(self, spool: Spool, row: Mapping[str, Any]) -> Entry:
        origin, found = self._origin, row[self._origin.id_column]
        if found is None:
            raise SourceError(f"id_column {origin.id_column!r} is empty in a row; every row needs an id of its own.")
        path, data = row_path(found), self._markdown(row)
        try:
            # What is too large is not kept: `fetch` only says so.
            spool.put(path, data if len(data) <= self._most_bytes else data[: self._most_bytes + 1])
        except KeyError:
            raise SourceError(
                f"id_column {origin.id_column!r} does not tell rows apart: {str(found)[:100]!r} comes twice."
            ) from None
        self._versions[path] = version = self._version(row, data)
        return Entry(path=path, version=version, bytes=len(data), rights=self._rights(row))

    def _markdown(self, row: Mapping[str, Any]) -> bytes:
        origin = self._origin
        title = as_text(row[origin.title_column]) if origin.title_column else ""
        parts = [f"# {' '.join(title.split()) or as_text(row[origin.id_column])}"]
        texts = {column: as_text(row[column]).strip() for column in origin.text_columns}
        alone = len(texts) == 1
        parts += [text if alone else f"## {column}\n\n{text}" for column, text in texts.items() if text]
        return "\n\n".join(parts).encode("utf-8", "replace") + b"\n"

    def _version(self, row: Mapping[str, Any], data: bytes) -> str:
        if (column := self._origin.version_column) is not None:
            return as_text(row[column])
        return hashlib.sha256(data).hexdigest()

    def _rights(self, row: Mapping[str, Any]) -> Rights | None:
        allow, deny = self._origin.allow_column, self._origin.deny_column
        if allow is None and deny is None:
            return None
        return Rights(tags(row[allow]) if allow else frozenset(), tags(row[deny]) if deny else frozenset())

    def _check(self, row: Mapping[str, Any]) -> None:
        origin = self._origin
        named = {
            "id_column": origin.id_column,
            "title_column": origin.title_column,
            "version_column": origin.version_column,
            "allow_column": origin.allow_column,
            "deny_column": origin.deny_column,
            **{f"text_columns[{number}]": column for number, column in enumerate(origin.text_columns)},
        }
        for field, column in named.items():
            if column is not None and column not in row:
                raise SourceError(f"{field} is {column!r}, but the query has the columns {', '.join(row)}.")


def row_path(found: object) -> str:
    """The place of a row by its id: no slash and nothing that a path may not hold."""
    name = quote(as_text(found), safe=" @+,=")
    if len(name) > _LONGEST_PATH:
        name = f"{name[:200]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return f"{name}.md"


def as_text(value: object) -> str:
    """A column's value as people write it."""
    if value is None:
        return ""
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def tags(value: object) -> frozenset[str]:
    """Access tags with commas or spaces between them, a JSON list, or an array of PostgreSQL."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise SourceError(
                f"Rights are tags such as 'group:hr, user:ada' or a JSON list, but a row has {value[:100]!r}."
            ) from None
    if isinstance(value, list):
        return frozenset(str(each) for each in cast("list[object]", value))
    return frozenset(filter(None, re.split(r"[,\s]+", as_text(value))))
