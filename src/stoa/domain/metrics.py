"""Every number that `/metrics` shows: its name, its kind, its labels, and how those of several workers make one.

Labels come from what the operator has configured and from closed sets, never from what a request says of itself: there is no
label for a key, a user, a team or a request, so that the number of series is bounded.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

Labels = tuple[str, ...]
"""The labels' values, in the order of their names."""

Whole = Literal["sum", "max", "min"]

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
FINE_SECONDS = (
    0.000001, 0.000002, 0.000005, 0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.1, 1.0, 10.0,
)  # fmt: skip


class Metric(NamedTuple):
    """One name. `bounds` are a histogram's, in seconds; `whole` says what a gauge of several workers is."""

    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    whole: Whole = "sum"


_TARGET = ("model", "provider")

METRICS: Mapping[str, Metric] = {
    "stoa_requests_total": Metric(
        "counter", "Requests that reached the usage log, by final status.", ("route", "model", "status", "cache")
    ),
    "stoa_request_seconds": Metric("histogram", "From a request's head to the last byte of its answer.", ("route",), SECONDS),
    "stoa_first_token_seconds": Metric(
        "histogram", "Of streams, from a request's head to the first content of its answer.", ("route",), SECONDS
    ),
    "stoa_tokens_total": Metric("counter", "Tokens; kind is prompt or completion.", ("route", "model", "kind")),
    "stoa_cost_nano_usd_total": Metric("counter", "Nano-dollars; requests of unknown cost are not in it.", ("route", "model")),
    "stoa_unknown_cost_requests_total": Metric("counter", "Requests whose cost is not known.", ("route", "model")),
    "stoa_retries_total": Metric(
        "counter", "Further tries of requests after their first: retries, fallbacks, hedges.", ("route",)
    ),
    "stoa_shadow_requests_total": Metric(
        "counter", "Copies for a shadow, whose answer nobody saw; in none of the above.", ("route", "model", "status")
    ),
    "stoa_shadow_cost_nano_usd_total": Metric("counter", "What those copies cost, nano-dollars.", ("route", "model")),
    "stoa_refused_total": Metric("counter", "Requests refused before a model was asked, by error code.", ("code",)),
    "stoa_refusals_left_out_total": Metric(
        "counter", "Of those, refusals of known callers that left no fact, since there were too many in a second."
    ),
    "stoa_budget_warnings_total": Metric("counter", "Requests that passed over a budget's soft limit.", ("budget",)),
    "stoa_upstream_failures_total": Metric("counter", "Tries that failed, by error code.", ("code",)),
    "stoa_stage_seconds": Metric(
        "histogram",
        "Of one request in sixteen: receive (the body comes in), read, admit, cache, augment, route, upstream (waits), answer, "
        "settle; overhead is what Stoa itself took, all but receive, augment and upstream.",
        ("stage",),
        FINE_SECONDS,
    ),
    "stoa_target_inflight": Metric("gauge", "Tries under way at a target.", (*_TARGET, "lane")),
    "stoa_target_waiting": Metric("gauge", "Requests in line for a place at a target.", (*_TARGET, "lane")),
    "stoa_target_breaker": Metric("gauge", "Circuit breaker: 0 closed, 1 half-open, 2 open.", _TARGET, whole="max"),
    "stoa_target_healthy": Metric(
        "gauge", "What the provider's health check says; 1 where there is none.", _TARGET, whole="min"
    ),
    "stoa_target_error_rate": Metric("gauge", "Share of failed tries, last five minutes.", _TARGET, whole="max"),
    "stoa_target_latency_seconds": Metric(
        "gauge", "Of whole tries, last five minutes; quantile is 0.5, 0.95 or 0.99.", (*_TARGET, "quantile"), whole="max"
    ),
    "stoa_target_first_token_seconds": Metric(
        "gauge", "To a stream's first content, last five minutes; quantile is 0.95.", (*_TARGET, "quantile"), whole="max"
    ),
    "stoa_target_answered_total": Metric("counter", "Tries that a target answered.", _TARGET),
    "stoa_target_failed_total": Metric("counter", "Tries that failed at a target.", _TARGET),
    "stoa_target_refused_total": Metric("counter", "Tries that a target refused as the caller's fault.", _TARGET),
    "stoa_target_given_up_total": Metric("counter", "Tries that the client or Stoa cancelled.", _TARGET),
    "stoa_guard_total": Metric("counter", "Guards that ran, by what they did.", ("guardrail", "guard", "action")),
    "stoa_guard_seconds": Metric("histogram", "What judging one request's texts took.", ("guard",), FINE_SECONDS),
    "stoa_cache_hits_total": Metric("counter", "Answers from the cache; tier is exact, joined or semantic.", ("tier",)),
    "stoa_cache_saved_nano_usd_total": Metric(
        "counter", "What those answers had cost when they were made, as far as that is known, nano-dollars.", ("tier",)
    ),
    "stoa_cache_entries": Metric("gauge", "Answers that are kept."),
    "stoa_cache_bytes": Metric("gauge", "Memory that they take."),
    "stoa_connections": Metric("gauge", "Connections of clients that are open."),
    "stoa_limits_lost": Metric(
        "gauge", "1 while limits cannot be counted together with the other workers and replicas.", ("counter",), whole="max"
    ),
    "stoa_limits_alone_total": Metric(
        "counter", "Requests decided without that count: open, within what each may use meanwhile, or refused.", ("outcome",)
    ),
    "stoa_limits_redis_seconds": Metric("histogram", "Calls of Redis that count; each is for many requests.", (), FINE_SECONDS),
    "stoa_limits_wait_seconds": Metric("histogram", "How long requests waited for the count.", (), SECONDS),
    "stoa_usage_log_backlog_bytes": Metric("gauge", "Usage that control does not have yet."),
    "stoa_contents_total": Metric(
        "counter", "Requests whose content is to be kept: taken, or dropped since there was no room.", ("outcome",)
    ),
    "stoa_snapshot_version": Metric("gauge", "The desired state that is served; the oldest of all workers.", whole="min"),
    "stoa_snapshot_age_seconds": Metric("gauge", "Since that desired state was made.", whole="max"),
    "stoa_control_silent_seconds": Metric(
        "gauge", "Since control last answered; changes and revoked keys do not come through meanwhile.", whole="max"
    ),
    "stoa_spans_total": Metric(
        "counter",
        "Spans of traces: sent, or dropped because none could wait (full) or none were taken (refused).",
        ("outcome",),
    ),
    "stoa_worker_up": Metric("gauge", "1 for a worker that is alive, 0 for one whose numbers have grown old.", ("worker",)),
    "stoa_worker_memory_bytes": Metric("gauge", "Resident memory.", ("worker",)),
    "stoa_worker_cpu_seconds_total": Metric("counter", "CPU time.", ("worker",)),
    "stoa_build_info": Metric("gauge", "Always 1; the label tells the version.", ("version",), whole="max"),
}


class Histogram(msgspec.Struct, array_like=True):
    """How many fell into each bucket, the last being for what is above all bounds, and their sum in seconds."""

    buckets: list[int]
    total: float


class Sheet(msgspec.Struct, kw_only=True):
    """The numbers of one moment, by name and labels."""

    numbers: dict[str, dict[Labels, float]] = {}
    histograms: dict[str, dict[Labels, Histogram]] = {}

    def add(self, name: str, value: float, *labels: str) -> None:
        """Add to a number; two with the same labels become one as the metric says."""
        found = self.numbers.setdefault(name, {})
        found[labels] = _as_one(METRICS[name].whole, found[labels], value) if labels in found else value

    def observe(self, name: str, buckets: Sequence[int], total: float, *labels: str) -> None:
        """Add to a histogram."""
        found = self.histograms.setdefault(name, {})
        before = found.get(labels)
        if before is None:
            found[labels] = Histogram(list(buckets), total)
        else:
            before.buckets = [a + b for a, b in zip(before.buckets, buckets, strict=True)]
            before.total += total

    def take(self, other: "Sheet", *, gauges: bool = True) -> None:
        """Add all of another sheet, or all but its gauges."""
        for name, series in other.numbers.items():
            if gauges or METRICS[name].kind == "counter":
                for labels, value in series.items():
                    self.add(name, value, *labels)
        for name, shapes in other.histograms.items():
            for labels, shape in shapes.items():
                self.observe(name, shape.buckets, shape.total, *labels)


class Board(Protocol):
    """Where the workers of one gateway put their sheets, so that whoever is asked can tell of all."""

    def post(self, own: Sheet) -> None:
        """Put up this worker's numbers as they are now."""
        ...

    def whole(self, own: Sheet) -> Sheet:
        """The same, and the numbers of all workers as one. Counters never go back while one of them is replaced."""
        ...


def _as_one(whole: Whole, a: float, b: float) -> float:
    match whole:
        case "sum":
            return a + b
        case "max":
            return max(a, b)
        case "min":
            return min(a, b)
