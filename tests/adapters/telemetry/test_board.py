"""Numbers of several workers, one of which may die at any moment."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from stoa.adapters.telemetry.board import OLD_S, FileBoard
from stoa.domain.metrics import Sheet


class Workers:
    """Boards over one folder, with a clock of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now_s = 1000.0

    def start(self, number: int, *, run: int = 1) -> FileBoard:
        return FileBoard(self.folder, f"gateway-{number}", run=run, now=lambda: self.now_s)


@pytest.fixture
def workers(tmp_path: Path) -> Workers:
    return Workers(tmp_path / "metrics")


def sheet(requests: int = 0, *, inflight: int = 0, breaker: int = 0, version: int = 7, worker: str = "gateway-1") -> Sheet:
    made = Sheet()
    made.add("stoa_requests_total", requests, "mock", "mock", "200", "miss")
    made.observe("stoa_request_seconds", [requests, *[0] * 15], requests * 0.5, "mock")
    made.add("stoa_target_inflight", inflight, "mock", "one", "realtime")
    made.add("stoa_target_breaker", breaker, "mock", "one")
    made.add("stoa_snapshot_version", version)
    made.add("stoa_worker_up", 1, worker)
    return made


def requests(shown: Sheet) -> float:
    return shown.numbers["stoa_requests_total"]["mock", "mock", "200", "miss"]


def test_counters_are_added_and_gauges_are_as_their_metric_says(workers: Workers) -> None:
    one, two = workers.start(1), workers.start(2)
    two.post(sheet(5, inflight=1, breaker=2, version=6, worker="gateway-2"))
    shown = one.whole(sheet(3, inflight=2))
    assert requests(shown) == 8
    histogram = shown.histograms["stoa_request_seconds"]["mock",]
    assert (sum(histogram.buckets), histogram.total) == (8, 4.0)
    numbers = {name: next(iter(series.values())) for name, series in shown.numbers.items()}
    assert (numbers["stoa_target_inflight"], numbers["stoa_target_breaker"], numbers["stoa_snapshot_version"]) == (3, 2, 6)
    assert shown.numbers["stoa_worker_up"] == {("gateway-1",): 1, ("gateway-2",): 1}
    assert requests(two.whole(sheet(5))) == 8, "whoever is asked tells the same"


def test_what_was_shown_is_never_taken_back_when_a_worker_is_replaced(workers: Workers) -> None:
    one, two = workers.start(1), workers.start(2)
    two.post(sheet(10))
    assert requests(one.whole(sheet(7))) == 17
    one = workers.start(1)  # the first was killed right after it was asked
    assert requests(one.whole(sheet(0))) == 17
    assert requests(one.whole(sheet(2))) == 19
    assert requests(two.whole(sheet(11))) == 20
    one = workers.start(1)
    assert requests(one.whole(sheet(1))) == 21, "what it took up survives the next one too"


def test_a_worker_that_is_gone_leaves_its_counts_but_not_what_it_measured(workers: Workers) -> None:
    one, two = workers.start(1), workers.start(2)
    two.post(sheet(5, inflight=9, worker="gateway-2"))
    workers.now_s += OLD_S
    shown = one.whole(sheet(1, inflight=1))
    assert requests(shown) == 6
    assert shown.numbers["stoa_target_inflight"]["mock", "one", "realtime"] == 1
    assert shown.numbers["stoa_worker_up"] == {("gateway-1",): 1, ("gateway-2",): 0}


def test_counters_that_begin_anew_or_vanish_do_not_fall(workers: Workers) -> None:
    """A target that is taken out of the configuration and put back in counts from zero."""
    one = workers.start(1)
    assert [requests(one.whole(each)) for each in (sheet(5), sheet(2), sheet(3))] == [5, 7, 8]
    one.whole(Sheet())
    assert requests(one.whole(Sheet())) == 8
    shown = one.whole(sheet(1))
    assert requests(shown) == 9
    assert sum(shown.histograms["stoa_request_seconds"]["mock",].buckets) == 9


def test_an_earlier_run_on_the_home_is_not_counted(workers: Workers) -> None:
    workers.start(1, run=1).post(sheet(5))
    workers.start(3, run=1).post(sheet(5))
    assert requests(workers.start(1, run=2).whole(sheet(1))) == 1


@pytest.mark.parametrize("harm", [lambda path: path.write_bytes(b"\x00half"), lambda path: path.write_bytes(b""), Path.unlink])
def test_a_file_that_cannot_be_read_is_passed_over(workers: Workers, harm: Callable[[Path], None]) -> None:
    one, two = workers.start(1), workers.start(2)
    two.post(sheet(5))
    harm(workers.folder / "gateway-2.msgpack")
    assert requests(one.whole(sheet(1))) == 1


def test_without_a_place_to_put_them_a_worker_tells_its_own_and_says_so_once(
    workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    one = workers.start(1)
    workers.folder.rmdir()
    with caplog.at_level(logging.WARNING):
        assert [requests(one.whole(sheet(n))) for n in (1, 2)] == [1, 2]
    assert len(caplog.records) == 1
