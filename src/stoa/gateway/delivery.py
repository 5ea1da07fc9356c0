"""Stage 7, settle and relay: the fact first, then the last bytes of the answer. What every request has of its client's side."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from stoa.domain.decisions import Claim, GuardVerdict
from stoa.domain.exchange import Exchange
from stoa.domain.operations import ClientForm, Lane
from stoa.domain.passages import Passage
from stoa.domain.tracing import Span
from stoa.domain.usage import SHADOW, CacheOutcome, CacheTier, UsageFact
from stoa.errors import LimitReached, OperatorError, StoaError
from stoa.gateway.ask import Ask
from stoa.gateway.cache import Entry
from stoa.gateway.faults import Fault
from stoa.gateway.metrics import SAMPLED, StageClock
from stoa.gateway.plan import Client, Offering, Plan, Target
from stoa.gateway.pricing import cost_of
from stoa.gateway.recording import Moments, Tracks, recorded
from stoa.gateway.surface import Surface
from stoa.gateway.usage import NOTHING_BEYOND, Tokens
from stoa.gateway.watching import Watcher

if TYPE_CHECKING:
    from stoa.gateway.attempt import Attempt
    from stoa.gateway.stages import Stages

JSON = b"content-type: application/json\r\n"
EVENTS = b"content-type: text/event-stream\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n"
CACHE_LINES: dict[CacheOutcome, bytes] = {
    "hit": b"x-stoa-cache: hit\r\n",
    "miss": b"x-stoa-cache: miss\r\n",
    "bypass": b"x-stoa-cache: bypass\r\n",
}


class Delivery(ABC):
    """Implements `commit.Settled` for the usage log."""

    # Defaults stand in the class, so that a request which needs none of it pays for none of it.
    ask: Ask
    offering: Offering
    fact: UsageFact
    lane: Lane = "realtime"
    shadow: bool = False
    span: Span | None = None
    parent_id: str | None = None
    cache: CacheOutcome = "bypass"
    estimate: int = 0
    attempts: int = 0
    engine_s: float | None = None
    """How long the accelerators of an own model worked for it, where that is what it costs."""
    lost_cost: int | None = 0
    """Nano-dollars of answers that were paid for and not used."""
    fault: Fault | None = None
    failed_at: Target | None = None
    """The target that was asked last, where none answered."""
    assigned: Target | None = None
    """The target that was asked first, where another answered or none did: the request stays one of its arm's."""
    first_token: float | None = None
    project: str | None = None
    cache_tier: CacheTier | None = None
    cache_of: str | None = None
    saved: int | None = None
    """Of an answer from the cache: what the request that filled it had cost, in nano-dollars."""
    stream: Watcher | None = None
    streamed: bool = False
    status: int = 0
    model_line: bytes = b""
    answer: bytes | None = None
    """The last bytes, which wait for the fact."""
    answer_type: bytes = JSON
    clock: StageClock | None = None

    # What else the decision record is made from.
    attempt: Attempt | None = None
    """The try whose answer was used."""
    tracks: Tracks | None = None
    draw: float | None = None
    cache_key: bytes | None = None
    """What the cache knows it by."""
    similarity: float | None = None
    found: Sequence[Passage] | None = None
    """What retrieval gave to an assistant."""
    claims: tuple[Claim, ...] | None = None
    """The limits and budgets that count it."""
    verdicts: tuple[GuardVerdict, ...] | None = None

    def __init__(
        self, stages: Stages, plan: Plan, exchange: Exchange, client: Client, surface: Surface, request_id: str | None
    ) -> None:
        self.started = perf_counter()
        self.moments = Moments()
        metrics = stages.metrics
        metrics.begun += 1
        if not metrics.begun & SAMPLED:
            self.clock = StageClock()
        self.stages = stages
        self.plan = plan
        self.exchange = exchange
        self.client = client
        self.surface = surface
        self.body_limit = stages.form_limit if surface.form_data else stages.body_limit
        self._form: ClientForm | None = surface.form  # of what goes to targets
        self.id = stages.ids.new()
        self.request_id = request_id or self.id

    # --- ways to end

    def refuse(self, error: StoaError) -> None:
        """Answer with an error before anything was asked of a model. Nothing is billed."""
        self.release_estimate()
        self.status = error.status
        self.stages.metrics.refused(error.code)
        self.stages.refusals.note(self, error)
        if self.stages.access is not None:
            route = self.offering.name if hasattr(self, "offering") else None
            self.stages.access.refused(
                error,
                self.exchange,
                path=self.surface.path,
                request_id=self.request_id,
                caller=self.client.caller,
                route=route,
            )
        lines = b"%b%b" % (JSON, self.id_lines())
        if isinstance(error, LimitReached) and error.retry_after_s is not None:
            lines += b"retry-after: %d\r\n" % -(-error.retry_after_s // 1)
        self.exchange.send(error.status, lines, self.surface.refuse(error.status, error.code, error.message, error.param))

    def settle(
        self, status: int, target: Target | None, tokens: Tokens, *, entry: Entry | None = None, error: str | None = None
    ) -> None:
        """Write the fact; `release` follows once it is safe."""
        self.status = status
        caller, estimate = self.client.caller, self.estimate
        if estimate:
            self.stages.admission.release(caller.team, estimate)
            self.estimate = 0
        model = provider = arm = None
        cost: int | None = self.lost_cost
        if target is not None:
            self.model_line = target.lines
            model, provider, arm = target.model, target.provider, target.arm
            own = cost_of(target.price, tokens, self.engine_s)
            cost = None if own is None or cost is None else own + cost
        elif entry is not None:
            self.model_line = f"x-stoa-model: {entry.model}\r\n".encode()
            model, provider, arm = entry.model, entry.provider, entry.arm
        elif self.failed_at is not None:
            model, provider, arm = self.failed_at.model, self.failed_at.provider, self.failed_at.arm
        if self.assigned is not None:
            arm = self.assigned.arm
            self.model_line = self._lines_of(target)
        now, offering, first, recorder = perf_counter(), self.offering, self.first_token, self.stages.recorder
        started, plan, beyond = self.started, self.plan, tokens.beyond or NOTHING_BEYOND
        self.fact = UsageFact(
            self.id,
            time.time_ns() // 1_000_000,
            self.request_id,
            self.surface.operation,
            caller.team,
            caller.key_id,
            caller.user_id,
            self.ask.model,
            offering.assistant.name if offering.assistant is not None else None,
            model,
            provider,
            status,
            self.cache,
            self.streamed,
            tokens.prompt,
            tokens.completion,
            tokens.told_by,
            cost,
            (now - started) * 1000,
            (first - started) * 1000 if first is not None else None,
            self.attempts,
            error,
            plan.version,
            plan.price_version,
            offering.corpus_version,
            self.parent_id,
            self.surface.form,
            SHADOW if self.shadow else arm,
            self.lane,
            tokens.cached,
            tokens.written,
            tokens.reasoning,
            beyond.audio or None,
            beyond.audio_output or None,
            beyond.image or None,
            None if self.engine_s is None else self.engine_s * 1000,
            tokens.raw.decode("utf-8", "replace") or None,
            self.project,
            self.saved,
            self.cache_tier,
            self.cache_of,
            estimate or None,
            False,
            recorded(self, now) if recorder.everything or recorder.wants(error) else None,
        )
        if self.client.content_days is not None and not self.shadow:
            self.keep_content(self.client.content_days)
        if self.clock is not None:
            self.clock.mark("answer")
        self.stages.commit.add(self)

    @abstractmethod
    def keep_content(self, days: int) -> None:
        """What was asked and answered is to be kept for so long."""

    # --- called by the commit

    def release(self) -> None:
        """The fact is safe: let the last bytes go."""
        answer, exchange = self.answer, self.exchange
        if self.clock is not None:
            self.clock.mark("settle")
            self.stages.metrics.observe_stages(self.clock)
        if answer is None:
            return  # nobody is left to read it
        if self.first_token is not None:
            if self.fault is not None and not answer:
                exchange.abort()  # a form without an error of its own: that the connection is cut tells it
            else:
                exchange.finish(answer)
            return
        cost, status = self.fact.cost_nano_usd, self.status
        lines = b"".join(
            (
                self.answer_type,
                self.offering.lines,
                self.model_line,
                CACHE_LINES[self.cache],
                b"x-stoa-cost-nano-usd: unknown\r\n" if cost is None else b"x-stoa-cost-nano-usd: %d\r\n" % cost,
                b"x-request-id: %b\r\n" % self.request_id.encode(),
            )
        )
        if self.surface.form == "messages":
            lines += b"request-id: %b\r\n" % self.request_id.encode()
        if self.fault is not None and self.fault.retry_after_s is not None and status != 200:
            lines += b"retry-after: %d\r\n" % max(1, -(-self.fault.retry_after_s // 1))
        exchange.send(status, lines, answer)

    def withhold(self, error: OperatorError) -> None:
        """The fact could not be written: the answer does not end well, for it would go unaccounted."""
        if self.first_token is None:
            body = self.surface.refuse(error.status, error.code, error.message, error.param)
            self.exchange.send(error.status, JSON, body)
            return
        told = self.stream.fail(error.status, error.code, error.message) if self.stream is not None else b""
        if told:
            self.exchange.finish(told)
        else:
            self.exchange.abort()

    # --- in between

    def begin_stream(self, target: Target, events: bytes, content_type: bytes) -> None:
        """The first bytes of a stream."""
        self.first_token = perf_counter()
        model_line = target.lines if self.assigned is None else self._lines_of(target)
        lines = b"%b%b%b%b%b" % (content_type, self.offering.lines, model_line, CACHE_LINES[self.cache], self.id_lines())
        self.exchange.start(200, lines, None, events)

    def id_lines(self) -> bytes:
        """The request's id, under the names that clients of its form look for."""
        told = self.request_id.encode()
        if self.surface.form == "messages":
            return b"x-request-id: %b\r\nrequest-id: %b\r\n" % (told, told)
        return b"x-request-id: %b\r\n" % told

    def _lines_of(self, target: Target | None) -> bytes:
        """Who answered, and of which arm the request is."""
        model = b"" if target is None else b"x-stoa-model: %b\r\n" % target.model.encode()
        return model + (self.assigned.arm_line if self.assigned is not None else b"")

    def release_estimate(self) -> None:
        if self.estimate:
            self.stages.admission.release(self.client.caller.team, self.estimate)
            self.estimate = 0
