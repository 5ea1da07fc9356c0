"""What this process knows about each target from its own requests. It outlives every change of configuration."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal

from stoa.domain.operations import CALLERS_FAULTS, ErrorClass, Lane
from stoa.domain.resources import Breaker
from stoa.domain.targets import TargetReport
from stoa.gateway.routing.breaker import REFUSED, CircuitBreaker
from stoa.gateway.routing.engine_work import EngineClock
from stoa.gateway.routing.lanes import CallLater, Lanes
from stoa.gateway.routing.window import RecentMean, Window
from stoa.kit.histogram import BOUNDS_MS, added, percentile

HALF_LIFE_S = 20.0
_P95_AGAIN_S = 1.0
_LEAST_SAMPLES = 20
_LONGEST_MESSAGE = 500
_ANSWER_TOKENS = 1024.0  # of a model that has not answered yet
_ANSWER_WEIGHT = 1 / 32
_BATCH: Final = 1  # the lowest bit of an entry

Key = tuple[str, str, str]
"""Model, provider, upstream name: another provider or another model behind the same name is another target."""


class TargetState:
    """One target. A try is `began` with an entry and ended with it, by exactly one of `ended_well`, `ended_badly`, `gave_up`.

    `now` is in seconds of a clock that never goes back, `ms` since the try began.
    """

    __slots__ = (
        "_answer_weight", "_first_token", "_health_note", "_last_error", "_p95", "_since", "_window", "answered",
        "breaker", "engine", "failed", "given_up", "healthy", "inflight_batch", "inflight_realtime", "lanes",
        "last_seen", "latency", "model", "plain", "provider", "refused", "tokens", "upstream_name", "usual_answer",
    )  # fmt: skip

    def __init__(
        self, model: str, provider: str, upstream_name: str, *, draw: Callable[[], float], call_later: CallLater
    ) -> None:
        self.model = model
        self.provider = provider
        self.upstream_name = upstream_name
        self.breaker = CircuitBreaker(Breaker(), draw, self._changed)
        self.lanes = Lanes(None, call_later)
        self.engine = EngineClock()
        self.healthy = True
        self.plain = True
        """Healthy and its breaker closed: nothing to look into."""
        self.inflight_realtime = 0
        self.inflight_batch = 0
        self.answered = 0
        self.failed = 0
        self.refused = 0
        self.given_up = 0
        self.tokens = 0
        self.usual_answer = _ANSWER_TOKENS
        self._answer_weight = 1.0
        """How many tokens its answers had of late, in the mean."""
        self.latency = RecentMean(HALF_LIFE_S)
        self.last_seen = float("-inf")
        """When it last answered, for whoever asks whether its latency is still known."""
        self._first_token = RecentMean(HALF_LIFE_S)
        self._window = Window()
        self._since: float | None = None
        self._last_error: tuple[ErrorClass, str, float] | None = None
        self._health_note = ""
        self._p95: dict[str, tuple[float, float | None]] = {}  # when it was found, and what

    def answered_with(self, tokens: int) -> None:
        """Of one answer, prompt left out."""
        weight = self._answer_weight
        self.usual_answer += (tokens - self.usual_answer) * weight
        if weight > _ANSWER_WEIGHT:  # the first answers count as many as there are
            self._answer_weight = max(_ANSWER_WEIGHT, weight / (1 + weight))

    # --- a try, from its beginning to its end

    def began(self, now: float, lane: Lane = "realtime") -> int:
        """The entry that the try ends with. 0: the breaker does not let it in, and nothing was counted."""
        breaker = self.breaker
        entry = breaker.stamp if breaker.open_until == 0.0 else breaker.enter(now)
        if entry == REFUSED:
            return REFUSED
        if self._since is None:
            self._since = now
        if lane == "batch":
            self.inflight_batch += 1
            return entry | _BATCH
        self.inflight_realtime += 1
        return entry

    def first_content(self, now: float, ms: float) -> None:
        """The first content of a stream."""
        self._window.at(now).first_token_of(ms)
        self._first_token.add(now, ms)

    def ended_well(self, now: float, ms: float, tokens: int | None, entry: int) -> None:
        """A whole answer; `tokens` of prompt and answer, as far as they are known."""
        if entry & _BATCH:  # as `_leave`; every good answer comes here, so nothing is called that need not be
            self.inflight_batch -= 1
        else:
            self.inflight_realtime -= 1
        window = self._window
        slot = window.current if now < window.ends else window.at(now)
        slot.good += 1
        slot.latency[bisect_left(BOUNDS_MS, ms)] += 1
        self.latency.add(now, ms)
        self.last_seen = now
        self.answered += 1
        if tokens:
            self.tokens += tokens
            slot.tokens += tokens
        breaker = self.breaker
        if breaker.failures or breaker.open_until:
            breaker.succeeded(entry)

    def ended_badly(self, now: float, error_class: ErrorClass, message: str, retry_after_s: float | None, entry: int) -> None:
        """No whole answer, or none that can be used. The caller's faults are not held against the target."""
        self._leave(entry)
        if error_class in CALLERS_FAULTS:
            self._window.at(now).refused += 1
            self.refused += 1
        else:
            self._window.at(now).failed += 1
            self.failed += 1
            self._last_error = (error_class, message[:_LONGEST_MESSAGE], now)
        self.breaker.failed(now, error_class, retry_after_s, entry)

    def gave_up(self, now: float, entry: int) -> None:
        """Cancelled, by the client or by us: neither good nor bad."""
        self._leave(entry)
        self._window.at(now).given_up += 1
        self.given_up += 1
        self.breaker.gave_up(entry)

    # --- what is known

    @property
    def inflight(self) -> int:
        return self.inflight_realtime + self.inflight_batch

    def usable(self, now: float) -> bool:
        """Whether it is to be asked: healthy, and a try would be let in."""
        return self.plain or (self.healthy and self.breaker.usable(now))

    def first_token_mean_ms(self) -> float | None:
        return self._first_token.value()

    def p95_ms(self, now: float, of: Literal["first_token", "latency"]) -> float | None:
        """Of the last minutes, at most a second old; None with fewer than 20 samples, which is too few to wait by."""
        at, known = self._p95.get(of, (float("-inf"), None))
        if now - at >= _P95_AGAIN_S:
            found = added(getattr(slot, of) for slot in self._window.recent(now))
            enough = sum(found) >= _LEAST_SAMPLES
            known = percentile(found, 0.95) if enough else None
            self._p95[of] = (now, known)
        return known

    def why_not(self, now: float, *, for_operator: bool = False) -> str | None:
        """Why it is not asked now, as the rest of a sentence; None when it is.

        What its server said is for the operator only: it may repeat what somebody else asked.
        """
        breaker = self.breaker
        if not self.healthy:
            return "the health check of its provider fails" + (f" ({self._health_note})" if for_operator else "")
        if breaker.usable(now):
            return None
        again = breaker.opens_again_in(now)
        when = f"asked again in {again:.0f} s" if now < breaker.open_until else "a probe is under way"
        said = f" ({self._last_error[1]})" if for_operator and self._last_error is not None else ""
        return f"left alone after {breaker.opened_by}{said}, {when}"

    def is_healthy(self, healthy: bool, note: str) -> None:
        """What the provider's health check found."""
        self.healthy = healthy
        self._health_note = note
        self._changed()

    def report(self, now: float) -> TargetReport:
        slots = self._window.recent(now)
        since = now if self._since is None else self._since
        span = self._window.span_s(now, since)
        good, bad = sum(s.good for s in slots), sum(s.failed for s in slots)
        refused, given_up = sum(s.refused for s in slots), sum(s.given_up for s in slots)
        latency, first = added(s.latency for s in slots), added(s.first_token for s in slots)
        error = self._last_error
        return TargetReport(
            model=self.model,
            provider=self.provider,
            upstream_name=self.upstream_name,
            breaker=self.breaker.position(now),
            usable_in_s=self.breaker.opens_again_in(now),
            healthy=self.healthy,
            health_note=self._health_note,
            inflight_realtime=self.inflight_realtime,
            inflight_batch=self.inflight_batch,
            waiting_realtime=len(self.lanes.waiting_realtime),
            waiting_batch=len(self.lanes.waiting_batch),
            answered_total=self.answered,
            failed_total=self.failed,
            refused_total=self.refused,
            given_up_total=self.given_up,
            tokens_total=self.tokens,
            window_s=span,
            answered=good,
            failed=bad,
            refused=refused,
            given_up=given_up,
            tokens=sum(s.tokens for s in slots),
            requests_per_s=(good + bad + refused + given_up) / span,
            error_rate=bad / (good + bad + refused) if good + bad + refused else None,
            latency_mean_ms=self.latency.value(),
            latency_p50_ms=percentile(latency, 0.5),
            latency_p95_ms=percentile(latency, 0.95),
            latency_p99_ms=percentile(latency, 0.99),
            latency_counts=tuple(latency),
            first_token_mean_ms=self._first_token.value(),
            first_token_p95_ms=percentile(first, 0.95),
            first_token_counts=tuple(first),
            last_error_class=error[0] if error is not None else None,
            last_error_message=error[1] if error is not None else None,
            last_error_ago_s=now - error[2] if error is not None else None,
        )

    def _leave(self, entry: int) -> None:
        if entry & _BATCH:
            self.inflight_batch -= 1
        else:
            self.inflight_realtime -= 1

    def _changed(self) -> None:
        self.plain = self.healthy and self.breaker.open_until == 0.0


class TargetStates:
    """Every target's state, by key; whoever compiles a plan asks here, so that states outlive plans."""

    def __init__(self, *, draw: Callable[[], float], call_later: CallLater) -> None:
        self._draw = draw
        self._call_later = call_later
        self._states: dict[Key, TargetState] = {}
        self._unhealthy: dict[str, str] = {}

    def of(
        self, model: str, provider: str, upstream_name: str, *, breaker: Breaker | None = None, max_parallel: int | None = None
    ) -> TargetState:
        """The state there is, else a new one; the settings hold from now on."""
        key = (model, provider, upstream_name)
        state = self._states.get(key)
        if state is None:
            state = TargetState(model, provider, upstream_name, draw=self._draw, call_later=self._call_later)
            if provider in self._unhealthy:
                state.is_healthy(False, self._unhealthy[provider])
            self._states[key] = state
        state.breaker.settings = breaker or Breaker()
        if state.lanes.limit != max_parallel:
            state.lanes.limit = max_parallel
        return state

    def keep(self, keys: Iterable[Key]) -> None:
        """Forget every other target that nothing is under way to."""
        wanted = set(keys)
        self._states = {key: state for key, state in self._states.items() if key in wanted or state.inflight}

    def provider_is(self, provider: str, *, healthy: bool, note: str) -> None:
        """For all of a provider's targets, those to come included."""
        if healthy:
            self._unhealthy.pop(provider, None)
        else:
            self._unhealthy[provider] = note
        for state in self._states.values():
            if state.provider == provider:
                state.is_healthy(healthy, note)

    def __iter__(self) -> Iterator[TargetState]:
        return iter(self._states.values())
