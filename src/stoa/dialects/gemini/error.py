"""Reads Google's errors: `{"error": {code, status, message, details}}`, whole, in an array, or as an event of a stream."""

import re

import msgspec

from stoa.dialects.classify import class_of
from stoa.dialects.forms import UpstreamError
from stoa.domain.operations import ErrorClass

_STATUS: dict[str, ErrorClass] = {
    "RESOURCE_EXHAUSTED": "rate_limit",
    "UNAUTHENTICATED": "credentials",
    "PERMISSION_DENIED": "credentials",
    "NOT_FOUND": "not_found",
    "DEADLINE_EXCEEDED": "timeout",
    "CANCELLED": "timeout",
    "INVALID_ARGUMENT": "invalid_request",
    "FAILED_PRECONDITION": "invalid_request",
    "OUT_OF_RANGE": "invalid_request",
}
_CODES: dict[int, ErrorClass] = {
    400: "invalid_request", 401: "credentials", 403: "credentials", 404: "not_found", 408: "timeout", 413: "context_window",
    429: "rate_limit", 499: "timeout", 504: "timeout",
}  # fmt: skip
_TOO_LONG = re.compile(
    r"token count.*exceeds|exceeds the maximum number of tokens|input.*too long|context (length|window)", re.IGNORECASE
)
_BLOCKED = re.compile(r"safety|prohibited|blocked|responsible ai|content polic", re.IGNORECASE)


class _Detail(msgspec.Struct, rename="camel"):
    kind: str = msgspec.field(name="@type", default="")
    retry_delay: str = ""
    reason: str = ""


class _Error(msgspec.Struct):
    code: int = 0
    status: str = ""
    message: str = ""
    details: list[_Detail] = []


class _Body(msgspec.Struct):
    error: _Error


_ONE = msgspec.json.Decoder(_Body)
_ARRAY = msgspec.json.Decoder(list[_Body])


def read_error(status: int, body: bytes) -> UpstreamError:
    """What the body says, and what the status alone says when it is no error of Google's."""
    try:
        error = (_ARRAY.decode(body)[0] if body.lstrip().startswith(b"[") else _ONE.decode(body)).error
    except (msgspec.DecodeError, IndexError):
        return UpstreamError(_class_of("", status, ""), f"The provider answered with status {status}.")
    kind = _class_of(error.status, error.code or status, error.message)
    if any(detail.reason in ("API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "ACCESS_TOKEN_EXPIRED") for detail in error.details):
        kind = "credentials"
    retry = next((seconds for detail in error.details if (seconds := _seconds(detail.retry_delay)) is not None), None)
    return UpstreamError(kind, error.message, error.status or None, retry_after_s=retry)


def _class_of(word: str, status: int, message: str) -> ErrorClass:
    kind = _STATUS.get(word) or _CODES.get(status, "server_error")
    if kind == "invalid_request" and _TOO_LONG.search(message):
        return "context_window"
    if kind == "invalid_request" and _BLOCKED.search(message):
        return "content_policy"
    return class_of(400, word, message) if kind == "invalid_request" else kind


def _seconds(duration: str) -> float | None:
    """A duration in protobuf's JSON form, such as `34.5s`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)s", duration)
    return float(found[1]) if found else None
