"""A request's head: gathered within its limit, and held to the rules that go beyond its syntax."""

from typing import NamedTuple

from stoa.api.wire.answer import ALLOW, JSON_HEADERS, METHODS, STATUS_LINES, WireExchange
from stoa.domain.refusal import refusal

_ONCE = frozenset((b"host", b"authorization", b"content-type", b"expect"))


class Problem(NamedTuple):
    """Why a request is refused before any application sees it."""

    status: int
    code: str
    message: str

    def answer(self) -> bytes:
        """The whole answer to a request that no exchange was made of; the connection ends with it."""
        body = refusal(self.status, self.code, self.message)
        allow = ALLOW if self.status == 405 else b""
        head = b"%bcontent-length: %d\r\nconnection: close\r\n\r\n" % (allow, len(body))
        return STATUS_LINES[self.status] + JSON_HEADERS + head + body


class HeadReader:
    """Gathers a head from the parser's callbacks. What was fed while it was open bounds it, to one read of the socket."""

    def __init__(self, limit: int) -> None:
        self.target = b""
        self.headers: dict[bytes, bytes] = {}
        self.repeated = False  # a header that may come once came twice
        self.head_open = False
        self._limit = limit
        self._fed = 0  # since the head began, without the feed in which it did
        self._feed = 0  # size of the piece now being parsed

    def begin_head(self) -> None:
        self.head_open = True
        self.target = b""
        self.headers = {}
        self.repeated = False
        self._fed = 0

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.head_open:
            return  # a trailer
        name = name.lower()
        headers = self.headers
        if name in headers:
            self.repeated |= name in _ONCE
            headers[name] += (b"; " if name == b"cookie" else b", ") + value
        else:
            headers[name] = value

    @property
    def head_overflows(self) -> bool:
        """Whether an open head is over the limit already."""
        return self._fed > self._limit

    def is_too_long(self) -> bool:
        """Whether a whole head is over the limit; to be asked where it could be."""
        return len(self.target) + sum(len(name) + len(value) + 4 for name, value in self.headers.items()) > self._limit

    def too_long(self) -> Problem:
        return Problem(431, "headers_too_large", f"The request's head is longer than the {self._limit} bytes that are taken.")


def problem_of(exchange: WireExchange, version: str, *, repeated: bool) -> Problem | None:
    """Judge a head; a target in absolute form is brought to a path. `repeated`: a header that may come once came twice."""
    headers, target = exchange.headers, exchange.target
    if version != "1.1" and version != "1.0":
        return Problem(505, "http_version", f"Stoa speaks HTTP/1.1, but the request says HTTP/{version}.")
    if exchange.method not in METHODS:
        return Problem(405, "method_not_allowed", f"Method {exchange.method.decode()!r} is not served.")
    if repeated or (b"host" not in headers and not exchange.old):
        return _malformed("A request has exactly one host and at most one authorization, content-type and expect header.")
    if b"transfer-encoding" in headers and (exchange.old or headers[b"transfer-encoding"].strip().lower() != b"chunked"):
        return Problem(501, "transfer_encoding", "The only transfer encoding served is 'chunked', and not in HTTP/1.0.")
    if b"expect" in headers and headers[b"expect"].strip().lower() != b"100-continue":
        return Problem(417, "expectation_failed", "The only expectation served is '100-continue'.")
    if target[:1] != b"/":
        if not target.startswith((b"http://", b"https://")):
            return _malformed("The request target must be a path that begins with '/'.")
        exchange.target = b"/" + target.split(b"://", 1)[1].partition(b"/")[2]
    return None


def _malformed(message: str) -> Problem:
    return Problem(400, "malformed_request", message)
