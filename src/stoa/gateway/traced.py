"""A request that is traced: it goes the way of every other, and leaves spans of itself, its retrieval and each of its tries.

What is not traced pays for none of this: it is of another class. Tokens stand on the tries that took them and nowhere else,
so that whoever sums them over spans counts them once. Names follow OpenTelemetry's conventions for HTTP and generative AI.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stoa.dialects.forms import AnswerFailed
from stoa.domain.exchange import Exchange
from stoa.domain.providers import ProviderType
from stoa.domain.tracing import Span, Value
from stoa.domain.upstream import Endpoint
from stoa.errors import OperatorError, StoaError
from stoa.gateway.attempt import Attempt, Fault
from stoa.gateway.caching.entry import Entry
from stoa.gateway.events import EventStream
from stoa.gateway.guarding.stream import GuardedStream
from stoa.gateway.inference import Inference
from stoa.gateway.plan import Client, Plan, Target
from stoa.gateway.routing.lanes import Ticket
from stoa.gateway.stages import SPAN
from stoa.gateway.surface import Surface
from stoa.gateway.tokens import Tokens
from stoa.gateway.tries import Tries
from stoa.gateway.watcher import Watcher
from stoa.gateway.watching import Translated
from stoa.gateway.wire import Wire, upstream_of

if TYPE_CHECKING:
    from stoa.gateway.stages import Stages

_OPERATIONS = {"embedding": "embeddings", "completions": "text_completion"}
_PROVIDERS: Mapping[ProviderType, str] = {
    "azure": "azure.ai.openai", "gemini": "gcp.gemini", "vertex": "gcp.vertex_ai", "bedrock": "aws.bedrock",
    "mistral": "mistral_ai",
}  # fmt: skip
"""The conventions' names, where they are not our own."""


class TracedAttempt(Attempt):
    """A try with a span, which ends when the request is settled: only then it is known whose answer was used."""

    _span: Span | None = None
    _ended_ns: int | None = None
    _failed: str | None = None

    def __init__(self, tries: Tries, target: Target, entry: int, wire: Wire, ticket: Ticket, now: float) -> None:
        super().__init__(tries, target, entry, wire, ticket, now)
        assert isinstance(tries, TracedTries)
        self._request: Traced | None = tries.request
        self.found: dict[str, Value] = {}
        """What its answer came to."""

    def begin(self, endpoint: Endpoint, body: bytes, lines: bytes) -> None:
        span = self._span = self._request.try_begins(self) if self._request is not None else None
        super().begin(endpoint, body, lines + span.lines() if span is not None else lines)

    def cancel(self) -> None:
        self._over("cancelled")
        super().cancel()

    def _ended_well(self, tokens: int, now: float) -> None:
        self._over(None)
        super()._ended_well(tokens, now)

    def _fail(self, why: Fault, *, cut: bool = False) -> None:
        self._over(why.code)
        super()._fail(why, cut=cut)

    def lost(self) -> None:
        """Another try answers; what is still under way is about to be cut off."""
        self._over("cancelled")

    def tell(self) -> None:
        """End the span."""
        span, self._span = self._span, None
        self._request = None
        if self._status:
            self.found["http.response.status_code"] = self._status
        if self.first_at:
            self.found["gen_ai.response.time_to_first_chunk"] = self.first_at - self.began_at
        if span is not None:
            span.end(self.found, failed=self._failed, at_ns=self._ended_ns)

    def _over(self, failed: str | None) -> None:
        if not self.over and self._ended_ns is None:
            self._ended_ns = time.time_ns()
            self._failed = failed


class TracedTries(Tries):
    """Tries whose attempts are traced."""

    attempt_of = TracedAttempt

    @property
    def request(self) -> Traced:
        asker = self._asker
        assert isinstance(asker, Traced)
        return asker


class Traced(Inference):
    """`span` is the request's, and ends with it."""

    tries_of = TracedTries

    def __init__(
        self,
        span: Span,
        stages: Stages,
        plan: Plan,
        exchange: Exchange,
        client: Client,
        surface: Surface,
        request_id: str | None,
    ) -> None:
        super().__init__(stages, plan, exchange, client, surface, request_id)
        self.span: Span | None = span
        self._retrieval: Span | None = None
        self._all: list[TracedAttempt] = []
        self._answering: TracedAttempt | None = None

    @property
    def operation(self) -> str:
        """What is asked, in the words of the conventions."""
        surface = self.surface
        return _OPERATIONS.get(surface.form or surface.operation, surface.operation)

    def try_begins(self, attempt: TracedAttempt) -> Span | None:
        """The span of a further try, None once the request is over."""
        if self.span is None:
            return None
        self._all.append(attempt)
        target = attempt.target
        provider = self.plan.providers[target.provider]
        place = urlsplit(provider.url)
        found: dict[str, Value] = {
            "gen_ai.operation.name": self.operation,
            "gen_ai.provider.name": _PROVIDERS.get(provider.type, provider.type),
            "gen_ai.request.model": target.upstream_name,
            "gen_ai.request.stream": self.streamed,
            "stoa.model": target.model,
            "stoa.provider": target.provider,
            "stoa.try": len(self._all),
        }
        if place.hostname:
            found["server.address"] = place.hostname
            found["server.port"] = place.port or (443 if place.scheme == "https" else 80)
        if target.arm is not None:
            found["stoa.arm"] = target.arm
        return self.span.child(f"{self.operation} {target.upstream_name}", "client", found)

    # --- on the way

    async def _retrieve(self) -> None:
        assistant = self.offering.assistant
        if self.span is not None and assistant is not None and assistant.collections:
            sources = ",".join(assistant.collections)
            found: dict[str, Value] = {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": sources}
            self._retrieval = self.span.child(f"retrieval {sources}", "internal", found)
            SPAN.set(self._retrieval)  # of this task alone
        await super()._retrieve()

    def _call(self, body: bytes) -> None:
        if self._retrieval is not None:
            retrieval, self._retrieval = self._retrieval, None
            retrieval.end({"stoa.passages": len(self._passages or ())})
            SPAN.set(None)
        super()._call(body)

    def answered(self, attempt: Attempt, body: bytes) -> int:
        self._answers(attempt).found |= _said_by(attempt.wire, body)
        return super().answered(attempt, body)

    def discard(self, attempt: Attempt, body: bytes) -> None:
        super().discard(attempt, body)
        assert isinstance(attempt, TracedAttempt)
        attempt.found |= _said_by(attempt.wire, body) | _usage(self._made_from(attempt, body)[1])

    def streamed_whole(self, attempt: Attempt) -> None:
        answering, reasons = self._answers(attempt), _reasons_of(attempt.stream)
        if reasons:
            answering.found["gen_ai.response.finish_reasons"] = reasons
        super().streamed_whole(attempt)

    def broke_off(self, attempt: Attempt, fault: Fault) -> None:
        self._answers(attempt)
        super().broke_off(attempt, fault)

    def _abandon(self) -> None:
        running = self._tries.running if self._tries is not None else None
        if running is not None:
            self._answers(running)  # what it had given by then is billed
        super()._abandon()
        if self.status == 0:  # nothing was asked yet
            self._end(499, "client_gone")

    # --- the end

    def refuse(self, error: StoaError) -> None:
        super().refuse(error)
        self._end(error.status, error.code)

    def settle(
        self, status: int, target: Target | None, tokens: Tokens, *, entry: Entry | None = None, error: str | None = None
    ) -> None:
        super().settle(status, target, tokens, entry=entry, error=error)
        answering, self._answering = self._answering, None
        if answering is not None:
            answering.found |= _usage(tokens)
            for attempt in self._all:
                if attempt is not answering:
                    attempt.lost()
        self._tell_all()

    def release(self) -> None:
        super().release()
        self._end(self.status, self.fact.error)

    def withhold(self, error: OperatorError) -> None:
        super().withhold(error)
        self._end(error.status, error.code)

    def _answers(self, attempt: Attempt) -> TracedAttempt:
        assert isinstance(attempt, TracedAttempt)
        self._answering = attempt
        return attempt

    def _tell_all(self) -> None:
        attempts, self._all = self._all, []
        for attempt in attempts:
            attempt.tell()

    def _end(self, status: int, error: str | None) -> None:
        span, self.span = self.span, None
        if span is None:
            return
        if self._retrieval is not None:
            self._retrieval.end({}, failed=error or "cancelled")
        self._tell_all()
        caller = self.client.caller
        found: dict[str, Value] = {
            "http.response.status_code": status,
            "gen_ai.operation.name": self.operation,
            "stoa.request_id": self.request_id,
            "stoa.team": caller.team,
            "stoa.snapshot": self.plan.version,
            "stoa.cache": self.cache,
            "stoa.lane": self.lane,
            "stoa.attempts": self.attempts,
        }
        if hasattr(self, "offering"):  # it was found
            found["gen_ai.request.model"] = found["stoa.route"] = self.offering.name
        if hasattr(self, "fact"):
            fact = self.fact
            told = {"stoa.model": fact.model, "stoa.provider": fact.provider, "stoa.arm": fact.arm}
            found |= {name: value for name, value in told.items() if value is not None}
            if fact.cost_nano_usd is not None:
                found["stoa.cost_nano_usd"] = fact.cost_nano_usd
        if self.verdicts:
            found["stoa.guards"] = [f"{each.guardrail}/{each.guard}/{each.stage}:{each.action}" for each in self.verdicts]
        if caller.key_id is not None:
            found["stoa.key"] = caller.key_id
        if error is not None:
            found["error.type"] = error
        # A refusal is the client's own doing: its span is in order, as the conventions have it.
        span.end(found, failed=error if error is not None and not 400 <= status < 499 else None)


def _usage(tokens: Tokens) -> dict[str, Value]:
    names = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens")
    counts = zip(names, (tokens.prompt, tokens.completion, tokens.cached), strict=True)
    found: dict[str, Value] = {name: count for name, count in counts if count is not None}
    return found | {"stoa.tokens_from": tokens.told_by}


def _said_by(wire: Wire, body: bytes) -> dict[str, Value]:
    """What a whole answer tells of itself besides its content."""
    upstream = upstream_of(wire)
    if upstream is None:
        return {}
    try:
        answer = upstream.read_answer(body, model="")
    except (ValueError, AnswerFailed):
        return {}
    found: dict[str, Value] = {"gen_ai.response.finish_reasons": [choice.finish for choice in answer.choices]}
    if answer.model:
        found["gen_ai.response.model"] = answer.model
    if answer.id:
        found["gen_ai.response.id"] = answer.id
    return found


def _reasons_of(stream: Watcher | None) -> Sequence[str]:
    """Why a stream's choices ended, as far as its events are kept."""
    if isinstance(stream, GuardedStream):
        stream = stream.inner
    if isinstance(stream, Translated):
        return [stream.finish] if stream.finish is not None else []
    chunks = stream.parsed() if isinstance(stream, EventStream) else None
    found = [choice.get("finish_reason") for chunk in chunks or () for choice in chunk.get("choices") or ()]
    return [reason for reason in found if reason]
