"""Lists of `/v1` as OpenAI's clients page through them: `?after=<id>&limit=` and `has_more`."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, Literal, TypeVar

from fastapi import Query
from pydantic import BaseModel

_T = TypeVar("_T")
_V = TypeVar("_V", bound=BaseModel)

After = Annotated[str | None, Query(max_length=64, description="The id that the page before ended with.")]


class Listing(BaseModel, Generic[_V]):
    """One page; both ids are null on an empty one."""

    object: Literal["list"] = "list"
    data: list[_V]
    first_id: str | None
    last_id: str | None
    has_more: bool


def listing(
    found: Sequence[_T], *, limit: int, view: Callable[[_T], _V], id_of: Callable[[_T], str], backwards: bool = False
) -> Listing[_V]:
    """A page of what was found when asked for `limit + 1`; `backwards`, what is nearest to the end of it."""
    shown = found[-limit:] if backwards else found[:limit]
    return Listing(
        data=[view(each) for each in shown],
        first_id=id_of(shown[0]) if shown else None,
        last_id=id_of(shown[-1]) if shown else None,
        has_more=len(found) > limit,
    )
