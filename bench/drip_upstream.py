"""A provider that answers as a model writes: a first word at once, then one every so many milliseconds, on many streams.

    python bench/drip_upstream.py PORT INTERVAL_MS

How many words a stream has is what the request says as `max_tokens`. One thread; streams are kept in slots of a millisecond.
"""

import json
import re
import select
import socket
import sys
import time
from dataclasses import dataclass

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_TOKENS = re.compile(rb'"max_tokens":\s*(\d+)')
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)


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


@dataclass
class Stream:
    connection: socket.socket
    left: int


class Upstream:
    def __init__(self, port: int, interval_ms: int) -> None:
        self._interval = interval_ms
        self._listening = socket.create_server(("127.0.0.1", port), backlog=2048)
        self._listening.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(self._listening.fileno(), select.EPOLLIN)
        self._connections: dict[int, socket.socket] = {}
        self._read: dict[int, bytes] = {}
        self._slots: list[list[Stream]] = [[] for _ in range(interval_ms)]

    def run(self) -> None:
        began, done, due = time.monotonic(), 0, 0
        while True:
            for descriptor, _ in self._poll.poll(0.0005 if done == due else 0):
                if descriptor == self._listening.fileno():
                    self._accept()
                else:
                    self._hear(descriptor, done)
            due = int((time.monotonic() - began) * 1000)
            if done < due:  # one at a time: who asks anew does not wait for what is late already
                done += 1
                self._say(done)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except BlockingIOError:
                return
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections[connection.fileno()] = connection
            self._poll.register(connection.fileno(), select.EPOLLIN)

    def _hear(self, descriptor: int, slot: int) -> None:
        connection = self._connections[descriptor]
        try:
            data = connection.recv(65_536)
        except OSError:
            data = b""
        if not data:
            self._poll.unregister(descriptor)
            del self._connections[descriptor]
            connection.close()
            return
        data = self._read.pop(descriptor, b"") + data
        head, separator, body = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not separator or (length and len(body) < int(length[1])):
            self._read[descriptor] = data
            return
        tokens = _TOKENS.search(body)
        self._slots[slot % self._interval].append(Stream(connection, int(tokens[1]) if tokens else 16))
        self._send(connection, FIRST)

    def _say(self, slot: int) -> None:
        streams = self._slots[slot % self._interval]
        kept = [stream for stream in streams if self._next(stream)]
        streams[:] = kept

    def _next(self, stream: Stream) -> bool:
        stream.left -= 1
        if stream.left > 0:
            return self._send(stream.connection, WORD)
        self._send(stream.connection, LAST)
        return False

    @staticmethod
    def _send(connection: socket.socket, data: bytes) -> bool:
        try:
            return connection.send(data) == len(data)
        except OSError:
            return False


if __name__ == "__main__":
    Upstream(int(sys.argv[1]), int(sys.argv[2])).run()
