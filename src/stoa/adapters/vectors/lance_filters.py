"""Conditions for LanceDB: every value is a quoted literal, and access tags are a filter inside the search."""

from collections.abc import Iterable
from functools import lru_cache

from stoa.domain.identity import AccessTag, denying, opening

_BETWEEN = "\x1f"


@lru_cache(maxsize=256)
def open_to(held: frozenset[AccessTag]) -> str:
    """Rows of documents that whoever holds these tags may read, as `Rights.open_to` says."""
    return f"array_has_any(acl, {_tags(opening(held))}) AND NOT array_has_any(deny, {_tags(denying(held))})"


def _tags(values: Iterable[AccessTag]) -> str:
    """Access tags as one literal that is split, read in 1 ms instead of 6 when they are 1,000; a tag is never split."""
    found = sorted(values)
    if not found or any(_BETWEEN in tag for tag in found):
        return array_of(found)
    return f"string_to_array({literal(_BETWEEN.join(found))}, '{_BETWEEN}')"


def array_of(values: Iterable[str]) -> str:
    """A SQL array of string literals; a quote inside is doubled, and nothing else ends a literal."""
    return f"make_array({', '.join(literal(value) for value in sorted(values))})"


def list_of(values: Iterable[str]) -> str:
    return f"({', '.join(literal(value) for value in values)})"


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
