"""Hedged requests: after how long a second target is asked beside the first. The first content wins."""

from stoa.domain.resources import Hedge
from stoa.gateway.routing.state import TargetState


def hedge_after_s(hedge: Hedge, state: TargetState, now: float, *, streamed: bool) -> float | None:
    """Seconds after the first target was asked; None when it is not known well enough to tell what is slow.

    What is slow is told by the first content of a stream, and by the end of a whole answer.
    """
    if hedge.after_s is not None:
        return hedge.after_s
    p95_ms = state.p95_ms(now, "first_token" if streamed else "latency")
    return None if p95_ms is None else max(p95_ms / 1000, hedge.least_s)
