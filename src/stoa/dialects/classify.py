"""What kind of failure an upstream's refusal is: from its status, its own word for it, else its message."""

import re

from stoa.domain.operations import ErrorClass

_CODES: dict[str, ErrorClass] = {
    "context_length_exceeded": "context_window",
    "model_context_window_exceeded": "context_window",
    "string_above_max_length": "context_window",
    "content_filter": "content_policy",
    "content_policy_violation": "content_policy",
    "responsibleaipolicyviolation": "content_policy",
    "moderation_blocked": "content_policy",
    "invalid_api_key": "credentials",
    "authentication_error": "credentials",
    "permission_error": "credentials",
    "billing_error": "credentials",
    "insufficient_quota": "rate_limit",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
    "model_not_found": "not_found",
    "not_found_error": "not_found",
    "timeout_error": "timeout",
    "overloaded_error": "server_error",
    "api_error": "server_error",
    "server_error": "server_error",
}
_STATUSES: dict[int, ErrorClass] = {
    401: "credentials", 402: "credentials", 403: "credentials", 404: "not_found", 408: "timeout", 429: "rate_limit",
    504: "timeout", 524: "timeout",
}  # fmt: skip
_TOO_LONG = re.compile(
    r"context (length|window|size)|maximum (context|prompt) length|prompt is too long|too many (input )?tokens|"
    r"(input|prompt)[^.]{0,40}(exceeds|longer than)[^.]{0,60}(tokens|context)|max_model_len|reduce the length",
    re.IGNORECASE,
)
_POLICY = re.compile(r"content (management )?polic|content filter|safety system|usage polic|moderation", re.IGNORECASE)


def class_of(status: int, code: str | None, message: str) -> ErrorClass:
    """`status` is 0 where there is none, within a stream."""
    known = _CODES.get(code.lower()) if code is not None else None
    if known is not None:
        return known
    if status in _STATUSES:
        return _STATUSES[status]
    if status >= 500:
        return "server_error"
    if _TOO_LONG.search(message):
        return "context_window"
    if _POLICY.search(message):
        return "content_policy"
    return "invalid_request" if status else "server_error"
