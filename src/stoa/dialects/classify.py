"""What kind of failure an upstream's refusal is: from its status, its own word for it, else its message.

Providers agree on few codes and no words: what is looked for are parts of what each of them really says, most telling first.
A dialect with codes of its own reads those itself, and asks here about the rest.
"""

from collections.abc import Mapping

from stoa.domain.operations import ErrorClass

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


def class_of(status: int, code: str | None, message: str) -> ErrorClass:
    """`code` is all machine names that the refusal has (code, type, status), joined; None if none.

    `status` is 0 where there is none, within a stream; one of success is none either.
    """
    names = (code or "").lower()
    said = f"{names} {message[:_LOOKED_AT].lower()}"
    if status < 300:
        return _by_words(said, _WORDS) or ("invalid_request" if "invalid_request" in names else "server_error")
    by_status = _BY_STATUS.get(status)
    if status in _NEVER_BY_WORDS and by_status is not None:
        return by_status
    if by_status in ("credentials", "not_found", "rate_limit"):
        return _by_words(said, _WORDS[:3]) or by_status
    if by_status is not None or status >= 500:
        return _by_words(said, _THE_REQUESTS) or by_status or "server_error"
    if status < 400:
        return "server_error"
    return _by_words(names, (("rate_limit", _RATE),)) or _by_words(said, _WORDS[:5]) or "invalid_request"


def quota_spent(code: str | None, message: str) -> bool:
    """Whether a quota or balance is used up: a rate limit that waiting a moment does not end."""
    said = f"{code or ''} {message[:_LOOKED_AT]}".lower()
    return any(word in said for word in _QUOTA)


def _by_words(said: str, table: _Table) -> ErrorClass | None:
    for error_class, words in table:
        if any(word in said for word in words):
            return error_class
    return None
