"""One request to a model on its way through the stages, from its body to its last byte.

Each stage is a module of its own; here is the order in which they meet. A request that needs no waiting besides its upstream
runs in plain callbacks; only an assistant's, which retrieves, takes a task.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import perf_counter
from typing import ClassVar

from stoa.dialects.conversation import Conversation
from stoa.dialects.table import CLIENTS
from stoa.domain.counting import Outcome, Refused
from stoa.domain.operations import Lane
from stoa.errors import InternalError, StoaError
from stoa.gateway.accounts import measured, tokens_told
from stoa.gateway.admission import give_back
from stoa.gateway.answering import is_json
from stoa.gateway.attempt import Attempt
from stoa.gateway.augment import Augmented
from stoa.gateway.caching.entries import LARGEST_ANSWER
from stoa.gateway.caching.looking import CLIENT_GONE
from stoa.gateway.delivery import EVENTS
from stoa.gateway.faults import Fault
from stoa.gateway.filesearch import asks_for_files, is_ours
from stoa.gateway.guarding.guarded import Guarded
from stoa.gateway.guarding.stream import GuardedStream
from stoa.gateway.plan import Offering, Target
from stoa.gateway.pricing import cost_of
from stoa.gateway.replay import text_in, text_of_answer, with_stoa
from stoa.gateway.routing.complexity import escalates
from stoa.gateway.routing.rank import Wish
from stoa.gateway.tokens import NO_TOKENS, Tokens
from stoa.gateway.translation import finish_of, in_chat_form
from stoa.gateway.tries import Tries
from stoa.gateway.usage import Usage
from stoa.gateway.watcher import Watcher
from stoa.gateway.watching import Raw, Translated
from stoa.gateway.wire import reader_of, upstream_of
from stoa.gateway.wish import wish_of

log = logging.getLogger("stoa.gateway")

_LANE, _BETA, _TYPE = b"x-stoa-lane", b"anthropic-beta", b"content-type"
_ANTHROPIC = ("messages", "count_tokens")


class Inference(Guarded):
    """Implements `domain.exchange.Intake` for the server and `asker.Asker` for its tries."""

    tries_of: ClassVar[type[Tries]] = Tries
    lines: bytes = b""
    _parts: list[bytes] | None = None  # of a body that comes in several pieces
    _prompted: Conversation | None = None  # the same in the form in the middle
    _tries: Tries | None = None
    _outcome: Outcome | None = None

    # --- called by the server

    def on_body(self, data: bytes) -> None:
        if self._parts is not None:
            self._parts.append(data)
        elif self._body:
            self._parts = [self._body, data]
        else:
            self._body = data

    def on_end(self) -> None:
        if self._parts is not None:
            self._body = b"".join(self._parts)
            self._parts = None
        self.received_at = perf_counter()
        if self.clock is not None:
            self.clock.mark("receive")
        self._go_on(self._run)

    def _abandon(self) -> None:
        """What was generated for the client is billed."""
        if self._task is not None:
            self._task.cancel()
        tries = self._tries
        attempt = tries.cancel() if tries is not None else None
        if self.status == 0 and (tries is not None or self._task is not None or self._leads):
            self._ended()
            target, tokens = self._owed or (None, NO_TOKENS)
            self.attempt = attempt
            if attempt is not None:
                self._count_work(attempt)
                target, tokens = attempt.target, self._tokens_of_stream(attempt.stream)
            self.settle(CLIENT_GONE, target, tokens, error="client_gone")
        elif self.status == 0:
            self.give_back()

    def on_pause(self) -> None:
        if self._flight is not None and self._flight.waiting:
            return  # for the others
        if self._tries is not None and self._tries.running is not None:
            self._tries.running.pause()

    def on_resume(self) -> None:
        if self._tries is not None and self._tries.running is not None:
            self._tries.running.resume()

    # --- the stages, in order: each goes on to the next one itself, at once, or once there is what it waits for

    def _run(self) -> None:
        stages, body, surface, clock = self.stages, self._body, self.surface, self.clock
        headers = self.exchange.headers
        ask = self.ask = surface.read(body, headers.get(_TYPE, b""))
        self.streamed = ask.streamed
        if _LANE in headers and headers[_LANE] == b"batch":
            self.lane = "batch"
        if surface.door in _ANTHROPIC and _BETA in headers:
            self.lines = b"anthropic-beta: %b\r\n" % headers[_BETA]
        if surface.form_data:
            self.lines = b"content-type: %b\r\n" % headers.get(_TYPE, b"application/json")
        self.offering = stages.find(self.plan, self.client, surface.operation, ask.model)
        if clock is not None:
            clock.mark("read")
        self._admit()

    def _admit(self) -> None:
        self.read_at = perf_counter()
        if self.stages.admission.admit(self, self._body):
            self._admitted()

    def told(self, outcome: Outcome) -> None:
        """Of the claim, where that took a while. The client may have gone meanwhile."""
        if not self._gone:
            self._outcome = outcome
            self._go_on(self._claimed)
        elif not isinstance(outcome, Refused):
            give_back(outcome, self.claims)

    def _claimed(self) -> None:
        outcome, self._outcome = self._outcome, None
        assert outcome is not None
        self.stages.admission.take(self, outcome)
        self._admitted()

    def _admitted(self) -> None:
        self.admitted_at = perf_counter()
        if self.clock is not None:
            self.clock.mark("admit")
        if self.offering.guards is None:
            self._look_up()
        else:
            self._guard()

    def _augment(self) -> None:
        if self.offering.assistant is not None or asks_for_files(self.ask):
            self._task = asyncio.get_running_loop().create_task(self._retrieve())
        else:
            self._call(self._body)

    async def _retrieve(self) -> None:
        try:
            if self.offering.assistant is None:
                await self._search_files()
                return
            body = self._body if self._form == "chat" else in_chat_form(self._asked())
            judged = self.judge_passages if self._rules is not None else None
            augmented: Augmented = await self.stages.augment(body, self.offering, self.client, parent_id=self.id, judged=judged)
            self.found, self.reranked = augmented.passages, augmented.reranked
            if self._passages is None:  # else they are as the client may see them
                self._passages = augmented.passages
            self.augmented_at = perf_counter()
            self._prompt = augmented.body
            self._form = "chat"
            if self.clock is not None:
                self.clock.mark("augment")
            self._call(augmented.body)
        except StoaError as error:
            self.refuse(error)
            return
        except Exception:
            log.exception("retrieval failed", extra={"request_id": self.request_id})
            self.refuse(InternalError("The documents could not be searched; Stoa's log says why."))
            return
        finally:
            self._task = None

    async def _search_files(self) -> None:
        """For the tool of that name; where the stores are a provider's own, the request passes as it is."""
        asked, searching = self._asked(), self.stages.search_files
        if searching is None or asked.file_search is None or not is_ours(asked.file_search, self.plan, self.offering):
            self._call(self._body)
            return
        searched = await searching(asked, self.client, judged=self.judge_passages)
        if asked.found is not None and self._passages is not None:  # what is told is as the client may see it
            for result, passage in zip(asked.found.results, self._passages, strict=True):
                result["text"] = passage.text
        self.found, self.searched = searched.passages, searched.collections
        self.augmented_at = perf_counter()
        self._prompt = searched.body
        self._form = "chat"
        if self.clock is not None:
            self.clock.mark("augment")
        self._call(searched.body)

    def _call(self, body: bytes) -> None:
        tries = self._tries = self.tries_of(self.stages, self.offering, self)
        tries.begin(body, self._form)
        if self.clock is not None:
            self.clock.mark("route")
        if self.offering.shadow is not None and not self.shadow:
            self.stages.shadow(self, body)

    def copy_of(self, original: Inference, offering: Offering, body: bytes) -> None:
        """Be the shadow of a request that has come to its targets, with the body that they get."""
        self.shadow = True
        self.parent_id = original.id
        self.lane: Lane = "batch"
        self.ask, self.offering, self.streamed = original.ask, offering, original.streamed
        self._body, self._form, self.lines = original._body, original._form, original.lines
        self._prompt = original._prompt
        self._call(body)

    # --- what the tries ask

    def wish(self) -> Wish:
        return wish_of(
            self.offering.router,
            self.client,
            self.exchange.headers,
            self._body,
            lane=self.lane,
            named=self.surface.form is not None,
        )

    def conversation(self) -> Conversation:
        """What goes to targets, in the form in the middle. Raises InvalidRequest."""
        if self._prompt is None:
            return self._asked()
        if self._prompted is None:
            self._prompted = CLIENTS["chat"].read(self._prompt)
        return self._prompted

    def new_stream(self, attempt: Attempt, *, events: bool) -> Watcher | None:
        if not events:
            told = attempt.content_type
            sound = self.streamed and self.surface.relays_type and (told is None or not is_json(told))
            return Raw() if sound else None
        if not self.streamed:
            return None
        stream = self._stream_of_events(attempt)
        return stream if self._rules is None else self._watched(stream)

    def _stream_of_events(self, attempt: Attempt) -> Watcher:
        form, wire = self.surface.form, attempt.wire
        kept = self._cache_key is not None or self._passages is not None or self.client.content_days is not None
        keep = LARGEST_ANSWER if kept else 16_384
        if wire == form:
            return self.surface.watch(not self.ask.wants_usage, keep)
        assert form is not None
        client, asked, head = CLIENTS[form], self._asked(), self._head(attempt.target)
        writer = client.stream_writer(asked, answer_id=head.id, model=head.model, created_s=head.created_s or 0)
        reader = reader_of(wire).stream_reader(model=head.model)
        return Translated(reader, writer, lambda answer: client.write_answer(answer, asked), head, keep_characters=keep)

    # --- called by the tries

    def paid(self, target: Target, usage: Usage | None) -> None:
        """Part of what a try asked for was answered, and is of no use since the rest was not."""
        cost = cost_of(target.price, measured(usage))
        self.lost_cost = None if cost is None or self.lost_cost is None else self.lost_cost + cost

    def answered(self, attempt: Attempt, body: bytes) -> int:
        """A whole answer came. Raises ValueError."""
        target, surface = attempt.target, self.surface
        self.answered_at = attempt.ended_at
        if self.clock is not None:
            self.clock.mark("upstream")
        if attempt.wire == surface.form and self._passages is None and not surface.relays_type:
            usage = surface.usage(body)
            if usage is not None and usage.prompt_tokens is not None and surface.estimates:
                tokens = tokens_told(usage)
            else:
                tokens = self._tokens_of(usage, lambda: text_in(surface.form, body))
        else:
            body, tokens = self._made_from(attempt, body)
        self._ended("answer", attempt)
        self._count_work(attempt)
        if self._rules is None:
            self._deliver(body, target, tokens)
        else:
            self._guard_answer(body, target, tokens)
        return (tokens.prompt or 0) + (tokens.completion or 0)

    def _deliver(self, body: bytes, target: Target, tokens: Tokens) -> None:
        if self._passages is not None:
            body = self._cited(body, target, tokens)
        if self._cache_key is not None:
            self._kept = body
        self.answer = body
        self.settle(200, target, tokens)

    def is_no_answer(self, attempt: Attempt, body: bytes) -> bool:
        """Whether a small model's answer calls for a larger one."""
        upstream = upstream_of(attempt.wire)
        if upstream is None or self.surface.form is None:
            return False
        answer = upstream.read_answer(body, model="")
        finish, refused = finish_of(answer)
        return escalates(finish, text_of_answer(answer), "refused" if refused else None)

    def discard(self, attempt: Attempt, body: bytes) -> None:
        """An answer that is paid for and not used."""
        tokens = self._made_from(attempt, body)[1]
        attempt.ticket.used((tokens.prompt or 0) + (tokens.completion or 0))
        cost = self._cost(attempt, tokens)
        self.lost_cost = None if cost is None or self.lost_cost is None else self.lost_cost + cost

    def commit(self, attempt: Attempt, events: bytes) -> Callable[[bytes], None]:
        """The stream's first content is there: from here on this target answers."""
        self.stream = attempt.stream
        told = attempt.content_type
        kind = EVENTS if told is None or told.startswith(b"text/event-stream") else b"content-type: %b\r\n" % told
        if isinstance(attempt.stream, Translated | GuardedStream):
            kind = EVENTS
        if self.clock is not None:
            self.clock.mark("upstream")
        self.begin_stream(attempt.target, events, kind)
        return self.exchange.write

    def streamed_whole(self, attempt: Attempt) -> None:
        """The stream came to its end."""
        stream = attempt.stream
        assert stream is not None
        self.answered_at = perf_counter()
        self._ended(attempt=attempt)
        self._count_work(attempt)
        tokens = self._tokens_of_stream(stream)
        if isinstance(stream, GuardedStream):
            self._end_guarded(stream, attempt, tokens)
        else:
            self._end_stream(stream, attempt.target, tokens)

    def _end_stream(self, stream: Watcher, target: Target, tokens: Tokens) -> None:
        stoa: dict[str, object] | None = None
        if self._passages is not None or self.client.caller.user_id is not None:
            text = stream.text() or ""
            stoa = self._stoa(self._placeholders.restore(text) if self._placeholders else text, target, tokens)
            self._consults(stoa)
        if self._cache_key is not None:
            answer = stream.whole()
            if answer is not None:
                self._kept = with_stoa(answer, stoa) if stoa is not None and self._passages is not None else answer
        self.answer = stream.end(stoa)
        self.settle(200, target, tokens)

    def broke_off(self, attempt: Attempt, fault: Fault) -> None:
        """The stream failed after its first content: the client is told, and pays for what it got."""
        stream = attempt.stream
        assert stream is not None
        self.answered_at = perf_counter()
        self._ended(attempt=attempt)
        if isinstance(stream, GuardedStream):
            self._keep_verdicts(stream.judge)
        self.fault = fault
        self.answer = stream.fail(fault.status, fault.code, fault.message)
        self._count_work(attempt)
        self.settle(200, attempt.target, self._tokens_of_stream(stream), error=fault.code)

    def gave_up(self, fault: Fault, target: Target | None) -> None:
        self._ended()
        self.fault, self.failed_at = fault, target
        self.answer = fault.body or self.surface.refuse(fault.status, fault.code, fault.message, fault.param)
        self.settle(fault.status, None, NO_TOKENS, error=fault.code)

    def asked_first(self, target: Target) -> None:
        self.assigned = target

    def _ended(self, stage: str = "upstream", attempt: Attempt | None = None) -> None:
        """The tries are over. Let go of, so that the two do not hold each other until the collector comes."""
        tries, self._tries = self._tries, None
        if tries is not None:
            self.attempts = tries.count
            self.attempt = attempt
            if attempt is not None:
                tries.beaten_by(attempt)
            if tries.drawn is not None:
                self.draw = tries.drawn
            if tries.tracks is not None:
                self.tracks = tries.tracks
        if self.clock is not None:
            self.clock.mark(stage)
