"""Streams of OpenAI's responses that pass untouched. The last event holds the whole answer."""

import re
from typing import Any, cast

import msgspec

from stoa.dialects.answer import Failed, TokenUsage
from stoa.dialects.classify import class_of
from stoa.dialects.conversation import Fields
from stoa.dialects.event_lines import data_of
from stoa.dialects.openai.responses_failure import failure_events
from stoa.dialects.passing import Seen


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


class _Error(msgspec.Struct):
    code: str | int | None = None
    message: str | None = None
    type: str | None = None


class _Response(msgspec.Struct):
    usage: _Usage | None = None
    error: _Error | None = None


class _Item(msgspec.Struct):
    type: str | None = None


class _Event(msgspec.Struct):
    type: str
    delta: Any = None  # text, and of some kinds an object
    item: _Item | None = None
    response: _Response | None = None
    error: _Error | None = None
    code: str | int | None = None
    message: str | None = None


_decode = msgspec.json.Decoder(_Event).decode
_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_NUMBER = re.compile(rb'"sequence_number"\s*:\s*(\d+)')
_SPEAKS = re.compile(r"response\.(output_text|refusal|reasoning\w*|function_call_arguments|\w+_call_\w+)\.delta")
_ENDS = (b"response.completed", b"response.incomplete", b"response.failed")
_NOTHING = Seen()


class ResponsesPassing:
    """Implements `passing.Passing`."""

    def matters(self, events: bytes) -> bool:
        return b'"error"' in events or any(end in events for end in _ENDS)

    def look(self, event: bytes) -> Seen:
        data = data_of(event)
        if not data or data == b"[DONE]":
            return _NOTHING
        found = _read(data)
        match found.type:
            case "response.completed" | "response.incomplete":
                return Seen(usage=_usage(found.response), ended=True)
            case "response.failed":
                error = (found.response.error if found.response is not None else None) or _Error()
                return Seen(usage=_usage(found.response), failed=_failed(error))
            case "error":
                return Seen(failed=_failed(found.error or _Error(found.code, found.message)))
            case "response.output_item.added" if found.item is not None:
                return Seen(content=found.item.type not in ("message", "reasoning"))
            case kind:
                return Seen(content=bool(found.delta) and _SPEAKS.fullmatch(kind) is not None)

    def characters(self, events: bytes) -> int:
        return sum(_characters(data_of(event)) for event in events.split(b"\n\n"))

    def whole(self, events: bytes) -> bytes | None:
        response = _response_in(events[events.rstrip(b"\n").rfind(b"\n\n") + 1 :].strip(b"\n"))
        return None if response is None else _encode(response)

    def end(self, last: bytes, stoa: object) -> bytes:
        if stoa is None:
            return last
        event = cast("Fields", _any(data_of(last.strip(b"\n"))))  # cast: it was read as an object before
        event["response"] = {**event["response"], "stoa": stoa}
        return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), _encode(event))

    def fail(self, status: int, code: str, message: str, *, first: bytes, latest: bytes) -> bytes:
        try:
            response = _response_in(first.partition(b"\n\n")[0])
        except (msgspec.MsgspecError, UnicodeDecodeError, AttributeError):
            response = None
        numbers = _NUMBER.findall(latest)
        return failure_events(response or {}, int(numbers[-1]) + 1 if numbers else 0, status, code, message)


def _characters(data: bytes) -> int:
    try:
        delta = _read(data).delta if data else None
    except ValueError:
        return 0
    return len(delta) if isinstance(delta, str) else 0


def _response_in(event: bytes) -> Fields | None:
    data = data_of(event)
    return cast("Fields", _any(data)).get("response") if data else None  # cast: it was read as an object before


def _failed(error: _Error) -> Failed:
    word = error.code if isinstance(error.code, str) else error.type
    message = error.message or "the response failed"
    return Failed(message, class_of(error.code if isinstance(error.code, int) else 0, word, message), word)


def _usage(response: _Response | None) -> TokenUsage | None:
    told = response.usage if response is not None else None
    if told is None:
        return None
    given, made = told.input_tokens_details or _InputDetails(), told.output_tokens_details or _OutputDetails()
    return TokenUsage(
        input=told.input_tokens, output=told.output_tokens, cache_read=given.cached_tokens,
        cache_write=given.cache_write_tokens, reasoning=made.reasoning_tokens,
    )  # fmt: skip


def _read(data: bytes) -> _Event:
    try:
        return _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"an event is not one of OpenAI's responses: {error}") from None
