"""Queries of datastores, each in a connection of its own, a few at a time."""

import asyncio
import datetime
import decimal
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

from stoa.adapters.datastores.reading import ReadOnlyDatabase, sqlite_file
from stoa.adapters.sources.places import require_below
from stoa.domain.datastores import QueryRunner, Rows, Scalar
from stoa.errors import LimitReached

_AT_ONCE = 16
_PATIENCE_S = 5.0
_LONGEST_TEXT = 2000


class DatabaseRunner(QueryRunner):
    """`folders` are the only places of this machine whose SQLite files may be read."""

    def __init__(self, *, folders: Sequence[str]) -> None:
        self._folders = folders
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def run(self, url: str, sql: str, parameters: Mapping[str, Scalar], *, most_rows: int, longest_s: float) -> Rows:
        """Raises LimitReached where too many others are under way."""
        file = await asyncio.to_thread(sqlite_file, url)
        if file is not None:
            require_below(str(file), self._folders, field="url")
        database = ReadOnlyDatabase.open(url, longest_s=longest_s)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._free.acquire()
        except TimeoutError:
            raise LimitReached(f"{_AT_ONCE} queries are under way; try again in a moment.", retry_after_s=1.0) from None
        try:
            found: list[Mapping[str, Any]] = []
            async with aclosing(database.rows(sql, parameters)) as rows:
                async for row in rows:
                    found.append(row)
                    if len(found) > most_rows:
                        break
        finally:
            self._free.release()
            await database.close()
        columns = tuple(found[0]) if found else ()
        shown = tuple(tuple(_scalar(row[column]) for column in columns) for row in found[:most_rows])
        return Rows(columns, shown, more=len(found) > most_rows)


def _scalar(value: object) -> Scalar:
    """As JSON has it; long texts are cut."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return f"({len(bytes(value)):,} bytes)"
    text = str(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"
