"""Connections and transactions, the same on SQLite and on PostgreSQL.

Whoever opens a transaction ends it: stores take a connection and never commit.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Self, TypeVar

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, event, make_url
from sqlalchemy import create_engine as create_plain_engine
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from stoa.errors import InvalidRequest, OperatorError, SettingsError

_T = TypeVar("_T")

BUSY_TIMEOUT_MS = 15_000
"""How long a SQLite writer waits for another process's transaction."""
_PATIENCE_S = 10.0
"""How long a connection is waited for, new or free."""
_LONGEST_COMMAND_S = 30.0
"""For one statement outside migrations: a server that froze would otherwise hold whoever asks for good."""
_NO_TEXT = ("22021", "22P05")  # PostgreSQL's codes for what it cannot keep as text


class Database:
    """A pool of connections to the main database.

    SQLite has one writer at a time: within this process writers queue on a lock, which is fair, and between processes on
    SQLite's own busy timeout.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._writer: asyncio.Lock | None = None
        self._plain: Engine | None = None
        if engine.dialect.name == "sqlite":
            self._writer = asyncio.Lock()
            self._plain = create_sqlite_engine(Path(engine.url.database or ""), pool_size=1)

    @classmethod
    def open(cls, url: str, *, pool_size: int = 10) -> Self:
        """Make the pool; connections are made when first asked for. Raises SettingsError for a URL of another database."""
        return cls(create_engine(url, pool_size=pool_size, command_timeout_s=_LONGEST_COMMAND_S))

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """A connection to read from; nothing written through it stays."""
        async with self._connection() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction: committed at the end, rolled back on any error."""
        async with self._writer or nullcontext(), self._connection() as connection:
            await connection.execution_options(stoa_write=True)
            async with connection.begin():
                yield connection

    async def transact(self, work: Callable[[Connection], _T]) -> _T:
        """One transaction of many statements, committed when `work` returns, rolled back when it raises.

        On SQLite one thread does all of it: the asynchronous driver changes threads several times a statement, which is
        more than a small statement itself.
        """
        if self._writer is None or self._plain is None:
            async with self.write() as connection:
                return await connection.run_sync(work)
        async with self._writer:
            return await asyncio.to_thread(_in_one, self._plain, work, write=True)

    async def look(self, work: Callable[[Connection], _T]) -> _T:
        """As `transact`, to read alone: for what is asked several times a second, whether or not anything happened."""
        if self._plain is None:
            async with self.read() as connection:
                return await connection.run_sync(work)
        return await asyncio.to_thread(_in_one, self._plain, work, write=False)

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[AsyncConnection]:
        """Raises OperatorError when there is none to be had."""
        connection = self.engine.connect()
        try:
            await connection.start()
        except (OSError, DBAPIError, PoolTimeout) as error:
            told = f"{type(error).__name__}: {error}".splitlines()[0]
            raise OperatorError(
                f"The database cannot be reached ({told}). Try again in a moment; /v1 goes on answering.", code="database_away"
            ) from error
        try:
            yield connection
        finally:
            await connection.close()

    async def close(self) -> None:
        await self.engine.dispose()
        if self._plain is not None:
            self._plain.dispose()


def create_engine(
    url: str, *, pool_size: int = 10, foreign_keys: bool = True, command_timeout_s: float | None = None
) -> AsyncEngine:
    """An engine for `sqlite:///path` or `postgresql://...`, with the settings that Stoa relies on."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        engine = create_async_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=True,
            pool_timeout=_PATIENCE_S,
            connect_args={"timeout": _PATIENCE_S, "command_timeout": command_timeout_s},
            hide_parameters=True,
        )
        event.listen(engine.sync_engine, "handle_error", _refuse_what_is_no_text)
        return engine
    engine = create_async_engine(
        parsed, pool_size=pool_size, max_overflow=0, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, hide_parameters=True
    )
    _prepare_sqlite(engine.sync_engine, foreign_keys=foreign_keys)
    return engine


def create_sqlite_engine(path: Path, *, pool_size: int = 0) -> Engine:
    """An engine without asyncio, for work of many small statements: the asynchronous one changes threads at each.

    So many connections are kept open; more are made while those are in use.
    """
    engine = create_plain_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000},
        hide_parameters=True,
        **({"poolclass": QueuePool, "pool_size": pool_size} if pool_size else {"poolclass": NullPool}),
    )
    _prepare_sqlite(engine, foreign_keys=True)
    return engine


def _in_one(engine: Engine, work: Callable[[Connection], _T], *, write: bool) -> _T:
    with engine.connect() as connection:
        connection.execution_options(stoa_write=write)
        with connection.begin():
            return work(connection)


def parse_url(url: str) -> URL:
    """The URL with its asynchronous driver. Raises SettingsError, without showing the URL: it may hold a password."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingsError(
            "The database URL cannot be understood; write postgresql://user:password@host/database.", param="database.url"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database:
        return parsed.set(drivername="sqlite+aiosqlite")
    if backend in ("postgresql", "postgres"):
        query = dict(parsed.query)
        if "sslmode" in query:  # libpq's name for what asyncpg calls ssl
            query["ssl"] = query.pop("sslmode")
        return parsed.set(drivername="postgresql+asyncpg", query=query)
    raise SettingsError(
        f"The database URL is of kind {backend!r}; Stoa runs on sqlite:///path or postgresql://.", param="database.url"
    )


def sqlite_path(url: str) -> Path | None:
    """The file of a SQLite URL, None for another database."""
    parsed = parse_url(url)
    return Path(parsed.database or "") if parsed.get_backend_name() == "sqlite" else None


def _refuse_what_is_no_text(context: ExceptionContext) -> None:
    """Raises InvalidRequest: the character U+0000 came with a request, and PostgreSQL has no text that holds it."""
    if getattr(context.original_exception, "sqlstate", None) in _NO_TEXT:
        raise InvalidRequest("A text holds the character U+0000, which cannot be kept or searched for; leave it out.")


def _prepare_sqlite(engine: Engine, *, foreign_keys: bool) -> None:
    """Take transactions into our own hands: the driver's implicit BEGIN is deferred and fails late, as 'database is locked'."""

    def connected(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # sqlite3's switch for explicit transactions
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", f"foreign_keys = {'ON' if foreign_keys else 'OFF'}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def begun(connection: Connection) -> None:
        writing = connection.get_execution_options().get("stoa_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
