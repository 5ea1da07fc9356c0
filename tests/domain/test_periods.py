from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.periods import PERIODS, Period, Window, read_period
from stoa.errors import InvalidRequest

HOUR = 3_600_000


def ms(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def span(per: Period, zone: str, now: str) -> tuple[int, int]:
    window = Window(per, zone)
    window.at(ms(now, zone))
    return window.start, window.end


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_a_day_in_berlin_is_as_long_as_its_clocks_make_it(day: str, hours: int) -> None:
    start, end = span("day", "Europe/Berlin", f"{day}T12:00")
    assert (start, end - start) == (ms(f"{day}T00:00", "Europe/Berlin"), hours * HOUR)


def test_a_day_without_midnight_begins_when_the_clocks_jump() -> None:
    start, end = span("day", "America/Sao_Paulo", "2018-11-04T12:00")  # 00:00 was skipped
    assert (start, end - start) == (int(datetime(2018, 11, 4, 3, tzinfo=UTC).timestamp() * 1000), 23 * HOUR)


def test_months_and_weeks_begin_in_their_zone() -> None:
    assert span("month", "Asia/Tokyo", "2026-12-15T00:00") == (
        ms("2026-12-01T00:00", "Asia/Tokyo"), ms("2027-01-01T00:00", "Asia/Tokyo")
    )  # fmt: skip
    assert span("week", "UTC", "2026-11-22T23:59") == (ms("2026-11-16T00:00"), ms("2026-11-23T00:00"))
    assert span("month", "UTC", "2026-12-31T23:59") == (ms("2026-12-01T00:00"), ms("2027-01-01T00:00"))


def test_hours_begin_as_the_zone_counts_them() -> None:
    assert span("hour", "Asia/Kolkata", "2026-11-22T10:59") == (
        ms("2026-11-22T10:00", "Asia/Kolkata"), ms("2026-11-22T11:00", "Asia/Kolkata")
    )  # fmt: skip


@given(
    per=st.sampled_from(PERIODS),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/Sao_Paulo"]),
    now=st.integers(1_100_000_000_000, 2_140_000_000_000),
)
def test_every_moment_lies_in_its_window_and_the_next_one_follows_without_a_gap(per: Period, zone: str, now: int) -> None:
    window, following = Window(per, zone), Window(per, zone)
    assert window.at(now) <= now < window.end
    assert following.at(window.end) == window.end
    longest = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(hours=25)}
    assert timedelta(milliseconds=window.end - window.start) <= longest.get(per, timedelta(days=32))


def test_what_is_no_period_or_no_zone_is_named() -> None:
    assert read_period("week Europe/Berlin") == ("week", "Europe/Berlin")
    with pytest.raises(InvalidRequest, match="no time zone 'Europe/Atlantis'"):
        read_period("day Europe/Atlantis")
    with pytest.raises(InvalidRequest, match="no period 'year'"):
        read_period("year UTC")
