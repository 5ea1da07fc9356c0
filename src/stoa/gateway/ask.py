"""What the gateway reads of a request's body, and the few changes it makes to it. All else passes as it came."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, cast

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from stoa.errors import InvalidRequest

DEFAULT_OUTPUT_TOKENS = 1024
"""What an answer is taken to need, for the estimate, when the request sets no limit."""

_WARM = 0.3  # above this temperature another answer is wanted each time
_NULL = Raw(b"null")


class StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class ChatAsk(msgspec.Struct):
    """`POST /v1/chat/completions`."""

    model: str
    messages: Annotated[list[Raw], Meta(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    tools: Raw | UnsetType = UNSET
    functions: Raw | UnsetType = UNSET

    @property
    def streamed(self) -> bool:
        return self.stream is True

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage is True

    @property
    def output_tokens(self) -> int:
        """The most that the answer may hold, for the estimate."""
        return max(0, self.max_completion_tokens or self.max_tokens or DEFAULT_OUTPUT_TOKENS) * max(1, self.n or 1)

    @property
    def repeatable(self) -> bool:
        """Whether the same answer may be given twice."""
        return (
            (self.temperature is None or self.temperature <= _WARM)
            and (self.n is None or self.n == 1)
            and (self.tools is UNSET or self.tools == _NULL)
            and (self.functions is UNSET or self.functions == _NULL)
        )


class EmbeddingAsk(msgspec.Struct):
    """`POST /v1/embeddings`."""

    model: str
    input: str | Annotated[list[Raw], Meta(min_length=1)]

    streamed = False
    wants_usage = False
    output_tokens = 0

    @property
    def repeatable(self) -> bool:
        """One text is a question, asked again and again; many are documents, embedded once."""
        return isinstance(self.input, str) or len(self.input) == 1


Ask = ChatAsk | EmbeddingAsk

_chat = msgspec.json.Decoder(ChatAsk)
_embedding = msgspec.json.Decoder(EmbeddingAsk)
_any = msgspec.json.Decoder()
_encode = msgspec.json.Encoder().encode
_canonical = msgspec.json.Encoder(order="sorted").encode
_MODEL = re.compile(rb'"model"[ \t\r\n]*:[ \t\r\n]*("(?:[^"\\]|\\.)*")')
_WHERE = re.compile(r" - at `\$\.?([^`]*)`$")


def read_chat(body: bytes) -> ChatAsk:
    """Raises InvalidRequest that names the field."""
    try:
        return _chat.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _explain(error) from None


def read_embedding(body: bytes) -> EmbeddingAsk:
    """Raises InvalidRequest that names the field."""
    try:
        return _embedding.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _explain(error) from None


def body_for(body: bytes, ask: Ask, upstream_name: str) -> bytes:
    """The body as one upstream gets it: its own name for the model, and on streams the wish for usage.

    The bytes are kept, or spliced, where every reader must understand them alike; else the body is written anew.
    """
    meter = ask.streamed and not ask.wants_usage
    at = body.find(b'"model"')
    found = _MODEL.match(body, at) if at >= 0 else None
    if (
        found is not None
        and found[1] == _encode(ask.model)
        and body.find(b'"model"', found.end()) < 0
        and body.find(b"\\u", 0, at) < 0  # an escaped spelling of the same key, which others may take for the first
        and not (meter and b'"stream_options"' in body)
    ):
        if upstream_name != ask.model:
            body = body[: found.start(1)] + _encode(upstream_name) + body[found.end(1) :]
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


def fields_of(body: bytes) -> dict[str, Any]:
    """The whole body. Any: it is the client's."""
    return cast("dict[str, Any]", _any.decode(body))  # cast: it was read as an object before


def canonical(body: bytes, operation: str) -> bytes:
    """The same bytes for requests that mean the same: keys sorted, and without what only decides the answer's form."""
    fields = fields_of(body)
    for name in ("stream", "stream_options", "model"):
        fields.pop(name, None)
    return operation.encode() + _canonical(fields)


def refuses_cache(headers: Mapping[bytes, bytes]) -> bool:
    control = headers.get(b"cache-control")
    return control is not None and (b"no-cache" in control.lower() or b"no-store" in control.lower())


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
