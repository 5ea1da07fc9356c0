"""What the gateway reads of a request's body, and the few changes it makes to it. All else passes as it came."""

import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec

from stoa.domain.upstream import Facts
from stoa.errors import InvalidRequest
from stoa.gateway.ask import Ask, ChatAsk

_A = TypeVar("_A", bound=msgspec.Struct)
_any = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode
_canonical = msgspec.json.Encoder(order="sorted").encode
_MODEL = re.compile(rb'"model"[ \t\r\n]*:[ \t\r\n]*("(?:[^"\\]|\\.)*")')
_WHERE = re.compile(r" - at `\$\.?([^`]*)`$")


def reader(form: type[_A]) -> Callable[[bytes, bytes], _A]:
    """What reads a body of that form; it raises InvalidRequest that names the field."""
    decode = msgspec.json.Decoder(form).decode

    def read(body: bytes, content_type: bytes = b"") -> _A:
        del content_type
        try:
            return decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise _explain(error) from None

    return read


read_chat = reader(ChatAsk)


def body_for(body: bytes, ask: Ask, upstream_name: str, *, meter: bool) -> bytes:
    """The body as one upstream gets it: its own name for the model, and with `meter` the wish for usage on the stream.

    The bytes are kept, or spliced, where every reader must understand them alike; else the body is written anew.
    """
    at = body.find(b'"model"')
    if at >= 0 and body.find(b'"model"', at + 7) < 0:  # spelled so once: no reader can take another for it
        same = upstream_name == ask.model
        if same and not meter and body.find(b"\\u") < 0:
            return body
        name, start = _encode(ask.model), at + 8
        if not body.startswith(name, start) or body[at + 7 : start] != b":":  # not so close together as it mostly is
            found = _MODEL.match(body, at)
            start = found.start(1) if found is not None and found[1] == name else -1
        if (
            start >= 0
            and body.find(b"\\u", 0, at) < 0  # an escaped spelling of the same key, which others may take for the first
            and not (meter and b'"stream_options"' in body)
        ):
            if not same:
                body = b"".join((body[:start], _encode(upstream_name), body[start + len(name) :]))
            if not meter:
                return body
            start = body.index(b"{") + 1
            return b'%b"stream_options":{"include_usage":true},%b' % (body[:start], body[start:])
    fields = fields_of(body)
    fields["model"] = upstream_name
    if meter:
        options = fields.get("stream_options")
        kept = cast("dict[str, Any]", options) if isinstance(options, dict) else {}  # cast: JSON objects have text keys
        fields["stream_options"] = {**kept, "include_usage": True}
    return _encode(fields)


def adjusted(body: bytes, facts: Facts, *, limits: bool) -> bytes:
    """The body without what the server refuses, with what it wants besides, and, with `limits`, its own name for the limit."""
    fields = fields_of(body)
    for name in facts.drop:
        fields.pop(name, None)
    if limits and "max_tokens" in fields and facts.max_tokens_field != "max_tokens":
        fields.setdefault(facts.max_tokens_field, fields.pop("max_tokens"))
    if not facts.stream_usage:
        fields.pop("stream_options", None)
    return _encode({**fields, **(facts.fields or {})})


def fields_of(body: bytes) -> dict[str, Any]:
    """The whole body. Any: it is the client's."""
    return cast("dict[str, Any]", _any.decode(body))  # cast: it was read as an object before


def canonical(body: bytes) -> bytes:
    """The same bytes for requests that mean the same: keys sorted, and without what only decides the answer's form."""
    fields = fields_of(body)
    for name in ("stream", "stream_options", "model"):
        fields.pop(name, None)
    return _canonical(fields)


def _explain(error: Exception) -> InvalidRequest:
    text = str(error)
    if not isinstance(error, msgspec.ValidationError):
        return InvalidRequest(f"The body must be a JSON object, but it cannot be read: {text}.")
    where = _WHERE.search(text)
    reason = _WHERE.sub("", text)
    missing = re.match(r"Object missing required field `(\w+)`", reason)
    if missing:
        return InvalidRequest(f"The body must have a field {missing[1]!r}.", param=missing[1])
    if where is None or not where[1]:
        return InvalidRequest(f"The body must be a JSON object: {reason[:1].lower()}{reason[1:]}.")
    return InvalidRequest(f"Field {where[1]!r} is wrong: {reason[:1].lower()}{reason[1:]}.", param=where[1])
