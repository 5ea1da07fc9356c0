"""How fast jobs are, in words."""

from typing import Any

import pytest

from stoa.cli import pace


def job(**fields: Any) -> dict[str, Any]:  # Any: JSON as the API documents it
    known = {"kind": "ingest", "documents_per_second": 12.0, "pages_per_second": 30.54, "pages": 61, "cost_nano_usd": 4_200_000}
    return known | fields


def test_a_job_says_documents_pages_and_money() -> None:
    assert pace.pace(job()) == "12.0 documents/s, 30.5 pages/s, $0.0042"
    assert pace.pace(job(cost_nano_usd=0)) == "12.0 documents/s, 30.5 pages/s"
    assert pace.pace(job(cost_nano_usd=None)) == "12.0 documents/s, 30.5 pages/s, unknown cost"
    assert pace.pace(job(kind="batch", pages=0, cost_nano_usd=0)) == "12.0 lines/s"


def test_one_that_has_not_begun_has_no_speed() -> None:
    assert pace.pace(job(documents_per_second=None, cost_nano_usd=0)) == ""
    assert pace.speed(job(documents_per_second=None)) == "-"


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, "-"), (12.4, "about 12 s"), (130, "about 2 min 10 s"), (7_500, "about 2 h 5 min")]
)
def test_what_is_left_is_told_as_people_do(seconds: float | None, said: str) -> None:
    assert pace.duration(seconds) == said
