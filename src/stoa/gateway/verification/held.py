"""What passages hold, for sentences to be found in."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from stoa.domain.passages import Passage
from stoa.gateway.verification.facts import LETTERS, Facts, Name, Number, capitals_mark_nouns, facts_of, fold

_SENTENCE = re.compile(r"(?<=[.!?])[\"'”’)]*\s+|\n+")
_SAMPLE = 1000
_MOST_ADDED = 4
"""Letters by which one form of a name is longer than another: America, Americans."""


class Held(NamedTuple):
    """Of one stretch of text, or of several together."""

    readings: frozenset[float]
    counted: frozenset[tuple[str, float]]
    """Numbers with the words they count."""
    words: frozenset[str]
    stems: frozenset[str]
    initials: frozenset[str]
    """Of names of several words: `un` for United Nations."""
    negated: bool

    def has_number(self, number: Number) -> bool:
        if number.soft:
            counts = {value for word, value in self.counted if word == number.of}
            return not counts or not number.readings.isdisjoint(counts)
        return not number.readings.isdisjoint(self.readings)

    def lacks(self, name: Name) -> list[str]:
        """The words of a name that are not here, as written."""
        folded = [fold(word) for word in name.words]
        if len(folded) > 1 and "".join([word[0] for word in folded]) in self.words:
            return []
        return [written for written, word in zip(name.words, folded, strict=True) if not self.has_word(word)]

    def has_word(self, folded: str) -> bool:
        if (
            folded in self.words
            or folded in self.initials
            or f"{folded}s" in self.words
            or folded.removesuffix("s") in self.words
        ):
            return True
        least = max(LETTERS - 1, len(folded) - 1)
        return len(folded) >= LETTERS - 1 and any(
            _is_form(folded, word) for word in self.words if len(word) >= least - _MOST_ADDED and word[0] == folded[0]
        )

    def share(self, stems: frozenset[str]) -> float:
        """Of these words, how many are here; 1 for none."""
        return len(stems & self.stems) / len(stems) if stems else 1.0


def held(text: str) -> Held:
    return joined([facts_of(text)])


def joined(facts: Sequence[Facts]) -> Held:
    numbers = [number for each in facts for number in each.numbers]
    names = [name for each in facts for name in each.names]
    return Held(
        frozenset(value for number in numbers for value in number.readings),
        frozenset((number.of, value) for number in numbers if number.of for value in number.readings),
        frozenset().union(*(each.folded for each in facts)),
        frozenset().union(*(each.stems for each in facts)),
        frozenset("".join([fold(word)[0] for word in name.words]) for name in names if len(name.words) > 1),
        any(each.negated for each in facts),
    )


def together(several: Sequence[Held]) -> Held:
    """As one text."""
    if len(several) == 1:
        return several[0]
    return Held(
        frozenset().union(*(each.readings for each in several)),
        frozenset().union(*(each.counted for each in several)),
        frozenset().union(*(each.words for each in several)),
        frozenset().union(*(each.stems for each in several)),
        frozenset().union(*(each.initials for each in several)),
        any(each.negated for each in several),
    )


class Pages:
    """Facts of one passage: of its title with its headings, and of each sentence."""

    __slots__ = ("_places", "nouns_are_capital", "sentences", "title", "whole")

    def __init__(self, passage: Passage) -> None:
        self.title = facts_of(" . ".join((passage.title, *passage.heading)))
        self.sentences = [facts_of(text) for text in _SENTENCE.split(passage.text) if text.strip()]
        self.whole = joined([self.title, *self.sentences])
        self.nouns_are_capital = capitals_mark_nouns(passage.text[:_SAMPLE])
        self._places: dict[int, list[Held]] = {}

    def places(self, size: int) -> list[Held]:
        """Every run of so many sentences, each with the title."""
        if size not in self._places:
            starts = range(max(1, len(self.sentences) - size + 1))
            self._places[size] = [joined([self.title, *self.sentences[at : at + size]]) for at in starts]
        return self._places[size]


def _is_form(one: str, other: str) -> bool:
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    return len(long) - len(short) <= _MOST_ADDED and len(short) >= LETTERS - 1 and long.startswith(short[:-1])
