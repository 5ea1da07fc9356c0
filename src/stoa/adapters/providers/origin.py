"""One upstream server: its connections, and the line of requests that wait for one."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stoa.adapters.providers.connection import HttpCall, UpstreamConnection
from stoa.adapters.providers.dial import Dialer, NoConnection
from stoa.adapters.providers.endpoint import HttpEndpoint
from stoa.domain.upstream import Failure, Headers, Method, OriginLimits, Receiver, TlsOptions

if TYPE_CHECKING:
    from stoa.adapters.providers.http import HttpUpstreams

_LINE = 4  # requests that may wait, for each connection there may be


class HttpOrigin:
    """Implements `domain.upstream.Origin`. The connection used last is used first, so that the rest can be let go."""

    keep_s = 60.0
    """How long an idle connection is kept."""

    def __init__(self, owner: HttpUpstreams, base_url: str, limits: OriginLimits, tls: TlsOptions | None) -> None:
        url = urlsplit(base_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(f"{base_url!r} is not an http or https address")
        self.limits = limits
        self.pressure = owner.pressure
        secure = url.scheme == "https"
        host, port = url.hostname, url.port or (443 if secure else 80)
        self._dialer = Dialer(
            host, port, tls=(tls or TlsOptions()) if secure else None, contexts=owner.tls, egress=owner.egress
        )
        self._authority = url.netloc.rpartition("@")[2].encode()
        self._base_path = url.path.rstrip("/")
        self.idle: list[UpstreamConnection] = []
        """Open and free."""
        self._connections: set[UpstreamConnection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self.waiting: deque[HttpCall] = deque()
        """Calls that want a connection, the longest first."""

    def endpoint(self, path: str, headers: Mapping[str, str], *, method: Method = "POST") -> HttpEndpoint:
        lines = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        head = self._head(method.encode(), (self._base_path + path).encode("ascii"), lines)
        return HttpEndpoint(self, head + b"content-length: ", self.idle)

    def open(self, method: bytes, target: bytes, headers: Headers, length: int | None, receiver: Receiver) -> HttpCall:
        framing = b"transfer-encoding: chunked\r\n" if length is None else b"content-length: %d\r\n" % length if length else b""
        head = self._head(method, target, headers) + framing + b"\r\n"
        call = HttpCall(self, head, b"" if length == 0 else None, receiver, chunked=length is None, bodiless=method == b"HEAD")
        self.start(call)
        return call

    def start(self, call: HttpCall, *, fresh: bool = False) -> None:
        """Send the call on a free connection (unless a fresh one is needed), else on a new one, else let it wait."""
        idle = self.idle
        while idle and not fresh:
            connection = idle.pop()
            if not connection.transport.is_closing():
                connection.start(call)
                return
        if len(self.waiting) >= _LINE * self.limits.max_connections:
            message = f"{len(self.waiting)} requests already wait for a connection"
            asyncio.get_running_loop().call_soon(call.fail, Failure("busy", message))
            return
        call.deadline = asyncio.get_running_loop().time() + self.limits.connect_timeout_s
        self.waiting.append(call)
        self._open_more()

    def free(self, connection: UpstreamConnection) -> None:
        """The connection can carry another request."""
        while self.waiting:
            call = self.waiting.popleft()
            if call.receiver is not None:
                connection.start(call)
                return
        self.idle.append(connection)

    def lost(self, connection: UpstreamConnection) -> None:
        """The connection is of no more use."""
        if connection in self._connections:
            self._connections.discard(connection)
            with contextlib.suppress(ValueError):
                self.idle.remove(connection)
            if self.waiting:
                self._open_more()

    def sweep(self, now: float) -> None:
        """Give up what has waited too long."""
        for connection in tuple(self._connections):
            if connection.stirred:
                connection.put_off(now)
            if connection.deadline < now:
                connection.expire()
        while self.waiting and (self.waiting[0].deadline < now or self.waiting[0].receiver is None):
            seconds = self.limits.connect_timeout_s
            self.waiting.popleft().fail(Failure("busy", f"no connection to it became free within {seconds:g} s"))

    def close(self) -> None:
        for task in self._opening:
            task.cancel()
        for connection in tuple(self._connections):
            connection.cut()

    @property
    def connections(self) -> int:
        """How many there are, busy and idle."""
        return len(self._connections)

    def _open_more(self) -> None:
        wanted = len(self.waiting) - len(self._opening)
        room = self.limits.max_connections - len(self._connections) - len(self._opening)
        for _ in range(min(wanted, room)):
            task = asyncio.get_running_loop().create_task(self._connect())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(self.limits.connect_timeout_s):
                connection = await self._dialer.connect(lambda: UpstreamConnection(self))
        except TimeoutError:
            self._refuse(f"no connection within {self.limits.connect_timeout_s:g} s")
        except NoConnection as error:
            self._refuse(str(error))
        else:
            self._opened()
            self._connections.add(connection)
            self.free(connection)

    def _opened(self) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._opening.discard(task)

    def _refuse(self, message: str) -> None:
        self._opened()
        while self.waiting:
            call = self.waiting.popleft()
            if call.receiver is not None:
                call.fail(Failure("connect", message))
                break
        self._open_more()

    def _head(self, method: bytes, target: bytes, headers: Headers) -> bytes:
        lines = b"".join([name + b": " + value + b"\r\n" for name, value in headers])
        if lines.count(b"\n") != len(headers) or lines.count(b"\r") != len(headers) or any(c in target for c in b" \r\n"):
            raise ValueError("a header or the path holds a line break")
        host = b"" if any(name == b"host" for name, _ in headers) else b"host: " + self._authority + b"\r\n"
        return method + b" " + target + b" HTTP/1.1\r\n" + host + lines
