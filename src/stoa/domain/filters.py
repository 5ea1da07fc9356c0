"""Which documents a search is about: what a filter may say of one, and the port that finds those it holds for.

A filter narrows what is searched and never widens it: rights are a filter of their own, and hold whatever is said here.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from stoa.domain.documents import DocumentState
from stoa.domain.passages import Among

AttributeValue = str | float | bool

Comparison = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]


class Compare(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute of a document beside a value, for `in` and `nin` beside several.

    A document without the attribute is `ne` and `nin` and nothing else; so is one whose value is of another type.
    """

    key: str
    op: Comparison
    values: tuple[AttributeValue, ...]


class Combine(msgspec.Struct, frozen=True):
    """All of the conditions, or any of them."""

    op: Literal["and", "or"]
    conditions: "tuple[Condition, ...]"


Condition = Compare | Combine


class DocumentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What is said must hold together, of several values one; what is empty or None says nothing. Times are UTC milliseconds.

    `paths` are patterns as `kit.patterns` reads them, `title` a part of the title in any case.
    """

    documents: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    states: tuple[DocumentState, ...] = ()
    title: str = ""
    created_from: int | None = None
    created_before: int | None = None
    updated_from: int | None = None
    updated_before: int | None = None
    attributes: Condition | None = None

    @property
    def says_nothing(self) -> bool:
        return self == DocumentFilter()


class DocumentFinder(Protocol):
    """Finds documents by a filter."""

    async def among(self, collections: Sequence[str], wanted: DocumentFilter) -> dict[str, Among]:
        """By collection. Raises InvalidRequest when neither those it holds for nor the others are few enough to search among."""
        ...
