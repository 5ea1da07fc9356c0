"""Many streams at once, each begun anew when it ends: when its first word came, how evenly the others, whether all did.

    python bench/stream_load.py URL KEY MODEL STREAMS WORDS INTERVAL_MS SECONDS

Prints one JSON object. Streams that began before all were under way are not judged by their first word.
"""

import json
import random
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_RAMP_S = 5.0
_SETTLE_S = 2.0


@dataclass
class Stream:
    connection: socket.socket
    words: int = 0
    asked_at: float = 0.0
    heard_at: float = 0.0
    events: int = 0
    tail: bytes = b""
    active: bool = False


@dataclass
class Found:
    first_ms: list[float] = field(default_factory=list[float])
    late_ms: list[float] = field(default_factory=list[float])
    whole: int = 0
    broken: int = 0
    least: int = 1 << 30


def main() -> None:
    url, key, model, streams, words, interval_ms, seconds = sys.argv[1:]
    load = Load(url, key, model, int(words), float(interval_ms))
    print(json.dumps(load.run(int(streams), float(seconds))))


class Load:
    def __init__(self, url: str, key: str, model: str, words: int, interval_ms: float) -> None:
        split = urlsplit(url)
        self._address = (split.hostname or "127.0.0.1", split.port or 80)
        self._path = f"{split.path}/chat/completions"
        self._key, self._model, self._words, self._interval = key, model, words, interval_ms
        self._poll = select.epoll()
        self._streams: dict[int, Stream] = {}
        self._found = Found()
        self._active = 0
        self._steady = False

    def run(self, count: int, seconds: float) -> dict[str, float]:
        """Latencies in milliseconds."""
        began = time.monotonic()
        draw = random.Random(1)
        while len(self._streams) < count:
            until = began + _RAMP_S * len(self._streams) / count
            self._listen(max(0.0, until - time.monotonic()))
            connection = socket.create_connection(self._address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setblocking(False)
            stream = Stream(connection)
            self._streams[connection.fileno()] = stream
            self._poll.register(connection.fileno(), select.EPOLLIN)
            self._ask(stream, draw.randrange(self._words // 8, self._words))  # so that they do not all end at once
        self._until(time.monotonic() + _SETTLE_S)
        self._steady = True
        self._found = Found()
        self._until(time.monotonic() + seconds)
        found = self._found
        return {
            "streams": found.least,
            "first_word_samples": len(found.first_ms),
            "first_word_p50_ms": _share(found.first_ms, 0.5),
            "first_word_p99_ms": _share(found.first_ms, 0.99),
            "late_p50_ms": _share(found.late_ms, 0.5),
            "late_p99_ms": _share(found.late_ms, 0.99),
            "late_max_ms": max(found.late_ms, default=0.0),
            "whole": found.whole,
            "broken": found.broken,
        }

    def _until(self, end: float) -> None:
        while (left := end - time.monotonic()) > 0:
            self._listen(min(left, 0.05))
            if self._steady:
                self._found.least = min(self._found.least, self._active)

    def _listen(self, wait: float) -> None:
        for descriptor, _ in self._poll.poll(wait, 256):
            stream = self._streams[descriptor]
            try:
                data = stream.connection.recv(65_536)
            except OSError:
                data = b""
            self._hear(stream, data, time.monotonic())

    def _ask(self, stream: Stream, words: int) -> None:
        body = json.dumps(
            {
                "model": self._model,
                "messages": [{"role": "user", "content": "Write at length."}],
                "max_tokens": words,
                "temperature": 0.7,
                "stream": True,
                "stream_options": {"include_usage": True},
            }
        )
        head = (
            f"POST {self._path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {self._key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        stream.words, stream.events, stream.tail, stream.active = words, 0, b"", True
        stream.heard_at = 0.0
        self._active += 1
        stream.asked_at = time.monotonic()
        stream.connection.send((head + body).encode())

    def _hear(self, stream: Stream, data: bytes, now: float) -> None:
        if not data:
            self._found.broken += stream.active
            self._active -= stream.active
            self._poll.unregister(stream.connection.fileno())
            del self._streams[stream.connection.fileno()]
            stream.connection.close()
            return
        stream.events += data.count(b"data: ")
        if stream.heard_at == 0.0:
            if b'"content"' not in data:
                return
            if self._steady:
                self._found.first_ms.append((now - stream.asked_at) * 1000)
        elif self._steady:
            self._found.late_ms.append((now - stream.heard_at) * 1000 - self._interval)
        stream.heard_at = now
        stream.tail = (stream.tail + data)[-64:]
        if stream.tail.endswith(b"0\r\n\r\n"):
            good = b"data: [DONE]" in stream.tail and stream.events == stream.words + 3  # its end, the usage and the marker
            self._found.whole += good
            self._found.broken += not good
            self._active -= 1
            self._ask(stream, self._words)


def _share(values: list[float], share: float) -> float:
    return round(sorted(values)[int(share * (len(values) - 1))], 3) if values else 0.0


if __name__ == "__main__":
    main()
