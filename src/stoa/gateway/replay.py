"""One answer in its two forms: whole, and as a stream."""

from collections.abc import Sequence
from typing import Any, assert_never, cast

import msgspec

from stoa.dialects.answer import Answer
from stoa.dialects.anthropic import replay as messages_replay
from stoa.dialects.conversation import Text
from stoa.dialects.openai import completions_passing, responses_replay
from stoa.dialects.table import UPSTREAMS
from stoa.domain.operations import ClientForm

DONE = b"data: [DONE]\n\n"

Fields = dict[str, Any]
"""A JSON object. Any: it is the upstream's."""

_TEXTS = {"content", "refusal", "reasoning_content"}
_SHOWN = _TEXTS | {"reasoning_details", "annotations"}
"""What of a message may go into one piece of a stream as it is."""
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


def stream_of(form: ClientForm | None, answer: bytes, *, with_usage: bool) -> bytes | None:
    """The whole stream that amounts to an answer of that form; None when something of it would be lost. `stoa` goes last."""
    match form:
        case "chat":
            return _chat_stream_of(answer, with_usage=with_usage)
        case "completions":
            return completions_passing.stream_of(answer, with_usage=with_usage)
        case "messages":
            return messages_replay.stream_of(answer)
        case "responses":
            return responses_replay.stream_of(answer)
        case None:
            return None
        case _:
            assert_never(form)


def _chat_stream_of(answer: bytes, *, with_usage: bool) -> bytes | None:
    fields = _fields(answer)
    choices = _choices(fields)
    message = _message(fields)
    if len(choices) != 1 or choices[0].get("logprobs") or set(message) - _SHOWN - {"role"}:
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
    """An answer of any form with Stoa's own object in it."""
    return _encode({**_fields(answer), "stoa": stoa})


def text_in(form: ClientForm | None, body: bytes) -> str:
    """The text of a whole answer's first choice; empty when it is not of the form."""
    try:
        match form:
            case "chat" | None:
                return text_of(body)
            case "completions":
                return completions_passing.text_of(body)
            case "messages":
                return text_of_answer(UPSTREAMS[form].read_answer(body, model=""))
            case "responses":
                return responses_replay.text_of(body)
            case _:
                assert_never(form)
    except (ValueError, msgspec.MsgspecError):
        return ""


def text_of_answer(answer: Answer) -> str:
    return "".join(part.text for choice in answer.choices[:1] for part in choice.content if isinstance(part, Text))


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
