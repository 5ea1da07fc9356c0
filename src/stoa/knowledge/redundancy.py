"""Passages that repeat better ones, further down: greedy maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).

The next passage is the one worth most beside those before it: `score * (1 - repeated)`, where `repeated` rises from 0 to 1
while the share of its word sequences that stand in one of them rises from LIKE to SAME. The order does not depend on how many
are asked for, so pages of one search follow on each other. Words are compared, not vectors: near in meaning is not the same.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from heapq import heappop, heappush
from math import inf
from typing import TypeVar

from stoa.domain.passages import Passage

LIKE = 0.5
"""Share of a passage's word sequences in a better one from which on it is worth less. BeerQA's development half is ranked the
same with .3 to .9. With eight edited copies of one source of each of 70 two-hop questions, both sources are in the first ten
in .886; where SAME alone stands back, in .857; where nothing does, in .657."""

SAME = 0.9
"""Share from which on it stands behind all that say something else."""

_LONG = 6
"""Letters of a word that a compared sequence begins with."""

_FEW = 4
"""Such sequences that tell enough."""

_HINT = 0.3
"""Share of them from which on all sequences are compared."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<=[\w,;:(\"“'-] )[^\W\d_a-zà-ÿ]\w+")
_Item = TypeVar("_Item", bound=Passage)
_Run = tuple[str, str, str]


def diverse(ranked: Iterable[_Item], *, limit: int, score_of: Callable[[_Item], float] | None = None) -> list[_Item]:
    """The first `limit` of a ranking, best first, those that repeat others after them; none is lost.

    `score_of` gives what `ranked` is sorted by, where that is not the passages' own score. Only as many are looked at as it
    takes.
    """
    coming = ((passage, score_of(passage) if score_of else passage.score) for passage in ranked)
    following = next(coming, None)
    waiting: list[tuple[float, int, _Item, float]] = []  # by what each was worth when it was last looked at, which only falls
    kept, said, seen = list[_Item](), _Said(), 0
    while len(kept) < limit and (following is not None or waiting):
        if following is not None and (not waiting or following[1] >= -waiting[0][0]):
            (passage, score), place = following, seen
            bound, following, seen = score, next(coming, None), seen + 1
        else:
            worth, place, passage, score = heappop(waiting)
            bound = -worth
        repeated = said.repeated_by(passage)
        worth = score - abs(score) * repeated if repeated < 1 else -inf
        if worth < bound:
            heappush(waiting, (-worth, place, passage, score))
        else:
            kept.append(passage)
            said.add(passage)
    return kept


class _Said:
    """The passages kept so far, by those of their word sequences that begin with a long word: a third of them, as a rule.

    Most passages share none of these with any other, and nothing else of them is compared.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._where: defaultdict[_Run, list[int]] = defaultdict(list)
        self._beginnings: dict[str, list[_Run]] = {}

    def add(self, passage: Passage) -> None:
        for run in self._beginnings_of(passage):
            self._where[run].append(len(self._texts))
        self._texts.append(passage.text)

    def repeated_by(self, passage: Passage) -> float:
        """How far it repeats one of them, in [0, 1]. One that has a number of its own does not, nor, below SAME, one with a
        name of its own.
        """
        most = 0.0
        for text in self._like(passage):
            share = _share(passage.text, text)
            if share < LIKE or not _own(_NUMBER, passage.text) <= _own(_NUMBER, text):
                continue
            if share < SAME and any(name not in text for name in _own(_NAME, passage.text)):
                continue
            most = max(most, 1.0 if share >= SAME else (share - LIKE) / (SAME - LIKE))
        return most

    def _like(self, passage: Passage) -> list[str]:
        """Those worth comparing with it; all of them where it is too short to tell."""
        runs = self._beginnings_of(passage)
        if len(runs) < _FEW:
            return self._texts
        shared = Counter(place for run in runs if run in self._where for place in self._where[run])
        return [self._texts[place] for place, count in shared.items() if count >= _HINT * len(runs)]

    def _beginnings_of(self, passage: Passage) -> list[_Run]:
        if (found := self._beginnings.get(passage.id)) is None:
            words = passage.text.casefold().split()
            found = [run for run in zip(words, words[1:], words[2:], strict=False) if len(run[0]) >= _LONG]
            self._beginnings[passage.id] = found
        return found


def _share(text: str, other: str) -> float:
    """Of the word sequences of a text, the part that stands in another."""
    runs = _runs(text)
    return len(runs & _runs(other)) / len(runs) if runs else 0.0


@lru_cache(maxsize=64)
def _runs(text: str) -> frozenset[tuple[str, ...]]:
    """Sequences of three words; all words of a text that has no three."""
    words = text.casefold().split()
    return frozenset(zip(words, words[1:], words[2:], strict=False) if len(words) > 2 else (tuple(words),) if words else ())


def _own(what: re.Pattern[str], text: str) -> frozenset[str]:
    return frozenset(what.findall(text))
