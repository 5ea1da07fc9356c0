"""What stands before and after the passages found: put into the prompt beside them, as far as the budget goes.

A neighbour is a passage with a number of its own, so that what is cited still says what it is cited for, is judged by
guardrails, and is held against the answer as every other. It comes out of the index under the caller's rights of now.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from stoa.domain.identity import AccessTag
from stoa.domain.indexes import of_collection
from stoa.domain.passages import Passage
from stoa.domain.vectors import PassageReader, beside

Tokens = Callable[[Passage], int]
"""How many a passage takes in a prompt."""


async def widened(
    found: Sequence[Passage],
    *,
    reach: int,
    budget: int,
    tokens_of: Tokens,
    reader: PassageReader,
    index_of: Callable[[str], str],
    acl: frozenset[AccessTag],
) -> Sequence[Passage]:
    """The passages with at most `reach` neighbours on each side, which take at most `budget` tokens together.

    The nearest come first, and those of better passages before others. What follows on each other in a document stands
    together and in its order, at the place of the best of it.
    """
    wanted: dict[str, list[str]] = {}
    known = {each.id for each in found}
    for passage in found:
        ids = [one for step in range(1, reach + 1) for one in beside(passage.id, step) if one is not None and one not in known]
        wanted.setdefault(passage.collection, []).extend(ids)
    reads = [reader.of_ids(index_of(name), list(dict.fromkeys(ids)), acl=acl) for name, ids in wanted.items() if ids]
    there = {each.id: each for some in await asyncio.gather(*reads) for each in of_collection(some)}
    return in_order(chosen(found, there, reach=reach, budget=budget, tokens_of=tokens_of))


def chosen(
    found: Sequence[Passage], there: Mapping[str, Passage], *, reach: int, budget: int, tokens_of: Tokens
) -> Sequence[Passage]:
    """The passages, then the neighbours that fit, each only where all between it and its passage are taken too."""
    taken = {each.id: each for each in found}
    open_ends = [(passage, side) for passage in found for side in (1, 0)]  # what follows says more, as a rule
    ends = {(passage.id, side): passage for passage, side in open_ends}
    for _ in range(reach):
        for passage, side in open_ends:
            end = ends.pop((passage.id, side), None)
            next_id = beside(end.id, 1)[side] if end is not None else None
            if end is None or next_id is None:
                continue
            neighbour = taken.get(next_id) or there.get(next_id)
            if neighbour is None or not _follows(end, neighbour, side):
                continue
            if next_id not in taken:
                if (tokens := tokens_of(neighbour)) > budget:
                    continue
                budget -= tokens
                taken[next_id] = neighbour
            ends[passage.id, side] = neighbour
    return list(taken.values())


def in_order(passages: Sequence[Passage]) -> Sequence[Passage]:
    """Those that follow on each other together, in their order, where the first of them stood."""
    by_id = {each.id: each for each in passages}
    placed: dict[str, Passage] = {}
    for passage in passages:
        if passage.id in placed:
            continue
        first = passage
        while (above := by_id.get(beside(first.id, 1)[0] or "")) is not None and above.id not in placed:
            first = above
        at: Passage | None = first
        while at is not None and at.id not in placed:
            placed[at.id] = at
            at = by_id.get(beside(at.id, 1)[1] or "")
    return list(placed.values())


def _follows(end: Passage, neighbour: Passage, side: int) -> bool:
    """Whether it stands there: its collection may be searched by another index since, which cuts otherwise."""
    if (neighbour.document_id, neighbour.collection) != (end.document_id, end.collection):
        return False
    return neighbour.start >= end.end if side else neighbour.end <= end.start
