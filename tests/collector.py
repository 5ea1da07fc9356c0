"""An OpenTelemetry collector on a real socket: OTLP over HTTP, decoded from protobuf, kept for whoever asks."""

import gzip
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """`status` is what it answers; while `silent` it answers nothing at all."""

    def __init__(self, port: int = 0) -> None:
        self.status = 200
        self.headers: list[Mapping[str, str]] = []
        self.paths: list[str] = []
        self.resources: list[dict[str, Any]] = []
        self._spans: list[Span] = []
        self.bodies: list[bytes] = []
        self.silent = threading.Event()
        self._speaks = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if outer.silent.is_set():
                    outer._speaks.wait(30)
                    return
                outer._take(self.path, dict(self.headers.items()), body)
                answer = ExportTraceServiceResponse().SerializeToString()
                self.send_response(outer.status)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def _take(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        named = {name.lower(): value for name, value in headers.items()}
        data = gzip.decompress(body) if named.get("content-encoding") == "gzip" else body
        request = ExportTraceServiceRequest.FromString(data)
        self.paths.append(path)
        self.headers.append(named)
        self.bodies.append(data)
        if self.status != 200:
            return
        for resource in request.resource_spans:
            self.resources.append(plain(resource.resource.attributes))
            for scope in resource.scope_spans:
                self._spans += scope.spans

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def spans(self) -> list[Span]:
        return list(self._spans)

    def wait(self, met: Callable[[list[Span]], bool], *, seconds: float = 20) -> list[Span]:
        until = time.monotonic() + seconds
        while not met(self.spans):
            assert time.monotonic() < until, f"waited {seconds} s; there are {[span.name for span in self.spans]}"
            time.sleep(0.05)
        return self.spans

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._speaks.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def plain(attributes: Any) -> dict[str, Any]:
    """OTLP's list of keys and values as a dict."""
    return {each.key: _value(each.value) for each in attributes}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind) if kind is not None else None
