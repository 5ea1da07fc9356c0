"""What the gateway counts. `domain.metrics` names it all, `exposition` shows it."""

from bisect import bisect_left
from collections.abc import Sequence
from time import perf_counter

from stoa.domain.guards import Verdict
from stoa.domain.metrics import FINE_SECONDS, SECONDS, Sheet
from stoa.domain.targets import TargetReport
from stoa.domain.usage import SHADOW, CacheTier, UsageFact

_BOUNDS_MS = tuple(bound * 1000 for bound in SECONDS)
_FINE_MS = tuple(bound * 1000 for bound in FINE_SECONDS)
SAMPLED = 15
"""A mask: one request of sixteen has a clock."""
_OTHERS_TIME = frozenset(("receive", "augment", "upstream"))
"""Stages in which Stoa waits for somebody else."""


class _Histogram:
    __slots__ = ("bounds", "buckets", "total_ms")

    def __init__(self, bounds: tuple[float, ...] = _BOUNDS_MS) -> None:
        self.bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.total_ms = 0.0

    def observe(self, milliseconds: float) -> None:
        self.buckets[bisect_left(self.bounds, milliseconds)] += 1
        self.total_ms += milliseconds

    def show(self, sheet: Sheet, name: str, label: str) -> None:
        if any(self.buckets):
            sheet.observe(name, self.buckets, self.total_ms / 1000, label)


class _Series:
    """The counters of one route, model, status and cache outcome; sums over some of these are made when asked for."""

    __slots__ = ("completion_tokens", "cost", "first_token", "latency", "prompt_tokens", "requests", "retries", "unknown_cost")

    def __init__(self) -> None:
        self.requests = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.cost = 0
        self.unknown_cost = 0
        self.retries = 0
        self.latency = _Histogram()
        self.first_token = _Histogram()


class StageClock:
    """How long one request spent in each stage. Only every 16th has one: looking at the clock costs more than some stages."""

    __slots__ = ("marks", "started")

    def __init__(self) -> None:
        self.started = perf_counter()
        self.marks: list[tuple[str, float]] = []

    def mark(self, stage: str) -> None:
        """The stage is over now."""
        self.marks.append((stage, perf_counter()))


class Metrics:
    """Plain integers, rendered when scraped."""

    def __init__(self) -> None:
        self.begun = 0
        """Requests that began; one for which this has no bit of `SAMPLED` gets a clock."""
        self._stages: dict[str, _Histogram] = {}
        self._series: dict[tuple[str, str | None, int, str], _Series] = {}
        self._shadows: dict[tuple[str, str, int], list[int]] = {}
        """By route, model and status: how many, and their cost in nano-dollars."""
        self._hits: dict[CacheTier, list[int]] = {"exact": [0, 0], "joined": [0, 0], "semantic": [0, 0]}
        """How many, and what they saved in nano-dollars."""
        self._refused: dict[str, int] = {}
        self._guards: dict[tuple[str, str, str], int] = {}
        """By guardrail, guard and what it did."""
        self._guarding: dict[str, _Histogram] = {}
        """By guard."""
        self.refusals_left_out = 0
        """Refusals that left no fact, since there were too many in a second."""
        self._budget_warnings: dict[str, int] = {}
        self._failures: dict[str, int] = {}

    def observe(self, fact: UsageFact) -> None:
        if fact.arm == SHADOW:
            seen = self._shadows.setdefault((fact.requested, fact.model or "", fact.status), [0, 0])
            seen[0] += 1
            seen[1] += fact.cost_nano_usd or 0
            return
        key = (fact.requested, fact.model, fact.status, fact.cache)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = _Series()
        series.requests += 1
        latency = series.latency
        latency.buckets[bisect_left(_BOUNDS_MS, fact.latency_ms)] += 1
        latency.total_ms += fact.latency_ms
        if fact.first_token_ms is not None:
            series.first_token.observe(fact.first_token_ms)
        if fact.attempts > 1:
            series.retries += fact.attempts - 1
        if fact.prompt_tokens is not None:
            series.prompt_tokens += fact.prompt_tokens
            series.completion_tokens += fact.completion_tokens or 0
        if fact.cache_tier is not None:
            found = self._hits[fact.cache_tier]
            found[0] += 1
            found[1] += fact.saved_nano_usd or 0
        if fact.cost_nano_usd is None:
            series.unknown_cost += 1
        else:
            series.cost += fact.cost_nano_usd

    def observe_stages(self, clock: StageClock) -> None:
        """Adds up what Stoa itself took; waiting for the body, for retrieval and for the upstream is kept apart."""
        before = clock.started
        spent: dict[str, float] = {}
        for stage, at in clock.marks:
            spent[stage] = spent.get(stage, 0.0) + at - before  # a stream waits for its upstream twice
            before = at
        for stage, seconds in spent.items():
            self._stage(stage, seconds)
        self._stage("overhead", sum(seconds for stage, seconds in spent.items() if stage not in _OTHERS_TIME))

    def _stage(self, name: str, seconds: float) -> None:
        found = self._stages.get(name)
        if found is None:
            found = self._stages[name] = _Histogram(_FINE_MS)
        found.observe(seconds * 1000)

    def guards_passed(self, keys: Sequence[tuple[str, str, str]]) -> None:
        """Guards that found nothing in no time: guardrail, guard and `pass` of each."""
        for key in keys:
            self._guards[key] = self._guards.get(key, 0) + 1

    def guarded(self, verdict: Verdict) -> None:
        key = (verdict.guardrail, verdict.guard, verdict.action)
        self._guards[key] = self._guards.get(key, 0) + 1
        if verdict.latency_us:
            histogram = self._guarding.get(verdict.guard)
            if histogram is None:
                histogram = self._guarding[verdict.guard] = _Histogram(_FINE_MS)
            histogram.observe(verdict.latency_us / 1000)

    def refused(self, code: str) -> None:
        self._refused[code] = self._refused.get(code, 0) + 1

    def budget_warned(self, name: str) -> None:
        """A request passed over a budget's soft limit."""
        self._budget_warnings[name] = self._budget_warnings.get(name, 0) + 1

    def upstream_failed(self, code: str) -> None:
        self._failures[code] = self._failures.get(code, 0) + 1

    def sheet(self) -> Sheet:
        """All of it, as it is now."""
        sheet = Sheet()
        for (route, model, status, cache), series in self._series.items():
            answered = model or ""
            sheet.add("stoa_requests_total", series.requests, route, answered, str(status), cache)
            sheet.add("stoa_tokens_total", series.prompt_tokens, route, answered, "prompt")
            sheet.add("stoa_tokens_total", series.completion_tokens, route, answered, "completion")
            sheet.add("stoa_cost_nano_usd_total", series.cost, route, answered)
            sheet.add("stoa_unknown_cost_requests_total", series.unknown_cost, route, answered)
            sheet.add("stoa_retries_total", series.retries, route)
            series.latency.show(sheet, "stoa_request_seconds", route)
            series.first_token.show(sheet, "stoa_first_token_seconds", route)
        for (route, model, status), (count, cost) in self._shadows.items():
            sheet.add("stoa_shadow_requests_total", count, route, model, str(status))
            sheet.add("stoa_shadow_cost_nano_usd_total", cost, route, model)
        for tier, (count, saved) in self._hits.items():
            sheet.add("stoa_cache_hits_total", count, tier)
            sheet.add("stoa_cache_saved_nano_usd_total", saved, tier)
        for code, count in self._refused.items():
            sheet.add("stoa_refused_total", count, code)
        for (guardrail, guard, action), count in self._guards.items():
            sheet.add("stoa_guard_total", count, guardrail, guard, action)
        for guard, histogram in self._guarding.items():
            histogram.show(sheet, "stoa_guard_seconds", guard)
        sheet.add("stoa_refusals_left_out_total", self.refusals_left_out)
        for name, count in self._budget_warnings.items():
            sheet.add("stoa_budget_warnings_total", count, name)
        for code, count in self._failures.items():
            sheet.add("stoa_upstream_failures_total", count, code)
        for stage, histogram in self._stages.items():
            histogram.show(sheet, "stoa_stage_seconds", stage)
        return sheet


def show_targets(sheet: Sheet, reports: Sequence[TargetReport]) -> None:
    """What is known of each target. What was not measured yet is left out."""
    positions = {"closed": 0, "half_open": 1, "open": 2}
    for each in reports:
        target = (each.model, each.provider)
        sheet.add("stoa_target_inflight", each.inflight_realtime, *target, "realtime")
        sheet.add("stoa_target_inflight", each.inflight_batch, *target, "batch")
        sheet.add("stoa_target_waiting", each.waiting_realtime, *target, "realtime")
        sheet.add("stoa_target_waiting", each.waiting_batch, *target, "batch")
        sheet.add("stoa_target_breaker", positions[each.breaker], *target)
        sheet.add("stoa_target_healthy", int(each.healthy), *target)
        sheet.add("stoa_target_answered_total", each.answered_total, *target)
        sheet.add("stoa_target_failed_total", each.failed_total, *target)
        sheet.add("stoa_target_refused_total", each.refused_total, *target)
        sheet.add("stoa_target_given_up_total", each.given_up_total, *target)
        if each.error_rate is not None:
            sheet.add("stoa_target_error_rate", each.error_rate, *target)
        for quantile, ms in (
            ("0.5", each.latency_p50_ms), ("0.95", each.latency_p95_ms), ("0.99", each.latency_p99_ms)
        ):  # fmt: skip
            if ms is not None:
                sheet.add("stoa_target_latency_seconds", ms / 1000, *target, quantile)
        if each.first_token_p95_ms is not None:
            sheet.add("stoa_target_first_token_seconds", each.first_token_p95_ms / 1000, *target, "0.95")
