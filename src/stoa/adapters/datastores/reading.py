"""A database of others, opened so that nothing can be written, by this process or by what a query calls.

SQLite is opened with `mode=ro` and `query_only`; PostgreSQL in READ ONLY transactions, through a cursor that only a SELECT can
have. A function of a PostgreSQL server that reaches outside it is kept away by that server's rights alone: give Stoa a user of
its own there.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, NullPool, TextClause, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from stoa.domain.datastores import require_select
from stoa.errors import InvalidRequest, SourceError

Row = Mapping[str, Any]
"""A row by its columns' names. Any: what a column holds is the database's."""

T = TypeVar("T")

_BATCH = 200
_CONNECT_S = 10
_CLOSE_S = 5.0
_STEPS = 20_000
"""Of SQLite's machine between two looks at the clock: about a millisecond."""
_COLON = re.compile(r"(?<![:\w\\]):(?=\w)")


class ReadOnlyDatabase:
    """One database by its URL. `longest_s` is for one answer of the server: the first rows of a query, or the next ones."""

    def __init__(self, engine: AsyncEngine, *, longest_s: float, file: Path | None = None) -> None:
        self._engine = engine
        self._file = file
        self._longest_s = longest_s
        self._deadline = float("inf")
        if engine.dialect.name == "sqlite":
            event.listen(engine.sync_engine, "connect", self._prepare_sqlite)

    @classmethod
    def open(cls, url: str, *, longest_s: float = 60.0) -> Self:
        """Nothing is connected to yet. Raises InvalidRequest, without showing the URL: it may hold a password."""
        parsed = _parsed(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite":
            file = _file(parsed)
            return cls(_sqlite(file), longest_s=longest_s, file=file)
        if backend in ("postgresql", "postgres"):
            return cls(_postgresql(parsed), longest_s=longest_s)
        raise InvalidRequest(
            f"The database URL is of kind {backend!r}; what can be read are sqlite:////path and postgresql://host/database.",
            param="url",
        )

    async def rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> AsyncGenerator[Row]:
        """The rows of one SELECT as the database gives them, in batches; close it when breaking off.

        `:name` is a parameter if `parameters` are given, even none, and means nothing otherwise. Raises InvalidRequest for what
        is no SELECT, SourceError for what the database refuses, and when it does not answer in time.
        """
        require_select(sql)
        if self._file is not None and not await asyncio.to_thread(self._file.is_file):
            raise SourceError(f"There is no file {str(self._file)!r} on the machine that reads the database.")
        plain = sql.strip().rstrip(";")
        statement = text(plain if parameters is not None else _COLON.sub(r"\\:", plain))
        connection = self._engine.connect()
        try:
            await self._timed(connection.start())
            if self._engine.dialect.name == "postgresql":
                await self._timed(self._begin_postgresql(connection))
            async with aclosing(self._batches(connection, statement, dict(parameters or {}))) as batches:
                async for row in batches:
                    yield row
        except TimeoutError:
            raise SourceError(f"The database did not answer within {self._longest_s:g} s.", code="source_timeout") from None
        except (SQLAlchemyError, OSError) as error:
            raise self._explain(error) from None
        finally:
            await _put_away(connection)

    async def close(self) -> None:
        await self._engine.dispose()

    async def _batches(
        self, connection: AsyncConnection, statement: TextClause, values: dict[str, object]
    ) -> AsyncGenerator[Row]:
        result = (await self._timed(connection.stream(statement, values))).mappings()
        try:
            while batch := await self._timed(result.fetchmany(_BATCH)):
                for row in batch:
                    yield {str(name): value for name, value in row.items()}
        finally:
            self._deadline = time.monotonic() + _CLOSE_S
            await result.close()

    async def _timed(self, work: Awaitable[T]) -> T:
        self._deadline = time.monotonic() + self._longest_s
        async with asyncio.timeout(self._longest_s + 1):
            return await work

    async def _begin_postgresql(self, connection: AsyncConnection) -> None:
        await connection.execution_options(postgresql_readonly=True)
        for name in ("statement_timeout", "lock_timeout"):
            await connection.exec_driver_sql(f"SET LOCAL {name} = {int(self._longest_s * 1000)}")

    def _prepare_sqlite(self, connection: DBAPIConnection, _entry: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA query_only = ON")
        cursor.close()
        connection.run_async(lambda raw: raw.set_progress_handler(lambda: time.monotonic() > self._deadline, _STEPS))  # type: ignore[attr-defined]

    def _explain(self, error: Exception) -> SourceError:
        told = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        lines = [line.strip() for line in str(told).splitlines() if line.strip()]
        reason = lines[0] if lines else type(told).__name__
        if "interrupted" in reason or "statement timeout" in reason:
            return SourceError(f"The query took longer than {self._longest_s:g} s and was stopped.", code="source_timeout")
        return SourceError(f"The database refused: {_without_password(reason, self._engine.url)}")


def sqlite_file(url: str) -> Path | None:
    """The file that a URL names, None for a server's. Raises InvalidRequest as `open` does."""
    parsed = _parsed(url)
    return _file(parsed) if parsed.get_backend_name() == "sqlite" else None


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise InvalidRequest(
            "The database URL cannot be understood; write postgresql://user:password@host/database or sqlite:////srv/file.db.",
            param="url",
        ) from None


def _file(url: URL) -> Path:
    path = Path(url.database or "")
    if url.host or not url.database or not path.is_absolute():
        raise InvalidRequest(
            f"A SQLite URL has an absolute path, such as sqlite:////srv/wiki.db, but it is {url.database!r}.", param="url"
        )
    return path


def _sqlite(file: Path) -> AsyncEngine:
    read_only = URL.create("sqlite+aiosqlite", database=f"file:{quote(str(file))}", query={"mode": "ro", "uri": "true"})
    return create_async_engine(read_only, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": _CONNECT_S})


def _postgresql(url: URL) -> AsyncEngine:
    return create_async_engine(
        url.set(drivername="postgresql+psycopg"),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"connect_timeout": _CONNECT_S, "application_name": "stoa"},
    )


async def _put_away(connection: AsyncConnection) -> None:
    """A server that froze does not hold us while we leave."""
    with suppress(TimeoutError, SQLAlchemyError, OSError):
        async with asyncio.timeout(_CLOSE_S):
            await connection.close()


def _without_password(reason: str, url: URL) -> str:
    return (reason.replace(str(url.password), "***") if url.password else reason)[:500]
