"""Times in a query: a date, or a date and time."""

from datetime import UTC, date, datetime, time, timedelta

from stoa.api.forms import milliseconds
from stoa.errors import InvalidRequest


def moment_in(text: str, param: str, *, end_of_day: bool = False) -> int:
    """UTC milliseconds. A date is its first moment in UTC, or the first of the next day; a time without a zone is UTC.

    Raises InvalidRequest.
    """
    try:
        if len(text) == len("2026-11-21"):
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            return milliseconds(day + timedelta(days=1) if end_of_day else day)
        found = datetime.fromisoformat(text)
        return milliseconds(found if found.tzinfo else found.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"{param!r} must be a date such as 2026-11-21, or a time such as 2026-11-21T08:00:00Z, but it is {text[:40]!r}.",
            param=param,
        ) from None
