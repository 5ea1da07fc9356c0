"""Times: UTC milliseconds since 1970 inside, ISO 8601 in UTC outside."""

from datetime import UTC, datetime


def iso(at_ms: int) -> str:
    """Such as `2026-11-21T07:05:00.123Z`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def iso_date(at_ms: int) -> str:
    """The day, such as `2026-11-21`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()


def parse_iso(text: str) -> int:
    """Milliseconds of a date (its midnight) or a date and time, UTC unless it says otherwise. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
