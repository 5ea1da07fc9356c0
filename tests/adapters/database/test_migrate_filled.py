"""A database that is in use is brought to the newest form with everything that is in it."""

from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, MetaData, Table, insert, select

from stoa.adapters.database import Database
from stoa.adapters.database.indexes import IndexTable
from stoa.adapters.database.migrate import check, migrate
from stoa.adapters.database.schema import config
from stoa.adapters.database.stores import DatabaseStores
from stoa.adapters.database.tables import document_versions, metadata, resources, usage
from stoa.domain.usage import UsageFact
from stoa.kit.home import Home

Rows = dict[str, list[dict[str, Any]]]


def fill(connection: Connection, revision: str) -> Rows:
    """Bring it to a former revision and put a row into each of its tables, related as its foreign keys say."""
    command.upgrade(config(connection), revision)
    former = MetaData()
    former.reflect(connection, only=lambda name, _: name in metadata.tables)
    made: Rows = {}
    for table in former.sorted_tables:
        row: dict[str, Any] = {}
        for column in table.columns:
            if column.foreign_keys:
                other = next(iter(column.foreign_keys)).column
                there = made.get(other.table.name)
                row[column.name] = there[0][other.name] if there else None
            else:
                row[column.name] = _value(column)
        connection.execute(insert(table).values(**row))
        made[table.name] = _rows(connection, table)
    return made


def _value(column: Any) -> object:
    kind = column.type.python_type
    if kind is str:
        return column.name[: column.type.length]
    return {bool: True, int: 7, float: 7.5, bytes: b"7", object: {"a": 1}}[kind]


def _rows(connection: Connection, table: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(select(table)).mappings()]


@pytest.mark.parametrize("revision", ["0001", "0002", "0003", "0004", "0007", "0008", "0009", "0010", "0011", "0012"])
async def test_every_row_of_a_former_version_is_there_afterwards(database_url: str, home: Home, revision: str) -> None:
    database = Database.open(database_url)
    async with database.write() as connection:
        before = await connection.run_sync(fill, revision)
    await database.close()
    done = await migrate(database_url, home)
    assert done.applied[0] > revision
    assert await check(database_url) == done.revision
    database = Database.open(database_url)
    async with database.read() as connection:
        after: dict[str, Any] = {}
        for name, (row,) in before.items():
            (now,) = (await connection.execute(select(metadata.tables[name]))).mappings().all()
            after[name] = now
            assert {column: now[column] for column in row} == row, name
        versions = (await connection.execute(select(document_versions))).mappings().all()
        (fact,) = [UsageFact(*row) for row in await connection.execute(select(usage))]
    await database.close()
    former = before["documents"][0]
    if revision < "0006":  # the first version of each document is made of what it says of itself
        (version,) = versions
        assert {name: version[name] for name in ("document_id", "number", "digest", "acl")} == {
            "document_id": former["id"], "number": 1, "digest": former["digest"], "acl": former["acl"],
        }  # fmt: skip
    if revision < "0005":
        assert after["documents"]["deny"] == []
        assert after["corpus"]["personal"] is False
    if revision < "0004":
        assert (fact.refused, fact.provider_usage, fact.decision) == (False, None, None)


async def test_what_is_searched_in_a_former_version_is_the_first_version_of_its_index(database_url: str, home: Home) -> None:
    said = {"empty": {}, "plain": {}, "other": {"embedding_model": "embed-3", "chunk_tokens": 512}}
    database = Database.open(database_url)
    async with database.write() as connection:
        before = await connection.run_sync(fill, "0009")
        document, resource = before["documents"][0], before["resources"][0]
        for name, spec in said.items():
            row = resource | {"kind": "Collection", "name": name, "spec": spec | {"kind": "Collection", "name": name}}
            await connection.execute(insert(resources).values(**row))
            if name != "empty":
                row = document | {"id": f"doc-{name}", "collection": name, "path": f"{name}.md"}
                await connection.run_sync(_put, "documents", row)
    await database.close()
    await migrate(database_url, home)
    database = Database.open(database_url)
    async with database.read() as connection:
        found = {each.collection: each for each in await IndexTable(connection).every()}
    await database.close()
    assert {name: (each.version, each.state, each.embedding_model, each.chunk_tokens) for name, each in found.items()} == {
        "plain": (1, "serving", "stoa-embed", 200), "other": (1, "serving", "embed-3", 512),
    }  # fmt: skip


async def test_what_resources_are_in_a_former_version_is_their_first_with_secrets_masked(database_url: str, home: Home) -> None:
    sealed = "v1:sealed"
    specs: dict[str, dict[str, Any]] = {
        "Provider": {"api_key": sealed, "headers": {"x-a": sealed}, "credentials": {"token": sealed}, "region": "eu"},
        "Source": {"credentials": {"password": sealed}, "collection": "handbook"},
        "Datastore": {"credentials": {"url": sealed}, "queries": []},
        "Guardrail": {"guards": [{"type": "http", "url": "http://g", "headers": {"x-key": sealed}}, {"type": "size"}]},
        "Assistant": {"prompt": "Be kind."},
    }
    database = Database.open(database_url)
    async with database.write() as connection:
        before = await connection.run_sync(fill, "0012")
        for kind, spec in specs.items():
            row = before["resources"][0] | {"kind": kind, "name": "one", "spec": {"kind": kind, "name": "one"} | spec}
            await connection.execute(insert(resources).values(**row))
    await database.close()
    await migrate(database_url, home)
    database = Database.open(database_url)
    async with database.read() as connection:
        found = {kind: await DatabaseStores(connection).versions.page(kind, "one", before=None, limit=9) for kind in specs}
    await database.close()
    assert sealed not in str(found)
    for (version,) in found.values():
        assert (version.version, version.change, version.fields) == (1, "created", ())
        assert (version.at_ms, version.by) == (before["resources"][0]["updated_at"], before["resources"][0]["updated_by"])
    said = {kind: version.spec for kind, (version,) in found.items()}
    hidden = "********"
    assert said == {kind: {"kind": kind, "name": "one"} | spec for kind, spec in specs.items()} | {
        "Provider": {
            "kind": "Provider", "name": "one", "api_key": hidden, "headers": {"x-a": hidden}, "credentials": {"token": hidden},
            "region": "eu",
        },
        "Source": {"kind": "Source", "name": "one", "credentials": {"password": hidden}, "collection": "handbook"},
        "Datastore": {"kind": "Datastore", "name": "one", "credentials": {"url": hidden}, "queries": []},
        "Guardrail": {
            "kind": "Guardrail", "name": "one",
            "guards": [{"type": "http", "url": "http://g", "headers": {"x-key": hidden}}, {"type": "size"}],
        },
    }  # fmt: skip


def _put(connection: Connection, name: str, row: dict[str, Any]) -> None:
    """Into a table in its former form."""
    table = Table(name, MetaData(), autoload_with=connection)
    connection.execute(insert(table).values(**row))
