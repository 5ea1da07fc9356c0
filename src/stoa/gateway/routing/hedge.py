"""Hedged requests: after how long a second target is asked beside the first. The first content wins."""

from stoa.domain.resources import Hedge
from stoa.gateway.routing.state import TargetState


def hedge_after_s(hedge: Hedge, state: TargetState, now: float) -> float | None:
    """Seconds after the first target was asked; None when it is not known well enough to tell what is slow."""
    if hedge.after_s is not None:
        return hedge.after_s
    p95_ms = state.first_token_p95_ms(now)
    return None if p95_ms is None else max(p95_ms / 1000, hedge.least_s)
