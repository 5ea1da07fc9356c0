"""The port to whoever answers HTTP requests for Stoa: model providers, the engine, and control behind the gateway.

Plain callbacks, no awaiting: a call costs no task. All of it happens on the event loop's thread. No callback comes before the
method that began the call has returned, and none after `on_end`, `on_failure` or `cancel`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from stoa.domain.operations import ClientForm
from stoa.domain.resources import Model, Provider

Headers = Sequence[tuple[bytes, bytes]]
"""Names in lower case, in the order in which they came; a name may come twice."""

FailureKind = Literal["connect", "busy", "timeout", "lost", "truncated", "malformed"]


class Failure(NamedTuple):
    """Why a call ended without a whole answer.

    `connect`: no connection; `busy`: no connection free in time; `timeout`: the first byte or the next one did not come in
    time; `lost`: the connection ended before the answer began; `truncated`: within it; `malformed`: the answer is not HTTP.
    """

    kind: FailureKind
    message: str


class Receiver(Protocol):
    """Takes an answer as it comes: `on_head`, any number of `on_body`, then `on_end`, or `on_failure` at any point."""

    def on_head(self, status: int, headers: Headers) -> None: ...

    def on_body(self, data: bytes) -> None: ...

    def on_end(self) -> None: ...

    def on_failure(self, failure: Failure) -> None: ...

    def on_upload_pause(self) -> None:
        """The upstream reads slower than the body is written: write no more until `on_upload_resume`."""
        ...

    def on_upload_resume(self) -> None: ...


class Call(Protocol):
    """A request under way."""

    def cancel(self) -> None:
        """Give up: the connection is cut, nothing more is called back."""
        ...

    def pause(self) -> None:
        """Take no more of the answer until `resume`."""
        ...

    def resume(self) -> None: ...

    def write(self, data: bytes) -> None:
        """The next piece of the body; only for calls that were opened without one."""
        ...

    def finish(self) -> None:
        """The body is whole."""
        ...


Method = Literal["GET", "POST"]


class Endpoint(Protocol):
    """One path of an origin, with headers that never change, such as the credential."""

    def post(self, body: bytes, receiver: Receiver, lines: bytes = b"") -> Call:
        """Send a request; of one that GETs, the body is empty. `lines` are further header lines, each ended by CRLF."""
        ...


class Origin(Protocol):
    """One server and the connections to it. Redirects are not followed."""

    def endpoint(self, path: str, headers: Mapping[str, str], *, method: Method = "POST") -> Endpoint:
        """`path` is appended to the base URL's. Raises ValueError when a header holds a line break."""
        ...

    def open(self, method: bytes, target: bytes, headers: Headers, length: int | None, receiver: Receiver) -> Call:
        """Begin a request whose body follows through the call: `length` bytes, or chunked if None. `target` is a whole path."""
        ...


@dataclass(frozen=True, slots=True)
class OriginLimits:
    """How long to wait for an origin, and how many connections to hold to it."""

    connect_timeout_s: float = 5.0
    """For a connection, new or free."""
    first_byte_timeout_s: float = 120.0
    idle_timeout_s: float = 60.0
    """Between two pieces of an answer."""
    longest_s: float = 3600.0
    """From the request to the end of its answer, though pieces keep coming."""
    max_connections: int = 1024


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """How an https origin proves who it is, and we to it. Paths of PEM files, which are read anew when they change."""

    ca_file: str | None = None
    """Authorities to trust instead of the system's."""
    certificate_file: str | None = None
    """Our certificate, for origins that ask for one."""
    key_file: str | None = None
    """Its key, without a password; if left out it lies in the certificate's file."""
    server_name: str | None = None
    """The name that the origin's certificate must show, if not the URL's host."""
    verify: bool = True
    """False takes any certificate: for tests of one's own."""


class Upstreams(Protocol):
    """Every origin. The same arguments give the same origin, so that connections outlive a change of configuration."""

    def origin(self, base_url: str, limits: OriginLimits, tls: TlsOptions | None = None) -> Origin: ...


UpstreamForm = Literal["chat", "messages", "gemini", "bedrock", "cohere"]
"""How an upstream speaks: OpenAI's chat, Anthropic's messages, Google's generateContent, AWS' Converse, Cohere's v2 chat."""

Door = Literal[
    "chat", "completions", "messages", "responses", "count_tokens", "embedding", "rerank", "moderation", "image", "image_edit",
    "image_variation", "speech", "transcription", "translation",
]  # fmt: skip
"""What a provider's server can be asked, each at a path of its own."""


class Facts(NamedTuple):
    """What is known of a model and of the server in front of it, where servers of one dialect differ."""

    max_output_tokens: int = 4096
    """Asked for where the dialect demands a number and the client named none."""
    max_tokens_field: str = "max_tokens"
    """Of the chat dialect: OpenAI's newer models want max_completion_tokens."""
    stream_usage: bool = True
    """Whether the server knows stream_options.include_usage."""
    drop: frozenset[str] = frozenset()
    """Fields that the server refuses although its dialect has them, and that may be left out without changing the meaning."""
    fields: Mapping[str, object] | None = None
    """Fields added to every request."""
    extras: frozenset[str] = frozenset()
    """Fields beyond its dialect that the server understands, such as top_k of the chat dialect."""
    reasoning_field: Literal["reasoning_content", "reasoning", "reasoning_details"] | None = None
    """Of the chat dialect: where in an assistant's message the server takes earlier thinking back; None for nowhere."""
    texts_at_once: int | None = None
    """That are embedded in one call; None for as many as the dialect allows."""
    rerank: Literal["jina", "cohere", "tei"] = "jina"
    """How the server wants to be asked to rerank: as clients ask, or in one of two other ways."""
    thinking: Literal["adaptive", "budget"] = "adaptive"
    """Of the messages dialect: whether the model is told how much to think by an effort, or, as older ones, by tokens."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A provider's secrets in the clear, for the moment in which its connection is made."""

    api_key: str | None
    credentials: Mapping[str, str]
    headers: Mapping[str, str]


class Link(Protocol):
    """The way to one provider: its form, its doors, its credentials."""

    @property
    def form(self) -> UpstreamForm:
        """How it wants to be spoken to for chat and embeddings where it speaks no form of the client's."""
        ...

    @property
    def native(self) -> frozenset[ClientForm]:
        """Forms of clients that it speaks itself: their bytes pass untouched."""
        ...

    def facts(self, model: Model) -> Facts: ...

    def door(self, door: Door, upstream_name: str, *, stream: bool) -> Endpoint | None:
        """Where one of its models is asked; None when it does not offer that."""
        ...

    def health(self, path: str) -> Endpoint | None:
        """What GETs a path below the API's own, to find out whether the server is there; None where there is no way."""
        ...


class Providers(Protocol):
    """Every kind of provider there is."""

    def link(self, provider: Provider, opened: Opened) -> Link:
        """Raises OperatorError naming the field that is missing or wrong, or the extra to install."""
        ...


class Fetched(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes


class Fetch(Protocol):
    """One whole request to one origin. Raises ProviderError when no whole answer comes."""

    async def __call__(
        self, method: str, target: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Fetched: ...
