"""Provider and clients of a gateway in one thread, which never sleeps and never waits for a share of its core.

Two processes on one core would wait for each other, by up to a whole tick of the scheduler: that is not the gateway's doing,
and it is more than what a gateway adds.
"""

import gc
import re
import select
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
_MOST_FILES = 16_384


class BothEnds(ABC):
    """`answer` and `hear` are for whoever derives from it: a request is whole at the provider, bytes came to a client."""

    def __init__(self, url: str, port: int) -> None:
        split = urlsplit(url)
        self._address = (split.hostname or "127.0.0.1", split.port or 80)
        self.host, self.path = split.netloc, split.path
        self._listening = socket.create_server(("127.0.0.1", port), backlog=2048)
        self._listening.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(self._listening.fileno(), select.EPOLLIN)
        self._asked: list[socket.socket | None] = [None] * _MOST_FILES  # at the provider, by descriptor
        self._clients: list[socket.socket | None] = [None] * _MOST_FILES
        self._parts: dict[int, bytes] = {}
        gc.freeze()
        gc.disable()

    @abstractmethod
    def answer(self, connection: socket.socket, body: bytes) -> None: ...

    @abstractmethod
    def hear(self, descriptor: int, data: bytes, now: float) -> None:
        """`data` is empty when the connection has ended. `now` is of `time.monotonic`."""

    def connect(self) -> socket.socket:
        connection = socket.create_connection(self._address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        self._clients[connection.fileno()] = connection
        self._poll.register(connection.fileno(), select.EPOLLIN)
        return connection

    def turn(self, until: Callable[[float], bool]) -> None:
        """Serve both ends until this says so of the time, between one look at the connections and the next."""
        poll, asked, clients, listening = self._poll.poll, self._asked, self._clients, self._listening.fileno()
        clock, hear = time.monotonic, self.hear
        while not until(clock()):
            for descriptor, _ in poll(0, 64):
                client = clients[descriptor]
                if client is not None:
                    try:
                        data = client.recv(65_536)
                    except BlockingIOError:
                        continue
                    except OSError:
                        data = b""
                    if not data:
                        self._forget(descriptor, clients)
                    hear(descriptor, data, clock())
                elif descriptor == listening:
                    self._accept()
                elif (connection := asked[descriptor]) is not None:
                    self._read(descriptor, connection)

    def part(self, seconds: float = 0.5) -> None:
        """End the clients' side first: a provider that goes away with answers under way would count as one that failed."""
        for descriptor in [place for place, client in enumerate(self._clients) if client is not None]:
            self._forget(descriptor, self._clients)
        end = time.monotonic() + seconds
        self.turn(lambda now: now >= end)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except BlockingIOError:
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._asked[connection.fileno()] = connection
            self._poll.register(connection.fileno(), select.EPOLLIN)

    def _read(self, descriptor: int, connection: socket.socket) -> None:
        try:
            data = connection.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._forget(descriptor, self._asked)
            return
        data = self._parts.pop(descriptor, b"") + data
        head, separator, body = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not separator or (length and len(body) < int(length[1])):
            self._parts[descriptor] = data
        else:
            self.answer(connection, body)

    def _forget(self, descriptor: int, where: list[socket.socket | None]) -> None:
        connection, where[descriptor] = where[descriptor], None
        if connection is not None:
            self._poll.unregister(descriptor)
            connection.close()


def quantile(values: list[float], share: float) -> float:
    """0 for none."""
    return round(sorted(values)[int(share * (len(values) - 1))], 3) if values else 0.0
