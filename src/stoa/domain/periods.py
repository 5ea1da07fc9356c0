"""Calendar periods: when the minute, hour, day, week or month of a moment begins and ends in a time zone.

A day is as long as the zone's clocks make it, 23 and 25 hours included. Weeks begin on Monday.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from stoa.errors import InvalidRequest

Period = Literal["minute", "hour", "day", "week", "month"]
PERIODS: tuple[Period, ...] = ("minute", "hour", "day", "week", "month")

_SPANS_MS = {"minute": 60_000, "hour": 3_600_000}


class Window:
    """One period in one time zone, and the span of it that was looked at last: from `start` up to but not including `end`."""

    __slots__ = ("_zone", "end", "per", "period", "start", "time_zone")

    def __init__(self, per: Period, time_zone: str = "UTC") -> None:
        self.per: Period = per
        self.time_zone = time_zone
        self.period = period_text(per, time_zone)
        self._zone = zone_of(time_zone)
        self.start = self.end = 0

    def at(self, now_ms: int) -> int:
        """Move to the span that holds this moment; returns its start."""
        if not self.start <= now_ms < self.end:
            self.start, self.end = _span(self.per, self._zone, now_ms)
        return self.start


def zone_of(name: str) -> tzinfo:
    """Raises InvalidRequest for one that is not known."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # what zoneinfo raises for names, characters and folders
        raise InvalidRequest(
            f"There is no time zone {name!r}; write one as the IANA list names it, such as Europe/Berlin.", param="time_zone"
        ) from None


def period_text(per: Period, time_zone: str) -> str:
    """Such as `month UTC`: how sums of money are told apart, in the ledger and on the wire."""
    return f"{per} {time_zone}"


def read_period(text: str) -> tuple[Period, str]:
    """The period and the time zone of such a text. Raises InvalidRequest."""
    per, _, zone = text.partition(" ")
    for known in PERIODS:
        if known == per:
            zone_of(zone or "UTC")
            return known, zone or "UTC"
    raise InvalidRequest(f"There is no period {per!r}; there are {', '.join(PERIODS)}.", param="per")


def window_of(text: str) -> Window:
    """Raises InvalidRequest."""
    return Window(*read_period(text))


def _span(per: Period, zone: tzinfo, now_ms: int) -> tuple[int, int]:
    now = datetime.fromtimestamp(now_ms // 1000, zone)
    if per == "minute" or per == "hour":
        into = now.second + (0 if per == "minute" else now.minute * 60)
        start = now_ms // 1000 * 1000 - into * 1000
        return start, start + _SPANS_MS[per]
    first = now.date()
    if per == "week":
        first -= timedelta(days=first.weekday())
    elif per == "month":
        first = first.replace(day=1)
    return _midnight(first, zone), _midnight(_next(per, first), zone)


def _next(per: Period, first: date) -> date:
    if per == "month":
        return (first + timedelta(days=31)).replace(day=1)
    return first + timedelta(days=7 if per == "week" else 1)


def _midnight(day: date, zone: tzinfo) -> int:
    """Where clocks skip midnight, the moment at which they do; where they show it twice, the first."""
    return int(datetime.combine(day, time(), zone).timestamp()) * 1000
