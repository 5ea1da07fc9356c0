"""Which part of a list is asked for, as OpenAI's clients say it: from either end, after or before an id."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Depends, Path, Query

from stoa.api.listing import After

Id = Annotated[str, Path(alias="id", max_length=63)]


@dataclass(frozen=True, slots=True)
class Span:
    """`after` and `before` are ids; with `before` alone the page is the one that ends there."""

    limit: int
    descending: bool
    after: str | None
    before: str | None

    @property
    def backwards(self) -> bool:
        return self.before is not None and self.after is None


def _span(
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Annotated[Literal["asc", "desc"], Query()] = "desc",
    after: After = None,
    before: Annotated[str | None, Query(max_length=64, description="The id that the page after begins with.")] = None,
) -> Span:
    return Span(limit, order == "desc", after, before)


Spanned = Annotated[Span, Depends(_span)]
