"""How Anthropic's messages refuse: the body for a client, and an upstream's, read."""

from collections.abc import Mapping

import msgspec

from stoa.dialects.anthropic.answer import MessagesError, error_of
from stoa.dialects.classify import class_of
from stoa.dialects.forms import UpstreamError

_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


class _Refused(msgspec.Struct):
    error: MessagesError


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Refused).decode


def error_body(status: int, message: str) -> bytes:
    kind = _TYPES.get(status) or ("api_error" if status >= 500 else "invalid_request_error")
    return _encode({"type": "error", "error": {"type": kind, "message": message}})


def read_error(status: int, body: bytes) -> UpstreamError:
    try:
        return error_of(_decode(body).error, status)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        text = body[:300].decode("utf-8", "replace").strip()
        return UpstreamError(class_of(status, None, text), text or f"status {status} without a body")
