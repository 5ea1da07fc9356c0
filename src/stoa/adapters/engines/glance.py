"""A first look at sentences, by words and by the model's table of words alone, so that few need to be read with care.

The table's rows know what a word means but not what stands around it. On the SQuAD part of BeerQA's development half the
sentence that reading everything would choose is among the 400 tokens that look best for every question, and among the best 300
for .99 of them. What is measured there does not differ by more than chance between 320 and all.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from stoa.adapters.engines.cosines import cosines
from stoa.adapters.engines.embedder import MiniLM, Vectors

READ_TOKENS = 320
"""Most tokens that are read with care for one question: a tenth of a second of one core."""

AROUND, EARLY = 0.3, 0.1
"""What the words around a sentence and its passage's place in the order count beside the match of its tokens."""

_SAMPLE = 16
"""Every so many rows of the table tell what all rows have in common."""


class Glance:
    """Looks at token ids. Thread-safe."""

    def __init__(self, model: MiniLM) -> None:
        self._table = model.vocabulary
        self._shared = np.asarray(self._table[::_SAMPLE], dtype=np.float32).mean(axis=0)

    def match(self, asked: Sequence[int], texts: Sequence[Sequence[int]]) -> Vectors:
        """For each text and each token of the question the cosine of the nearest word, (texts, tokens)."""
        starts = np.cumsum([0, *map(len, texts[:-1])])
        words, places = np.unique(np.concatenate([np.asarray(text) for text in texts]), return_inverse=True)
        return np.maximum.reduceat(cosines(self._vectors(words), self._vectors(asked))[places], starts, axis=0)

    def _vectors(self, tokens: Sequence[int] | npt.NDArray[np.int64]) -> Vectors:
        rows = self._table[np.asarray(tokens)] - self._shared
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)


def worth_reading(looks: Sequence[Sequence[float]], lengths: Sequence[int], *, tokens: int = READ_TOKENS) -> list[int]:
    """Which texts to read: the best for each part of a question in turn until `tokens` are spent, at least one; in order."""
    chosen: dict[int, None] = {}
    for at in _in_turn(looks):
        if at in chosen:
            continue
        tokens -= lengths[at]
        if tokens < 0 and chosen:
            break
        chosen[at] = None
    return sorted(chosen)


def _in_turn(looks: Sequence[Sequence[float]]) -> Iterator[int]:
    orders = [sorted(range(len(look)), key=lambda at: -look[at]) for look in looks]
    for places in zip(*orders, strict=True):
        yield from places
