"""Everything that is not /v1: passed on to control, both ways in pieces, so that one origin serves API and page."""

from collections.abc import Iterable, Mapping
from posixpath import normpath
from urllib.parse import unquote_to_bytes

from stoa.domain.exchange import Exchange
from stoa.domain.refusal import refusal
from stoa.domain.upstream import Call, Failure, Headers, Origin

_HOP_BY_HOP = frozenset(
    (
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te", b"trailer",
        b"transfer-encoding", b"upgrade", b"content-length", b"expect",
    )
)  # fmt: skip
_FORWARDED = (b"x-forwarded-", b"x-stoa-internal", b"forwarded")
JSON = b"content-type: application/json\r\n"


def is_internal(target: bytes) -> bool:
    """Whether a path, however it is spelled, lies below /internal, which is for Stoa's own roles alone."""
    path = unquote_to_bytes(target.partition(b"?")[0]).replace(b"\\", b"/")
    parts = normpath(b"/" + path.lstrip(b"/")).lower().split(b"/")
    return len(parts) > 1 and parts[1] == b"internal"


class Listeners:
    """Clients that listen: event streams opened with a GET, or as MCP has it, which end only when somebody ends them."""

    def __init__(self) -> None:
        self._calls: dict[Call, Exchange] = {}

    def add(self, call: Call, exchange: Exchange) -> None:
        self._calls[call] = exchange

    def discard(self, call: Call) -> None:
        self._calls.pop(call, None)

    def end(self) -> None:
        """Let all of them go, since this process ends: they come again, as they do when a stream breaks off."""
        for call, exchange in list(self._calls.items()):
            call.cancel()
            exchange.finish()
        self._calls.clear()


class Proxied:
    """Implements `domain.exchange.Intake`: the client's side. The body goes on in pieces, at control's pace."""

    def __init__(
        self,
        exchange: Exchange,
        control: Origin,
        *,
        body_limit: int,
        request_id: str,
        headers: Mapping[bytes, bytes] | None = None,
        listeners: Listeners | None = None,
    ) -> None:
        """`headers` go on in place of the client's. Of those who listen, `listeners` is told."""
        self.body_limit = body_limit
        headers = exchange.headers if headers is None else headers
        length = headers.get(b"content-length")
        self._has_body = length is not None or b"transfer-encoding" in headers
        self._listeners = listeners if _listens(exchange) else None
        answer = _Answer(exchange, self._listeners)
        self._call: Call = control.open(
            exchange.method,
            exchange.target,
            _request_headers(headers, exchange.peer, exchange.scheme, request_id),
            int(length) if length is not None else None if self._has_body else 0,
            answer,
        )
        answer.call = self._call

    def on_body(self, data: bytes) -> None:
        self._call.write(data)

    def on_end(self) -> None:
        if self._has_body:
            self._call.finish()

    def on_gone(self) -> None:
        if self._listeners is not None:
            self._listeners.discard(self._call)
        self._call.cancel()

    def on_pause(self) -> None:
        self._call.pause()

    def on_resume(self) -> None:
        self._call.resume()


class _Answer:
    """Implements `domain.upstream.Receiver`: control's side. The answer goes on in pieces, at the client's pace."""

    def __init__(self, exchange: Exchange, listeners: Listeners | None) -> None:
        self._exchange = exchange
        self._listeners = listeners
        self._started = False
        self.call: Call | None = None

    def on_head(self, status: int, headers: Headers) -> None:
        self._started = True
        if self._listeners is not None and self.call is not None and _streams_events(headers):
            self._listeners.add(self.call, self._exchange)
        lines = b"".join([b"%b: %b\r\n" % pair for pair in _kept(headers)])
        length = next((int(value) for name, value in headers if name == b"content-length"), None)
        self._exchange.start(status, lines, length)

    def on_body(self, data: bytes) -> None:
        self._exchange.write(data)

    def on_end(self) -> None:
        self._leave()
        self._exchange.finish()

    def _leave(self) -> None:
        if self._listeners is not None and self.call is not None:
            self._listeners.discard(self.call)

    def on_failure(self, failure: Failure) -> None:
        self._leave()
        if self._started:
            self._exchange.abort()
            return
        status = 504 if failure.kind == "timeout" else 503
        message = f"Stoa's control role cannot be reached: {failure.message}. Try again in a moment; /v1 goes on answering."
        self._exchange.send(status, JSON + b"retry-after: 1\r\n", refusal(status, "control_away", message))

    def on_upload_pause(self) -> None:
        self._exchange.pause_body()

    def on_upload_resume(self) -> None:
        self._exchange.resume_body()


def _listens(exchange: Exchange) -> bool:
    return exchange.method == b"GET" or exchange.headers.get(b"mcp-method") == b"subscriptions/listen"


def _streams_events(headers: Headers) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers)


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name not in _HOP_BY_HOP]


def _request_headers(headers: Mapping[bytes, bytes], peer: str, scheme: str, request_id: str) -> list[tuple[bytes, bytes]]:
    """What control is told: no hop-by-hop header, nothing that only Stoa itself may say."""
    named = {name.strip().lower() for name in headers.get(b"connection", b"").split(b",")}
    kept = [pair for pair in _kept(headers.items()) if pair[0] not in named and not pair[0].startswith(_FORWARDED)]
    told = [(b"x-forwarded-for", peer.encode()), (b"x-forwarded-proto", scheme.encode())]
    told += [(b"x-forwarded-host", headers[b"host"])] if b"host" in headers else []
    told += [] if b"x-request-id" in headers else [(b"x-request-id", request_id.encode())]
    return kept + told
