"""Where an answer is from: the passages that it names by number, and whether they say what its sentences say."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import cast

from stoa.domain.passages import Citation, Passage
from stoa.domain.usage import Consulted
from stoa.gateway.verification.statements import numbers_in
from stoa.gateway.verification.verify import verify

ABOUT = 0.25
"""Least cosine to the question. Of the handbook's questions in words that its documents do not use, the right passage is among
the best three of a search, over this, for 38 of 44; for 8 questions about the rest of the world there is none over it."""

MOST_CLOSE = 3


def stoa_of(text: str, passages: Sequence[Passage], *, cost: int | None, searched: bool) -> dict[str, object]:
    """The answer's own object: where it is from, and what it cost. `searched` says that it had to come from documents."""
    told: dict[str, object] = {
        "citations": citations(text, passages),
        "passages_considered": len(passages),
        "cost_nano_usd": cost,
    }
    if searched:
        told["verification"] = verified = verify(text, passages)
        if not told["citations"] and not verified:
            told["closest"] = closest(passages)
    return told


def citations(text: str, passages: Sequence[Passage]) -> list[Citation]:
    """The passages that an answer names by number, in the order in which it first does."""
    return [_citation(n, passages[n - 1]) for n in numbers_in(text) if 0 < n <= len(passages)]


def closest(passages: Sequence[Passage]) -> list[Citation]:
    """Where a reader may look who got no answer: the best passages, if they are about what was asked at all."""
    about = (
        _citation(n, passage)
        for n, passage in enumerate(passages, 1)
        if passage.scores is not None and (passage.scores.dense or 0.0) >= ABOUT
    )
    return list(islice(about, MOST_CLOSE))


def _citation(n: int, passage: Passage) -> Citation:
    return Citation(
        n=n,
        document_id=passage.document_id,
        collection=passage.collection,
        title=passage.title,
        path=passage.path,
        heading=passage.heading,
        page=passage.page,
        start=passage.start,
        end=passage.end,
        passage=passage.text,
        score=passage.score,
    )


def consulted(stoa: Mapping[str, object], passages: Sequence[Passage], collections: Sequence[str]) -> tuple[Consulted, ...]:
    """Of each collection how many passages were in the prompt, and how many the answer cites."""
    cites = cast("Sequence[Citation]", stoa["citations"])  # cast: as `stoa_of` made it
    made: list[Consulted] = []
    for name in collections:
        by_document: dict[str, int] = {}
        for each in cites:
            if each.collection == name:
                by_document[each.document_id] = by_document.get(each.document_id, 0) + 1
        made.append(Consulted(name, sum(passage.collection == name for passage in passages), by_document))
    return tuple(made)
