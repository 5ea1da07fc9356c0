"""The HTTP status that a class of failure has for a client, where a stream has to tell one."""

from collections.abc import Mapping

from stoa.domain.operations import ErrorClass

_STATUSES: Mapping[ErrorClass, int] = {
    "rate_limit": 429,
    "timeout": 504,
    "server_error": 502,
    "context_window": 400,
    "content_policy": 400,
    "credentials": 502,
    "not_found": 404,
    "invalid_request": 400,
}


def status_of(error_class: ErrorClass) -> int:
    """An upstream that refuses Stoa's credential is Stoa's operator's to mend, not the client's."""
    return _STATUSES[error_class]
