"""How well a search does by what people have judged: recall, and the rank of the first good passage.

recall@k is the mean over queries of the share of good passages among the first k; MRR the mean of 1 / rank of the first good
one, 0 where none was found (Voorhees, TREC-8, 1999). Queries without a good passage that is still there count in neither.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stoa.domain.evaluation import Judgement
from stoa.domain.passages import Passage

CUTS = (1, 3, 5, 10, 20)
"""Those k of recall@k that are told, up to how many passages were asked for."""

_SHINGLE = 4
_SAME = 0.5
"""A passage is the judged one when at least so much of the shorter of the two lies in the other."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one query: `ranks` of its good passages, from 1, None where one was not found; `bad` those of bad ones."""

    query: str
    ranks: tuple[int | None, ...]
    bad: tuple[int, ...]

    @property
    def first(self) -> int | None:
        return min((rank for rank in self.ranks if rank is not None), default=None)


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over the queries that count, None when none does. `bad` is how many bad passages a query finds."""

    queries: int
    recall: Mapping[int, float] | None
    mrr: float | None
    bad: float | None


def judge(query: str, judgements: Sequence[Judgement], found: Sequence[Passage], digests: Mapping[str, str]) -> Judged:
    """Where the judged passages stand in what was found. `digests` are those of the documents that were found, by id."""
    ranks: list[int | None] = []
    bad: list[int] = []
    for judgement in judgements:
        places = (n for n, passage in enumerate(found, 1) if is_same(judgement, passage, digests.get(passage.document_id)))
        rank = next(places, None)
        if judgement.label == "good":
            ranks.append(rank)
        elif rank is not None:
            bad.append(rank)
    return Judged(query, tuple(ranks), tuple(bad))


def scores(judged: Sequence[Judged], *, limit: int) -> Scores:
    """Of what was found among the first `limit`."""
    counting = [each for each in judged if each.ranks]
    bad = sum(len(each.bad) for each in judged) / len(judged) if judged else None
    if not counting:
        return Scores(0, None, None, bad)
    recall = {k: _mean([_share(each, k) for each in counting]) for k in CUTS if k <= limit}
    return Scores(len(counting), recall, _mean([1 / each.first if each.first else 0.0 for each in counting]), bad)


def is_same(judgement: Judgement, passage: Passage, digest: str | None) -> bool:
    """Whether a passage is the judged one, however its document was cut, and also when that came again or was changed."""
    if passage.document_id != judgement.document_id and passage.path != judgement.path and digest != judgement.digest:
        return False
    if digest == judgement.digest:
        shared = min(passage.end, judgement.end) - max(passage.start, judgement.start)
        if shared >= _SAME * min(passage.end - passage.start, judgement.end - judgement.start):
            return True
    one, other = _shingles(judgement.text), _shingles(passage.text)
    return bool(one and other) and len(one & other) >= _SAME * min(len(one), len(other))


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Runs of words; a text of fewer is one run."""
    words = re.findall(r"\w+", text.lower())
    if not words:
        return frozenset()
    return frozenset(tuple(words[n : n + _SHINGLE]) for n in range(max(1, len(words) - _SHINGLE + 1)))


def _share(judged: Judged, k: int) -> float:
    return sum(rank is not None and rank <= k for rank in judged.ranks) / len(judged.ranks)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
