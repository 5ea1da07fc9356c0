"""A request whose texts are judged: before it goes on, and its answer before it leaves.

What nothing holds for pays one look at its offering. Where no guard takes its time, all of it runs in plain callbacks.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from time import perf_counter
from typing import Any

import msgspec

from stoa.dialects.openai.multipart import read_parts, text_of, with_text
from stoa.domain.guards import RequestFacts, Verdict
from stoa.domain.passages import Passage
from stoa.errors import InternalError, InvalidRequest, StoaError
from stoa.gateway.answering import is_json
from stoa.gateway.ask import OperationAsk
from stoa.gateway.attempt import Attempt
from stoa.gateway.caching.alike import LookingAlike
from stoa.gateway.caching.directives import NONE, directives_of
from stoa.gateway.caching.tiers import CONTROL
from stoa.gateway.delivery import JSON
from stoa.gateway.guarding.brought import as_sent, as_shown
from stoa.gateway.guarding.judging import Judge, Refused, Unavailable, judge_places
from stoa.gateway.guarding.rules import Marked, Rules
from stoa.gateway.guarding.sizes import measure
from stoa.gateway.guarding.stream import ROOTS, GuardedStream, restore_in
from stoa.gateway.guarding.texts import Texts, read
from stoa.gateway.plan import Target
from stoa.gateway.stages import PARENT, SPAN
from stoa.gateway.tokens import Tokens
from stoa.gateway.watcher import Watcher
from stoa.guards.personal.masking import Placeholders

log = logging.getLogger("stoa.gateway")

_FORM_FIELDS = ("prompt", "input", "instructions")
_TYPE = b"content-type"


class Guarded(LookingAlike, ABC):
    """Adds the stages of guardrails. Whoever derives from it says what comes after each."""

    _rules: Rules | None = None
    _placeholders: Placeholders | None = None
    _owed: tuple[Target, Tokens] | None = None  # of an answer that is there and still being judged

    @abstractmethod
    def _deliver(self, body: bytes, target: Target, tokens: Tokens) -> None:
        """A whole answer goes out."""

    @abstractmethod
    def _end_stream(self, stream: Watcher, target: Target, tokens: Tokens) -> None:
        """A stream that is whole ends."""

    # --- before

    def _guard(self) -> None:
        """Judge what the client sent; goes on by itself."""
        guards = self.offering.guards
        rules = self._rules = guards.of(self.client) if guards is not None else None
        if rules is None:
            self._look_up()
            return
        if rules.sizes:
            measure(self, rules, self._body)
        if self.streamed:
            self._check_streams(rules)
        if not rules.input:
            self._look_up()
            return
        if self._placeholders is None and any(check.action == "tokenise" for check in rules.input):
            self._placeholders = Placeholders()
        try:
            texts = self._texts()
        except RecursionError:
            raise InvalidRequest("The body is nested too deeply to be judged by guardrails; make it flatter.") from None
        judge = Judge("input", rules.input, self._request_facts, self._placeholders)
        is_large = texts.characters > rules.at_once
        if judge.waits or is_large:
            self._begin_task(self._guard_slowly(judge, texts, in_thread=is_large))
        else:
            self._judge_request(judge, texts, None)
            self._look_up()

    def _check_streams(self, rules: Rules) -> None:
        """Raises Refused where the answer cannot be judged as it comes: nobody here reads the events of a transcription."""
        forbids = rules.no_streams
        if forbids is None and self.surface.form is None:
            forbids = next((check.guardrail for check in rules.output if check.action != "warn"), None)
        if forbids is not None and self._words_of_answer is not None:
            raise Refused(f"Guardrail {forbids!r} judges whole answers only: ask without 'stream'.", param="stream")

    async def _guard_slowly(self, judge: Judge, texts: Texts, *, in_thread: bool) -> None:
        late: list[list[Marked]] | None = None
        try:
            if judge.waits:
                late = await judge.found_late(texts.places)
        except StoaError:
            self._keep_verdicts(judge)
            raise
        if in_thread:
            await asyncio.to_thread(self._judge_request, judge, texts, late)
        else:
            self._judge_request(judge, texts, late)
        self._task = None
        self._go_on(self._look_up)

    def _judge_request(self, judge: Judge, texts: Texts, late: Sequence[Sequence[Marked]] | None) -> None:
        """Raises Refused and Unavailable."""
        try:
            if texts.unread:
                judge.refuse_tokens()
            changes = judge_places(judge, texts.places, late)
        finally:
            self._keep_verdicts(judge)
        if any(changes):
            self._write(texts, changes, judge)
            self._body = self._rewritten(texts)
            self.ask = self.surface.read(self._body, self.exchange.headers.get(_TYPE, b""))
            self._conversation = None

    def _write(self, texts: Texts, changes: Sequence[Sequence[Marked]], judge: Judge) -> None:
        if (
            self._placeholders is not None
        ):  # placeholders that stand in a text already, as words of its author, are not given out
            self._placeholders.tokenise("\n".join([place.text for place in texts.places]), ())
        for place, each in zip(texts.places, changes, strict=True):
            if each:
                place.write(each, judge.put)
        for number, seen in enumerate(judge.seen):
            if seen.kinds and seen.action in ("mask", "tokenise"):
                self._name_in_head(judge, number, seen.action)

    def _name_in_head(self, judge: Judge, number: int, action: str) -> None:
        named = f"{judge.checks[number].guardrail}:{action}".encode()
        told = self.guard_line[len(b"x-stoa-guardrails: ") : -2].split(b", ") if self.guard_line else []
        if named not in told:
            self.guard_line = b"x-stoa-guardrails: %b\r\n" % b", ".join([*told, named])

    def count_characters(self) -> int:
        """Of all texts of the request."""
        return self._texts().characters

    def _texts(self) -> Texts:
        """Of the request as it stands."""
        ask = self.ask
        if isinstance(ask, OperationAsk) and ask.asked.boundary:
            parts = ask.asked.parts
            named = {name: text_of(self._body, parts, name) for name in _FORM_FIELDS}
            texts = Texts({name: text for name, text in named.items() if text is not None})
        else:
            texts = read(self._body)
        texts.request()
        return texts

    def _rewritten(self, texts: Texts) -> bytes:
        ask = self.ask
        if not (isinstance(ask, OperationAsk) and ask.asked.boundary):
            return texts.body()
        body = self._body
        for name, text in texts.fields.items():
            body = with_text(body, read_parts(body, ask.asked.boundary), ask.asked.boundary, name, text)
        return body

    def _look_up(self) -> None:
        """What holds placeholders has no place in a cache: another's may stand for other words."""
        if self.offering.guards is not None:
            self.guarded_at = perf_counter()
        if not self._placeholders:
            super()._look_up()
            return
        headers = self.exchange.headers
        self._directives = directives_of(headers[CONTROL]) if CONTROL in headers else NONE
        self._missed()

    # --- what retrieval finds

    async def judge_passages(self, passages: Sequence[Passage]) -> Sequence[Passage]:
        """As they go into the prompt; those that the client is shown are kept. Raises Refused and Unavailable."""
        rules = self._rules
        if rules is None or not passages:
            self._passages = passages
            return passages
        self._passages = await as_shown(Judge("output", rules.output, self._request_facts, None), passages)
        judge = Judge("input", rules.input, self._request_facts, self._placeholders)
        try:
            return await as_sent(judge, passages, at_once=rules.at_once)
        finally:
            self._keep_verdicts(judge)

    # --- after

    @property
    def _words_of_answer(self) -> tuple[str, ...] | None:
        """Where the words of an answer stand; None when there are none."""
        return ROOTS.get(self.surface.form or self.surface.door)

    def _guard_answer(self, body: bytes, target: Target, tokens: Tokens) -> None:
        """Judge a whole answer, and deliver it or what is told instead."""
        rules, roots = self._rules, self._words_of_answer
        if rules is None or roots is None or not (rules.output or self._placeholders):
            self._deliver(body, target, tokens)
            return
        plain = not is_json(self.answer_type.removeprefix(b"content-type: "))
        judge = Judge("output", rules.output, self._request_facts, self._placeholders)
        try:
            texts = Texts({"text": body.decode("utf-8", "replace")}) if plain else read(body)
            texts.answer(*roots)
        except (ValueError, msgspec.MsgspecError, RecursionError):
            self._refuse_answer(Unavailable("The answer cannot be read, so guardrails cannot judge it."), judge, target, tokens)
            return
        if judge.waits:
            self._owes(target, tokens)
            self._begin_task(self._judge_answer_late(judge, texts, body, plain=plain))
        else:
            self._judge_answer(judge, texts, body, None, target, tokens, plain=plain)

    async def _judge_answer_late(self, judge: Judge, texts: Texts, body: bytes, *, plain: bool) -> None:
        assert self._owed is not None
        target, tokens = self._owed
        try:
            late = await judge.found_late(texts.places)
        except StoaError as error:
            self._refuse_answer(error, judge, target, tokens)
            return
        self._owed = self._task = None
        self._judge_answer(judge, texts, body, late, target, tokens, plain=plain)

    def _judge_answer(
        self,
        judge: Judge,
        texts: Texts,
        body: bytes,
        late: Sequence[Sequence[Marked]] | None,
        target: Target,
        tokens: Tokens,
        *,
        plain: bool,
    ) -> None:
        try:
            changes = judge_places(judge, texts.places, late)
        except StoaError as error:
            self._refuse_answer(error, judge, target, tokens)
            return
        self._keep_verdicts(judge)
        changed = any(changes)
        if changed:
            self._write(texts, changes, judge)
            for choice in texts.fields.get("choices") or ():
                choice.pop("logprobs", None)  # they would spell what was masked
        if self._placeholders:
            changed = True
            if self.client.content_days is not None:
                self._unrestored = texts.body()
            for place in texts.places:
                restore_in(place, self._placeholders)
        if changed:
            written = texts.body()
            body = str(texts.fields["text"]).encode() if plain else written
        self._deliver(body, target, tokens)

    def _refuse_answer(self, error: StoaError, judge: Judge, target: Target, tokens: Tokens) -> None:
        """It was generated, and is billed."""
        self._owed = self._task = None
        self._keep_verdicts(judge)
        self.stages.metrics.refused(error.code)
        self.answer_type = JSON
        self.answer = self.surface.refuse(error.status, error.code, error.message, error.param)
        self.settle(error.status, target, tokens, error=error.code)

    # --- during

    def _watched(self, stream: Watcher) -> Watcher:
        """The stream behind guards, where any hold for it."""
        rules, form = self._rules, self.surface.form
        if rules is None or form is None or not (rules.output or self._placeholders):
            return stream
        judge = Judge("output", rules.output, self._request_facts, self._placeholders)
        whole = rules.stream != "window" or not judge.reach
        return GuardedStream(stream, form, judge, self._placeholders, whole=whole, acting=rules.acts_on_output)

    def _end_guarded(self, stream: GuardedStream, attempt: Attempt, tokens: Tokens) -> None:
        """The stream came to its end, or to what ends it."""
        if stream.refused is not None:
            attempt.cancel()
            self._refuse_midway(stream, attempt.target, tokens)
        elif stream.waits:
            self._owes(attempt.target, tokens)
            self._begin_task(self._end_stream_late(stream))
        else:
            self._keep_verdicts(stream.judge)
            self._end_stream(stream, attempt.target, tokens)

    async def _end_stream_late(self, stream: GuardedStream) -> None:
        assert self._owed is not None
        target, tokens = self._owed
        left = await stream.judge_late()
        self._owed = self._task = None
        if stream.refused is not None:
            self._refuse_midway(stream, target, tokens)
            return
        self._keep_verdicts(stream.judge)
        if left:
            self.exchange.write(left)
        self._end_stream(stream, target, tokens)

    def _refuse_midway(self, stream: GuardedStream, target: Target, tokens: Tokens) -> None:
        """What was judged clean has gone out; what was generated is billed."""
        error = stream.refused
        assert error is not None
        self._keep_verdicts(stream.judge)
        self.stages.metrics.refused(error.code)
        self.answer = stream.fail(error.status, error.code, error.message)
        self.settle(200, target, tokens, error=error.code)

    # --- in between

    def _owes(self, target: Target, tokens: Tokens) -> None:
        """An answer is there, and settled only once it is judged; its place at the model is free before that."""
        self._owed = (target, tokens)
        self.place.used((tokens.prompt or 0) + (tokens.completion or 0))

    def _begin_task(self, work: Coroutine[Any, Any, None]) -> None:  # Any: as asyncio has it
        self._task = asyncio.get_running_loop().create_task(self._in_task(work))
        self._task.add_done_callback(lambda _: work.close())  # where it was cancelled before it began

    async def _in_task(self, work: Coroutine[Any, Any, None]) -> None:
        PARENT.set(self.id)  # of what guards ask of models, in this task alone
        SPAN.set(self.span)
        owed = self._owed
        try:
            await work
        except StoaError as error:
            self._failed_in_task(error, owed)
        except Exception:
            log.exception("guardrails failed", extra={"request_id": self.request_id})
            self._failed_in_task(InternalError("The request could not be judged; Stoa's log says why."), owed)

    def _failed_in_task(self, error: StoaError, owed: tuple[Target, Tokens] | None) -> None:
        self._owed = self._task = None
        if owed is None:
            self.refuse(error)
        elif self.first_token is not None and self.stream is not None:
            self.answer = self.stream.fail(error.status, error.code, error.message)
            self.settle(200, *owed, error=error.code)
        else:
            self.answer_type = JSON
            self.answer = self.surface.refuse(error.status, error.code, error.message, error.param)
            self.settle(error.status, *owed, error=error.code)

    def _keep_verdicts(self, judge: Judge) -> None:
        """Keep what the checks of one stage said."""
        verdicts: list[Verdict] = judge.verdicts()
        if verdicts:
            self.verdicts = [*(self.verdicts or ()), *verdicts]
            for verdict in verdicts:
                self.stages.metrics.guarded(verdict)

    def _request_facts(self) -> RequestFacts:
        caller = self.client.caller
        return RequestFacts(
            request_id=self.request_id,
            team=caller.team,
            model=self.ask.model,
            path=self.surface.path,
            user=caller.user_id,
            key=caller.key_id,
        )
