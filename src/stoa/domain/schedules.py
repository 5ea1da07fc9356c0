"""When something that comes again is due: intervals such as `15m`, and the hours of the day in which heavy work may begin."""

import re
from datetime import datetime, timedelta, tzinfo

from stoa.domain.periods import zone_of
from stoa.errors import InvalidRequest

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


def interval_ms(text: str) -> int:
    """Milliseconds of `30s`, `15m`, `6h` or `1d`. Raises InvalidRequest."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS_S or not number.isdecimal() or int(number) == 0:
        raise InvalidRequest(f"{text!r} is no interval; write one such as 30s, 15m, 6h or 1d.", param="every")
    return int(number) * _UNITS_S[unit] * 1000


class Hours:
    """A span of every day in a time zone, such as `22:00-06:00`, which goes over midnight. The end is not in it."""

    __slots__ = ("_begin", "_end", "_zone")

    def __init__(self, text: str, time_zone: str) -> None:
        """Raises InvalidRequest."""
        read = _HOURS.fullmatch(text)
        if read is None or read[1] + read[2] == read[3] + read[4]:
            raise InvalidRequest(f"{text!r} is no span of a day; write one such as 22:00-06:00.", param="window")
        begin_h, begin_m, end_h, end_m = (int(part) for part in read.groups())
        self._begin, self._end = begin_h * 60 + begin_m, end_h * 60 + end_m
        self._zone: tzinfo = zone_of(time_zone)

    def open_at(self, now_ms: int) -> bool:
        now = datetime.fromtimestamp(now_ms / 1000, self._zone)
        minute = now.hour * 60 + now.minute
        if self._begin < self._end:
            return self._begin <= minute < self._end
        return minute >= self._begin or minute < self._end

    def opens_at(self, now_ms: int) -> int:
        """The first moment from now on, in milliseconds, at which it is open: now itself where it is."""
        if self.open_at(now_ms):
            return now_ms
        now = datetime.fromtimestamp(now_ms / 1000, self._zone)
        opening = now.replace(hour=self._begin // 60, minute=self._begin % 60, second=0, microsecond=0)
        if opening <= now:
            opening += timedelta(days=1)
        return int(opening.timestamp() * 1000)
