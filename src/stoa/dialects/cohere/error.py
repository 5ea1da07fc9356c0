"""Reads Cohere's errors: a status, and a body with `message`."""

import re

import msgspec

from stoa.dialects.forms import UpstreamError
from stoa.domain.operations import ErrorClass

_STATUS: dict[int, ErrorClass] = {
    400: "invalid_request", 401: "credentials", 402: "rate_limit", 403: "credentials", 404: "not_found", 408: "timeout",
    413: "context_window", 422: "invalid_request", 429: "rate_limit", 498: "credentials", 499: "timeout", 504: "timeout",
}  # fmt: skip
_TOO_LONG = re.compile(r"too many tokens(?!: max tokens must)|size limit exceeded|context (length|window)", re.IGNORECASE)
_BLOCKED = re.compile(r"\b(blocked|toxic|safety|content polic|guidelines)", re.IGNORECASE)


class _Body(msgspec.Struct):
    message: str = ""


def read_error(status: int, body: bytes) -> UpstreamError:
    """Cohere has no codes; what a prompt that is too long or unwanted is told by is its message."""
    try:
        message = msgspec.json.decode(body, type=_Body).message
    except msgspec.DecodeError:
        message = ""
    return error_of(status, message or f"The provider answered with status {status}.")


def error_of(status: int, message: str) -> UpstreamError:
    kind = _STATUS.get(status, "server_error")
    if kind in ("invalid_request", "credentials") and _BLOCKED.search(message):
        kind = "content_policy"
    elif kind == "invalid_request" and _TOO_LONG.search(message):
        kind = "context_window"
    return UpstreamError(kind, message)
