"""Rows as documents, from SQLite and from PostgreSQL, and a database that stays as it was."""

import contextlib
import sqlite3
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.contracts.sources import *  # noqa: F403 - the suite
from tests.contracts.sources import Traits
from tests.upstreams.silent import silent

from stoa.adapters.datastores.reading import ReadOnlyDatabase
from stoa.adapters.sources.sql import SqlConnector, connect, row_path, tags
from stoa.adapters.sources.surroundings import Surroundings
from stoa.domain.identity import Rights
from stoa.domain.sources import Entry, Sql
from stoa.errors import InvalidRequest, SourceError, Unreadable

_ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT max(n) AS id FROM c"
_QUERY = "SELECT id, title, body, note, seen FROM page WHERE body NOT LIKE ':draft%' ORDER BY id"

Run = Callable[..., None]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'wiki.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def run(url: str) -> Run:
    """Change the database as its owner does."""

    def execute(*statements: str) -> None:
        if url.startswith("sqlite"):
            with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as lite, lite:
                for statement in statements:
                    lite.execute(statement)
        else:
            with psycopg.connect(url) as post:
                for statement in statements:
                    post.execute(statement.encode())

    execute(
        "CREATE TABLE page (id integer primary key, title text, body text, note text, seen text, allow text, deny text)",
        "INSERT INTO page VALUES (1, 'Travel', 'Book by train.', NULL, 'a', 'group:hr, user:ada', NULL)",
        "INSERT INTO page VALUES (2, NULL, 'Half of it\nis 50% off.', 'Ask Bo.', 'b', '[\"public\"]', 'group:interns')",
        "INSERT INTO page VALUES (3, 'Draft', ':draft', NULL, 'c', NULL, NULL)",
    )
    return execute


@contextlib.asynccontextmanager
async def opened(url: str, folder: Path, *, most_bytes: int = 10_000, **fields: Any) -> AsyncGenerator[SqlConnector]:
    said: dict[str, Any] = {
        "query": _QUERY,
        "id_column": "id",
        "text_columns": ("body", "note"),
        "title_column": "title",
        **fields,
    }
    connector = connect(Sql(url=url, **said), {}, most_bytes=most_bytes, surroundings=Surroundings(folder / "spool"))
    try:
        yield connector
    finally:
        await connector.close()


class Table:
    """The contract's place: a table with a row a path."""

    traits = Traits(rights=False, paths=False)

    def __init__(self, file: Path) -> None:
        self._file, self._scratch = file, file.parent / "spool"
        self._run("CREATE TABLE page (path TEXT PRIMARY KEY, words TEXT)")

    async def put(self, path: str, text: str, rights: Rights | None = None) -> None:
        self._run("INSERT OR REPLACE INTO page VALUES (?, ?)", path, text)

    async def remove(self, path: str) -> None:
        self._run("DELETE FROM page WHERE path = ?", path)

    async def vanish(self) -> None:
        self._file.unlink()

    def path_of(self, path: str) -> str:
        return row_path(path)

    async def connect(self, *, most_bytes: int = 1 << 20) -> SqlConnector:
        origin = Sql(url=f"sqlite:///{self._file}", query="SELECT * FROM page", id_column="path", text_columns=("words",))
        return connect(origin, {}, most_bytes=most_bytes, surroundings=Surroundings(self._scratch))

    def _run(self, statement: str, *values: str) -> None:
        with contextlib.closing(sqlite3.connect(self._file)) as lite, lite:
            lite.execute(statement, values)


class ServerTable(Table):
    """The same on a server, which is away when its table is."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        super().__init__(folder / "none")

    async def put(self, path: str, text: str, rights: Rights | None = None) -> None:
        await self.remove(path)
        self._run("INSERT INTO page VALUES (%s, %s)", path, text)

    async def remove(self, path: str) -> None:
        self._run("DELETE FROM page WHERE path = %s", path)

    async def vanish(self) -> None:
        self._run("DROP TABLE page")

    async def connect(self, *, most_bytes: int = 1 << 20) -> SqlConnector:
        origin = Sql(query="SELECT * FROM page;", id_column="path", text_columns=("words",))
        return connect(origin, {"url": self._url}, most_bytes=most_bytes, surroundings=Surroundings(self._scratch))

    def _run(self, statement: str, *values: str) -> None:
        with psycopg.connect(self._url) as post:
            post.execute(statement.encode(), values)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    if request.param == "sqlite":
        return Table(tmp_path / "wiki.db")
    return ServerTable(request.getfixturevalue("postgres_url"), tmp_path)


async def listed(connector: SqlConnector) -> dict[str, Entry]:
    return {entry.path: entry async for entry in connector.entries()}


async def text(connector: SqlConnector, entry: Entry) -> str:
    fetched = await connector.fetch(entry, known=None)
    assert fetched is not None and fetched.version == entry.version and len(fetched.data) == entry.bytes
    return fetched.data.decode()


async def test_a_row_is_a_document_with_its_columns_as_headings(url: str, run: Run, tmp_path: Path) -> None:
    async with opened(url, tmp_path) as connector:
        assert await connector.test() == "The query answers, with columns id, title, body, note, seen."
        found = await listed(connector)
        assert list(found) == ["1.md", "2.md"]
        assert await text(connector, found["1.md"]) == "# Travel\n\n## body\n\nBook by train.\n"
        assert await text(connector, found["2.md"]) == "# 2\n\n## body\n\nHalf of it\nis 50% off.\n\n## note\n\nAsk Bo.\n"


async def test_a_changed_row_has_another_version_and_the_others_keep_theirs(url: str, run: Run, tmp_path: Path) -> None:
    async with opened(url, tmp_path) as connector:
        before = await listed(connector)
        run("UPDATE page SET note = 'Ask Cy.' WHERE id = 2", "DELETE FROM page WHERE id = 1")
        after = await listed(connector)
        assert list(after) == ["2.md"] and after["2.md"].version != before["2.md"].version
        assert await connector.fetch(after["2.md"], known=after["2.md"].version) is None
        with pytest.raises(Unreadable, match="no such row any more"):
            await connector.fetch(before["1.md"], known=None)


async def test_a_version_column_is_the_version(url: str, run: Run, tmp_path: Path) -> None:
    async with opened(url, tmp_path, version_column="seen") as connector:
        assert [entry.version for entry in (await listed(connector)).values()] == ["a", "b"]


async def test_a_connector_that_has_listed_nothing_fetches_too(url: str, run: Run, tmp_path: Path) -> None:
    async with opened(url, tmp_path) as connector:
        assert (await text(connector, (await listed(connector))["1.md"])).startswith("# Travel")
        (left,) = ((await listed(connector))["2.md"],)
    async with opened(url, tmp_path) as another:
        assert (await text(another, left)).startswith("# 2")


async def test_rights_come_from_columns_and_a_row_for_nobody_is_left_out(url: str, run: Run, tmp_path: Path) -> None:
    query = "SELECT * FROM page ORDER BY id"
    async with opened(url, tmp_path, query=query, allow_column="allow", deny_column="deny") as connector:
        assert {path: entry.rights for path, entry in (await listed(connector)).items()} == {
            "1.md": Rights(frozenset({"group:hr", "user:ada"})),
            "2.md": Rights(frozenset({"public"}), frozenset({"group:interns"})),
        }
        version = (await listed(connector))["2.md"].version
        run("UPDATE page SET allow = 'team:sales', deny = NULL WHERE id = 2")
        moved = (await listed(connector))["2.md"]
        assert (moved.rights, moved.version) == (Rights(frozenset({"team:sales"})), version)
        run("UPDATE page SET deny = 'group:interns' WHERE id = 2")
    async with opened(url, tmp_path, query=query, deny_column="deny") as connector:
        rights = [entry.rights for entry in (await listed(connector)).values()]
        assert rights == [Rights(frozenset()), Rights(frozenset(), frozenset({"group:interns"})), Rights(frozenset())]


async def test_a_row_over_the_limit_fails_alone(url: str, run: Run, tmp_path: Path) -> None:
    async with opened(url, tmp_path, most_bytes=50) as connector:
        found = await listed(connector)
        assert (await text(connector, found["1.md"])).startswith("# Travel")
        with pytest.raises(Unreadable, match=r"has 5\d bytes, but the largest document has 50"):
            await connector.fetch(found["2.md"], known=None)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"id_column": "no"}, r"id_column is 'no', but the query has the columns id, title, body, note, seen"),
        ({"text_columns": ("body", "nota")}, r"text_columns\[1\] is 'nota'"),
        ({"id_column": "note"}, "id_column 'note' is empty in a row"),
        ({"query": "SELECT 1 AS id, title, body, note FROM page"}, "does not tell rows apart: '1' comes twice"),
        ({"query": "SELECT id FROM nowhere"}, "The database refused: .*nowhere"),
        ({"query": "SELECT 1 AS id; DELETE FROM page"}, "The database refused"),
        ({"query": "WITH gone AS (DELETE FROM page RETURNING id) SELECT id FROM gone"}, "The database refused"),
    ],
)
async def test_what_cannot_be_listed_says_why(url: str, run: Run, tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    async with opened(url, tmp_path, **fields) as connector:
        with pytest.raises(SourceError, match=said):
            await listed(connector)
    async with opened(url, tmp_path, query="SELECT * FROM page") as connector:
        assert len(await listed(connector)) == 3


async def test_breaking_off_leaves_a_connector_that_lists_again(url: str, run: Run, tmp_path: Path) -> None:
    async with opened(url, tmp_path) as connector:
        entries = connector.entries()
        assert (await anext(entries)).path == "1.md"
        await entries.aclose()
        assert list(await listed(connector)) == ["1.md", "2.md"]


async def test_a_query_without_end_is_stopped(url: str, run: Run) -> None:
    database = ReadOnlyDatabase.open(url, longest_s=0.3)
    with pytest.raises(SourceError, match=r"longer than 0.3 s and was stopped"):
        await anext(database.rows(_ENDLESS))
    await database.close()


@pytest.mark.slow
async def test_postgresql_does_not_become_writable_by_a_function(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as owner:
        owner.execute("CREATE TABLE t (a int)")
        owner.execute("CREATE FUNCTION written() RETURNS int LANGUAGE sql AS 'INSERT INTO t VALUES (1) RETURNING a'")
    database = ReadOnlyDatabase.open(postgres_url)
    with pytest.raises(SourceError, match="The database refused"):
        await anext(database.rows("SELECT set_config('transaction_read_only', 'off', false)"))
    with pytest.raises(SourceError, match="read-only transaction"):
        await anext(database.rows("SELECT written()"))
    await database.close()


async def test_a_server_that_takes_connections_and_says_nothing_is_given_up() -> None:
    async with silent() as port:
        database = ReadOnlyDatabase.open(f"postgresql://me:hush@127.0.0.1:{port}/wiki", longest_s=0.1)
        with pytest.raises(SourceError, match=r"did not answer within 0.1 s"):
            await anext(database.rows("SELECT 1"))


async def test_a_database_that_is_not_there_is_no_database_of_ours(tmp_path: Path) -> None:
    database = ReadOnlyDatabase.open(f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(SourceError, match=r"There is no file .*none\.db"):
        await anext(database.rows("SELECT 1"))
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - a folder of a test
    refused = ReadOnlyDatabase.open("postgresql://me:hush@127.0.0.1:9/wiki")
    with pytest.raises(SourceError, match="refused") as told:
        await anext(refused.rows("SELECT 1"))
    assert "hush" not in told.value.message


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"query": "DELETE FROM page"}, "query"),
        ({"query": "/* SELECT */ ATTACH 'x' AS y"}, "query"),
        ({"text_columns": ()}, "text_columns"),
        ({"url": None}, "url"),
        ({"url": "mysql://me:hush@host/wiki"}, "url"),
        ({"url": "sqlite:///wiki.db"}, "url"),
        ({"url": "sqlite://host//etc/wiki.db"}, "url"),
        ({"url": "no url: hush"}, "url"),
    ],
)
def test_what_cannot_be_opened_names_its_field(tmp_path: Path, fields: dict[str, Any], param: str) -> None:
    said: dict[str, Any] = {"url": "sqlite:////x.db", "query": _QUERY, "id_column": "id", "text_columns": ("body",), **fields}
    with pytest.raises(InvalidRequest) as told:
        connect(Sql(**said), {}, most_bytes=1, surroundings=Surroundings(tmp_path))
    assert told.value.param == param and "hush" not in told.value.message


def test_ids_and_tags_of_any_kind_are_understood() -> None:
    assert row_path("a/../b c") == "a%2F..%2Fb c.md"
    assert len(row_path("x" * 3000)) < 300 and row_path("x" * 3000) != row_path("x" * 2999 + "y")
    assert tags(["public"]) == tags("public") == tags('["public"]') == {"public"}
    assert tags(None) == tags(" , ") == frozenset()
    with pytest.raises(SourceError, match="JSON list"):
        tags("[public")
