"""Which rows a caller's access tags cover: those whose every tag the caller holds."""

from sqlalchemy import Column, ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.domain.identity import AccessTag


def covered(connection: AsyncConnection, column: "Column[object]", acl: frozenset[AccessTag]) -> ColumnElement[bool]:
    """Whether a JSON column of tags holds none that is missing in the set."""
    unpack = func.json_each if connection.dialect.name == "sqlite" else func.json_array_elements_text
    tag = unpack(column).table_valued("value", name="tag")
    return ~exists(select(1).select_from(tag).where(tag.c.value.not_in(sorted(acl))))
