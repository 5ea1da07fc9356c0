"""Streams of OpenAI's legacy completions that pass untouched, and one completion in its two forms."""

from typing import cast

import msgspec

from stoa.dialects.answer import Failed
from stoa.dialects.conversation import Fields
from stoa.dialects.event_lines import data_of
from stoa.dialects.openai.chat_answer import ChatError, error_of
from stoa.dialects.openai.chat_usage import ChatUsage, read_usage
from stoa.dialects.openai.chat_writer import DONE
from stoa.dialects.passing import Seen
from stoa.domain.refusal import refusal


class _Choice(msgspec.Struct):
    text: str | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: ChatUsage | None = None
    error: ChatError | str | None = None


_decode = msgspec.json.Decoder(_Chunk).decode
_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_NOTHING = Seen()


class CompletionsPassing:
    """Implements `passing.Passing`."""

    def matters(self, events: bytes) -> bool:
        return b'"prompt_tokens"' in events or b"[DONE]" in events or b'"error"' in events

    def look(self, event: bytes) -> Seen:
        data = data_of(event)
        if not data:
            return _NOTHING
        if data == b"[DONE]":
            return Seen(ended=True)
        chunk = _read(data)
        if chunk.error is not None:
            error = error_of(chunk.error, 0)
            return Seen(failed=Failed(error.message, error.error_class, error.code))
        content = any(choice.text or choice.finish_reason is not None for choice in chunk.choices)
        usage = read_usage(chunk.usage)
        return Seen(content=content, usage=usage, only_usage=usage is not None and not chunk.choices)

    def characters(self, events: bytes) -> int:
        return sum(_characters(data_of(event)) for event in events.split(b"\n\n"))

    def whole(self, events: bytes) -> bytes | None:
        return whole_of(events)

    def end(self, last: bytes, stoa: object) -> bytes:
        if stoa is None:
            return last
        return b"data: %b\n\n" % _encode({"object": "text_completion", "choices": [], "stoa": stoa}) + last

    def fail(self, status: int, code: str, message: str, *, first: bytes, latest: bytes) -> bytes:
        del first, latest
        return b"data: %b\n\n" % refusal(status, code, message)


def _characters(data: bytes) -> int:
    try:
        return sum(len(choice.text or "") for choice in _read(data).choices) if data else 0
    except ValueError:
        return 0


def text_of(answer: bytes) -> str:
    """Of a whole completion's first choice."""
    return next((choice.text or "" for choice in _read(answer).choices), "")


def whole_of(events: bytes) -> bytes | None:
    """The completion that a finished stream amounts to; None for one of several choices, or with probabilities."""
    head: Fields | None = None
    texts: list[str] = []
    finish: str | None = None
    usage: Fields | None = None
    for event in events.split(b"\n\n"):
        data = data_of(event)
        if not data or data == b"[DONE]":
            continue
        chunk = cast("Fields", _any(data))  # cast: it was read as an object before
        head = head or {name: chunk.get(name) for name in ("id", "created", "model")}
        usage = chunk.get("usage") or usage
        choices: list[Fields] = chunk.get("choices") or []
        for choice in choices:
            if choice.get("index") or choice.get("logprobs"):
                return None
            texts.append(choice.get("text") or "")
            finish = choice.get("finish_reason") or finish
    if head is None or finish is None:
        return None
    whole: Fields = {"text": "".join(texts), "index": 0, "logprobs": None, "finish_reason": finish}
    answer = {**head, "object": "text_completion", "choices": [whole]}
    return _encode(answer | {"usage": usage} if usage else answer)


def stream_of(answer: bytes, *, with_usage: bool) -> bytes | None:
    """The stream that amounts to a completion; None when something of it would be lost. `stoa` goes last."""
    fields = cast("Fields", _any(answer))  # cast: it was read as an object before
    choices: list[Fields] = fields.get("choices") or []
    if len(choices) != 1 or choices[0].get("logprobs"):
        return None
    head = {"object": "text_completion", **{name: fields.get(name) for name in ("id", "created", "model")}}
    chunks = [{**head, "choices": choices}]
    if with_usage:
        chunks.append({**head, "choices": [], "usage": fields.get("usage")})
    if "stoa" in fields:
        chunks.append({**head, "choices": [], "stoa": fields["stoa"]})
    return b"".join([b"data: %b\n\n" % _encode(chunk) for chunk in chunks]) + DONE


def _read(data: bytes) -> _Chunk:
    try:
        return _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"it is not a completion: {error}") from None
