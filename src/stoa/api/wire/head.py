"""What the syntax allows and a server still must not take: the rules on a request's head."""

from typing import NamedTuple

from stoa.api.wire.answer import WireExchange

_METHODS = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS"))


class Problem(NamedTuple):
    """Why a request is refused before any application sees it."""

    status: int
    code: str
    message: str


def problem_of(exchange: WireExchange, version: str, *, repeated: bool) -> Problem | None:
    """Judge a head; a target in absolute form is brought to a path. `repeated`: a header that may come once came twice."""
    headers, target = exchange.headers, exchange.target
    if version != "1.1" and version != "1.0":
        return Problem(505, "http_version", f"Stoa speaks HTTP/1.1, but the request says HTTP/{version}.")
    if exchange.method not in _METHODS:
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
