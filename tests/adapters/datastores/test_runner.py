"""Queries with bound values over SQLite and PostgreSQL: what comes back, and that no value ever becomes SQL."""

import contextlib
import sqlite3
from pathlib import Path

import psycopg
import pytest

from stoa.adapters.datastores.runner import DatabaseRunner
from stoa.domain.datastores import Rows, Scalar
from stoa.errors import InvalidRequest, SourceError

_SETUP = (
    "CREATE TABLE orders (id integer primary key, customer text, total numeric(9, 2), day date, note text)",
    "INSERT INTO orders VALUES (1, 'ACME', 9.5, '2026-03-01', NULL), (2, 'O''Neil', 7, '2026-03-02', 'x')",
)
_ATTACKS = (
    "' OR '1'='1", "ACME' --", "'; DROP TABLE orders; --", "\\' OR 1=1 --", "ACME' UNION SELECT 1, name, 1, 1, sql FROM x --",
    ":customer", "%(customer)s", "%s", "?", "${customer}", "ACME\u02bc OR 1=1", "' || pg_sleep(5) || '",
)  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        with contextlib.closing(sqlite3.connect(tmp_path / "erp.db")) as lite, lite:
            for statement in _SETUP:
                lite.execute(statement)
        return f"sqlite:///{tmp_path / 'erp.db'}"
    found: str = request.getfixturevalue("postgres_url")
    with psycopg.connect(found) as post:
        for statement in _SETUP:
            post.execute(statement.encode())
    return found


async def ask(url: str, sql: str, most_rows: int = 10, longest_s: float = 5.0, **values: Scalar) -> Rows:
    folder = str(Path(url.removeprefix("sqlite:///")).parent)
    return await DatabaseRunner(folders=[folder]).run(url, sql, values, most_rows=most_rows, longest_s=longest_s)


async def test_rows_come_as_json_has_them(url: str) -> None:
    found = await ask(url, "SELECT id, customer, note, day FROM orders WHERE customer = :customer", customer="O'Neil")
    assert found == Rows(("id", "customer", "note", "day"), ((2, "O'Neil", "x", "2026-03-02"),))
    assert (await ask(url, "SELECT id FROM orders WHERE id = :id", id=9)) == Rows((), ())
    total = (await ask(url, "SELECT total FROM orders WHERE id = :id", id=1)).rows[0][0]
    assert float(total or 0) == 9.5


@pytest.mark.parametrize("attack", _ATTACKS)
async def test_a_value_is_never_sql(url: str, attack: str) -> None:
    sql = "SELECT id FROM orders WHERE customer = :customer OR customer LIKE '100%' AND '12\\:30' <> ''"
    assert (await ask(url, sql, customer=attack)).rows == ()
    assert len((await ask(url, "SELECT id FROM orders WHERE id > :least", least=0)).rows) == 2


async def test_no_more_than_the_limit_comes(url: str) -> None:
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < :last) SELECT n FROM c"
    found = await ask(url, endless, most_rows=3, last=100_000)
    assert found == Rows(("n",), ((1,), (2,), (3,)), more=True)
    assert not (await ask(url, endless, most_rows=3, last=3)).more
    with pytest.raises(SourceError, match="was stopped") as told:
        await ask(url, endless.replace("SELECT n FROM c", "SELECT max(n) FROM c"), longest_s=0.2, last=10**9)
    assert told.value.code == "source_timeout"


async def test_nothing_can_be_written_even_by_the_query(url: str) -> None:
    for sql in ("WITH x AS (DELETE FROM orders RETURNING id) SELECT id FROM x", "SELECT 1; DELETE FROM orders"):
        with pytest.raises(SourceError):
            await ask(url, sql)
    assert len((await ask(url, "SELECT id FROM orders")).rows) == 2


async def test_only_allowed_files_are_opened(tmp_path: Path) -> None:
    runner = DatabaseRunner(folders=[str(tmp_path / "srv")])
    for place in (tmp_path / "stoa.sqlite", tmp_path / "srv" / ".." / "stoa.sqlite"):
        with pytest.raises(InvalidRequest, match=r"worker\.folders"):
            await runner.run(f"sqlite:///{place}", "SELECT 1", {}, most_rows=1, longest_s=1)


async def test_long_texts_are_cut_and_bytes_are_counted(url: str) -> None:
    sql = "SELECT CAST(:text AS text) AS a, note FROM orders WHERE id = :id"
    ((text, _),) = (await ask(url, sql, text="x" * 5000, id=1)).rows
    assert isinstance(text, str) and len(text) == 2001
