"""What a search may be narrowed to: documents by what is known of them, by id, title, time, and what applications say of them.

A filter narrows what is searched and never widens it: rights are a filter of their own, and hold whatever is said here.
"""

from typing import Literal

import msgspec

from stoa.domain.narrowing import DocumentFilter

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


class SearchFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What is said must hold together; what is empty or None says nothing. Times are UTC milliseconds.

    `known` is what is known of a document, `title` a part of its title in any case.
    """

    known: DocumentFilter = DocumentFilter()
    documents: tuple[str, ...] = ()
    title: str = ""
    created_from: int | None = None
    created_before: int | None = None
    updated_from: int | None = None
    updated_before: int | None = None
    attributes: Condition | None = None

    @property
    def says_nothing(self) -> bool:
        return self == SearchFilter()
