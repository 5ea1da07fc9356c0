"""How long an upstream wants to be left alone: what its headers or its body say, or what a spent quota means.

https://www.rfc-editor.org/rfc/rfc9110#name-retry-after: seconds or a date. Some give milliseconds in a header of their own,
which is finer and comes first.
"""

from email.utils import parsedate_to_datetime

from stoa.dialects.classify import quota_spent
from stoa.domain.upstream import Headers

QUOTA_WAIT_S = 60.0
"""How long a target whose quota is spent is left alone where it names no time; more than anybody waits for a retry."""
_MILLISECONDS = (b"retry-after-ms", b"x-ms-retry-after-ms")
_MOST_S = 1e9


def told_by_headers(headers: Headers, wall_now_s: float) -> float | None:
    """Seconds, None when they do not say or cannot be read. `wall_now_s` is unix time, for dates; a date that is past is 0."""
    found: float | None = None
    for name, value in headers:
        if name in _MILLISECONDS:
            told = _number(value)
            if told is not None:
                return told / 1000
        elif name == b"retry-after" and found is None:
            found = _number(value)
            if found is None:
                found = _until(value, wall_now_s)
    return found


def told_s(by_headers: float | None, by_body: float | None, code: str | None, message: str) -> float | None:
    """Headers come before the body. A spent quota counts as at least `QUOTA_WAIT_S`: it is not retried, and its target is
    left alone at once. Not so where the body names a time: Google calls every limit a quota, and says when it is over.
    """
    if by_headers is None and by_body is not None:
        return by_body
    return max(by_headers or 0.0, QUOTA_WAIT_S) if quota_spent(code, message) else by_headers


def _number(value: bytes) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds < _MOST_S else None


def _until(value: bytes, wall_now_s: float) -> float | None:
    try:
        seconds = parsedate_to_datetime(value.decode("latin-1").strip()).timestamp() - wall_now_s
    except (ValueError, OverflowError):
        return None
    return max(0.0, seconds) if seconds < _MOST_S else None
