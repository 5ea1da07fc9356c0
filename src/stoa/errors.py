"""Every error that Stoa raises on purpose, in one tree, split by who must act.

StoaError
├── CallerError            whoever sent the request
│   ├── InvalidRequest     400  the request cannot be understood
│   ├── Unauthenticated    401  no credential, or one that is not known
│   ├── Forbidden          403  known, but not allowed
│   ├── NotFound           404
│   ├── Conflict           409  it clashes with what is already there
│   ├── NotKept            504  only an answer from the cache was wanted, and there is none
│   ├── TooLarge           413
│   ├── Unreadable         422  a document that is broken, encrypted, empty or of an unknown kind
│   ├── Overtime           422  a query that takes longer than it may
│   └── LimitReached       429  a rate limit or a budget
├── OperatorError          whoever runs Stoa
│   ├── SettingsError      a setting is wrong
│   ├── MissingExtra       an optional package is not installed
│   ├── SchemaError        the database is not in the form this version needs
│   └── Busy               the home or the port is in use
├── ProcessingError        machines that process documents are away, or went away
├── ProviderError          an upstream: unreachable, slow, or answering nonsense
├── NotReady               503  nobody: it is being made, and will be there soon
└── InternalError          Stoa itself is at fault

A message says what was asked, what was found and what to do next. Edges map a class to a status through `status`
and to a dialect through `code`; they never look at the message.
"""

from collections.abc import Mapping


class StoaError(Exception):
    """Base of all errors raised on purpose. `status` is the HTTP status, `code` a stable machine name."""

    status: int = 500
    code: str = "internal_error"

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        if code is not None:
            self.code = code


class CallerError(StoaError):
    """The sender of the request must change something."""

    status = 400
    code = "invalid_request"


class InvalidRequest(CallerError):
    """The request cannot be understood; `param` names the field."""


class Unauthenticated(CallerError):
    """No credential was sent, or one that Stoa does not know."""

    status = 401
    code = "invalid_api_key"


class Forbidden(CallerError):
    """The principal is known and may not do this."""

    status = 403
    code = "forbidden"


class NotFound(CallerError):
    """The thing named does not exist, or the principal may not know that it does."""

    status = 404
    code = "not_found"


class Conflict(CallerError):
    """The request clashes with the present state."""

    status = 409
    code = "conflict"


class NotKept(CallerError):
    """The caller wanted an answer from the cache alone, and there is none. RFC 9111, section 5.2.1.7."""

    status = 504
    code = "not_cached"


class TooLarge(CallerError):
    """A header, body or file is over its limit."""

    status = 413
    code = "too_large"


class Unreadable(CallerError):
    """A document cannot be read; the message is the reason, to be shown beside the document's name."""

    status = 422
    code = "unreadable_document"


class Overtime(CallerError):
    """A query takes longer than it may."""

    status = 422
    code = "overtime"


class LimitReached(CallerError):
    """A rate limit or a budget is used up; `retry_after_s` says when to come back, if known.

    `told` is the same as the message for programs: limit, used, most, resets_at, as_of.
    """

    status = 429
    code = "rate_limit_exceeded"

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after_s: float | None = None,
        told: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, param=param, code=code)
        self.retry_after_s = retry_after_s
        self.told = told


class OperatorError(StoaError):
    """Whoever runs Stoa must change something; the command line prints the message and exits with 1."""

    status = 503
    code = "operator_error"


class SettingsError(OperatorError):
    """A setting is unknown, of the wrong type or out of range."""

    code = "settings_error"


class MissingExtra(OperatorError):
    """A feature needs a package that is not installed; the message names what to install."""

    code = "missing_extra"


class SchemaError(OperatorError):
    """The database is newer than this version, half-migrated, or a migration did not verify."""

    code = "schema_error"


class Busy(OperatorError):
    """Another Stoa holds the home folder, or something holds the port."""

    code = "busy"


class ProviderError(StoaError):
    """An upstream failed. `upstream_status` is its HTTP status, None when it never answered."""

    status = 502
    code = "upstream_error"

    def __init__(
        self, message: str, *, code: str | None = None, upstream_status: int | None = None, status: int | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.upstream_status = upstream_status
        if status is not None:
            self.status = status


class NotReady(StoaError):
    """What was asked for is being made; `retry_after_s` says when to come back."""

    status = 503
    code = "not_ready"

    def __init__(self, message: str, *, retry_after_s: float = 2.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SourceError(StoaError):
    """A source of documents cannot be reached, or refuses. Nothing of it was changed here."""

    status = 502
    code = "source_error"


class ProcessingError(StoaError):
    """The machines that process documents cannot be reached, or went away; what they had in hand is to be done again."""

    status = 502
    code = "processing_error"


class InternalError(StoaError):
    """A state that should not exist. The request id leads to the log line."""
