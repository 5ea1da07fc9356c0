"""stoa-reader: answers a question with the sentences of numbered passages that answer it, word for word, with citations.

It writes nothing of its own but the refusal. What a passage says is only ever quoted, so instructions hidden in one do nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stoa.adapters.engines.embedder import MiniLM
from stoa.adapters.engines.evidence import Evidence, NumberedPassage, Weigher

REFUSAL = "The documents I may read do not answer this."

ANSWERS = 0.56
"""Least alignment of the best sentence that counts as an answer."""

SUPPORTS = 0.45
"""Least alignment of a further sentence."""

ADDS = 0.05
"""Least alignment that a further sentence must add to those chosen: it speaks of what they leave open."""

CLOSE = 0.02
"""A second sentence that scores so little below the best may be the answer as well."""

MOST_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Quote:
    """One sentence of an answer and the number of the passage it stands in."""

    text: str
    number: int


class Reader:
    """Reads passages for a question. Deterministic and thread-safe."""

    def __init__(self, model: MiniLM) -> None:
        self._weigher = Weigher(model)

    def read(self, question: str, passages: Sequence[NumberedPassage]) -> list[Quote]:
        """The sentences that answer, most important first within a passage order kept; empty when nothing answers."""
        evidence = self._weigher.weigh(question, passages)
        if not evidence or evidence[0].alignment < ANSWERS:
            return []
        return [Quote(one.unit.text, one.passage.number) for one in chosen(evidence)]


def chosen(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best piece, and up to two more that say what it leaves open or are as good. `evidence` is best first, not empty."""
    taken = [evidence[0]]
    if len(evidence) > 1 and evidence[0].score - evidence[1].score < CLOSE:
        taken.append(evidence[1])
    while len(taken) < MOST_SENTENCES:
        covered = np.max([one.aligned for one in taken], axis=0)
        further = [one for one in evidence if one.alignment >= SUPPORTS and not _repeats(one, taken)]
        gains = [float(np.maximum(one.aligned, covered).mean() - covered.mean()) for one in further]
        if not gains or max(gains) < ADDS:
            break
        taken.append(further[int(np.argmax(gains))])
    return taken


def written(quotes: Sequence[Quote]) -> str:
    """The answer as text: each sentence followed by its citation, or the refusal."""
    return " ".join(f"{quote.text} [{quote.number}]" for quote in quotes) or REFUSAL


def _repeats(one: Evidence, taken: Sequence[Evidence]) -> bool:
    """Whether it says what an answer says already: itself, a list around an item, the same sentence of another passage."""
    return any(one.unit.text in other.unit.text or other.unit.text in one.unit.text for other in taken)
