"""Progress where there is no terminal."""

import pytest

from stoa.cli.progress import Lines


def lines_of(capsys: pytest.CaptureFixture[str], *, done_at: list[tuple[float, int]]) -> list[str]:
    """What is said about a step of 100 begun at 0 s when it reaches `done` at some times."""
    now = 0.0
    lines = Lines("docs: ", clock=lambda: now)
    lines.step("Indexing", 100)
    for now, done in done_at:  # noqa: B007 - the clock reads it
        lines.reach(done, "2.0 pages/s")
    return capsys.readouterr().err.splitlines()


def test_a_quick_step_is_not_worth_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(capsys, done_at=[(0.1, 50), (0.2, 100)]) == []


def test_a_long_step_says_now_and_then_how_far_it_is_and_how_long_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(capsys, done_at=[(1, 5), (10, 20), (11, 22), (50, 100), (50.3, 100)]) == [
        "docs: Indexing: 20 of 100, 2.0 pages/s, about 40 s left",
        "docs: Indexing: 100 of 100, 2.0 pages/s",
    ]


def test_what_stands_still_is_not_said_again_and_again(capsys: pytest.CaptureFixture[str]) -> None:
    still = [(float(at), 20) for at in range(6, 60, 5)]
    assert lines_of(capsys, done_at=[*still, (61.0, 30)]) == [
        "docs: Indexing: 20 of 100, 2.0 pages/s, about 24 s left",
        "docs: Indexing: 20 of 100, 2.0 pages/s, about 144 s left",
        "docs: Indexing: 30 of 100, 2.0 pages/s, about 142 s left",
    ]


def test_without_anything_done_there_is_no_guess(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines_of(capsys, done_at=[(6, 0)]) == ["docs: Indexing: 0 of 100, 2.0 pages/s"]
