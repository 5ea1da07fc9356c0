"""Passages that repeat better ones, further down: greedy maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998).

The next passage is the one worth most beside those before it: `score * (1 - repeated)`, where `repeated` rises from 0 to 1
while the share of its word sequences that stand in one of them rises from LIKE to SAME. The order does not depend on how many
are asked for, so pages of one search follow on each other. Words are compared, not vectors: near in meaning is not the same.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from math import inf
from typing import TypeVar

from stoa.domain.passages import Passage

LIKE = 0.5
"""Share of a passage's word sequences in a better one from which on it is worth less. With .5 to .7 all recalls on BeerQA's
development half are what they are without; edited copies are told from .5 on."""

SAME = 0.9
"""Share from which on it stands behind all that say something else."""

_RUN = 3
"""Words of a sequence."""

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME = re.compile(r"(?<=[\w,;:(\"“'-] )[^\W\d_a-zà-ÿ]\w+")
_Item = TypeVar("_Item", bound=Passage)


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
    """The passages kept so far, by their word sequences."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._where: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        self._runs: dict[str, frozenset[tuple[str, ...]]] = {}

    def add(self, passage: Passage) -> None:
        for run in self._runs_of(passage):
            self._where[run].append(len(self._texts))
        self._texts.append(passage.text)

    def repeated_by(self, passage: Passage) -> float:
        """How far it repeats one of them, in [0, 1]. One that has a number of its own does not, nor, below SAME, one with a
        name of its own.
        """
        runs = self._runs_of(passage)
        shared = Counter(place for run in runs if run in self._where for place in self._where[run])
        most = 0.0
        for place, count in shared.items():
            share = count / len(runs)
            if share < LIKE or not _own(_NUMBER, passage.text) <= _own(_NUMBER, self._texts[place]):
                continue
            if share < SAME and any(name not in self._texts[place] for name in _own(_NAME, passage.text)):
                continue
            most = max(most, 1.0 if share >= SAME else (share - LIKE) / (SAME - LIKE))
        return most

    def _runs_of(self, passage: Passage) -> frozenset[tuple[str, ...]]:
        """Sequences of three words; all words of a text that has no three."""
        if (found := self._runs.get(passage.id)) is None:
            words = passage.text.casefold().split()
            runs = (
                zip(*(words[n:] for n in range(_RUN)), strict=False) if len(words) >= _RUN else [tuple(words)] if words else ()
            )
            found = self._runs[passage.id] = frozenset(runs)
        return found


def _own(what: re.Pattern[str], text: str) -> frozenset[str]:
    return frozenset(what.findall(text))
