"""Add a row, or replace the one with the same primary key: the one statement that both databases spell alike."""

from collections.abc import Mapping

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


async def upsert(connection: AsyncConnection, table: Table, row: Mapping[str, object]) -> None:
    await connection.execute(upserted(connection, table, row))


def upserted(connection: AsyncConnection | Connection, table: Table, row: Mapping[str, object]) -> Executable:
    """The statement, for the connection's database."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    keys = [column.name for column in table.primary_key]
    values = {name: value for name, value in row.items() if name not in keys}
    return insert(table).values(row).on_conflict_do_update(index_elements=keys, set_=values)
