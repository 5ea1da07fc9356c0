"""Lists, page by page: `?limit=&cursor=` and `{"data": [...], "next_cursor": ...}`."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel

from stoa.errors import InvalidRequest

_T = TypeVar("_T")
_V = TypeVar("_V", bound=BaseModel)

Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.")]

DEFAULT_LIMIT = 50


class Page(BaseModel, Generic[_V]):
    """One page; `next_cursor` is null on the last."""

    data: list[_V]
    next_cursor: str | None = None


def place_of(cursor: str | None) -> str | None:
    """The place that a cursor stands for. Raises InvalidRequest for one that is not ours."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise InvalidRequest("The cursor is not one of this list; leave it out to begin anew.", param="cursor") from None


def to_cursor(place: str) -> str:
    """What `place_of` reads again."""
    return base64.urlsafe_b64encode(place.encode()).rstrip(b"=").decode()


def page(found: Sequence[_T], *, limit: int, view: Callable[[_T], _V], place: Callable[[_T], str]) -> Page[_V]:
    """A page of what was found when asked for `limit + 1`. `place` is what the next page starts behind."""
    shown = found[:limit]
    more = len(found) > limit
    return Page(data=[view(each) for each in shown], next_cursor=to_cursor(place(shown[-1])) if more else None)


def offset_of(cursor: str | None) -> int:
    """The number that a cursor stands for, 0 for none. Raises InvalidRequest for one that is not ours."""
    place = place_of(cursor)
    if place is None:
        return 0
    if not place.isdecimal() or len(place) > 9:
        raise InvalidRequest("The cursor is not one of this list; leave it out to begin anew.", param="cursor")
    return int(place)
