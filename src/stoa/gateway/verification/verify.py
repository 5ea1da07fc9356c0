"""Holds each sentence of an answer against the passages that it names.

By words alone, without a model: the numbers and names of a sentence must stand in those passages, near each other, and enough
of its words. Limits: who does what to whom is not read, so a sentence that turns it round counts as supported; nor is a
sentence in another language than the passages, of which only numbers are compared.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from stoa.domain.passages import Passage, SentenceCheck
from stoa.gateway.verification.facts import Facts, cut, facts_of, fold, small_words
from stoa.gateway.verification.held import Held, Pages, together
from stoa.gateway.verification.statements import Statement, statements

COVERED = 0.5
"""Least share of a sentence's words that the passages must hold."""

NEAR = 2
"""Sentences of a passage in a row that are one place."""

CLEAR = 0.6
"""Share of a sentence's words that a place holds for it to be where the passage says it."""

FAR = 0.5
"""Of that share, what a place with the number or name in question must hold as well."""

SAME = 0.8
"""Share of a sentence's words that a passage's sentence holds for it to be the same but for a `not`."""

MOST_MISSING = 5
MOST_SENTENCES = 200
"""Further ones are not looked at: an answer is held against its passages while other requests wait."""

ALIKE = 0.25
"""Share of a sentence's small words that a text of the same language has as well."""

FEWEST_SMALL = 4


def verify(answer: str, passages: Sequence[Passage]) -> tuple[SentenceCheck, ...]:
    """Every sentence that states something, in order. Passages are in the order of their numbers, from 1."""
    checking = _Checking(passages)
    found = islice(statements(answer), MOST_SENTENCES)
    return tuple([checked for each in found if (checked := checking.check(each)) is not None])


class _Checking:
    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages
        self._pages: dict[int, Pages] = {}
        self._small: frozenset[str] | None = None

    def check(self, said: Statement) -> SentenceCheck | None:
        """None where there is nothing that can be compared."""
        start, end, text, numbers = said
        if not numbers:
            return SentenceCheck(start, end, "uncited")
        there = [self._page(n) for n in numbers if 0 < n <= len(self._passages)]
        if not there:
            return SentenceCheck(start, end, "unsupported", numbers)
        facts = facts_of(text, known=self._is_a_name, nouns_are_capital=any(page.nouns_are_capital for page in there))
        held = together([page.whole for page in there])
        if self._is_in_another_language(facts):
            missing = [number.written for number in facts.numbers if not number.soft and not held.has_number(number)]
            if not facts.numbers:
                return None
            supported = not missing
        else:
            missing = list(_missing(facts, held)) or (list(_elsewhere(facts, there[0])) if len(there) == 1 else [])
            supported = not missing and held.share(facts.stems) >= COVERED and not _denies(facts, there)
        told = tuple(dict.fromkeys(missing))[:MOST_MISSING]
        return SentenceCheck(start, end, "supported" if supported else "unsupported", numbers, told)

    def _page(self, number: int) -> Pages:
        if number not in self._pages:
            self._pages[number] = Pages(self._passages[number - 1])
        return self._pages[number]

    def _is_a_name(self, word: str) -> bool:
        """Whether it has its capital within a sentence of any passage."""
        within = re.compile(rf"[a-z,] {re.escape(word)}\b")
        return any(within.search(passage.text) is not None for passage in self._passages)

    def _is_in_another_language(self, facts: Facts) -> bool:
        """By the small words: those of one language come again in nearly every text of it."""
        if self._small is None:
            self._small = small_words(" ".join([passage.text for passage in self._passages]))
        return len(facts.small) >= FEWEST_SMALL and len(facts.small & self._small) < ALIKE * len(facts.small)


def _missing(facts: Facts, there: Held) -> Iterator[str]:
    for number in facts.numbers:
        if not there.has_number(number):
            yield number.written
    for name in facts.names:
        yield from there.lacks(name)


def _elsewhere(facts: Facts, page: Pages) -> Iterator[str]:
    """Numbers and names that stand in the passage, but far from where it says the rest of the sentence."""
    if not facts.numbers and not facts.names:
        return
    places = page.places(NEAR)
    for number in facts.numbers:
        if _is_far(facts.stems, places, [place for place in places if place.has_number(number)]):
            yield number.written
    for name in facts.names:
        others = facts.stems.difference([cut(fold(word)) for word in name.words])
        if len(others) > 1 and _is_far(others, places, [place for place in places if not place.lacks(name)]):
            yield " ".join(name.words)


def _is_far(stems: frozenset[str], places: Sequence[Held], having: Sequence[Held]) -> bool:
    best = max([place.share(stems) for place in places])
    return best >= CLEAR and max([place.share(stems) for place in having], default=0.0) < FAR * best


def _denies(facts: Facts, there: Sequence[Pages]) -> bool:
    """Whether a sentence with a `not` is one that the passages say without."""
    if not facts.negated:
        return False
    places = [place for page in there for place in page.places(1)]
    nearest = max(places, key=lambda place: place.share(facts.stems))
    return nearest.share(facts.stems) >= SAME and not nearest.negated
