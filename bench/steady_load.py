"""So many requests a second, sent when they are due whether others were answered or not, and how long each took from then.

    python bench/steady_load.py URL KEY PROVIDER_PORT RATE SECONDS HEADERS < BODY

Prints JSON: p50, p99 and p99.9 in milliseconds, and how many answers were no 200. Both ends are here: the provider, on the
port, answers at once. HEADERS is a JSON object.
"""

import collections
import json
import socket
import sys
import time

from both_ends import BothEnds, quantile
from load import ANSWER

CONNECTIONS = 32
_WARM_S = 2.0
_LATEST_S = 10.0
_BODY = json.dumps(ANSWER).encode()
_WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(_BODY), _BODY)


class Steady(BothEnds):
    def __init__(self, url: str, key: str, port: int, headers: dict[str, str], body: str) -> None:
        super().__init__(url, port)
        more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._request = (
            f"POST /v1/chat/completions HTTP/1.1\r\nhost: {self.host}\r\nauthorization: Bearer {key}\r\n{more}"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self._free = collections.deque(self.connect() for _ in range(CONNECTIONS))
        self._under_way: dict[int, tuple[socket.socket, float]] = {}  # and when it was due
        self._heard: dict[int, bytes] = {}
        self._took: list[float] = []
        self._due = collections.deque[float]()
        self._sent = 0
        self._bad = 0

    def run(self, rate: float, seconds: float) -> dict[str, float]:
        began, count = time.monotonic(), int((_WARM_S + seconds) * rate)

        def over(now: float) -> bool:
            while self._sent < count and began + self._sent / rate <= now:
                self._due.append(began + self._sent / rate)
                self._sent += 1
            while self._due and self._free:
                connection = self._free.popleft()
                self._under_way[connection.fileno()] = connection, self._due.popleft()
                connection.send(self._request)
            return self._sent == count and (not (self._due or self._under_way) or now > began + count / rate + _LATEST_S)

        self.turn(over)
        self.part()
        self._bad += len(self._due) + len(self._under_way)
        took = self._took[int(_WARM_S * rate) :]
        return {name: quantile(took, part) for name, part in _SHARES.items()} | {"bad": self._bad}

    def answer(self, connection: socket.socket, body: bytes) -> None:
        connection.send(_WHOLE)

    def hear(self, descriptor: int, data: bytes, now: float) -> None:
        data = self._heard.pop(descriptor, b"") + data
        head, separator, body = data.partition(b"\r\n\r\n")
        if data and not (separator and _whole(head.lower(), body)):
            self._heard[descriptor] = data
            return
        connection, due = self._under_way.pop(descriptor)
        self._took.append((now - due) * 1000)
        self._bad += not head.startswith(b"HTTP/1.1 200")
        if data:
            self._free.append(connection)


_SHARES = {"p50_ms": 0.5, "p99_ms": 0.99, "p999_ms": 0.999}


def _whole(head: bytes, body: bytes) -> bool:
    length = head.find(b"content-length: ")
    if length < 0:
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(head[length + 16 :].split(b"\r\n", 1)[0])


def main() -> None:
    url, key, port, rate, seconds, headers = sys.argv[1:]
    print(json.dumps(Steady(url, key, int(port), json.loads(headers), sys.stdin.read()).run(float(rate), float(seconds))))


if __name__ == "__main__":
    main()
