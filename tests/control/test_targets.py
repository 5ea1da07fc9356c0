from typing import Any

import msgspec
import pytest

from stoa.control.targets import KEPT_S, TargetBoard
from stoa.domain.targets import TargetReport, WorkerReport
from stoa.errors import InvalidRequest
from stoa.kit.histogram import BUCKETS


def counts(bucket: int, times: int) -> tuple[int, ...]:
    return tuple(times if number == bucket else 0 for number in range(BUCKETS))


def target(**fields: Any) -> TargetReport:
    nothing: dict[str, Any] = dict.fromkeys(TargetReport.__struct_fields__)
    numbers = {name: 0 for name in nothing if name.endswith("_total") or name.startswith(("inflight", "waiting"))}
    plain = {
        "model": "gpt", "provider": "openai", "upstream_name": "gpt", "breaker": "closed", "usable_in_s": 0.0, "healthy": True,
        "health_note": "", "window_s": 100.0, "answered": 0, "failed": 0, "refused": 0, "given_up": 0, "tokens": 0,
        "requests_per_s": 0.0, "latency_counts": (), "first_token_counts": (),
    }  # fmt: skip
    return TargetReport(**{**nothing, **numbers, **plain, **fields})


@pytest.fixture
def clock() -> list[float]:
    return [1000.0]


@pytest.fixture
def board(clock: list[float]) -> TargetBoard:
    return TargetBoard(lambda: clock[0])


def tell(board: TargetBoard, worker: int, *targets: TargetReport, gateway: str = "a") -> None:
    board.take(msgspec.msgpack.encode(WorkerReport(gateway=gateway, worker=worker, targets=targets)))


def test_workers_are_taken_together_without_averaging_their_percentiles(board: TargetBoard) -> None:
    tell(board, 1, target(answered=90, answered_total=90, failed=0, tokens=1000, latency_counts=counts(20, 90)))
    tell(
        board, 2, target(answered=6, answered_total=6, failed=4, tokens=500, latency_counts=counts(40, 10), inflight_realtime=2)
    )
    status = board.statuses()["gpt", "openai"]
    assert (status.requests, status.failed, status.error_rate, status.in_flight) == (100, 4, 0.04, 2)
    assert status.latency_p50_ms == pytest.approx(30, rel=0.1)
    assert status.latency_p95_ms == pytest.approx(950, rel=0.15)
    assert status.tokens_per_s == pytest.approx(15)
    assert [(each.worker, each.requests) for each in status.workers] == [(1, 90), (2, 10)]


def test_a_report_takes_the_place_of_the_one_before(board: TargetBoard) -> None:
    tell(board, 1, target(answered=5))
    tell(board, 1, target(answered=7))
    assert board.workers == 1
    assert board.statuses()["gpt", "openai"].requests == 7


def test_a_worker_that_is_silent_is_forgotten(board: TargetBoard, clock: list[float]) -> None:
    tell(board, 1, target(answered=5))
    clock[0] += KEPT_S - 1
    tell(board, 1, target(answered=9), gateway="b")
    assert board.statuses()["gpt", "openai"].requests == 14
    clock[0] += 2
    assert board.workers == 1
    assert board.statuses()["gpt", "openai"].requests == 9
    clock[0] += KEPT_S
    assert (board.workers, board.statuses()) == (0, {})


@pytest.mark.parametrize(
    ("fields", "health"),
    [
        ({}, "unknown"),
        ({"answered_total": 1}, "healthy"),
        ({"failed_total": 1}, "healthy"),
        ({"inflight_batch": 1}, "healthy"),
        ({"breaker": "open", "usable_in_s": 4.0}, "open"),
        ({"breaker": "half_open"}, "probing"),
        ({"breaker": "open", "healthy": False, "health_note": "it answered 503"}, "unhealthy"),
    ],
)
def test_the_worst_that_a_worker_sees_is_what_is_told(board: TargetBoard, fields: dict[str, Any], health: str) -> None:
    tell(board, 1, target(**fields))
    assert board.statuses()["gpt", "openai"].health == health
    tell(board, 2, target(answered_total=3))
    status = board.statuses()["gpt", "openai"]
    assert status.health == ("healthy" if health == "unknown" else health)
    assert status.note == fields.get("health_note", "")
    assert [each.health for each in status.workers] == [health, "healthy"]


def test_what_was_not_measured_is_not_zero(board: TargetBoard) -> None:
    tell(board, 1, target())
    status = board.statuses()["gpt", "openai"]
    assert (status.error_rate, status.latency_p50_ms, status.first_token_p95_ms, status.last_error) == (None, None, None, None)


def test_the_newest_error_is_told(board: TargetBoard) -> None:
    tell(board, 1, target(last_error_class="timeout", last_error_ago_s=30.0))
    tell(board, 2, target(last_error_class="rate_limit", last_error_ago_s=2.0))
    status = board.statuses()["gpt", "openai"]
    assert (status.last_error, status.last_error_ago_s) == ("rate_limit", 2.0)


def test_a_message_that_is_no_report_is_refused(board: TargetBoard) -> None:
    with pytest.raises(InvalidRequest, match="no report"):
        board.take(b"\xc1")
