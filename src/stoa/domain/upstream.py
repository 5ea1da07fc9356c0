"""The port to whoever answers HTTP requests for Stoa: model providers, the engine, and control behind the gateway.

Plain callbacks, no awaiting: a call costs no task. All of it happens on the event loop's thread. No callback comes before the
method that began the call has returned, and none after `on_end`, `on_failure` or `cancel`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

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


class Endpoint(Protocol):
    """One path of an origin, with headers that never change, such as the credential."""

    def post(self, body: bytes, receiver: Receiver) -> Call: ...


class Origin(Protocol):
    """One server and the connections to it. Redirects are not followed."""

    def endpoint(self, path: str, headers: Mapping[str, str]) -> Endpoint:
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


class Fetched(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes


class Fetch(Protocol):
    """One whole request to one origin. Raises ProviderError when no whole answer comes."""

    async def __call__(
        self, method: str, target: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Fetched: ...
