"""Guards that take their time: in a thread of their own, or over vectors that a model has to give first."""

import asyncio
from collections.abc import Sequence

from stoa.domain.guardrails import Action, Stage
from stoa.domain.guards import RequestFacts
from stoa.gateway.guarding.rules import Marked
from stoa.guards.finding import Detector, Finding

TOGETHER_S = 10.0
"""For all texts of one request."""


class InThread:
    """Implements `rules.Late` with a detector that would hold everybody else up."""

    def __init__(self, detector: Detector, action: Action) -> None:
        self._detector = detector
        self._action: Action = action

    async def __call__(self, texts: Sequence[str], facts: RequestFacts, stage: Stage) -> Sequence[Sequence[Marked]]:
        del facts, stage
        async with asyncio.timeout(TOGETHER_S):
            found = await asyncio.to_thread(self._all, texts)
        return [[marked(one, self._action) for one in each] for each in found]

    def _all(self, texts: Sequence[str]) -> list[Sequence[Finding]]:
        return [self._detector.find(text) for text in texts]


def marked(one: Finding, action: Action) -> Marked:
    return Marked(one.kind, one.start, one.end, one.score, action)
