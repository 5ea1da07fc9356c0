"""What the gateway reads of a request's body, and the few changes it makes to it. All else passes as it came."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Protocol, TypeVar, cast

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from stoa.dialects.openai.operations_fields import read_request, with_model
from stoa.domain.upstream import Door, Facts
from stoa.errors import InvalidRequest

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
    def output_tokens(self) -> int | None:
        """The most that the answer may hold, for the estimate; None when the request sets no limit."""
        each = self.max_completion_tokens or self.max_tokens
        if each is None:
            return None
        if each < 0:
            return 0
        return each if self.n is None or self.n < 2 else each * self.n

    @property
    def repeatable(self) -> bool:
        """Whether the same answer may be given twice, unless its temperature says otherwise."""
        return (
            (self.n is None or self.n == 1)
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
    temperature = None

    @property
    def repeatable(self) -> bool:
        """One text is a question, asked again and again; many are documents, embedded once."""
        return isinstance(self.input, str) or len(self.input) == 1


class CompletionAsk(msgspec.Struct):
    """`POST /v1/completions`."""

    model: str
    prompt: str | list[Raw]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    n: int | None = None
    max_tokens: int | None = None

    @property
    def streamed(self) -> bool:
        return self.stream is True

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.include_usage is True

    @property
    def output_tokens(self) -> int | None:
        return max(0, self.max_tokens) * max(1, self.n or 1) if self.max_tokens else None

    @property
    def repeatable(self) -> bool:
        return self.temperature is not None and (self.n or 1) == 1


class MessagesAsk(msgspec.Struct):
    """`POST /v1/messages`."""

    model: str
    messages: Annotated[list[Raw], Meta(min_length=1)]
    max_tokens: Annotated[int, Meta(ge=1)]
    stream: bool | None = None
    temperature: float | None = None
    tools: list[Raw] | None = None

    wants_usage = True  # the form always tells it

    @property
    def streamed(self) -> bool:
        return self.stream is True

    @property
    def output_tokens(self) -> int:
        return self.max_tokens

    @property
    def repeatable(self) -> bool:
        return not self.tools


class ResponsesAsk(msgspec.Struct):
    """`POST /v1/responses`."""

    model: str
    input: str | Annotated[list[Raw], Meta(min_length=1)]
    stream: bool | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    tools: list[Raw] | None = None
    previous_response_id: str | None = None
    conversation: Raw | None = None

    wants_usage = True  # the form always tells it

    @property
    def streamed(self) -> bool:
        return self.stream is True

    @property
    def output_tokens(self) -> int | None:
        return max(0, self.max_output_tokens) if self.max_output_tokens else None

    @property
    def repeatable(self) -> bool:
        return self.previous_response_id is None and self.conversation is None and not self.tools


class RerankAsk(msgspec.Struct):
    """`POST /v1/rerank`."""

    model: str
    query: str
    documents: Annotated[list[Raw], Meta(min_length=1)]

    streamed = False
    wants_usage = False
    output_tokens = 0
    temperature = None
    repeatable = True


class CountAsk(msgspec.Struct):
    """`POST /v1/messages/count_tokens`."""

    model: str
    messages: Annotated[list[Raw], Meta(min_length=1)]

    streamed = False
    wants_usage = False
    output_tokens = 0
    temperature = None
    repeatable = False


class OperationAsk:
    """An operation whose body may be a form: images, speech, transcription, moderation. Raises InvalidRequest."""

    wants_usage = True  # nothing is asked of the stream besides
    output_tokens = 0
    temperature = None
    repeatable = False

    def __init__(self, door: Door, content_type: bytes, body: bytes) -> None:
        self.asked = read_request(door, content_type.decode("latin-1"), body)
        self.model = self.asked.model
        self.streamed = self.asked.stream or door == "speech"

    def body_for(self, body: bytes, upstream_name: str) -> bytes:
        return body if upstream_name == self.model else with_model(body, self.asked, upstream_name)


class Ask(Protocol):
    """What the gateway has to know of any request, whatever its form."""

    @property
    def model(self) -> str: ...

    @property
    def streamed(self) -> bool: ...

    @property
    def wants_usage(self) -> bool:
        """The client wants usage on the stream."""
        ...

    @property
    def output_tokens(self) -> int | None:
        """The most that the answer may hold, for the estimate; None when the request sets no limit."""
        ...

    @property
    def temperature(self) -> float | None: ...

    @property
    def repeatable(self) -> bool:
        """Whether the same answer may be given twice, unless its temperature says otherwise."""
        ...


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
        found = _MODEL.match(body, at)
        if (
            found is not None
            and found[1] == _encode(ask.model)
            and body.find(b"\\u", 0, at) < 0  # an escaped spelling of the same key, which others may take for the first
            and not (meter and b'"stream_options"' in body)
        ):
            if not same:
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
