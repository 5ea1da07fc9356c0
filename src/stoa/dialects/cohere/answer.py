"""Reads Cohere's answers, whole and streamed. A stream is whole with its `message-end`.

A plan that goes before calls of tools is what the model thought, so it is read as that.
"""

from collections.abc import Mapping

import msgspec

from stoa.dialects.answer import (
    Answer,
    Choice,
    Ended,
    Event,
    Failed,
    Finished,
    FinishReason,
    Started,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    ToolCallPiece,
    ToolCallStarted,
    UsageTold,
)
from stoa.dialects.cohere.error import error_of
from stoa.dialects.conversation import Fields, Part, Text, Thinking, ToolCall
from stoa.dialects.event_lines import EventLines
from stoa.dialects.forms import AnswerFailed, UpstreamError

_FINISH: Mapping[str, FinishReason] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR_TOXIC": "content_filter",
}
"""The others, ERROR and TIMEOUT, are failures."""


class _Function(msgspec.Struct):
    name: str = ""
    arguments: str = ""


class _Call(msgspec.Struct):
    id: str = ""
    function: _Function = msgspec.field(default_factory=_Function)


class _Piece(msgspec.Struct):
    text: str = ""
    thinking: str = ""


class _Logprob(msgspec.Struct):
    text: str = ""
    logprobs: list[float] = []


class _Message(msgspec.Struct):
    content: list[_Piece] = []
    tool_plan: str | None = None
    tool_calls: list[_Call] | None = None


class _Tokens(msgspec.Struct):
    input_tokens: float | None = None
    output_tokens: float | None = None


class _Usage(msgspec.Struct):
    tokens: _Tokens | None = None
    billed_units: _Tokens | None = None
    cached_tokens: float | None = None


class _Response(msgspec.Struct):
    finish_reason: str
    message: _Message
    id: str = ""
    usage: _Usage | None = None
    logprobs: list[_Logprob] | None = None


class _StreamMessage(msgspec.Struct):
    """What is a list in a whole answer is one thing at a time in a stream."""

    content: _Piece | list[_Piece] | None = None
    tool_plan: str | None = None
    tool_calls: _Call | list[_Call] | None = None


class _Delta(msgspec.Struct):
    message: _StreamMessage | None = None
    finish_reason: str = ""
    error: str | None = None
    usage: _Usage | None = None


class _StreamEvent(msgspec.Struct):
    type: str = ""
    id: str | None = None
    index: int = 0
    delta: _Delta | None = None
    logprobs: _Logprob | None = None
    message: str | None = None
    """Of an error, which has no type."""


_ANSWER = msgspec.json.Decoder(_Response)
_EVENT = msgspec.json.Decoder(_StreamEvent)


def read_answer(body: bytes, *, model: str) -> Answer:
    """Raises ValueError when it is none of Cohere's, AnswerFailed when the model broke off."""
    response = _ANSWER.decode(body)
    message = response.message
    content: list[Part] = [Thinking(text=message.tool_plan)] if message.tool_plan else []
    for piece in message.content:
        if piece.thinking:
            content.append(Thinking(text=piece.thinking))
        if piece.text:
            content.append(Text(text=piece.text))
    content.extend(
        ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments or "{}")
        for call in message.tool_calls or []
    )
    finish = _finish_of(response.finish_reason, None)
    if isinstance(finish, UpstreamError):
        raise AnswerFailed(finish)
    logprobs = None if response.logprobs is None else _logprobs(response.logprobs)
    choice = Choice(content=content, finish=finish, logprobs=logprobs)
    return Answer(id=response.id, model=model, choices=[choice], usage=_usage(response.usage))


class CohereStream:
    """Implements `forms.StreamReader`."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._lines = EventLines()
        self._calls: dict[int, int] = {}
        self._silent: set[int] = set()

    def feed(self, data: bytes) -> list[Event]:
        return [event for _, chunk in self._lines.feed(data) if chunk != b"[DONE]" for event in self._chunk(chunk)]

    def _chunk(self, chunk: bytes) -> list[Event]:
        event = _EVENT.decode(chunk)
        delta = event.delta or _Delta()
        message = delta.message or _StreamMessage()
        match event.type:
            case "message-start":
                return [Started(id=event.id or "", model=self._model)]
            case "content-start" | "content-delta":
                pieces = message.content if isinstance(message.content, list) else [message.content or _Piece()]
                return [found for piece in pieces for found in _content(piece, event.logprobs)]
            case "tool-plan-delta":
                return [ThinkingPiece(message.tool_plan)] if message.tool_plan else []
            case "tool-call-start" | "tool-call-delta":
                calls = message.tool_calls if isinstance(message.tool_calls, list) else [message.tool_calls or _Call()]
                return [found for call in calls for found in self._call(call, event)]
            case "tool-call-end" if event.index in self._silent:
                self._silent.discard(event.index)
                return [ToolCallPiece(self._calls[event.index], "{}")]
            case "message-end":
                return _end(delta)
            case "" if event.message is not None:
                error = error_of(500, event.message)
                return [Failed(error.message, error.error_class)]
            case _:  # citations, ends of parts, debugging
                return []

    def _call(self, call: _Call, event: _StreamEvent) -> list[Event]:
        found: list[Event] = []
        if event.type == "tool-call-start":
            self._calls[event.index] = len(self._calls)
            self._silent.add(event.index)
            found.append(ToolCallStarted(self._calls[event.index], call.id, call.function.name))
        if event.index not in self._calls:
            raise ValueError("a piece of a tool call that did not start")
        if call.function.arguments:
            self._silent.discard(event.index)
            found.append(ToolCallPiece(self._calls[event.index], call.function.arguments))
        return found


def _content(piece: _Piece, logprobs: _Logprob | None) -> list[Event]:
    found: list[Event] = [ThinkingPiece(piece.thinking)] if piece.thinking else []
    if piece.text:
        found.append(TextPiece(piece.text, 0, None if logprobs is None else _logprobs([logprobs])))
    return found


def _end(delta: _Delta) -> list[Event]:
    finish = _finish_of(delta.finish_reason, delta.error)
    if isinstance(finish, UpstreamError):
        return [Failed(finish.message, finish.error_class, finish.code)]
    usage = _usage(delta.usage)
    return [Finished(finish), *([] if usage is None else [UsageTold(usage)]), Ended()]


def _finish_of(reason: str, error: str | None) -> FinishReason | UpstreamError:
    known = _FINISH.get(reason)
    if known is not None and not error:
        return known
    kind = "timeout" if reason == "TIMEOUT" else error_of(400, error or "").error_class
    kind = "server_error" if kind == "invalid_request" else kind
    return UpstreamError(kind, error or f"The model broke off with {reason}.", reason or None)


def _usage(told: _Usage | None) -> TokenUsage | None:
    """`tokens` is what was used; `billed_units`, taken where that is not told, leaves out what Cohere adds to a prompt."""
    if told is None or (counts := told.tokens or told.billed_units) is None:
        return None
    return TokenUsage(
        input=_whole(counts.input_tokens), output=_whole(counts.output_tokens), cache_read=_whole(told.cached_tokens)
    )


def _whole(count: float | None) -> int | None:
    return None if count is None else int(count)


def _logprobs(told: list[_Logprob]) -> Fields:
    """A piece of text of several tokens has the product of their probabilities."""
    content = [
        {"token": item.text, "logprob": sum(item.logprobs), "bytes": list(item.text.encode()), "top_logprobs": []}
        for item in told
    ]
    return {"content": content, "refusal": None}
