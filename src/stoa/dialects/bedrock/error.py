"""Reads AWS' errors: a body with `message` and often `__type`, or an exception within a stream."""

import re

import msgspec

from stoa.dialects.classify import class_of
from stoa.dialects.forms import UpstreamError
from stoa.domain.operations import ErrorClass

_TYPES: dict[str, ErrorClass] = {
    "ThrottlingException": "rate_limit",
    "TooManyRequestsException": "rate_limit",
    "ServiceQuotaExceededException": "rate_limit",
    "ModelNotReadyException": "rate_limit",
    "AccessDeniedException": "credentials",
    "UnrecognizedClientException": "credentials",
    "ExpiredTokenException": "credentials",
    "InvalidSignatureException": "credentials",
    "IncompleteSignatureException": "credentials",
    "MissingAuthenticationTokenException": "credentials",
    "InvalidClientTokenId": "credentials",
    "ResourceNotFoundException": "not_found",
    "ModelTimeoutException": "timeout",
    "ValidationException": "invalid_request",
    "InternalServerException": "server_error",
    "ServiceUnavailableException": "server_error",
    "ModelErrorException": "server_error",
    "ModelStreamErrorException": "server_error",
}
_STATUS: dict[int, ErrorClass] = {
    400: "invalid_request", 401: "credentials", 403: "credentials", 404: "not_found", 408: "timeout", 413: "context_window",
    429: "rate_limit", 504: "timeout",
}  # fmt: skip
_TOO_LONG = re.compile(
    r"too long|too many (input )?tokens|exceeds? (the )?(context|maximum|model'?s)|context (limit|length|window)", re.IGNORECASE
)
_BLOCKED = re.compile(r"content (filter|polic)|guardrail.*(block|interven)|responsible ai", re.IGNORECASE)
_EXPIRED = re.compile(r"security token|signature we calculated", re.IGNORECASE)


class _Body(msgspec.Struct):
    message: str = ""
    upper: str = msgspec.field(name="Message", default="")
    type: str = msgspec.field(name="__type", default="")
    code: str = ""


_DECODER = msgspec.json.Decoder(_Body)


def read_error(status: int, body: bytes) -> UpstreamError:
    """By its type where the body names one, else by status and message."""
    try:
        found = _DECODER.decode(body)
    except msgspec.DecodeError:
        found = _Body()
    message = found.message or found.upper or f"The provider answered with status {status}."
    return _error((found.type or found.code).rpartition("#")[2].partition(":")[0], status, message)


def read_exception(name: str, payload: bytes) -> UpstreamError:
    """An exception in a stream, whose name begins in lower case there."""
    try:
        found = _DECODER.decode(payload)
    except msgspec.DecodeError:
        found = _Body()
    kind = name[:1].upper() + name[1:]
    return _error(kind, 500, found.message or found.upper or f"The stream broke off with {kind}.")


def _error(kind: str, status: int, message: str) -> UpstreamError:
    error_class = _TYPES.get(kind) or _STATUS.get(status, "server_error")
    if error_class == "invalid_request":
        if _TOO_LONG.search(message):
            error_class = "context_window"
        elif _BLOCKED.search(message):
            error_class = "content_policy"
        elif _EXPIRED.search(message):
            error_class = "credentials"
        else:
            error_class = class_of(400, kind, message)
    return UpstreamError(error_class, message, kind or None)
