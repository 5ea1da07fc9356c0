"""Topics by likeness: whether a text is about something that an assistant is there for, or must stay away from.

A topic is a few example sentences. Embedding them and the text is the caller's; what comes here are unit vectors of one model.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from stoa.guards.finding import Finding

THRESHOLD = 0.5
"""Cosine from which a text is about a topic, for the built-in embedder; how it was chosen stands in the guide."""

Rule = Literal["denied", "not_allowed"]


class Topic(msgspec.Struct, frozen=True):
    """`examples` are unit vectors, one a sentence. A text is about it when it is at least this near to one of them."""

    name: str
    examples: Sequence[Sequence[float]]
    threshold: float = THRESHOLD


class TopicVerdict(msgspec.Struct, frozen=True, gc=False):
    """`rule` is None where the text may pass. `topic` is the denied one, or the nearest allowed one; `score` its cosine."""

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

    Raises ValueError where a topic has no examples, or vectors are not of one length and of norm 1.
    """

    def __init__(self, *, allow: Sequence[Topic] = (), deny: Sequence[Topic] = ()) -> None:
        widths = {len(vector) for topic in (*allow, *deny) for vector in topic.examples}
        if len(widths) > 1:
            raise ValueError(
                f"topics: the examples' vectors are of different lengths: {sorted(widths)}; embed all with one model"
            )
        self._allow = [(topic, _matrix(topic)) for topic in allow]
        self._deny = [(topic, _matrix(topic)) for topic in deny]

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


def _matrix(topic: Topic) -> NDArray[np.float32]:
    if len(topic.examples) == 0:
        raise ValueError(f"topics: {topic.name!r} has no examples; give a few sentences that are about it")
    matrix = np.asarray(topic.examples, dtype=np.float32)
    worst = float(np.abs(np.linalg.norm(matrix, axis=1) - 1).max())
    if worst > 1e-2:
        raise ValueError(f"topics: {topic.name!r} has a vector whose norm is off 1 by {worst:.3f}; normalise them")
    return matrix


def _nearest(topics: Sequence[tuple[Topic, NDArray[np.float32]]], text: NDArray[np.float32]) -> tuple[Topic, float] | None:
    """The topic that the text is furthest within, and by how much it is over its threshold."""
    over = [(topic, float((matrix @ text).max()) - topic.threshold) for topic, matrix in topics]
    return max(over, key=lambda one: one[1], default=None)
