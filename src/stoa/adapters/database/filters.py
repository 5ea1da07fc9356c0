"""Documents by a filter, and the attributes that filters ask for.

A filter becomes a list of ids, of those it holds for or of all others, whichever is shorter: what the index keeps is text,
vectors and rights, and nothing that would have to follow every change of a title or an attribute.
"""

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import ColumnElement, and_, delete, exists, insert, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.documents import DocumentTable, document_of
from stoa.adapters.database.store_tables import document_attributes
from stoa.adapters.database.tables import documents
from stoa.domain.filters import AttributeValue, Combine, Compare, Condition, SearchFilter
from stoa.domain.identity import AccessTag
from stoa.domain.narrowing import DocumentFilter
from stoa.domain.passages import Among
from stoa.domain.traits import Traits
from stoa.errors import InvalidRequest

MOST = 50_000
"""Ids in one filter: as many as an index takes in 0.1 s."""

_NAMED = 500
"""Ids in one statement."""


class FilterTable:
    """Over one connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def among(self, collections: Sequence[str], wanted: SearchFilter, *, acl: frozenset[AccessTag]) -> dict[str, Among]:
        """By collection, as whoever holds the tags may know them.

        Raises InvalidRequest when both those it holds for and all others are too many to search among.
        """
        if wanted.says_nothing:
            return {}
        return {name: await self._among(name, wanted, acl) for name in collections}

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
        await self._connection.execute(delete(document_attributes).where(document_attributes.c.document_id == document_id))
        rows = [{"document_id": document_id, "name": name, **_columns(value)} for name, value in attributes.items()]
        if rows:
            await self._connection.execute(insert(document_attributes), rows)

    async def _among(self, collection: str, wanted: SearchFilter, acl: frozenset[AccessTag]) -> Among:
        of_it = and_(documents.c.collection == collection, documents.c.state != "removed")
        ids = await self._ids(and_(of_it, _held(wanted)), wanted.known, acl)
        if len(ids) <= MOST:
            return Among(ids)
        rest = frozenset(await self._connection.scalars(select(documents.c.id).where(of_it))) - ids
        if len(rest) <= MOST:
            return Among(rest, but=True)
        raise InvalidRequest(
            f"The filters fit more than {MOST:,} documents of the collection {collection!r}, and leave out as many: "
            "say more about the documents that are meant.",
            param="filters",
        )

    async def _ids(self, held: ColumnElement[bool], known: DocumentFilter, acl: frozenset[AccessTag]) -> frozenset[str]:
        if msgspec.structs.replace(known, state=(), source=()).all:  # SQL has said all of it
            return frozenset(await self._connection.scalars(select(documents.c.id).where(held)))
        if known.duplicate is not None:  # of what the asker may know
            rows = [document_of(row) for row in (await self._connection.execute(select(documents).where(held))).mappings()]
            told = await DocumentTable(self._connection).told(rows, acl)
            return frozenset(each.id for each in told if known.holds(each))
        table = documents.c
        found: list[str] = []
        for row in await self._connection.execute(
            select(table.id, table.state, table.source, table.path, table.traits).where(held)
        ):
            traits = msgspec.convert(row.traits, Traits | None)
            if known.fits(state=row.state, source=row.source, path=row.path, traits=traits):
                found.append(row.id)
        return frozenset(found)


def _held(wanted: SearchFilter) -> ColumnElement[bool]:
    """All that SQL can say of it."""
    table = documents.c
    said: list[ColumnElement[bool]] = [true()]
    if wanted.documents:
        said.append(table.id.in_(wanted.documents))
    if wanted.known.source:
        said.append(table.source.in_(wanted.known.source))
    if wanted.known.state:
        said.append(table.state.in_(wanted.known.state))
    if wanted.title:
        said.append(table.title.icontains(wanted.title, autoescape=True))
    for column, first, end in (
        (table.created_at, wanted.created_from, wanted.created_before),
        (table.updated_at, wanted.updated_from, wanted.updated_before),
    ):
        said += [column >= first] if first is not None else []
        said += [column < end] if end is not None else []
    if wanted.attributes is not None:
        said.append(_condition(wanted.attributes))
    return and_(*said)


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
