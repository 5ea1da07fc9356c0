"""What kind of failure an upstream's was, from its status, what it said, or how the connection ended.

Providers agree on few codes and no words: what is looked for are parts of what each of them really says, most telling first. A
spent quota or balance is a rate limit that waiting a moment does not end: see `told_s`.
"""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from stoa.domain.operations import ErrorClass
from stoa.domain.upstream import FailureKind

QUOTA_WAIT_S = 60.0
"""How long a target whose quota is spent is left alone where it names no time; more than anybody waits for a retry."""

_CONTEXT = (
    "context_length_exceeded", "context length", "context window", "context_window", "maximum prompt length",
    "prompt is too long", "input is too long", "input length and `max_tokens` exceed", "too many tokens",
    "too many input tokens", "maximum number of tokens", "exceeds the maximum number of tokens", "max_new_tokens` must be",
    "must have less than", "reduce the length of the messages", "model token limit", "exceed_context_size",
    "available context size", "string_above_max_length", "context size", "maximum input length", "too large for model with",
)  # fmt: skip
_POLICY = (
    "content_filter", "content_policy", "content policy", "content management policy", "responsibleaipolicyviolation",
    "content filtering", "safety system", "safety_violation", "moderation_blocked", "flagged by moderation",
    "requires moderation", "prohibited_content", "blocked by guardrail", "guardrail_intervened", "usage policies",
    "usage policy", "blocked due to safety", "blocked by safety", "content exists risk", "data_inspection_failed",
)  # fmt: skip
_QUOTA = (
    "insufficient_quota", "exceeded your current quota", "credit balance", "insufficient balance", "insufficient_balance",
    "insufficient credits", "more credits", "billing_hard_limit", "billing hard limit", "billing_not_active",
    "quota_exceeded", "spending limit", "spend limit", "payment required", "billing_error", "free-models-per-day",
    "tokens per day", "requests per day",
)  # fmt: skip
_RATE = (
    "rate_limit", "rate limit", "ratelimit", "too many requests", "too_many_requests", "throttl", "resource_exhausted",
    "tokens per minute", "requests per minute", "capacity exceeded", "tokens_per_minute", "capacity_exceeded",
)  # fmt: skip
_CREDENTIALS = (
    "invalid_api_key", "incorrect api key", "api key not valid", "api_key_invalid", "api key expired",
    "authentication_error", "permission_error", "permission_denied", "accessdenied", "unrecognizedclient", "expiredtoken",
    "invalidsignature", "security token included in the request", "don't have access to the model", "unauthenticated",
)  # fmt: skip
_NOT_FOUND = (
    "model_not_found", "not_found_error", "deploymentnotfound", "model_decommissioned", "has been decommissioned",
    "model identifier is invalid", "does not exist or you do not have access", "is not a valid model", "invalid model name",
    "model does not exist", "model not exist", "unknown model", "invalid_model", "no endpoints found",
    "on-demand throughput", "try pulling it first", "is not found for api version",
)  # fmt: skip
_TIMEOUT = ("deadline_exceeded", "modeltimeout", "timed out", "timeout")
_SERVER = (
    "overloaded", "server_error", "internal_error", "internalserver", "serviceunavailable", "service_unavailable",
    "unavailable", "api_error", "engine is currently", "modelerror", "modelnotready",
)  # fmt: skip

_Table = tuple[tuple[ErrorClass, tuple[str, ...]], ...]
_THE_REQUESTS: _Table = (("context_window", _CONTEXT), ("content_policy", _POLICY))
_WORDS: _Table = (
    ("rate_limit", _QUOTA),
    *_THE_REQUESTS,
    ("credentials", _CREDENTIALS),
    ("not_found", _NOT_FOUND),
    ("rate_limit", _RATE),
    ("timeout", _TIMEOUT),
    ("server_error", _SERVER),
)
_LOOKED_AT = 300
"""Characters of a message: further on, it may repeat what the caller wrote."""
_BY_FAILURE: Mapping[FailureKind, ErrorClass] = {
    "connect": "server_error",
    "busy": "timeout",
    "timeout": "timeout",
    "lost": "server_error",
    "truncated": "server_error",
    "malformed": "server_error",
}
_BY_STATUS: Mapping[int, ErrorClass] = {
    401: "credentials",
    402: "rate_limit",
    403: "credentials",
    404: "not_found",
    408: "timeout",
    409: "server_error",
    424: "server_error",
    425: "server_error",
    429: "rate_limit",
    498: "rate_limit",
    504: "timeout",
    524: "timeout",
}
_NEVER_BY_WORDS = frozenset((408, 429, 504, 524))


def classify(
    status: int | None, code: str | None = None, message: str | None = None, failure: FailureKind | None = None
) -> ErrorClass:
    """The class of a failure. `code` is all machine names that the refusal has (code, type, status), joined; None if none.

    `status` is None or 200 for an error that came within a stream.
    """
    if failure is not None:
        return _BY_FAILURE[failure]
    names = (code or "").lower()
    said = f"{names} {(message or '')[:_LOOKED_AT].lower()}"
    if status is None or status < 300:
        return _by_words(said, _WORDS) or ("invalid_request" if "invalid_request" in names else "server_error")
    by_status = _BY_STATUS.get(status)
    if status in _NEVER_BY_WORDS and by_status is not None:
        return by_status
    if by_status in ("credentials", "not_found", "rate_limit"):
        return _by_words(said, _WORDS[:3]) or by_status
    if by_status is not None or status >= 500:
        return _by_words(said, _THE_REQUESTS) or by_status or "server_error"
    if 300 <= status < 400:
        return "server_error"
    return _by_words(names, (("rate_limit", _RATE),)) or _by_words(said, _WORDS[:5]) or "invalid_request"


def told_s(retry_after: bytes | None, code: str | None, message: str | None, wall_now_s: float) -> float | None:
    """How many seconds the upstream wants to be left alone: its Retry-After (seconds or a date), None when it does not say.

    A spent quota counts as at least `QUOTA_WAIT_S`: so it is not retried, and its target is left alone at once.
    """
    told = _seconds(retry_after, wall_now_s)
    said = f"{code or ''} {(message or '')[:_LOOKED_AT]}".lower()
    if any(word in said for word in _QUOTA):
        return max(told or 0.0, QUOTA_WAIT_S)
    return told


def _seconds(value: bytes | None, wall_now_s: float) -> float | None:
    if value is None:
        return None
    text = value.decode("latin-1").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(text).timestamp() - wall_now_s
        except (ValueError, OverflowError):
            return None
    return seconds if 0 <= seconds < 1e9 else None


def _by_words(said: str, table: _Table) -> ErrorClass | None:
    for error_class, words in table:
        if any(word in said for word in words):
            return error_class
    return None
