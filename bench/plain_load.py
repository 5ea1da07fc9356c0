"""The load without wrk: `python plain_load.py URL KEY CONNECTIONS SECONDS [COUNT [leave]] < BODY`.

Prints [count, rate, p50, p99, bad]. With COUNT it ends after so many requests; with `leave` every request has a connection of
its own, which is cut in turn as soon as the request has left, and at the first byte of the answer.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

import uvloop


class Client(asyncio.Protocol):
    """Asks again as soon as it was answered."""

    def __init__(self, request: bytes, more: Callable[[], bool], latencies: list[float]) -> None:
        self._request, self._more, self._latencies = request, more, latencies
        self._seen = b""
        self.bad = 0
        self.over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._seen += data
        head, _, rest = self._seen.partition(b"\r\n\r\n")
        length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if (length and len(rest) < int(length)) or (not length and not self._seen.endswith(b"0\r\n\r\n")):
            return
        self.bad += b" 200 " not in head[:20]
        self._latencies.append(time.perf_counter() - self._asked)
        if self._more():
            self._ask()
        else:
            self.over.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.bad += not self.over.is_set()
        self.over.set()

    def _ask(self) -> None:
        self._seen = b""
        self._asked = time.perf_counter()
        self._transport.write(self._request)  # type: ignore[attr-defined]


class Leaver(asyncio.Protocol):
    """Asks, and is gone before it has its answer."""

    def __init__(self, request: bytes, *, at_once: bool) -> None:
        self._request, self._at_once = request, at_once
        self.over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        transport.write(self._request)  # type: ignore[attr-defined]
        if self._at_once:
            asyncio.get_running_loop().call_later(0.0005, self._leave)

    def data_received(self, data: bytes) -> None:
        self._leave()

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set()

    def _leave(self) -> None:
        self._transport.abort()  # type: ignore[attr-defined]


async def leave(place: SplitResult, request: bytes, connections: int, count: int) -> None:
    """So many requests whose clients go away, from so many at once."""
    loop, numbers = asyncio.get_running_loop(), iter(range(count))

    async def one() -> None:
        for number in numbers:
            leaver = Leaver(request, at_once=number % 2 == 0)
            await loop.create_connection(lambda made=leaver: made, place.hostname, place.port)
            await leaver.over.wait()

    await asyncio.gather(*(one() for _ in range(connections)))


async def main(url: str, key: str, connections: int, seconds: int, body: bytes, count: int | None, leaving: bool) -> None:
    place, latencies = urlsplit(url), list[float]()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
    head += f"Authorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    if leaving and count is not None:
        await leave(place, head.encode() + body, connections, count)
        print(json.dumps([count, 0, 0, 0, 0]))
        return
    until = time.perf_counter() + seconds

    def more() -> bool:
        return time.perf_counter() < until and (count is None or len(latencies) + connections <= count)

    clients = [Client(head.encode() + body, more, latencies) for _ in range(connections)]
    for client in clients:
        await asyncio.get_running_loop().create_connection(lambda made=client: made, place.hostname, place.port)
    for client in clients:
        await client.over.wait()
    latencies.sort()
    p50, p99 = (latencies[int(len(latencies) * q)] * 1000 for q in (0.5, 0.99))
    print(json.dumps([len(latencies), len(latencies) / seconds, p50, p99, sum(client.bad for client in clients)]))


if __name__ == "__main__":
    limit = int(sys.argv[5]) if len(sys.argv) > 5 else None
    uvloop.run(
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.stdin.buffer.read(), limit, "leave" in sys.argv)
    )
