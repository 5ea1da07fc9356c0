from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.schedules import Hours, interval_ms
from stoa.errors import InvalidRequest


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


def test_an_interval_is_a_number_and_a_unit() -> None:
    assert [interval_ms(text) for text in ("30s", "15m", "6h", "2d")] == [30_000, 900_000, 21_600_000, 172_800_000]
    for wrong in ("", "m", "0m", "15", "1.5h", "-1m", "1w"):
        with pytest.raises(InvalidRequest):
            interval_ms(wrong)


def test_hours_over_midnight_are_open_on_both_sides_of_it() -> None:
    hours = Hours("22:00-06:00", "UTC")
    opened = {
        text: hours.open_at(at(f"2026-03-10T{text}+00:00")) for text in ("21:59", "22:00", "23:59", "00:00", "05:59", "06:00")
    }
    assert opened == {"21:59": False, "22:00": True, "23:59": True, "00:00": True, "05:59": True, "06:00": False}


def test_hours_are_those_of_their_time_zone() -> None:
    assert Hours("22:00-23:00", "Europe/Berlin").open_at(at("2026-07-01T20:30:00+00:00"))
    assert not Hours("22:00-23:00", "Europe/Berlin").open_at(at("2026-01-01T20:30:00+00:00"))


def test_they_open_at_their_next_beginning_or_now() -> None:
    hours = Hours("22:00-06:00", "UTC")
    assert hours.opens_at(at("2026-03-10T12:00:30+00:00")) == at("2026-03-10T22:00:00+00:00")
    assert hours.opens_at(at("2026-03-10T23:00:00+00:00")) == at("2026-03-10T23:00:00+00:00")
    assert Hours("08:00-09:00", "UTC").opens_at(at("2026-03-10T12:00:00+00:00")) == at("2026-03-11T08:00:00+00:00")


@given(st.integers(0, 23), st.integers(0, 23), st.integers(1_700_000_000, 1_900_000_000))
def test_the_moment_at_which_they_open_is_one_at_which_they_are_open(begin: int, end: int, now_s: int) -> None:
    if begin != end:
        hours = Hours(f"{begin:02}:00-{end:02}:00", "UTC")
        opens = hours.opens_at(now_s * 1000)
        assert opens >= now_s * 1000
        assert hours.open_at(opens)
