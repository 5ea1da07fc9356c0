"""Stage 7, settle and relay: the fact first, then the last bytes of the answer. What every request has of its client's side."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from stoa.domain.counting import Claim, Held, Outcome
from stoa.domain.exchange import Exchange
from stoa.domain.guards import Verdict
from stoa.domain.operations import ClientForm, Lane
from stoa.domain.passages import Passage, Reranked
from stoa.domain.tracing import Span
from stoa.domain.usage import SHADOW, CacheOutcome, CacheTier, Consulted, UsageFact
from stoa.errors import LimitReached, OperatorError, StoaError
from stoa.gateway.admission import finish, give_back
from stoa.gateway.ask import Ask
from stoa.gateway.caching.entry import Entry
from stoa.gateway.caching.headers import LOOKED_UP, hit_lines
from stoa.gateway.counting.book import Rules
from stoa.gateway.counting.quick import Quick
from stoa.gateway.counting.told import with_told
from stoa.gateway.faults import Fault
from stoa.gateway.metrics import SAMPLED, StageClock
from stoa.gateway.plan import Client, Offering, Plan, Target
from stoa.gateway.pricing import cost_of
from stoa.gateway.recording import Tracks, Within, recorded
from stoa.gateway.routing.lanes import FREE, Ticket
from stoa.gateway.surface import Surface
from stoa.gateway.tokens import Tokens
from stoa.gateway.usage import NOTHING_BEYOND
from stoa.gateway.watcher import Watcher

if TYPE_CHECKING:
    from stoa.gateway.attempt import Attempt
    from stoa.gateway.stages import Stages

JSON = b"content-type: application/json\r\n"
EVENTS = b"content-type: text/event-stream\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n"


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
    estimate: int | None = None
    """Nano-dollars that were set aside before the call; None where no price is known."""
    tokens: int = 0
    """How many it was taken to need, those of the answer included."""
    tokens_read: int | None = None
    """Those of the request alone; None before that was counted, and where nothing is."""
    estimated_by: str | None = None
    """The tokenizer that counted them, or why they are an estimate; None where the model's tokenizer is not known."""
    project: str | None = None
    rules: Rules = ()
    claims: Sequence[Claim] = ()
    """Of `rules`, in their order."""
    quick: Quick | None = None
    """What was claimed, in place of `claims`, where it went the quick way."""
    held: Held | None = None
    """What was claimed and is to be settled, once."""
    place: Ticket
    """At the model that answers."""
    warning: bytes = b""
    """Header lines of soft limits that were passed."""
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
    entry: Entry | None = None
    """What was kept of another request, and answers this one."""
    age_s: float = 0.0
    """How old that is."""
    cache_tier: CacheTier | None = None
    cache_of: str | None = None
    similarity: float | None = None
    """How near its question is to the one whose answer it got, by cosine."""
    saved: int | None = None
    """Of an answer from the cache: what the request that filled it had cost, in nano-dollars."""
    stream: Watcher | None = None
    streamed: bool = False
    status: int = 0
    model_line: bytes = b""
    answer: bytes | None = None
    """The last bytes, which wait for the fact."""
    answer_type: bytes
    clock: StageClock | None = None
    verdicts: list[Verdict] | None = None
    """Of the guards that ran."""
    within: Within | None = None
    """What `verdicts` began as, where that was told at a glance."""
    guard_line: bytes = b""
    """The header that names the guardrails that changed the request or its answer."""

    # When it had come through its stages, by `perf_counter`; 0 where it did not.
    received_at: float = 0.0
    read_at: float = 0.0
    admitted_at: float = 0.0
    guarded_at: float = 0.0
    looked_up_at: float = 0.0
    """In the cache, where that took long enough to be told."""
    augmented_at: float = 0.0
    answered_at: float = 0.0

    # What else the decision record is made from.
    attempt: Attempt | None = None
    """The try whose answer was used."""
    tracks: Tracks | None = None
    draw: float | None = None
    found: Sequence[Passage] | None = None
    reranked: tuple[Reranked, ...] = ()
    """What retrieval gave to an assistant."""
    consulted: tuple[Consulted, ...] | None = None
    """What the answer was made from."""

    def __init__(
        self, stages: Stages, plan: Plan, exchange: Exchange, client: Client, surface: Surface, request_id: str | None
    ) -> None:
        self.started = perf_counter()
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
        self.place = FREE
        self.answer_type = JSON
        self.id = stages.ids.new()
        self.request_id = request_id or self.id

    @property
    def cache_key(self) -> bytes | None:
        """What the cache knows it by."""
        return None

    # --- ways to end

    def refuse(self, error: StoaError) -> None:
        """Answer with an error before anything was asked of a model. Nothing is billed."""
        self.give_back()
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
        lines = b"%b%b%b" % (JSON, self.id_lines(), self._money_lines())
        body = self.surface.refuse(error.status, error.code, error.message, error.param)
        if isinstance(error, LimitReached):
            if error.retry_after_s is not None:
                lines += b"retry-after: %d\r\n" % max(1, -(-error.retry_after_s // 1))
            if error.told is not None:
                body = with_told(body, error.told)
        self.exchange.send(error.status, lines, body)

    def settle(
        self, status: int, target: Target | None, tokens: Tokens, *, entry: Entry | None = None, error: str | None = None
    ) -> None:
        """Write the fact; `release` follows once it is safe."""
        self.status = status
        caller = self.client.caller
        if target is not None and tokens.completion:
            target.state.answered_with(tokens.completion)
        if self.place is not FREE:
            self.place.used((tokens.prompt or 0) + (tokens.completion or 0))
        model = provider = arm = None
        cost: int | None = self.lost_cost
        if target is not None:
            self.model_line = target.lines
            model, provider, arm = target.model, target.provider, target.arm
            own = cost_of(target.price, tokens, self.engine_s)
            cost = None if own is None or cost is None else own + cost
        elif entry is not None:
            self.entry, self.model_line = entry, entry.lines
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
            self.estimate,
            False,
            recorded(self, now) if recorder.everything or recorder.wants(error) else None,
            self.consulted,
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
        if self.held is not None:
            self._settle_claim()
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
                self._cache_lines(status) if self.entry is None else self._hit_lines(),
                self.guard_line,
                b"x-stoa-cost-nano-usd: unknown\r\n" if cost is None else b"x-stoa-cost-nano-usd: %d\r\n" % cost,
                self._money_lines(),
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
        if self.held is not None:
            self._settle_claim()
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
        lines = b"%b%b%b%b%b%b%b" % (
            content_type,
            self.offering.lines,
            model_line,
            self._cache_lines(200),
            self.guard_line,
            self._money_lines(),
            self.id_lines(),
        )
        self.exchange.start(200, lines, None, events)

    def id_lines(self) -> bytes:
        """The request's id, under the names that clients of its form look for."""
        told = self.request_id.encode()
        if self.surface.form == "messages":
            return b"x-request-id: %b\r\nrequest-id: %b\r\n" % (told, told)
        return b"x-request-id: %b\r\n" % told

    def _cache_lines(self, status: int) -> bytes:
        """Whether an answer was looked for in the cache, and for how long it will be there."""
        return self.offering.miss_lines if self.cache == "miss" and status == 200 else LOOKED_UP[self.cache]

    def _hit_lines(self) -> bytes:
        policy, tier = self.offering.cache, self.cache_tier
        assert policy is not None
        assert tier is not None
        return hit_lines(tier, age=int(self.age_s), ttl_s=policy.ttl_s, similarity=self.similarity)

    def _lines_of(self, target: Target | None) -> bytes:
        """Who answered, and of which arm the request is."""
        model = b"" if target is None else b"x-stoa-model: %b\r\n" % target.model.encode()
        return model + (self.assigned.arm_line if self.assigned is not None else b"")

    # --- what it claimed

    @abstractmethod
    def told(self, outcome: Outcome) -> None:
        """What became of the claim, where that took a while."""

    def give_back(self) -> None:
        """Nothing came of the request."""
        held, self.held = self.held, None
        if held is not None:
            give_back(held, self.claims)

    def _settle_claim(self) -> None:
        """The fact counts from now on, in place of what was claimed."""
        held, self.held = self.held, None
        if held is not None:
            fact, tokens = self.fact, None
            if fact.prompt_tokens is not None and fact.completion_tokens is not None:
                tokens = fact.prompt_tokens + fact.completion_tokens
            elif fact.cost_nano_usd == 0:
                tokens = 0  # no model answered
            finish(held, self.claims, tokens, fact.cost_nano_usd)

    def _money_lines(self) -> bytes:
        """What the request was taken to cost, and what is left of what limits it."""
        estimate, read = self.estimate, self.tokens_read
        if estimate is None:
            told = b"x-stoa-estimate-nano-usd: unknown\r\n"
            if read is not None:
                told += b"x-stoa-estimate-tokens: %d\r\n" % read
        else:  # known only where tokens were counted
            told = b"x-stoa-estimate-nano-usd: %d\r\nx-stoa-estimate-tokens: %d\r\n" % (estimate, read or 0)
        if self.quick is None and not self.claims:
            return told
        return b"%b%b%b" % (told, self.warning, self.stages.admission.lines(self))
