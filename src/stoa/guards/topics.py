"""Topics by likeness: whether a text is about something that an assistant is there for, or must stay away from.

A topic is a few example sentences. Embedding them and the text is the caller's; what comes here are unit vectors of one model.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from stoa.guards.finding import Finding

THRESHOLD = 0.4
"""Nearness from which a text is about a topic, for the built-in embedder.

Chosen on three topics of six examples each among questions people ask each other (`bench/guardrails.py`): 0.85 of the questions
about them are found, and 0.020 of all others, many of which are about them in other words. On three other topics, one of
them loose, 0.60 and 0.013.
"""

Rule = Literal["denied", "not_allowed"]


class Topic(msgspec.Struct, frozen=True):
    """`examples` are unit vectors, one a sentence. `threshold` is a nearness: see `Topics`."""

    name: str
    examples: Sequence[Sequence[float]]
    threshold: float = THRESHOLD


class TopicVerdict(msgspec.Struct, frozen=True, gc=False):
    """`rule` is None where the text may pass. `topic` is the denied one, or the nearest allowed one; `score` its nearness."""

    rule: Rule | None
    topic: str | None
    score: float

    def finding(self, text: str) -> Finding | None:
        """About the whole text, where there is something to act on."""
        if self.rule is None:
            return None
        kind = "TOPIC_DENIED" if self.rule == "denied" else "TOPIC_NOT_ALLOWED"
        return Finding(kind, 0, len(text), min(1.0, max(0.001, self.score)))


class Topics:
    """A text about a denied topic is stopped; where topics are allowed, so is one about none of them. Thread-safe.

    Nearness to a topic is the mean of two cosines: to the nearest of its examples and to the middle of them all. The first
    alone takes in what only sounds like one example, the second alone loses what only one example is about.

    Raises ValueError where a topic has no examples, or vectors are not of one length and of norm 1.
    """

    def __init__(self, *, allow: Sequence[Topic] = (), deny: Sequence[Topic] = ()) -> None:
        widths = {len(vector) for topic in (*allow, *deny) for vector in topic.examples}
        if len(widths) > 1:
            raise ValueError(
                f"topics: the examples' vectors are of different lengths: {sorted(widths)}; embed all with one model"
            )
        self._allow = [(topic, _measured(topic)) for topic in allow]
        self._deny = [(topic, _measured(topic)) for topic in deny]

    def judge(self, vector: Sequence[float]) -> TopicVerdict:
        """Of a text by its unit vector; of a long text, ask for each part and act on the worst."""
        text = np.asarray(vector, dtype=np.float32)
        denied = _nearest(self._deny, text)
        if denied is not None and denied[1] >= 0:
            return TopicVerdict("denied", denied[0].name, denied[0].threshold + denied[1])
        allowed = _nearest(self._allow, text)
        if allowed is None:
            return TopicVerdict(None, None, 0.0)
        return TopicVerdict("not_allowed" if allowed[1] < 0 else None, allowed[0].name, allowed[0].threshold + allowed[1])


def _measured(topic: Topic) -> NDArray[np.float32]:
    """The examples, and below them the middle of them all."""
    if len(topic.examples) == 0:
        raise ValueError(f"topics: {topic.name!r} has no examples; give a few sentences that are about it")
    matrix = np.asarray(topic.examples, dtype=np.float32)
    worst = float(np.abs(np.linalg.norm(matrix, axis=1) - 1).max())
    if worst > 1e-2:
        raise ValueError(f"topics: {topic.name!r} has a vector whose norm is off 1 by {worst:.3f}; normalise them")
    middle = matrix.mean(axis=0)
    length = float(np.linalg.norm(middle))
    return np.vstack((matrix, middle / length if length else middle))


def _nearest(topics: Sequence[tuple[Topic, NDArray[np.float32]]], text: NDArray[np.float32]) -> tuple[Topic, float] | None:
    """The topic that the text is furthest within, and by how much it is over its threshold."""
    over: list[tuple[Topic, float]] = []
    for topic, matrix in topics:
        cosines = matrix @ text
        over.append((topic, float(cosines[:-1].max() + cosines[-1]) / 2 - topic.threshold))
    return max(over, key=lambda one: one[1], default=None)
