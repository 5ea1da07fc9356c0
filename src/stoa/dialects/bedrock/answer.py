"""Reads Converse's answers, whole and streamed. A stream is whole with its `metadata` event, which tells the usage."""

from collections.abc import Mapping
from hashlib import sha256

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
from stoa.dialects.bedrock.error import read_exception
from stoa.dialects.bedrock.eventstream import Frame, FrameReader
from stoa.dialects.conversation import Part, Text, Thinking, ToolCall
from stoa.dialects.forms import AnswerFailed, UpstreamError

_FINISH: Mapping[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "refusal": "refusal",
    "pause_turn": "pause",
}
"""Every other reason, such as malformed_tool_use, is a failure of the model: another try may do better."""


class _Camel(msgspec.Struct, rename="camel"):
    pass


class _ToolUse(_Camel):
    tool_use_id: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw(b"{}")
    type: str | None = None


class _ReasoningText(_Camel):
    text: str = ""
    signature: str | None = None


class _Reasoning(_Camel):
    reasoning_text: _ReasoningText | None = None
    redacted_content: str | None = None
    text: str = ""
    signature: str | None = None


class _Plain(_Camel):
    text: str = ""


class _Citations(_Camel):
    content: list[_Plain] = []


class _Block(_Camel):
    text: str | None = None
    tool_use: _ToolUse | None = None
    reasoning_content: _Reasoning | None = None
    citations_content: _Citations | None = None


class _Message(_Camel):
    content: list[_Block] = []


class _Output(_Camel):
    message: _Message


class _Usage(_Camel):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None


class _Tier(_Camel):
    type: str | None = None


class _ModelFields(msgspec.Struct):
    stop_sequence: str | None = None


class _Response(_Camel):
    output: _Output
    stop_reason: str
    usage: _Usage | None = None
    service_tier: _Tier | None = None
    additional_model_response_fields: _ModelFields | None = None


class _Start(_Camel):
    tool_use: _ToolUse | None = None


class _Delta(_Camel):
    text: str | None = None
    tool_use: _ToolUse | None = None
    reasoning_content: _Reasoning | None = None


class _StreamEvent(_Camel):
    """All kinds of events in one; which it is stands in the frame's headers."""

    content_block_index: int = 0
    start: _Start | None = None
    delta: _Delta | None = None
    stop_reason: str = ""
    additional_model_response_fields: _ModelFields | None = None
    usage: _Usage | None = None


_ANSWER = msgspec.json.Decoder(_Response)
_EVENT = msgspec.json.Decoder(_StreamEvent)
_PIECE = msgspec.json.Decoder(str)


def read_answer(body: bytes, *, model: str) -> Answer:
    """Raises ValueError when it is none of Converse's, AnswerFailed when the model broke off."""
    response = _ANSWER.decode(body)
    content = [part for block in response.output.message.content for part in _parts(block)]
    finish = _finish_of(response.stop_reason)
    if isinstance(finish, UpstreamError):
        raise AnswerFailed(finish)
    choice = Choice(content=content, finish=finish, stop_sequence=_sequence(response.additional_model_response_fields))
    tier = response.service_tier.type if response.service_tier else None
    answer_id = sha256(body).hexdigest()[:24]
    return Answer(id=answer_id, model=model, choices=[choice], usage=_usage(response.usage), service_tier=tier)


class BedrockStream:
    """Implements `forms.StreamReader`."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._frames = FrameReader()
        self._calls: dict[int, int] = {}
        self._silent: set[int] = set()

    def feed(self, data: bytes) -> list[Event]:
        return [event for frame in self._frames.feed(data) for event in self._frame(frame)]

    def _frame(self, frame: Frame) -> list[Event]:
        headers = frame.headers
        match headers.get(":message-type"):
            case "event":
                return self._event(headers.get(":event-type", ""), frame.payload)
            case "exception":
                error = read_exception(headers.get(":exception-type", ""), frame.payload)
            case "error":
                error = read_exception(headers.get(":error-code", ""), b"{}")
                error = error._replace(message=headers.get(":error-message") or error.message)
            case other:
                raise ValueError(f"a frame of message type {other!r}")
        return [Failed(error.message, error.error_class, error.code)]

    def _event(self, kind: str, payload: bytes) -> list[Event]:
        event = _EVENT.decode(payload)
        block = event.content_block_index
        match kind:
            case "messageStart":
                return [Started(id="", model=self._model)]
            case "contentBlockStart" if event.start is not None and event.start.tool_use is not None:
                call = event.start.tool_use
                if call.type is not None:  # AWS runs that one itself
                    return []
                self._calls[block] = len(self._calls)
                self._silent.add(block)
                return [ToolCallStarted(self._calls[block], call.tool_use_id, call.name)]
            case "contentBlockDelta" if event.delta is not None:
                return self._delta(event.delta, block)
            case "contentBlockStop" if block in self._silent:
                self._silent.discard(block)
                return [ToolCallPiece(self._calls[block], "{}")]  # a call without arguments, which AWS says by silence
            case "messageStop":
                finish = _finish_of(event.stop_reason)
                if isinstance(finish, UpstreamError):
                    return [Failed(finish.message, finish.error_class, finish.code)]
                return [Finished(finish, _sequence(event.additional_model_response_fields))]
            case "metadata":
                usage = _usage(event.usage)
                return [Ended()] if usage is None else [UsageTold(usage), Ended()]
            case _:
                return []

    def _delta(self, delta: _Delta, block: int) -> list[Event]:
        if delta.text:
            return [TextPiece(delta.text)]
        if delta.tool_use is not None and block in self._calls:
            arguments = _PIECE.decode(delta.tool_use.input)
            if not arguments:
                return []
            self._silent.discard(block)
            return [ToolCallPiece(self._calls[block], arguments)]
        if (thought := delta.reasoning_content) is not None:
            return [ThinkingPiece(thought.text, thought.signature, thought.redacted_content)]
        return []


def _parts(block: _Block) -> list[Part]:
    if block.text:
        return [Text(text=block.text)]
    if block.citations_content is not None:
        return [Text(text="".join(piece.text for piece in block.citations_content.content))]
    if (call := block.tool_use) is not None and call.type is None:
        arguments = msgspec.json.format(bytes(call.input).decode(), indent=-1)
        return [ToolCall(id=call.tool_use_id, name=call.name, arguments=arguments)]
    if (thought := block.reasoning_content) is not None:
        if thought.redacted_content is not None:
            return [Thinking(redacted=thought.redacted_content)]
        if thought.reasoning_text is not None:
            return [Thinking(text=thought.reasoning_text.text, signature=thought.reasoning_text.signature)]
    return []


def _finish_of(reason: str) -> FinishReason | UpstreamError:
    known = _FINISH.get(reason)
    return known or UpstreamError("server_error", f"The model broke off with {reason}.", reason)


def _sequence(fields: _ModelFields | None) -> str | None:
    return fields.stop_sequence if fields is not None else None


def _usage(told: _Usage | None) -> TokenUsage | None:
    """AWS counts what the cache gave and took beside the input, not in it."""
    if told is None:
        return None
    read, write = told.cache_read_input_tokens, told.cache_write_input_tokens
    whole = None if told.input_tokens is None else told.input_tokens + (read or 0) + (write or 0)
    return TokenUsage(input=whole, output=told.output_tokens, cache_read=read, cache_write=write)
