"""What the gateway knows of a request, by its form. `bodies.py` reads it from the body."""

from typing import Annotated, Protocol

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from stoa.dialects.openai.operations_fields import read_request, with_model
from stoa.domain.upstream import Door

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
