"""stoa-reader: answers a question with the sentences of numbered passages that answer it, word for word, with citations.

It writes nothing of its own but the refusal. What a passage says is only ever quoted, so instructions hidden in one do nothing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stoa.adapters.engines.evidence import Evidence, NumberedPassage, Ranking, Weigher

REFUSAL = "The documents I may read do not answer this."

ANSWERS = 0.55
"""Least alignment of the best sentence that counts as an answer. On BeerQA's development half, gold passages among the 8
hardest others, it keeps .92 of the answerable and refuses .94 of those whose gold passages are removed; .56: .90 and .96.
Adding words, kind or the worst matched word to alignment did not separate the two better under cross-validation."""

SUPPORTS = 0.45
"""Least alignment of a further sentence."""

ADDS = 0.05
"""Least alignment that a further sentence must add to those chosen: it speaks of what they leave open."""

CLOSE = 0.04
"""A second sentence that scores so little below the best may be the answer as well."""

MOST_SENTENCES = 3

_BRACKETED = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Quote:
    """One sentence of an answer and the number of the passage it stands in."""

    text: str
    number: int


class Reader:
    """Reads passages for a question. Deterministic and thread-safe."""

    def __init__(self, weigher: Weigher) -> None:
        self._weigher = weigher

    def read(self, question: str, passages: Sequence[NumberedPassage]) -> list[Quote]:
        """The sentences that answer, in the order of what is asked; empty when nothing answers."""
        rankings = self._weigher.weigh(question, passages)
        taken: list[Evidence] = []
        for ranking in rankings:
            taken += [one for one in chosen(ranking, alone=len(rankings) == 1) if not _repeats(one, taken)]
        return [Quote(one.unit.text, one.passage.number) for one in taken[:MOST_SENTENCES]]


def chosen(ranking: Ranking, *, alone: bool = True) -> list[Evidence]:
    """The best piece if it answers, with one that may be as good; for a question that asks one thing, with what says more."""
    evidence = ranking.evidence
    if evidence[0].alignment < ANSWERS:
        return []
    taken = [evidence[0]]
    if len(evidence) > 1 and evidence[0].score - evidence[1].score < CLOSE and not _repeats(evidence[1], taken):
        taken.append(evidence[1])
    while alone and len(taken) < MOST_SENTENCES:
        covered = np.max([one.aligned for one in taken], axis=0)
        further = [one for one in evidence if one.alignment >= SUPPORTS and not _repeats(one, taken)]
        gains = [float((np.maximum(one.aligned, covered) - covered) @ ranking.importance) for one in further]
        if not gains or max(gains) < ADDS:
            break
        taken.append(further[int(np.argmax(gains))])
    return taken


def written(quotes: Sequence[Quote]) -> str:
    """The answer as text: each sentence followed by its citation, or the refusal. Only citations stand in brackets."""
    said = [_BRACKETED.sub(r"(\1)", quote.text) for quote in quotes]
    return " ".join(f"{text} [{quote.number}]" for text, quote in zip(said, quotes, strict=True)) or REFUSAL


def _repeats(one: Evidence, taken: Sequence[Evidence]) -> bool:
    """Whether it says what an answer says already: itself, a list around an item, the same sentence of another passage."""
    return any(one.unit.text in other.unit.text or other.unit.text in one.unit.text for other in taken)
