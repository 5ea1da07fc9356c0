"""Requests that were refused before a model was asked: each leaves a fact with its reason, but a flood of them only some."""

from __future__ import annotations

import time
from collections.abc import Callable
from time import perf_counter
from typing import TYPE_CHECKING

from stoa.domain.usage import UsageFact
from stoa.errors import StoaError
from stoa.gateway.access import MOST_A_SECOND
from stoa.gateway.metrics import Metrics
from stoa.gateway.recording import refusal_recorded

if TYPE_CHECKING:
    from stoa.gateway.delivery import Delivery

_LONGEST_NAME = 200


class Refusals:
    """`take` is given the facts, of which nobody waits to be written; `now` is of a clock that never goes back."""

    def __init__(self, take: Callable[[UsageFact], None], metrics: Metrics, now: Callable[[], float]) -> None:
        self._take = take
        self._metrics = metrics
        self._now = now
        self._second = 0
        self._noted = 0

    def note(self, request: Delivery, error: StoaError) -> None:
        """Make a fact of it, unless a second has had enough of them. A copy that nobody sees leaves none."""
        if request.shadow:
            return
        second = int(self._now())
        if second != self._second:
            self._second, self._noted = second, 0
        self._noted += 1
        if self._noted > MOST_A_SECOND:
            self._metrics.refusals_left_out += 1
            return
        self._take(_fact_of(request, error))


def _fact_of(request: Delivery, error: StoaError) -> UsageFact:
    caller, plan, now = request.client.caller, request.plan, perf_counter()
    offering = request.offering if hasattr(request, "offering") else None
    return UsageFact(
        id=request.id,
        at_ms=time.time_ns() // 1_000_000,
        request_id=request.request_id,
        operation=request.surface.operation,
        team=caller.team,
        key_id=caller.key_id,
        user_id=caller.user_id,
        requested=request.ask.model[:_LONGEST_NAME] if hasattr(request, "ask") else "",
        assistant=offering.assistant.name if offering is not None and offering.assistant is not None else None,
        model=None,
        provider=None,
        status=error.status,
        cache=request.cache,
        streamed=request.streamed,
        prompt_tokens=None,
        completion_tokens=None,
        tokens_from="none",
        cost_nano_usd=0,
        latency_ms=(now - request.started) * 1000,
        first_token_ms=None,
        attempts=0,
        error=error.code,
        snapshot_version=plan.version,
        price_version=plan.price_version,
        corpus_version=offering.corpus_version if offering is not None else None,
        parent_id=request.parent_id,
        form=request.surface.form,
        lane=request.lane,
        refused=True,
        decision=refusal_recorded(request, now),
    )
