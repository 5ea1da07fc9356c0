"""Many streams at once, each begun anew when it ends: when the first word came, how evenly the others, whether all did.

    python bench/stream_load.py URL KEY MODEL PROVIDER_PORT STREAMS WORDS INTERVAL_MS SECONDS

Prints one JSON object. Both ends are here: the provider, on the port, answers as a model writes, a first word at once and then
one every so many milliseconds. Streams that began before all were under way are not judged by their first word.
"""

import json
import random
import socket
import sys
import time
from dataclasses import dataclass, field

from both_ends import BothEnds, quantile

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_RAMP_S = 5.0
_SETTLE_S = 2.0
_AFTER_WORDS = 3  # events: the end, the usage and the marker


def framed(event: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(event), event)


def event(delta: object, finish: str | None = None, **fields: object) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "mock", "choices": choices}
    return framed(b"data: " + json.dumps(head | fields, separators=(",", ":")).encode() + b"\n\n")


FIRST = HEAD + event({"role": "assistant", "content": "words "})
WORD = event({"content": "words "})
LAST = (
    event({}, "stop")
    + event(None, usage={"prompt_tokens": 15, "completion_tokens": 100, "total_tokens": 115})
    + framed(b"data: [DONE]\n\n")
    + b"0\r\n\r\n"
)


@dataclass(eq=False, slots=True)
class Said:
    """A stream at the provider."""

    connection: socket.socket
    left: int


@dataclass(eq=False, slots=True)
class Heard:
    """A stream at its client. Times are of `time.monotonic`, 0 for none yet."""

    connection: socket.socket
    words: int = 0
    asked_at: float = 0.0
    at: float = 0.0
    events: int = 0
    marked: bool = False
    """Whether its end marker was seen."""


@dataclass
class Found:
    first_ms: list[float] = field(default_factory=list[float])
    late_ms: list[float] = field(default_factory=list[float])
    behind_ms: float = 0.0
    """How late the provider was at most."""
    whole: int = 0
    broken: int = 0
    least: int = 1 << 30


class Streams(BothEnds):
    def __init__(self, url: str, key: str, model: str, port: int, words: int, interval_ms: int) -> None:
        super().__init__(url, port)
        self._key, self._model, self._words, self._interval = key, model, words, interval_ms
        self._slots: list[list[Said]] = [[] for _ in range(interval_ms)]  # of a millisecond each
        self._streams: dict[int, Heard] = {}
        self._began = time.monotonic()
        self._slot = 0
        self._found = Found()
        self._active = 0
        self._steady = False

    def run(self, count: int, seconds: float) -> dict[str, float]:
        """Latencies in milliseconds."""
        draw, began = random.Random(1), time.monotonic()
        for made in range(count):
            self._until(began + _RAMP_S * made / count)
            connection = self.connect()
            stream = self._streams[connection.fileno()] = Heard(connection)
            self._ask(stream, draw.randrange(self._words // 8, self._words))  # so that they do not all end at once
        self._until(time.monotonic() + _SETTLE_S)
        self._steady, self._found = True, Found()
        self._until(time.monotonic() + seconds)
        found, self._found = self._found, Found()
        self.part()
        return {
            "streams": found.least,
            "first_word_samples": len(found.first_ms),
            "first_word_p50_ms": quantile(found.first_ms, 0.5),
            "first_word_p99_ms": quantile(found.first_ms, 0.99),
            "late_p50_ms": quantile(found.late_ms, 0.5),
            "late_p99_ms": quantile(found.late_ms, 0.99),
            "late_max_ms": max(found.late_ms, default=0.0),
            "behind_max_ms": found.behind_ms,
            "whole": found.whole,
            "broken": found.broken,
        }

    def _until(self, end: float) -> None:
        began = self._began

        def due(now: float) -> bool:
            passed = (now - began) * 1000
            if self._slot < int(passed):  # one at a time: who asks anew does not wait for what is late already
                self._found.behind_ms = max(self._found.behind_ms, passed - self._slot - 1)
                self._slot += 1
                self._say()
                return False
            return now >= end

        self.turn(due)

    # --- the provider

    def answer(self, connection: socket.socket, body: bytes) -> None:
        self._slots[self._slot % self._interval].append(Said(connection, int(json.loads(body)["max_tokens"])))
        connection.send(FIRST)

    def _say(self) -> None:
        streams, over = self._slots[self._slot % self._interval], False
        for stream in streams:
            stream.left -= 1
            try:
                stream.connection.send(WORD if stream.left > 0 else LAST)
            except OSError:
                stream.left = 0
            over = over or stream.left <= 0
        if over:
            streams[:] = [stream for stream in streams if stream.left > 0]
        if self._steady and self._active < self._found.least:
            self._found.least = self._active

    # --- the client

    def _ask(self, stream: Heard, words: int) -> None:
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
            f"POST {self.path}/chat/completions HTTP/1.1\r\nhost: {self.host}\r\nauthorization: Bearer {self._key}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        stream.words, stream.events, stream.at, stream.marked = words, 0, 0.0, False
        self._active += 1
        stream.asked_at = time.monotonic()
        stream.connection.send((head + body).encode())

    def hear(self, descriptor: int, data: bytes, now: float) -> None:
        stream = self._streams[descriptor]
        if not data:
            self._found.broken += 1
            self._active -= 1
            return
        stream.events += data.count(b"data: ")
        if stream.at == 0.0:
            if data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 200"):
                self._found.broken += 1
                self._active -= 1
                return
            if b'"content"' not in data:
                return
            if self._steady:
                self._found.first_ms.append((now - stream.asked_at) * 1000)
        elif self._steady:
            self._found.late_ms.append((now - stream.at) * 1000 - self._interval)
        stream.at = now
        if stream.events < stream.words:
            return
        stream.marked = stream.marked or b"data: [DONE]" in data
        if data.endswith(b"0\r\n\r\n"):
            good = stream.events == stream.words + _AFTER_WORDS and stream.marked
            self._found.whole += good
            self._found.broken += not good
            self._active -= 1
            self._ask(stream, self._words)


def main() -> None:
    url, key, model, port, streams, words, interval_ms, seconds = sys.argv[1:]
    ends = Streams(url, key, model, int(port), int(words), int(interval_ms))
    print(json.dumps(ends.run(int(streams), float(seconds))))


if __name__ == "__main__":
    main()
