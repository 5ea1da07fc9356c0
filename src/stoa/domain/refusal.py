"""How a refusal looks on the wire: OpenAI's error form, in which every edge answers."""

import msgspec

from stoa.errors import StoaError

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "invalid_request_error",
    429: "rate_limit_error",
    502: "upstream_error",
    503: "unavailable_error",
    504: "upstream_error",
}


class _Problem(msgspec.Struct, frozen=True):
    message: str
    type: str
    param: str | None
    code: str


class _Body(msgspec.Struct, frozen=True):
    error: _Problem


_encode = msgspec.json.Encoder().encode


def refusal(status: int, code: str, message: str, param: str | None = None) -> bytes:
    """The body `{"error": {"message", "type", "param", "code"}}` for a status."""
    kind = _TYPES.get(status) or ("server_error" if status >= 500 else "invalid_request_error")
    return _encode(_Body(_Problem(message, "insufficient_quota" if code == "insufficient_quota" else kind, param, code)))


def refusal_of(error: StoaError) -> bytes:
    """The body for an error of the tree; its status is `error.status`."""
    return refusal(error.status, error.code, error.message, error.param)
