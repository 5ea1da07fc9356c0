"""What is spoken about, judged by vectors of one of the gateway's own models."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from math import sqrt

from stoa.domain.guardrails import Action, Stage, TopicsGuard
from stoa.domain.guardrails import Topic as Declared
from stoa.domain.guards import RequestFacts
from stoa.gateway.guarding.rules import Marked
from stoa.gateway.guarding.slow import marked
from stoa.guards.topics import THRESHOLD, Topic, Topics

Vectors = Callable[[str, Sequence[str], str], Awaitable[Sequence[Sequence[float]]]]
"""Model, texts, and the team that pays: a vector of each. Raises StoaError."""

_PART = 1000
_MOST_PARTS = 32
_TIMEOUT_S = 10.0


class OnTopic:
    """Implements `rules.Late`. The examples are embedded when they are first needed."""

    def __init__(self, guard: TopicsGuard, vectors: Vectors) -> None:
        self._guard = guard
        self._vectors = vectors
        self._topics: Topics | None = None

    async def __call__(self, texts: Sequence[str], facts: RequestFacts, stage: Stage) -> Sequence[Sequence[Marked]]:
        del stage
        async with asyncio.timeout(_TIMEOUT_S):
            topics = self._topics or await self._learn(facts.team)
            return [await self._judge(topics, text, facts.team) for text in texts]

    async def _judge(self, topics: Topics, text: str, team: str) -> list[Marked]:
        parts = [text[at : at + _PART] for at in range(0, min(len(text), _PART * _MOST_PARTS), _PART)]
        parts = [part for part in parts if part.strip()]
        if not parts:
            return []
        vectors = await self._vectors(self._guard.embedding_model, parts, team)
        action: Action = self._guard.action
        for part, vector in zip(parts, vectors, strict=True):
            found = topics.judge(_unit(vector)).finding(part)
            if found is not None:
                return [marked(found, action)]
        return []

    async def _learn(self, team: str) -> Topics:
        guard = self._guard
        every = [*guard.allow, *guard.deny]
        sentences = [example for topic in every for example in topic.examples]
        vectors = iter(await self._vectors(guard.embedding_model, sentences, team))

        def ready(topics: Sequence[Declared]) -> list[Topic]:
            least = THRESHOLD if guard.similarity is None else guard.similarity
            return [Topic(each.name, [_unit(next(vectors)) for _ in each.examples], least) for each in topics]

        allow, deny = ready(guard.allow), ready(guard.deny)
        self._topics = Topics(allow=allow, deny=deny)
        return self._topics


def _unit(vector: Sequence[float]) -> Sequence[float]:
    length = sqrt(sum(value * value for value in vector))
    return [value / length for value in vector] if length else vector
