"""Values on the command line."""

from datetime import UTC, datetime

import pytest
import typer

from stoa.cli import values

NOW = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("30d", "2030-03-02T12:00:00+00:00"),
        ("12h", "2030-02-01T00:00:00+00:00"),
        ("2w", "2030-02-14T12:00:00+00:00"),
        ("2031-06-01T00:00:00+02:00", "2031-05-31T22:00:00+00:00"),
    ],
)
def test_a_moment_is_a_span_from_now_or_a_date(text: str, iso: str) -> None:
    assert values.moment(text, now=NOW) == iso


def test_what_is_no_moment_is_told_with_examples() -> None:
    with pytest.raises(typer.BadParameter, match="30d or 12h"):
        values.moment("soon", now=NOW)


def test_names_are_split_at_commas_and_blanks_dropped() -> None:
    assert values.names(" hr, finance,,") == ["hr", "finance"]
    assert values.names("") == []


def test_no_limit_is_zero_and_zero_is_refused() -> None:
    assert (values.per_minute("none"), values.per_minute("60")) == (0, 60)
    with pytest.raises(typer.BadParameter):
        values.per_minute("0")


def test_a_name_cannot_leave_its_segment_of_the_path() -> None:
    assert values.segment("../users?x") == "..%2Fusers%3Fx"
