"""Filters as bodies write them: fields of documents, and conditions on attributes in the form of OpenAI's vector stores."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from stoa.api.forms import Flag, Form, milliseconds
from stoa.domain.documents import DocumentState
from stoa.domain.filters import AttributeValue, Combine, Compare, Condition, SearchFilter
from stoa.domain.narrowing import DocumentFilter
from stoa.errors import InvalidRequest

DEEPEST = 5
"""Conditions within conditions."""

MOST_CONDITIONS = 50

Value = StrictBool | StrictStr | StrictInt | StrictFloat
Key = Annotated[str, Field(min_length=1, max_length=64)]
Words = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=512)], ...], Field(max_length=100)]
Date = Annotated[str, Field(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")]


class Comparing(Form):
    """An attribute of the document beside one value."""

    type: Literal["eq", "ne", "gt", "gte", "lt", "lte"]
    key: Key
    value: Value


class Choosing(Form):
    """An attribute of the document beside several values."""

    type: Literal["in", "nin"]
    key: Key
    value: Annotated[tuple[Value, ...], Field(min_length=1, max_length=100)]


class Combining(Form):
    """All of the conditions, or any."""

    type: Literal["and", "or"]
    filters: "Annotated[tuple[AttributeFilter, ...], Field(min_length=1, max_length=MOST_CONDITIONS)]"


AttributeFilter = Annotated[Comparing | Choosing | Combining, Field(discriminator="type")]


class Filters(Form):
    """Which documents are searched: those that fit every field given; a field of several values fits by any of them.

    `paths` are globs over the whole path, in which `*` crosses folders. `since` and `until` are held against the date that a
    document bears itself; `created` and `updated` are of its row here. `personal` are kinds of personal data found in it.
    `attributes` are what applications said of it.
    """

    documents: Annotated[tuple[Annotated[str, Field(max_length=40)], ...], Field(max_length=1000)] = ()
    paths: Words = ()
    sources: Words = ()
    states: tuple[DocumentState, ...] = ()
    title: Annotated[str, Field(max_length=200)] = ""
    created_from: AwareDatetime | None = None
    created_before: AwareDatetime | None = None
    updated_from: AwareDatetime | None = None
    updated_before: AwareDatetime | None = None
    kinds: Words = ()
    languages: Words = ()
    keywords: Words = ()
    entities: Words = ()
    personal: Words = ()
    since: Date | None = None
    until: Date | None = None
    unread: Flag | None = None
    duplicate: Flag | None = None
    attributes: AttributeFilter | None = None


def search_filter(asked: Filters | None) -> SearchFilter:
    """Raises InvalidRequest for conditions that are too many or too deep."""
    if asked is None:
        return SearchFilter()
    known = DocumentFilter(
        state=asked.states, source=asked.sources, path=asked.paths, kind=asked.kinds, language=asked.languages,
        keyword=asked.keywords, entity=asked.entities, personal=asked.personal, since=asked.since, until=asked.until,
        unread=asked.unread, duplicate=asked.duplicate,
    )  # fmt: skip
    return SearchFilter(
        known=known, documents=asked.documents, title=asked.title, created_from=_ms(asked.created_from),
        created_before=_ms(asked.created_before), updated_from=_ms(asked.updated_from),
        updated_before=_ms(asked.updated_before),
        attributes=None if asked.attributes is None else condition(asked.attributes, param="filters.attributes"),
    )  # fmt: skip


def condition(asked: AttributeFilter, *, param: str = "filters") -> Condition:
    """Raises InvalidRequest for conditions that are too many or too deep, and for a text or number beside which nothing is."""
    if _count([asked]) > MOST_CONDITIONS:
        raise InvalidRequest(f"There are more than {MOST_CONDITIONS} conditions.", param=param)
    return _condition(asked, param, DEEPEST)


def _condition(asked: AttributeFilter, param: str, depth: int) -> Condition:
    match asked:
        case Comparing(type=op, key=key, value=value):
            if op not in ("eq", "ne") and isinstance(value, bool):
                raise InvalidRequest(f"{key!r} is to be {op!r} of true or false, which have no order.", param=param)
            return Compare(key=key, op=op, values=(_value(value),))
        case Choosing(type=op, key=key, value=values):
            return Compare(key=key, op=op, values=tuple(_value(each) for each in values))
        case Combining(type=op, filters=parts):
            if depth == 0:
                raise InvalidRequest(f"Conditions may lie {DEEPEST} deep within each other.", param=param)
            return Combine(op, tuple(_condition(each, param, depth - 1) for each in parts))


def _count(asked: Sequence[AttributeFilter]) -> int:
    return sum(_count(each.filters) if isinstance(each, Combining) else 1 for each in asked)


def _value(value: bool | str | float) -> AttributeValue:
    return value if isinstance(value, bool | str) else float(value)


def _ms(at: datetime | None) -> int | None:
    return None if at is None else milliseconds(at)
