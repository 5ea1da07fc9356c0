"""Holds each sentence of an answer against the passages that it names.

By words alone, without a model: the numbers and names of a sentence must stand in those passages, near each other, and enough
of its words. Limits: who does what to whom is not read, so a sentence that turns it round counts as supported; nor is a
sentence in another language than the passages, of which only numbers are compared.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from stoa.domain.passages import Passage, SentenceCheck
from stoa.gateway.verification.facts import (
    Facts,
    Name,
    Number,
    capitalised_within,
    capitals_mark_nouns,
    cut,
    facts_of,
    fold,
)
from stoa.gateway.verification.held import Pages
from stoa.gateway.verification.statements import Statement, statements

COVERED = 0.5
"""Least share of a sentence's words that the passages must hold."""

MOST_MISSING = 5
_ANOTHER_LANGUAGE = 0.35
_FEWEST_SMALL = 3


def verify(answer: str, passages: Sequence[Passage]) -> tuple[SentenceCheck, ...]:
    """Every sentence that states something, in order. Passages are in the order of their numbers, from 1."""
    found = list(statements(answer))
    return _Checking(passages).check(found) if found else ()


class _Checking:
    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages
        texts = [passage.text for passage in passages]
        self._known = frozenset(chain.from_iterable(map(capitalised_within, texts)))
        self._nouns = capitals_mark_nouns(" ".join(texts))
        self._pages: dict[int, Pages] = {}

    def check(self, found: Sequence[Statement]) -> tuple[SentenceCheck, ...]:
        return tuple([checked for each in found if (checked := self._checked(each)) is not None])

    def _checked(self, said: Statement) -> SentenceCheck | None:
        start, end, text, numbers = said
        if not numbers:
            return SentenceCheck(start, end, "uncited")
        there = [self._page(n) for n in numbers if 0 < n <= len(self._passages)]
        facts = facts_of(text, known=self._known, nouns_are_capital=self._nouns)
        if not there:
            return SentenceCheck(start, end, "unsupported", numbers)
        missing = _missing(facts, there)
        covered = max(page.whole.share(facts.stems) for page in there) if len(there) == 1 else joined_share(facts, there)
        supported = not missing and covered >= COVERED
        return SentenceCheck(start, end, "supported" if supported else "unsupported", numbers, tuple(missing)[:MOST_MISSING])

    def _page(self, number: int) -> Pages:
        if number not in self._pages:
            self._pages[number] = Pages(self._passages[number - 1])
        return self._pages[number]


def joined_share(facts: Facts, there: Sequence[Pages]) -> float:
    return len(facts.stems & frozenset().union(*(p.whole.stems for p in there))) / len(facts.stems) if facts.stems else 1.0


def _missing(facts: Facts, there: Sequence[Pages]) -> list[str]:
    out: list[str] = []
    for number in facts.numbers:
        if not any(page.whole.has_number(number) for page in there):
            out.append(number.written)
    for name in facts.names:
        if not any(page.whole.has_name(name) for page in there):
            out.append(" ".join(name.words))
    return out
