"""Serve an application or a handler on listening sockets until told to stop, then drain."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Sequence

from stoa.api.wire.connection import Connection
from stoa.api.wire.entry import Entry
from stoa.api.wire.handlers import HandlerApplication
from stoa.api.wire.limits import DEFAULT_LIMITS, Limits
from stoa.api.wire.messages import Handler
from stoa.api.wire.peers import Proxies
from stoa.domain.exchange import Application


async def serve(
    handler: Handler, *, sockets: Sequence[socket.socket], limits: Limits = DEFAULT_LIMITS, stop: asyncio.Event | None = None
) -> None:
    """Serve an async handler until `stop` is set, or without one until SIGTERM or SIGINT; then drain and return."""
    await serve_application(HandlerApplication(handler, limits.body_bytes), sockets=sockets, limits=limits, stop=stop)


async def serve_application(
    application: Application,
    *,
    sockets: Sequence[socket.socket],
    limits: Limits = DEFAULT_LIMITS,
    stop: asyncio.Event | None = None,
    on_listen: "Callable[[Server], None] | None" = None,
    on_drain: Callable[[], None] | None = None,
    entries: Sequence[Entry] = (),
    proxies: Proxies | None = None,
) -> None:
    """As `serve`, for an application that takes plain callbacks. `on_listen` is given the server, `on_drain` called
    when the draining begins.

    `entries` are sockets whose connections begin with TLS or a PROXY header; of `proxies` the forwarded headers are believed.
    """
    async with _told_to_stop(stop) as stopping:
        server = Server(application, limits, proxies=proxies)
        await server.listen(sockets, entries)
        if on_listen is not None:
            on_listen(server)
        try:
            await stopping.wait()
        finally:
            if on_drain is not None:
                on_drain()
            await server.drain()


class Server:
    """The connections of one application: how many there are, what time it is for them, and their common end."""

    def __init__(self, application: Application, limits: Limits, *, proxies: Proxies | None = None) -> None:
        self.application = application
        self.limits = limits
        self.proxies = proxies
        self.draining = False
        self.parting = False  # draining, and idle connections are hung up on
        self._loop = asyncio.get_running_loop()
        self.now = self._loop.time()
        self._connections: set[Connection] = set()
        self._listeners: list[asyncio.Server] = []
        self._entries: list[Entry] = []
        self._empty = asyncio.Event()
        # One timer looks after every connection: a timer for each request would cost more than the request's parsing.
        self._tick_s = min(1.0, limits.read_timeout_s / 4, limits.keep_alive_s / 4, limits.stall_s / 4)
        self._timer = self._loop.call_later(self._tick_s, self._sweep)

    async def listen(self, sockets: Sequence[socket.socket], entries: Sequence[Entry] = ()) -> None:
        for listening in sockets:
            listening.setblocking(False)
            # Connections accepted from it inherit the option: no answer waits for the client's acknowledgement.
            if listening.family in (socket.AF_INET, socket.AF_INET6):
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._listeners.append(await self._loop.create_server(self._connection, sock=listening, backlog=2048))
        for entry in entries:
            entry.open(self)
            self._entries.append(entry)

    def join(self, connection: Connection) -> bool:
        """Count a new connection in; False when there are too many, or the server is stopping."""
        self._connections.add(connection)
        self._empty.clear()
        return len(self._connections) <= self.limits.max_connections and not self.parting

    def has_room_for(self, more: int) -> bool:
        """Whether so many connections could join."""
        return len(self._connections) + more <= self.limits.max_connections and not self.draining

    @property
    def connections(self) -> int:
        return len(self._connections)

    def leave(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._empty.set()

    async def drain(self) -> None:
        """Take no new connection, let the requests at hand be answered, and close what is left after `drain_s`.

        A kept connection has a moment to bring the request that its client has sent already, and is told `connection: close`.
        """
        self.draining = True
        for listener in (*self._listeners, *self._entries):
            listener.close()
        for connection in tuple(self._connections):
            connection.drain()
        farewell_s = min(self.limits.farewell_s, self.limits.drain_s)
        await self._until_empty(farewell_s)
        self.parting = True
        for connection in tuple(self._connections):
            connection.part()
        await self._until_empty(self.limits.drain_s - farewell_s)
        for connection in tuple(self._connections):
            connection.transport.abort()
        self._timer.cancel()
        for entry in self._entries:
            await entry.wait_closed()
        await asyncio.sleep(0)  # lets the transports report their end

    async def _until_empty(self, seconds: float) -> None:
        if self._connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), seconds)

    def _connection(self) -> Connection:
        return Connection(self)

    def _sweep(self) -> None:
        now = self.now = self._loop.time()
        for connection in tuple(self._connections):
            if connection.deadline < now:
                connection.expire()
        self._timer = self._loop.call_later(self._tick_s, self._sweep)


@contextlib.asynccontextmanager
async def _told_to_stop(stop: asyncio.Event | None) -> AsyncGenerator[asyncio.Event]:
    if stop is not None:
        yield stop
        return
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
