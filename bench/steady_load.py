"""So many requests a second, sent when they are due whether others were answered or not, and how long each took from then.

    python bench/steady_load.py URL KEY RATE SECONDS HEADERS < BODY

Prints JSON: p50, p99 and p99.9 in milliseconds, and how many answers were no 200. HEADERS is a JSON object.
"""

import collections
import json
import select
import socket
import sys
import time
from urllib.parse import urlsplit

CONNECTIONS = 32
_WARM_S = 2.0


def main() -> None:
    url, key, rate, seconds, headers = sys.argv[1:]
    print(json.dumps(Load(url, key, json.loads(headers), sys.stdin.read()).run(float(rate), float(seconds))))


class Load:
    def __init__(self, url: str, key: str, headers: dict[str, str], body: str) -> None:
        split = urlsplit(url)
        address = (split.hostname or "127.0.0.1", split.port or 80)
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._request = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: {split.netloc}\r\nauthorization: Bearer {key}\r\n{more}"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self._connections: dict[int, socket.socket] = {}
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections[connection.fileno()] = connection
        self._free = collections.deque(self._connections)
        self._asked: dict[int, float] = {}
        self._read: dict[int, bytes] = {}
        self._took: list[float] = []
        self._bad = 0

    def run(self, rate: float, seconds: float) -> dict[str, float]:
        began = time.monotonic()
        count, due = int((_WARM_S + seconds) * rate), collections.deque[float]()
        sent = 0
        while sent < count or due or self._asked:
            now = time.monotonic()
            while sent < count and began + sent / rate <= now:
                due.append(began + sent / rate)
                sent += 1
            while due and self._free:
                descriptor = self._free.popleft()
                self._asked[descriptor] = due.popleft()
                self._connections[descriptor].send(self._request)
            wait = began + sent / rate - time.monotonic() if sent < count else 0.1
            heard, _, _ = select.select(list(self._asked), (), (), max(0.0, wait))  # to the microsecond, and never busy
            for descriptor in heard:
                self._hear(descriptor)
        took = sorted(self._took[int(_WARM_S * rate) :])
        share = {name: round(took[int(part * (len(took) - 1))], 3) for name, part in _SHARES.items()}
        return {**share, "bad": self._bad}

    def _hear(self, descriptor: int) -> None:
        data = self._read.pop(descriptor, b"") + self._connections[descriptor].recv(65_536)
        head, separator, body = data.partition(b"\r\n\r\n")
        if not separator or not _whole(head.lower(), body):
            self._read[descriptor] = data
            return
        self._took.append((time.monotonic() - self._asked.pop(descriptor)) * 1000)
        self._bad += not head.startswith(b"HTTP/1.1 200")
        self._free.append(descriptor)


_SHARES = {"p50_ms": 0.5, "p99_ms": 0.99, "p999_ms": 0.999}


def _whole(head: bytes, body: bytes) -> bool:
    length = head.find(b"content-length: ")
    if length < 0:
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(head[length + 16 :].split(b"\r\n", 1)[0])


if __name__ == "__main__":
    main()
