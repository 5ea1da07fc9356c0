"""Documents by a filter, and the attributes that filters ask for.

A filter becomes a list of ids, of those it holds for or of all others, whichever is shorter: what the index keeps is text,
vectors and rights, and nothing that would have to follow every change of a title or an attribute.
"""

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from sqlalchemy import ColumnElement, Select, and_, delete, exists, insert, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.store_tables import document_attributes
from stoa.adapters.database.tables import documents
from stoa.domain.filters import AttributeValue, Combine, Compare, Condition, DocumentFilter
from stoa.domain.passages import Among
from stoa.errors import InvalidRequest
from stoa.kit.patterns import beginning, matcher

MOST = 50_000
"""Ids in one filter: as many as an index takes in 0.1 s."""

_NAMED = 500
"""Ids in one statement."""


class FilterTable:
    """Implements `domain.filters.DocumentFinder` over one connection, and keeps attributes."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def among(self, collections: Sequence[str], wanted: DocumentFilter) -> dict[str, Among]:
        if wanted.says_nothing:
            return {}
        return {name: await self._among(name, wanted) for name in collections}

    async def attributes(self, ids: Sequence[str]) -> Mapping[str, Mapping[str, AttributeValue]]:
        """By document; those without any are left out."""
        found: dict[str, dict[str, AttributeValue]] = {}
        for some in (ids[n : n + _NAMED] for n in range(0, len(ids), _NAMED)):
            query = select(document_attributes).where(document_attributes.c.document_id.in_(some))
            for row in await self._connection.execute(query):
                values = (row.text, row.flag, row.number)
                found.setdefault(row.document_id, {})[row.name] = next(each for each in values if each is not None)
        return found

    async def describe(self, document_id: str, attributes: Mapping[str, AttributeValue]) -> None:
        """Give a document these in the place of those it had."""
        await self._connection.execute(
            delete(document_attributes).where(document_attributes.c.document_id == document_id)
        )
        rows = [{"document_id": document_id, "name": name, **_columns(value)} for name, value in attributes.items()]
        if rows:
            await self._connection.execute(insert(document_attributes), rows)

    async def _among(self, collection: str, wanted: DocumentFilter) -> Among:
        held, like = _held(wanted), matcher(wanted.paths) if wanted.paths else None
        of_it = select(documents.c.id, documents.c.path).where(
            documents.c.collection == collection, documents.c.state != "removed"
        )
        ids = await self._ids(of_it.where(held), like)
        if len(ids) <= MOST:
            return Among(ids)
        others = await self._connection.execute(of_it)
        rest = frozenset(row.id for row in others if row.id not in ids)
        if len(rest) <= MOST:
            return Among(rest, but=True)
        raise InvalidRequest(
            f"The filters fit more than {MOST:,} documents of the collection {collection!r}, and leave out as many: "
            "say more about the documents that are meant.",
            param="filters",
        )

    async def _ids(self, query: Select[Any], like: Any) -> frozenset[str]:  # Any: a row's types; the matcher or None
        rows = await self._connection.execute(query)
        return frozenset(row.id for row in rows if like is None or like(row.path))


def _held(wanted: DocumentFilter) -> ColumnElement[bool]:
    """All that SQL can say of it; paths are looked at again."""
    table = documents.c
    said: list[ColumnElement[bool]] = []
    if wanted.documents:
        said.append(table.id.in_(wanted.documents))
    if wanted.sources:
        said.append(table.source.in_(wanted.sources))
    if wanted.states:
        said.append(table.state.in_(wanted.states))
    if wanted.title:
        said.append(table.title.icontains(wanted.title, autoescape=True))
    if wanted.paths:
        said.append(or_(*(table.path.startswith(beginning(each), autoescape=True) for each in wanted.paths)))
    for column, first, end in (
        (table.created_at, wanted.created_from, wanted.created_before),
        (table.updated_at, wanted.updated_from, wanted.updated_before),
    ):
        said += [column >= first] if first is not None else []
        said += [column < end] if end is not None else []
    if wanted.attributes is not None:
        said.append(_condition(wanted.attributes))
    return and_(True, *said)


def _condition(condition: Condition) -> ColumnElement[bool]:
    if isinstance(condition, Combine):
        parts = [_condition(each) for each in condition.conditions]
        return and_(*parts) if condition.op == "and" else or_(*parts)
    match condition.op:
        case "eq" | "in":
            return _has(condition.key, or_(*(_is(value) for value in condition.values)))
        case "ne" | "nin":
            return not_(_has(condition.key, or_(*(_is(value) for value in condition.values))))
        case "gt" | "gte" | "lt" | "lte":
            return _has(condition.key, _beside(condition))
        case never:
            assert_never(never)


def _has(name: str, held: ColumnElement[bool]) -> ColumnElement[bool]:
    table = document_attributes.c
    return exists(select(1).where(table.document_id == documents.c.id, table.name == name, held).correlate(documents))


def _is(value: AttributeValue) -> ColumnElement[bool]:
    (column,) = (document_attributes.c[name] for name in _columns(value) if _columns(value)[name] is not None)
    return column.is_(value) if isinstance(value, bool) else column == value


def _beside(condition: Compare) -> ColumnElement[bool]:
    (value,) = condition.values
    column = document_attributes.c.text if isinstance(value, str) else document_attributes.c.number
    match condition.op:
        case "gt":
            return column > value
        case "gte":
            return column >= value
        case "lt":
            return column < value
        case _:
            return column <= value


def _columns(value: AttributeValue) -> dict[str, AttributeValue | None]:
    """Exactly one of the three is not None; true is no number here."""
    is_flag, is_text = isinstance(value, bool), isinstance(value, str)
    return {
        "text": value if is_text else None,
        "flag": value if is_flag else None,
        "number": None if is_flag or is_text else value,
    }
