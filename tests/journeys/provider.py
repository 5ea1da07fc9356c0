"""A provider on loopback for journeys: answers chats with its own name, whole or as a stream of words with pauses."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

_HELD_AT_MOST_S = 120


@dataclass
class Provider:
    """`asked` are the bodies that came. None is answered before `go_on` is set; it is, until a test clears it."""

    url: str
    asked: list[Any] = field(default_factory=list[Any])
    go_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.go_on.set()


@contextmanager
def provider(
    name: str,
    *,
    words: int = 3,
    pause_s: float = 0.0,
    thinks_s: float = 0.0,
    usage: tuple[int, int] | None = None,
    port: int = 0,
    came: Callable[[Any], None] | None = None,
) -> Iterator[Provider]:
    """`usage`: tokens read and written, also told by streams that are asked for it; left out, one each of whole answers.

    `came` is told each body as it comes.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm: ClassVar[bool] = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            made.asked.append(body)
            if came is not None:
                came(body)
            made.go_on.wait(_HELD_AT_MOST_S)
            if body.get("stream"):
                self._stream(body)
                return
            time.sleep(thinks_s)
            message = {"role": "assistant", "content": name}
            answer = _answer("chat.completion", message=message) | {"usage": _usage(*(usage or (1, 1)))}
            self._send("application/json", json.dumps(answer).encode())

        def _send(self, kind: str, data: bytes) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _stream(self, body: Any) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for number in range(words):
                self._event(json.dumps(_answer("chat.completion.chunk", delta={"content": f"{name}-{number} "})).encode())
                time.sleep(pause_s)
            self._event(json.dumps(_answer("chat.completion.chunk", delta={}, finish="stop")).encode())
            if usage is not None and (body.get("stream_options") or {}).get("include_usage"):
                self._event(json.dumps(_answer("chat.completion.chunk") | {"choices": [], "usage": _usage(*usage)}).encode())
            self._event(b"[DONE]")
            self.wfile.write(b"0\r\n\r\n")

        def _event(self, data: bytes) -> None:
            data = b"data: " + data + b"\n\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

        def log_message(self, *args: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 1024

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A gateway that hangs up is no error of the test."""

    with Server(("127.0.0.1", port), Handler) as server:
        made = Provider(f"http://127.0.0.1:{server.server_address[1]}/v1")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def _answer(kind: str, *, finish: str | None = None, **said: Any) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": finish or ("stop" if "message" in said else None), **said}
    return {"id": "c", "object": kind, "created": 1, "model": "m", "choices": [choice]}


def _usage(read: int, written: int) -> dict[str, int]:
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
