"""What the gateway counts, and how `/metrics` shows it in Prometheus' text form.

stoa_requests_total{route,model,status,cache}       counter    requests that reached the usage log, by final status
stoa_request_seconds{route}                         histogram  from a request's head to its last byte
stoa_first_token_seconds{route}                     histogram  of streams, from a request's head to its first content
stoa_tokens_total{route,model,kind}                 counter    kind is prompt or completion
stoa_cost_nano_usd_total{route,model}               counter    nano-dollars; requests of unknown cost are not in it
stoa_unknown_cost_requests_total{route,model}       counter    requests whose cost is not known
stoa_refused_total{code}                            counter    requests refused before a model was asked
stoa_upstream_failures_total{code}                  counter    failed tries, by why
stoa_stage_seconds{stage}                           histogram  of one request in sixteen: receive (the body comes in), read,
                                                               admit, cache, augment, route, upstream (waits), answer,
                                                               settle; overhead is what Stoa itself took: all but receive,
                                                               augment and upstream
stoa_target_inflight{model,provider}                gauge      requests under way at a target
stoa_target_waiting{model,provider}                 gauge      requests in line for a place at it
stoa_target_breaker{model,provider}                 gauge      0 closed, 1 half-open, 2 open
stoa_target_healthy{model,provider}                 gauge      what its provider's health check says, 1 where there is none
stoa_target_error_rate{model,provider}              gauge      share of the last five minutes
stoa_target_answered_total, stoa_target_failed_total{model,provider}  counter
stoa_cache_entries, stoa_cache_bytes                gauge      answers kept
stoa_usage_log_backlog_bytes                        gauge      usage that control does not have yet
stoa_snapshot_version                               gauge      the desired state that is served
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter

from stoa.domain.targets import TargetReport
from stoa.domain.usage import UsageFact

_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_BOUNDS_MS = tuple(bound * 1000 for bound in _BOUNDS_S)
_FINE_MS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 100.0, 1000.0, 10_000.0)
SAMPLED = 15
"""A mask: one request of sixteen."""
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


class _Series:
    """The counters of one route, model, status and cache outcome; sums over some of these are made when asked for."""

    __slots__ = ("completion_tokens", "cost", "first_token", "latency", "prompt_tokens", "requests", "unknown_cost")

    def __init__(self) -> None:
        self.requests = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.cost = 0
        self.unknown_cost = 0
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
        self._refused: dict[str, int] = {}
        self._failures: dict[str, int] = {}

    def observe(self, fact: UsageFact) -> None:
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
        if fact.prompt_tokens is not None:
            series.prompt_tokens += fact.prompt_tokens
            series.completion_tokens += fact.completion_tokens or 0
        if fact.cost_nano_usd is None:
            series.unknown_cost += 1
        else:
            series.cost += fact.cost_nano_usd

    def observe_stages(self, clock: StageClock) -> None:
        """Adds up what Stoa itself took; waiting for the body, for retrieval and for the upstream is kept apart."""
        before, own = clock.started, 0.0
        for stage, at in clock.marks:
            spent = at - before
            before = at
            self._stage(stage, spent)
            if stage not in _OTHERS_TIME:
                own += spent
        self._stage("overhead", own)

    def _stage(self, name: str, seconds: float) -> None:
        found = self._stages.get(name)
        if found is None:
            found = self._stages[name] = _Histogram(_FINE_MS)
        found.observe(seconds * 1000)

    def refused(self, code: str) -> None:
        self._refused[code] = self._refused.get(code, 0) + 1

    def upstream_failed(self, code: str) -> None:
        self._failures[code] = self._failures.get(code, 0) + 1

    def render(self, gauges: Mapping[str, int], targets: Sequence[TargetReport] = ()) -> bytes:
        """The text form; `gauges` and `targets` are what is measured now."""
        lines: list[str] = []
        lines += _counter("stoa_requests_total", ((_labels(*key), s.requests) for key, s in self._series.items()))
        lines += self._histograms()
        lines += _counter("stoa_tokens_total", self._tokens())
        costs = _summed((f'route="{k[0]}",model="{k[1] or ""}"', s.cost) for k, s in self._series.items())
        lines += _counter("stoa_cost_nano_usd_total", costs)
        unknown = _summed((f'route="{k[0]}",model="{k[1] or ""}"', s.unknown_cost) for k, s in self._series.items())
        lines += _counter("stoa_unknown_cost_requests_total", unknown)
        lines += _counter("stoa_refused_total", ((f'code="{code}"', n) for code, n in self._refused.items()))
        lines += _counter("stoa_upstream_failures_total", ((f'code="{code}"', n) for code, n in self._failures.items()))
        lines += self._stage_histograms()
        lines += _targets(targets)
        for name, value in gauges.items():
            lines += [f"# TYPE {name} gauge", f"{name} {value}"]
        return ("\n".join(lines) + "\n").encode()

    def _stage_histograms(self) -> Iterable[str]:
        name = "stoa_stage_seconds"
        yield f"# TYPE {name} histogram"
        for stage, histogram in self._stages.items():
            running = 0
            for number, bound in enumerate((*histogram.bounds, None)):
                running += histogram.buckets[number]
                le = "+Inf" if bound is None else f"{bound / 1000:g}"
                yield f'{name}_bucket{{stage="{stage}",le="{le}"}} {running}'
            yield f'{name}_sum{{stage="{stage}"}} {histogram.total_ms / 1000:.6f}'
            yield f'{name}_count{{stage="{stage}"}} {running}'

    def _tokens(self) -> Iterable[tuple[str, int]]:
        for kind in ("prompt", "completion"):
            yield from _summed(
                (f'route="{k[0]}",model="{k[1] or ""}",kind="{kind}"', getattr(s, f"{kind}_tokens"))
                for k, s in self._series.items()
            )

    def _histograms(self) -> Iterable[str]:
        for name, attribute in (("stoa_request_seconds", "latency"), ("stoa_first_token_seconds", "first_token")):
            yield f"# TYPE {name} histogram"
            for route in dict.fromkeys(key[0] for key in self._series):
                found = [getattr(series, attribute) for key, series in self._series.items() if key[0] == route]
                running = 0
                for number, bound in enumerate((*_BOUNDS_S, "+Inf")):
                    running += sum(histogram.buckets[number] for histogram in found)
                    yield f'{name}_bucket{{route="{route}",le="{bound}"}} {running}'
                yield f'{name}_sum{{route="{route}"}} {sum(histogram.total_ms for histogram in found) / 1000:.6f}'
                yield f'{name}_count{{route="{route}"}} {running}'


def _targets(reports: Sequence[TargetReport]) -> Iterable[str]:
    """What is known of each target, as gauges and counters of its own."""
    if not reports:
        return
    positions = {"closed": 0, "half_open": 1, "open": 2}
    columns: dict[str, tuple[str, Callable[[TargetReport], float | None]]] = {
        "stoa_target_inflight": ("gauge", lambda each: each.inflight_realtime + each.inflight_batch),
        "stoa_target_waiting": ("gauge", lambda each: each.waiting_realtime + each.waiting_batch),
        "stoa_target_breaker": ("gauge", lambda each: positions[each.breaker]),
        "stoa_target_healthy": ("gauge", lambda each: int(each.healthy)),
        "stoa_target_error_rate": ("gauge", lambda each: each.error_rate),
        "stoa_target_answered_total": ("counter", lambda each: each.answered_total),
        "stoa_target_failed_total": ("counter", lambda each: each.failed_total),
    }
    for name, (kind, value) in columns.items():
        yield f"# TYPE {name} {kind}"
        for each in reports:
            known = value(each)
            if known is not None:
                yield f'{name}{{model="{each.model}",provider="{each.provider}"}} {known:g}'


def _labels(route: str, model: str | None, status: int, cache: str) -> str:
    return f'route="{route}",model="{model or ""}",status="{status}",cache="{cache}"'


def _summed(pairs: Iterable[tuple[str, int]]) -> Iterable[tuple[str, int]]:
    sums: dict[str, int] = {}
    for labels, value in pairs:
        sums[labels] = sums.get(labels, 0) + value
    return sums.items()


def _counter(name: str, pairs: Iterable[tuple[str, int]]) -> Iterable[str]:
    yield f"# TYPE {name} counter"
    for labels, value in pairs:
        yield f"{name}{{{labels}}} {value}"
