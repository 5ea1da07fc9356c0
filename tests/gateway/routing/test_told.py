from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.gateway.routing.told import QUOTA_WAIT_S, told_by_headers, told_s

NOW = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)


def told(*headers: tuple[str, str]) -> float | None:
    return told_by_headers([(name.encode(), value.encode()) for name, value in headers], NOW.timestamp())


@pytest.mark.parametrize(("value", "seconds"), [("0", 0.0), ("7", 7.0), ("2.5", 2.5), (" 30 ", 30.0)])
def test_seconds(value: str, seconds: float) -> None:
    assert told(("retry-after", value)) == seconds


def test_a_date() -> None:
    assert told(("retry-after", format_datetime(NOW + timedelta(seconds=90), usegmt=True))) == 90.0
    assert told(("retry-after", "Tue, 03 Nov 2026 12:00:30 GMT")) == 30.0


def test_a_date_that_is_past_is_now() -> None:
    assert told(("retry-after", format_datetime(NOW - timedelta(days=1), usegmt=True))) == 0.0


@pytest.mark.parametrize("name", ["retry-after-ms", "x-ms-retry-after-ms"])
def test_milliseconds_are_finer_and_come_first(name: str) -> None:
    assert told(("retry-after", "2"), (name, "1250")) == 1.25
    assert told((name, "1250"), ("retry-after", "2")) == 1.25
    assert told((name, "soon"), ("retry-after", "2")) == 2.0


@pytest.mark.parametrize("value", ["", "soon", "-3", "nan", "inf", "1e30", "Tue, 99 Nov 2026", "\u00e9"])
def test_what_cannot_be_read_says_nothing(value: str) -> None:
    assert told(("retry-after", value)) is None


def test_headers_that_do_not_say() -> None:
    assert told(("content-type", "application/json")) is None


@given(value=st.binary(max_size=60))
def test_no_header_breaks_it(value: bytes) -> None:
    found = told_by_headers([(b"retry-after", value), (b"retry-after-ms", value)], NOW.timestamp())
    assert found is None or found >= 0


def test_headers_come_before_the_body() -> None:
    assert told_s(3.0, 9.0, None, "") == 3.0
    assert told_s(None, 9.0, None, "") == 9.0
    assert told_s(None, None, None, "slow down") is None


def test_a_spent_quota_is_waited_for_longer_than_any_retry() -> None:
    assert told_s(None, None, "insufficient_quota", "You exceeded your current quota") == QUOTA_WAIT_S
    assert told_s(1.0, None, None, "Your credit balance is too low") == QUOTA_WAIT_S


def test_a_quota_whose_body_names_its_end_is_waited_for_until_then() -> None:
    assert told_s(None, 2.0, "RESOURCE_EXHAUSTED", "You exceeded your current quota") == 2.0
    assert told_s(3600.0, None, None, "free-models-per-day") == 3600.0
