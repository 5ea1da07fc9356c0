"""What gateways say of their targets, kept in memory: the last report of each worker, and all of them taken together.

Nothing of it is stored. After a restart of control the next reports, two seconds later, bring everything back.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import msgspec

from stoa.domain.operations import ErrorClass
from stoa.domain.targets import TargetReport, WorkerReport
from stoa.errors import InvalidRequest
from stoa.kit.histogram import added, percentile

KEPT_S = 10.0
"""A worker that was silent for longer is taken for gone."""

TargetHealth = Literal["healthy", "probing", "open", "unhealthy", "unknown"]
"""`probing`: left alone until now, a probe decides; `open`: left alone; `unhealthy`: its provider's health check fails;
`unknown`: nobody was sent there yet."""

_Key = tuple[str, str]
_decode = msgspec.msgpack.Decoder(WorkerReport).decode


class WorkerView(NamedTuple):
    """One target as one worker of a gateway sees it."""

    gateway: str
    worker: int
    health: TargetHealth
    requests: int
    in_flight: int


class TargetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One model of one provider, over all workers. What was not measured yet is None, never 0.

    Counts, rates and percentiles are of the last `window_s` seconds.
    """

    health: TargetHealth
    """The worst that a worker sees; `workers` tells how many see it."""
    note: str
    """What the health check found."""
    usable_in_s: float
    window_s: float
    requests: int
    failed: int
    refused: int
    error_rate: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    first_token_p50_ms: float | None
    first_token_p95_ms: float | None
    tokens_per_s: float
    in_flight: int
    waiting: int
    last_error: ErrorClass | None
    last_error_ago_s: float | None
    workers: tuple[WorkerView, ...]


class TargetBoard:
    """The last report of each worker of each gateway. `now_s` is a clock that never goes back."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._reports: dict[tuple[str, int], tuple[float, WorkerReport]] = {}

    def take(self, message: bytes) -> None:
        """Keep a report, in msgpack. Raises InvalidRequest."""
        try:
            report = _decode(message)
        except msgspec.MsgspecError as error:
            raise InvalidRequest(f"The body is no report on targets: {error}.") from None
        self._reports[report.gateway, report.worker] = (self._now_s(), report)

    @property
    def workers(self) -> int:
        """How many have reported lately."""
        return len(self._fresh())

    def statuses(self) -> dict[_Key, TargetStatus]:
        """By model and provider. Models that no worker knows are missing."""
        found: dict[_Key, list[tuple[WorkerReport, TargetReport]]] = {}
        for report in self._fresh():
            for target in report.targets:
                found.setdefault((target.model, target.provider), []).append((report, target))
        return {key: _merged(seen) for key, seen in found.items()}

    def _fresh(self) -> list[WorkerReport]:
        oldest = self._now_s() - KEPT_S
        self._reports = {key: kept for key, kept in self._reports.items() if kept[0] >= oldest}
        return [self._reports[key][1] for key in sorted(self._reports)]


_WORST_FIRST: tuple[TargetHealth, ...] = ("unhealthy", "open", "probing", "healthy", "unknown")


def health_of(report: TargetReport) -> TargetHealth:
    """How one process sees it."""
    if not report.healthy:
        return "unhealthy"
    if report.breaker != "closed":
        return "open" if report.breaker == "open" else "probing"
    asked = (
        report.answered_total + report.failed_total + report.refused_total + report.inflight_realtime + report.inflight_batch
    )
    return "healthy" if asked else "unknown"


def _merged(seen: Sequence[tuple[WorkerReport, TargetReport]]) -> TargetStatus:
    reports = [target for _, target in seen]
    answered, failed, refused = (
        sum(counts) for counts in zip(*((r.answered, r.failed, r.refused) for r in reports), strict=True)
    )
    judged = answered + failed + refused
    latency, first = added(r.latency_counts for r in reports), added(r.first_token_counts for r in reports)
    worst = min(reports, key=lambda each: _WORST_FIRST.index(health_of(each)))
    failing = [each for each in reports if each.last_error_ago_s is not None]
    latest = min(failing, key=lambda each: each.last_error_ago_s or 0.0, default=None)
    return TargetStatus(
        health=health_of(worst),
        note=worst.health_note,
        usable_in_s=worst.usable_in_s,
        window_s=max(r.window_s for r in reports),
        requests=judged + sum(r.given_up for r in reports),
        failed=failed,
        refused=refused,
        error_rate=failed / judged if judged else None,
        latency_p50_ms=percentile(latency, 0.5),
        latency_p95_ms=percentile(latency, 0.95),
        latency_p99_ms=percentile(latency, 0.99),
        first_token_p50_ms=percentile(first, 0.5),
        first_token_p95_ms=percentile(first, 0.95),
        tokens_per_s=sum(r.tokens / r.window_s for r in reports),
        in_flight=sum(_in_flight(r) for r in reports),
        waiting=sum(r.waiting_realtime + r.waiting_batch for r in reports),
        last_error=latest.last_error_class if latest is not None else None,
        last_error_ago_s=latest.last_error_ago_s if latest is not None else None,
        workers=tuple(
            WorkerView(
                gateway=by.gateway,
                worker=by.worker,
                health=health_of(target),
                requests=target.answered + target.failed + target.refused + target.given_up,
                in_flight=_in_flight(target),
            )
            for by, target in seen
        ),
    )


def _in_flight(report: TargetReport) -> int:
    return report.inflight_realtime + report.inflight_batch
