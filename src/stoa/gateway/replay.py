"""One answer in its two forms: a chat completion whole, and the same as a stream of chunks."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec

from stoa.dialects.answer import (
    Answer,
    Event,
    Finished,
    RefusalPiece,
    TextPiece,
    ThinkingPiece,
    ToolCallPiece,
    ToolCallStarted,
    UsageTold,
)
from stoa.dialects.conversation import Conversation, Refusal, Text, Thinking, ToolCall
from stoa.dialects.table import CLIENTS, UPSTREAMS
from stoa.domain.operations import ClientForm

DONE = b"data: [DONE]\n\n"

Fields = dict[str, Any]
"""A JSON object. Any: it is the upstream's."""

_TEXTS = {"content", "refusal", "reasoning_content"}
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def whole_of(chunks: Sequence[Fields]) -> bytes | None:
    """The chat completion that a finished stream amounts to; None when something of it would be lost, such as a tool call."""
    message: dict[str, str] = {}
    finish: str | None = None
    usage: object = None
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for choice in _choices(chunk):
            sent: Fields = choice.get("delta") or {}
            delta = {name: value for name, value in sent.items() if value is not None}
            if choice.get("index") or choice.get("logprobs") or set(delta) - _TEXTS - {"role"}:
                return None
            for name in _TEXTS & set(delta):
                message[name] = message.get(name, "") + delta[name]
            finish = choice.get("finish_reason") or finish
    if finish is None:
        return None
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "", "refusal": None} | message,
        "logprobs": None,
        "finish_reason": finish,
    }
    answer = {**_head(chunks[0]), "object": "chat.completion", "choices": [choice]}
    return _encode(answer | {"usage": usage} if usage else answer)


def stream_of(
    form: ClientForm | None, answer: bytes, conversation: Callable[[], Conversation], *, with_usage: bool
) -> bytes | None:
    """The whole stream that amounts to an answer of that form; None when something of it would be lost. `stoa` goes last."""
    if form == "chat":
        return _chat_stream_of(answer, with_usage=with_usage)
    if form != "messages":
        return None
    stoa = _fields(answer).get("stoa")
    whole = UPSTREAMS[form].read_answer(answer, model="")
    writer = CLIENTS[form].stream_writer(conversation(), answer_id=whole.id, model=whole.model, created_s=whole.created_s or 0)
    return writer.write(events_of(whole)) + writer.end(stoa)


def events_of(answer: Answer) -> list[Event]:
    """The events of a stream that amounts to the answer's first choice."""
    events: list[Event] = []
    calls = 0
    choice = answer.choices[0]
    for part in choice.content:
        match part:
            case Text(text=text):
                events.append(TextPiece(text))
            case Refusal(text=text):
                events.append(RefusalPiece(text))
            case Thinking(text=text, signature=signature, redacted=redacted):
                events.append(ThinkingPiece(text, signature, redacted))
            case ToolCall(id=id_, name=name, arguments=arguments):
                events += [ToolCallStarted(calls, id_, name), ToolCallPiece(calls, arguments)]
                calls += 1
            case _:
                pass
    events.append(Finished(choice.finish, choice.stop_sequence))
    return [*events, UsageTold(answer.usage)] if answer.usage is not None else events


def _chat_stream_of(answer: bytes, *, with_usage: bool) -> bytes | None:
    fields = _fields(answer)
    choices = _choices(fields)
    message = _message(fields)
    if len(choices) != 1 or choices[0].get("logprobs") or set(message) - _TEXTS - {"role"}:
        return None
    head = {**_head(fields), "object": "chat.completion.chunk"}
    delta = {"role": "assistant", "content": ""} | message
    events: list[Fields] = [
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
        {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": choices[0].get("finish_reason") or "stop"}]},
    ]
    if with_usage:
        events.append({**head, "choices": [], "usage": fields.get("usage")})
    if "stoa" in fields:
        events.append({**head, "choices": [], "stoa": fields["stoa"]})
    return b"".join([event_of(event) for event in events]) + DONE


def event_of(fields: object) -> bytes:
    """One server-sent event."""
    return b"data: " + _encode(fields) + b"\n\n"


def with_stoa(answer: bytes, stoa: object) -> bytes:
    """A chat completion with Stoa's own object in it."""
    return _encode({**_fields(answer), "stoa": stoa})


def text_of(answer: bytes) -> str:
    """The text of a chat completion's first choice."""
    content = _message(_fields(answer)).get("content")
    return content if isinstance(content, str) else ""


def _fields(answer: bytes) -> Fields:
    return cast("Fields", _decode(answer))  # cast: it was read as an object before


def _head(fields: Fields) -> Fields:
    return {name: fields.get(name) for name in ("id", "created", "model")}


def _choices(fields: Fields) -> list[Fields]:
    return fields.get("choices") or []


def _message(fields: Fields) -> Fields:
    """The first choice's message, without what is empty."""
    choices = _choices(fields)
    message: Fields = (choices[0].get("message") if choices else None) or {}
    return {name: value for name, value in message.items() if value}
