"""One request to a model on its way through the stages, from its body to its last byte.

Each stage is a module of its own; here is the order in which they meet. A request that needs no waiting besides its upstream
runs in plain callbacks; only an assistant's, which retrieves, takes a task.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from stoa.domain.exchange import Exchange
from stoa.domain.operations import Operation
from stoa.domain.passages import Passage
from stoa.domain.refusal import refusal, refusal_of
from stoa.domain.usage import CacheOutcome, UsageFact
from stoa.errors import InternalError, LimitReached, OperatorError, StoaError
from stoa.gateway import ask as asks
from stoa.gateway.attempt import Attempt, Fault
from stoa.gateway.augment import Augmented, stoa_of
from stoa.gateway.cache import LARGEST_ANSWER, Entry, cache_key
from stoa.gateway.events import DONE, EventStream
from stoa.gateway.plan import Client, Offering, Plan, Target
from stoa.gateway.replay import event_of, stream_of, text_of, whole_of, with_stoa
from stoa.gateway.route import order
from stoa.gateway.usage import NO_TOKENS, Tokens, Usage, cost_of, tokens_of

if TYPE_CHECKING:
    from stoa.gateway.stages import Stages

log = logging.getLogger("stoa.gateway")

JSON = b"content-type: application/json\r\n"
_EVENTS = b"content-type: text/event-stream\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n"
_CLIENT_GONE = 499
_CACHE_LINES: dict[CacheOutcome, bytes] = {
    "hit": b"x-stoa-cache: hit\r\n",
    "miss": b"x-stoa-cache: miss\r\n",
    "bypass": b"x-stoa-cache: bypass\r\n",
}


class Inference:
    """Implements `domain.exchange.Intake` for the server and `commit.Settled` for the usage log."""

    __slots__ = (
        "_answer", "_ask", "_attempt", "_attempts", "_body", "_cache", "_cache_key", "_client", "_estimate", "_exchange",
        "_fault", "_first_token", "_id", "_model_line", "_offering", "_operation", "_parts", "_passages", "_plan",
        "_request_id", "_stages", "_started", "_status", "_targets", "_task", "body_limit", "fact", "parent_id", "streamed",
    )  # fmt: skip

    def __init__(
        self, stages: Stages, plan: Plan, exchange: Exchange, client: Client, operation: Operation, *, request_id: str | None
    ) -> None:
        self.body_limit = stages.body_limit
        self.streamed = False
        self.parent_id: str | None = None
        self.fact: UsageFact = None  # type: ignore[assignment] - set by _settle, before anyone reads it
        self._stages = stages
        self._plan = plan
        self._exchange = exchange
        self._client = client
        self._operation: Operation = operation
        self._started = time.perf_counter()
        self._id = stages.ids.new()
        self._request_id = request_id or self._id
        self._parts: list[bytes] = []
        self._body = b""
        self._ask: asks.Ask
        self._offering: Offering
        self._cache: CacheOutcome = "bypass"
        self._cache_key: bytes | None = None
        self._estimate = 0
        self._passages: Sequence[Passage] | None = None
        self._task: asyncio.Task[None] | None = None
        self._targets: Iterator[Target]
        self._attempt: Attempt | None = None
        self._attempts = 0
        self._fault: Fault | None = None
        self._first_token: float | None = None
        self._status = 0
        self._model_line = b""
        self._answer: bytes | None = None  # the last bytes, which wait for the fact

    # --- called by the server

    def on_body(self, data: bytes) -> None:
        self._parts.append(data)

    def on_end(self) -> None:
        parts = self._parts
        self._body = parts[0] if len(parts) == 1 else b"".join(parts)
        try:
            self._run()
        except StoaError as error:
            self.refuse(error)

    def on_gone(self) -> None:
        """The client went away: what was generated for it is billed."""
        attempt, self._attempt = self._attempt, None
        if self._task is not None:
            self._task.cancel()
        if attempt is not None:
            attempt.cancel()
        if self._status == 0 and (attempt is not None or self._task is not None):
            stream = attempt.stream if attempt is not None else None
            usage = stream.usage if stream is not None else None
            answer = stream.count_characters() if stream is not None else 0
            tokens = tokens_of(usage, prompt_characters=len(self._body), answer_characters=answer) if attempt else NO_TOKENS
            self._settle(_CLIENT_GONE, attempt.target if attempt else None, tokens, error="client_gone")

    def on_pause(self) -> None:
        if self._attempt is not None:
            self._attempt.pause()

    def on_resume(self) -> None:
        if self._attempt is not None:
            self._attempt.resume()

    # --- the stages, in order

    def _run(self) -> None:
        stages, body = self._stages, self._body
        ask = self._ask = asks.read_chat(body) if self._operation == "chat" else asks.read_embedding(body)
        self.streamed = ask.streamed
        offering = self._offering = stages.find(self._plan, self._client, self._operation, ask.model)
        self._estimate = stages.admission.admit(self._client, offering, ask, len(body))
        key = self._cache_key = cache_key(self._client, offering, ask, body, self._exchange.headers)
        if key is not None and stages.cache is not None:
            self._cache = "miss"
            entry = stages.cache.get(key, now_s=time.monotonic())
            if entry is not None and self._replay(entry):
                return
        if offering.assistant is not None:
            self._task = asyncio.get_running_loop().create_task(self._retrieve())
            return
        self._call(body)

    async def _retrieve(self) -> None:
        try:
            augmented: Augmented = await self._stages.augment(self._body, self._offering, self._client, parent_id=self._id)
            self._passages = augmented.passages
            self._call(augmented.body)
        except StoaError as error:
            self.refuse(error)
            return
        except Exception:
            log.exception("retrieval failed", extra={"request_id": self._request_id})
            self.refuse(InternalError("The documents could not be searched; Stoa's log says why."))
            return
        finally:
            self._task = None

    def _call(self, body: bytes) -> None:
        self._body = body
        self._targets = order(self._offering, self._stages.draw())
        self._try_next()

    def _try_next(self) -> None:
        target = next(self._targets, None)
        if target is None:
            self._give_up()
            return
        self._attempts += 1
        attempt = self._attempt = Attempt(self, target)
        attempt.begin(asks.body_for(self._body, self._ask, target.upstream_name))

    # --- called by the attempt

    def new_stream(self) -> EventStream:
        keep = LARGEST_ANSWER if self._cache_key is not None or self._passages is not None else 16_384
        return EventStream(strip_usage=not self._ask.wants_usage, keep_bytes=keep)

    def failed(self, fault: Fault) -> None:
        """The try gave nothing: the next target, unless it would say the same."""
        self._attempt = None
        self._fault = fault
        self._stages.metrics.upstream_failed(fault.code)
        if fault.final:
            self._give_up()
        else:
            self._try_next()

    def answered(self, attempt: Attempt, body: bytes, usage: Usage | None) -> None:
        """A whole answer came."""
        self._attempt = None
        target = attempt.target
        answered = len(text_of(body)) if usage is None and self._operation == "chat" else 0
        tokens = tokens_of(usage, prompt_characters=len(self._body), answer_characters=answered)
        if self._passages is not None:
            body = with_stoa(body, stoa_of(text_of(body), self._passages, cost=cost_of(target.price, tokens)))
        self._remember(body, target, tokens)
        self._answer = body
        self._settle(200, target, tokens)

    def commit(self, attempt: Attempt, events: bytes) -> None:
        """The stream's first content is there: from here on this target answers."""
        self._first_token = time.perf_counter()
        lines = b"%b%b%b%bx-request-id: %b\r\n" % (
            _EVENTS,
            self._offering.lines,
            attempt.target.lines,
            _CACHE_LINES[self._cache],
            self._request_id.encode(),
        )
        self._exchange.start(200, lines)
        self._exchange.write(events)

    def relay(self, events: bytes) -> None:
        self._exchange.write(events)

    def streamed_whole(self, attempt: Attempt) -> None:
        """The stream came to its end."""
        self._attempt = None
        target, stream = attempt.target, attempt.stream
        assert stream is not None
        answer_characters = stream.count_characters() if stream.usage is None else 0
        tokens = tokens_of(stream.usage, prompt_characters=len(self._body), answer_characters=answer_characters)
        last = DONE
        chunks = stream.parsed() if self._cache_key is not None or self._passages is not None else None
        whole = whole_of(chunks) if chunks else None
        if self._passages is not None or self._client.caller.user_id is not None:
            text = text_of(whole) if whole is not None else ""
            stoa = stoa_of(text, self._passages or (), cost=cost_of(target.price, tokens))
            last = event_of({"object": "chat.completion.chunk", "choices": [], "stoa": stoa}) + DONE
            whole = with_stoa(whole, stoa) if whole is not None and self._passages is not None else whole
        if whole is not None:
            self._remember(whole, target, tokens)
        self._answer = last
        self._settle(200, target, tokens)

    def broke_off(self, attempt: Attempt, fault: Fault) -> None:
        """The stream failed after its first content: the client is told, and pays for what it got."""
        self._attempt = None
        stream = attempt.stream
        answer = stream.count_characters() if stream is not None else 0
        tokens = tokens_of(
            stream.usage if stream is not None else None, prompt_characters=len(self._body), answer_characters=answer
        )
        self._stages.metrics.upstream_failed(fault.code)
        self._answer = b"data: " + refusal(fault.status, fault.code, fault.message) + b"\n\n"
        self._settle(200, attempt.target, tokens, error=fault.code)

    # --- the ends

    def refuse(self, error: StoaError) -> None:
        """Answer with an error before anything was asked of a model. Nothing is billed."""
        self._release_estimate()
        self._status = error.status
        self._stages.metrics.refused(error.code)
        lines = b"%bx-request-id: %b\r\n" % (JSON, self._request_id.encode())
        if isinstance(error, LimitReached) and error.retry_after_s is not None:
            lines += b"retry-after: %d\r\n" % -(-error.retry_after_s // 1)
        self._exchange.send(error.status, lines, refusal_of(error))

    def _replay(self, entry: Entry) -> bool:
        """Answer from the cache, in the form that was asked for; False when it cannot be put into that form."""
        answer: bytes | None = entry.answer
        if self.streamed:
            answer = stream_of(entry.answer, with_usage=self._ask.wants_usage)
        if answer is None:
            return False
        self._cache = "hit"
        self._answer = answer
        self._settle(200, None, entry.tokens, entry=entry)
        return True

    def _remember(self, answer: bytes, target: Target, tokens: Tokens) -> None:
        if self._cache_key is not None and self._stages.cache is not None:
            expires = time.monotonic() + self._offering.cache_ttl_s
            self._stages.cache.put(self._cache_key, Entry(answer, target.model, target.provider, tokens, expires))

    def _give_up(self) -> None:
        fault = self._fault
        if fault is None:
            name = self._offering.name
            fault = Fault(503, "no_target", f"No provider of {name!r} can be used; whoever runs Stoa finds why in its log.")
        elif self._attempts > 1:
            fault = fault._replace(message=f"All {self._attempts} targets of {self._offering.name!r} failed. {fault.message}")
        self._fault = fault
        self._answer = fault.body or refusal(fault.status, fault.code, fault.message)
        self._settle(fault.status, None, NO_TOKENS, error=fault.code)

    # --- settle: the fact first, then the last bytes

    def _settle(
        self, status: int, target: Target | None, tokens: Tokens, *, entry: Entry | None = None, error: str | None = None
    ) -> None:
        self._status = status
        self._release_estimate()
        if target is not None:
            self._model_line = target.lines
        elif entry is not None:
            self._model_line = f"x-stoa-model: {entry.model}\r\n".encode()
        now, caller, offering = time.perf_counter(), self._client.caller, self._offering
        first = self._first_token
        self.fact = UsageFact(
            self._id,
            time.time_ns() // 1_000_000,
            self._request_id,
            self._operation,
            caller.team,
            caller.key_id,
            caller.user_id,
            self._ask.model,
            offering.assistant.name if offering.assistant is not None else None,
            target.model if target is not None else entry.model if entry is not None else None,
            target.provider if target is not None else entry.provider if entry is not None else None,
            status,
            self._cache,
            self.streamed,
            tokens.prompt,
            tokens.completion,
            tokens.told_by,
            cost_of(target.price, tokens) if target is not None else 0,
            (now - self._started) * 1000,
            (first - self._started) * 1000 if first is not None else None,
            self._attempts,
            error,
            self._plan.version,
            self._plan.price_version,
            offering.corpus_version,
            self.parent_id,
        )
        self._stages.commit.add(self)

    def release(self) -> None:
        """The fact is safe: let the last bytes go."""
        answer, exchange = self._answer, self._exchange
        if answer is None:
            return  # nobody is left to read it
        if self._first_token is not None:
            exchange.write(answer)
            exchange.finish()
            return
        fact = self.fact
        streamed = self.streamed and self._cache == "hit"
        lines = b"%b%b%b%bx-stoa-cost-nano-usd: %b\r\nx-request-id: %b\r\n" % (
            _EVENTS if streamed else JSON,
            self._offering.lines,
            self._model_line,
            _CACHE_LINES[self._cache],
            b"unknown" if fact.cost_nano_usd is None else b"%d" % fact.cost_nano_usd,
            self._request_id.encode(),
        )
        if self._fault is not None and self._fault.retry_after is not None and self._status != 200:
            lines += b"retry-after: %b\r\n" % self._fault.retry_after
        exchange.send(self._status, lines, answer)

    def withhold(self, error: OperatorError) -> None:
        """The fact could not be written: the answer does not end well, for it would go unaccounted."""
        body = refusal_of(error)
        if self._first_token is not None:
            self._exchange.write(b"data: " + body + b"\n\n")
            self._exchange.finish()
        else:
            self._exchange.send(error.status, JSON, body)

    def _release_estimate(self) -> None:
        if self._estimate:
            self._stages.admission.release(self._client, self._estimate)
            self._estimate = 0
