"""What is known about the targets of routes: how each is doing, and why one was or would be chosen."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from stoa.domain.behalf import Behalf
from stoa.domain.operations import ErrorClass
from stoa.domain.resources import Route

BreakerPosition = Literal["closed", "open", "half_open"]
"""`closed`: asked as usual; `open`: left alone; `half_open`: one probe at a time."""


class TargetReport(msgspec.Struct, frozen=True, kw_only=True):
    """One model of one provider, as one process of the gateway sees it. What was not measured yet is None, never 0.

    Counts are since the process began; rates, shares and percentiles are of the last `window_s` seconds. Latency is from
    the sending of a request to the end of its answer; first token is to the first content of a stream.
    """

    model: str
    provider: str
    upstream_name: str
    breaker: BreakerPosition
    usable_in_s: float
    """0 when it can be asked now."""
    healthy: bool
    """What the provider's active health check says; True where there is none."""
    health_note: str
    inflight_realtime: int
    inflight_batch: int
    waiting_realtime: int
    waiting_batch: int
    answered_total: int
    failed_total: int
    """Failures of the target; a request that it refused as the caller's fault counts as answered for the error rate."""
    refused_total: int
    """The caller's faults: a wrong request, too long a prompt, content against a policy."""
    given_up_total: int
    """Cancelled by the client or by Stoa."""
    tokens_total: int
    window_s: float
    answered: int
    """In the window, as the next four."""
    failed: int
    refused: int
    given_up: int
    tokens: int
    requests_per_s: float
    error_rate: float | None
    latency_mean_ms: float | None
    """Of the last minute or so; recent requests weigh more."""
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    latency_counts: tuple[int, ...]
    """By the buckets of `kit.histogram`; empty when nothing was measured. Counts of several processes add up."""
    first_token_mean_ms: float | None
    first_token_p95_ms: float | None
    first_token_counts: tuple[int, ...]
    last_error_class: ErrorClass | None
    last_error_message: str | None
    last_error_ago_s: float | None


class WorkerReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one worker of one gateway sees, delivered to control every few seconds."""

    gateway: str
    """The machine's name."""
    worker: int
    """From 1."""
    targets: tuple[TargetReport, ...]


Verdict = Literal["first", "then", "on", "passed over"]
"""`first`: asked first; `then`: asked next after any failure of the provider; `on`: after failures of some classes only."""


class Consideration(msgspec.Struct, frozen=True, kw_only=True):
    """One target of a route, and what a request would do with it now."""

    model: str
    provider: str
    arm: str | None
    verdict: Verdict
    on: tuple[ErrorClass, ...] = ()
    """The classes, where the verdict is `on`."""
    why: str
    """One sentence for whoever operates the route."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a request would go now, and why, without sending it."""

    route: str
    strategy: str
    assistant: str | None
    sticky: bool
    snapshot: int
    cache: Literal["hit", "miss", "bypass"]
    """`hit`: an answer is kept and would be given; `miss`; `bypass`: this request's answer would not be kept."""
    complexity: float | None
    """From 0 to 1, where the strategy asks for it."""
    steps: tuple[Consideration, ...]


class Explainer(Protocol):
    """Asks a gateway for a dry run on somebody's behalf."""

    async def explain(self, route: Route, request: Mapping[str, object], *, tags: Sequence[str], behalf: Behalf) -> Explanation:
        """`request` is a chat completion without its model. Raises InvalidRequest, ProviderError and whatever it refuses."""
        ...
