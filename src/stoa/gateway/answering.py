"""What an answer comes to: its bytes in the client's form, its tokens, and Stoa's own object in it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter

from stoa.dialects.answer import Started
from stoa.dialects.conversation import Conversation
from stoa.dialects.table import CLIENTS
from stoa.domain.contents import Content
from stoa.domain.passages import Passage
from stoa.gateway.accounts import measured, tokens_told
from stoa.gateway.accounts import tokens_in as tokens_of_characters
from stoa.gateway.ask import OperationAsk
from stoa.gateway.attempt import Attempt
from stoa.gateway.citing import consulted, stoa_of
from stoa.gateway.counting.estimate import tokens_in
from stoa.gateway.delivery import JSON, Delivery
from stoa.gateway.plan import Target
from stoa.gateway.pricing import cost_of
from stoa.gateway.replay import text_in, with_stoa
from stoa.gateway.tokens import FREE_OF_CHARGE, Tokens
from stoa.gateway.translation import Whole, whole
from stoa.gateway.usage import Usage
from stoa.gateway.watcher import Watcher

_MASKED = frozenset(("mask", "tokenise"))


class Answering(Delivery):
    """A request whose target has answered."""

    _body: bytes = b""  # as the client sent it
    _prompt: bytes | None = None  # the body with passages in it, in chat's form
    _conversation: Conversation | None = None  # as the client sent it
    _passages: Sequence[Passage] | None = None
    _unrestored: bytes | None = None  # the answer with placeholders, where those are for the client alone

    def keep_content(self, days: int) -> None:
        """Only of what is JSON; of a stream the answer that it amounts to."""
        log, caller, most = self.stages.contents, self.client.caller, self.stages.content_bytes
        if log is None or self.surface.form_data:
            return
        if self.offering.guards is not None and not self.guarded_at:
            return  # its client went before guardrails had judged it
        asked, answer = self._body, self._answer_kept()  # as guardrails left them
        masked = any(each.action in _MASKED for each in self.verdicts or ())
        log.keep(
            Content(
                self.id,
                self.fact.at_ms,
                caller.team,
                f"user:{caller.user_id}"
                if caller.user_id
                else f"key:{caller.key_id}"
                if caller.key_id
                else f"team:{caller.team}",
                days,
                asked[:most],
                answer[:most] if answer is not None else None,
                len(asked) > most or (answer is not None and len(answer) > most),
                masked,
            )
        )

    def _answer_kept(self) -> bytes | None:
        if self.entry is not None:
            return self.entry.answer
        if self._unrestored is not None:
            return self._unrestored
        if not self.streamed:
            return None if self.surface.relays_type and self.answer_type is not JSON else self.answer
        stream = self.stream
        if stream is None:
            return self.answer if self.first_token is None else None
        text = stream.whole() or (stream.text() or "").encode()
        return text or None

    def _asked(self) -> Conversation:
        """The client's request in the form in the middle, which its answer is written for. Raises InvalidRequest."""
        if self._conversation is None:
            form = self.surface.form
            assert form is not None
            self._conversation = CLIENTS[form].read(self._body)
        return self._conversation

    def _cost(self, attempt: Attempt, tokens: Tokens) -> int | None:
        """What a try's answer costs, in nano-dollars."""
        self._count_work(attempt)
        return cost_of(attempt.target.price, tokens, self.engine_s)

    def _count_work(self, attempt: Attempt) -> None:
        if attempt.work is not None:
            self.engine_s = attempt.work.seconds(perf_counter())

    def _whole(self, attempt: Attempt, body: bytes) -> Whole:
        if self.surface.relays_type and not is_json(attempt.content_type):
            return Whole(body, None, str, None)
        return whole(self.surface, attempt.wire, body, head=self._head(attempt.target), conversation=self._asked)

    def _head(self, target: Target) -> Started:
        """What an answer is called where the upstream does not say it."""
        return Started(id=self.id, model=target.upstream_name, created_s=time.time_ns() // 1_000_000_000)

    def _made_from(self, attempt: Attempt, body: bytes) -> tuple[bytes, Tokens]:
        """The answer as the client gets it, where it is not the upstream's own bytes."""
        got = self._whole(attempt, body)
        if self.surface.relays_type and attempt.content_type is not None:
            self.answer_type = b"content-type: %b\r\n" % attempt.content_type
        return got.body, self._tokens_of(got.usage, got.text)

    def _cited(self, body: bytes, target: Target, tokens: Tokens) -> bytes:
        """A whole answer, as guardrails left it, with where it is from."""
        stoa = self._stoa(text_in(self.surface.form, body), target, tokens)
        self._consults(stoa)
        return with_stoa(body, stoa)

    def _stoa(self, text: str, target: Target, tokens: Tokens) -> dict[str, object]:
        assistant, cost = self.offering.assistant, cost_of(target.price, tokens, self.engine_s)
        searched = assistant is not None and bool(assistant.collections or (assistant.tools and self._passages))
        return stoa_of(text, self._passages or (), cost=cost, searched=searched)

    def _consults(self, stoa: Mapping[str, object]) -> None:
        """Tell of an answer that has come whole what it was made from."""
        assistant = self.offering.assistant
        if assistant is not None and assistant.collections:
            self.consulted = consulted(stoa, self._passages or (), assistant.collections)

    def _tokens_of(self, usage: Usage | None, text: Callable[[], str]) -> Tokens:
        if not self.surface.estimates:
            return self._tokens_told(usage)
        if usage is not None and usage.prompt_tokens is not None:
            return tokens_told(usage)
        answer = text() if usage is None and self.surface.operation == "chat" else ""
        return self._tokens_counted(answer, len(answer))

    def _tokens_of_stream(self, stream: Watcher | None) -> Tokens:
        if not self.surface.estimates:
            return self._tokens_told(stream.usage if stream is not None else None)
        if stream is None:
            return self._tokens_counted("", 0)
        usage = stream.usage
        if usage is not None and usage.prompt_tokens is not None:
            return tokens_told(usage)
        answer = stream.text() if self.offering.gauge is not None else None
        return self._tokens_counted(answer, stream.count_characters())

    def _tokens_counted(self, answer: str | None, characters: int) -> Tokens:
        """What nobody told: by the model's tokenizer, else as requests are estimated; answers at four characters a token."""
        gauge, prompt = self.offering.gauge, self._prompt
        if prompt is not None:
            read = tokens_in(prompt) if gauge is None else gauge.read(prompt, "chat")[0]
        else:
            read = self.tokens_read if self.tokens_read is not None else tokens_in(self._body)
        written = gauge.text(answer) if gauge is not None and answer else None
        return Tokens(read, tokens_of_characters(characters) if written is None else written, "estimate")

    def _tokens_told(self, usage: Usage | None) -> Tokens:
        if self.surface.free:
            return FREE_OF_CHARGE
        return measured(usage, self.ask.asked.characters if isinstance(self.ask, OperationAsk) else None)


def is_json(content_type: bytes | None) -> bool:
    return content_type is None or content_type.startswith(b"application/json")
