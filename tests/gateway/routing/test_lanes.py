import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.routing.conftest import Timers

from stoa.errors import LimitReached
from stoa.gateway.routing.lanes import BATCH_WITHOUT_LIMIT, FREE, Lanes, Ticket


class Queue:
    """Who came, and what became of them."""

    def __init__(self, limit: int | None, most_waiting: int = 100) -> None:
        self.timers = Timers()
        self.lanes = Lanes(limit, self.timers, most_waiting)
        self.started: list[str] = []
        self.late: list[str] = []
        self.tickets: dict[str, Ticket] = {}

    def come(self, name: str, lane="realtime", wait_s: float = 60.0) -> Ticket:
        ticket = self.lanes.acquire(
            lane, lambda: self.started.append(name), lambda error: self.late.append(name), wait_s=wait_s
        )
        self.tickets[name] = ticket
        if ticket.running:
            self.started.append(name)
        return ticket

    def leave(self, *names: str) -> None:
        for name in names:
            self.tickets[name].release()


def test_without_a_limit_real_time_takes_no_place() -> None:
    queue = Queue(None)
    assert [queue.come(str(number)) for number in range(1000)] == [FREE] * 1000
    FREE.release()
    assert queue.come("again").running


def test_so_many_at_once_and_then_in_line_first_come_first_served() -> None:
    queue = Queue(2)
    for name in "abcd":
        queue.come(name)
    assert queue.started == ["a", "b"]
    queue.leave("b")
    assert queue.started == ["a", "b", "c"]
    queue.leave("a", "c")
    assert queue.started == ["a", "b", "c", "d"]


def test_real_time_overtakes_every_batch_that_waits() -> None:
    queue = Queue(1)
    queue.come("running")
    queue.come("batch 1", "batch")
    queue.come("batch 2", "batch")
    queue.come("real", "realtime")
    queue.leave("running")
    assert queue.started == ["running", "real"]
    queue.leave("real")
    assert queue.started == ["running", "real", "batch 1"]


def test_batches_leave_half_of_the_places_free() -> None:
    queue = Queue(4)
    for number in range(4):
        queue.come(f"batch {number}", "batch")
    assert queue.started == ["batch 0", "batch 1"]
    assert queue.come("real 1").running
    assert queue.come("real 2").running
    assert not queue.come("real 3").running
    queue.leave("batch 0")
    assert queue.started[-1] == "real 3", "it goes first, although a batch has waited for longer"
    queue.leave("batch 1")
    assert queue.started[-1] == "batch 2"


def test_without_a_limit_batches_have_one() -> None:
    queue = Queue(None)
    for number in range(BATCH_WITHOUT_LIMIT + 3):
        queue.come(str(number), "batch")
    assert len(queue.started) == BATCH_WITHOUT_LIMIT
    assert queue.come("real") is FREE
    queue.leave("0")
    assert len(queue.started) == BATCH_WITHOUT_LIMIT + 2


def test_who_waits_too_long_is_told_so_and_starts_no_more() -> None:
    queue = Queue(1)
    queue.come("running")
    queue.come("patient", wait_s=100)
    queue.come("hasty", wait_s=5)
    queue.timers.pass_to(5)
    assert queue.late == ["hasty"]
    queue.leave("running")
    assert queue.started == ["running", "patient"]
    queue.leave("patient")
    assert (queue.started, queue.timers.pending) == (["running", "patient"], 0)


def test_a_line_that_is_too_long_takes_nobody_more() -> None:
    queue = Queue(1, most_waiting=2)
    for name in "abc":
        queue.come(name)
    with pytest.raises(LimitReached) as refused:
        queue.come("d")
    assert (refused.value.code, refused.value.retry_after_s) == ("model_busy", 1)
    assert queue.come("batch", "batch").running is False, "each lane has a line of its own"


def test_who_gives_up_waiting_leaves_the_line() -> None:
    queue = Queue(1)
    for name in "abc":
        queue.come(name)
    queue.leave("b", "b", "a", "a")
    assert queue.started == ["a", "c"]
    queue.leave("c")
    assert (queue.lanes.realtime, queue.timers.pending) == (0, 0)


def test_a_higher_limit_lets_those_in_line_start() -> None:
    queue = Queue(1)
    for name in "abcd":
        queue.come(name)
    queue.lanes.limit = 3
    assert queue.started == ["a", "b", "c"]
    queue.lanes.limit = 1
    queue.leave("a", "b")
    assert queue.started == ["a", "b", "c"]
    queue.leave("c")
    assert queue.started == ["a", "b", "c", "d"]


def test_one_that_cannot_start_gives_its_place_on() -> None:
    queue = Queue(1)
    queue.come("a")

    def broken() -> None:
        raise RuntimeError("a bug")

    queue.lanes.acquire("realtime", broken, lambda error: None)
    queue.come("c")
    queue.leave("a")
    assert queue.started == ["a", "c"]


def test_one_that_is_over_as_it_starts_lets_the_next_start() -> None:
    queue = Queue(1)
    queue.come("a")
    made: list[Ticket] = []
    for _ in range(50):
        made.append(queue.lanes.acquire("realtime", lambda: made.pop(0).release(), lambda error: None))
    queue.come("last")
    queue.leave("a")
    assert (queue.started, made) == (["a", "last"], [])


def test_a_place_without_waiting_is_there_or_is_not() -> None:
    queue = Queue(1)
    place = queue.lanes.take()
    assert place is not None
    assert place.running
    assert queue.lanes.take() is None
    place.release()
    assert queue.lanes.take() is not None
    assert Queue(None).lanes.take() is FREE


STEPS = st.lists(st.tuples(st.sampled_from(["realtime", "batch", "leave", "take", "limit"]), st.integers(0, 7)), max_size=80)


@given(limit=st.integers(1, 5), steps=STEPS)
def test_whatever_comes_the_limit_holds_and_nobody_is_forgotten(limit: int, steps: list[tuple[str, int]]) -> None:
    queue = Queue(limit)
    number = 0
    for step, which in steps:
        inside = [name for name, ticket in queue.tickets.items() if not ticket.done]
        if step in ("realtime", "batch"):
            number += 1
            queue.come(f"{step} {number}", step)
        elif step == "leave" and inside:
            queue.leave(inside[which % len(inside)])
        elif step == "take" and (ticket := queue.lanes.take()) is not None:
            ticket.release()
        lanes = queue.lanes
        running = [name for name, ticket in queue.tickets.items() if ticket.running and not ticket.done]
        assert len(running) == lanes.realtime + lanes.batch <= limit
        assert sum(name.startswith("batch") for name in running) == lanes.batch <= lanes.most_batch
        if lanes.waiting_realtime:
            assert lanes.realtime + lanes.batch == limit, "nobody waits while there is a place"
    for ticket in queue.tickets.values():
        ticket.release()
    assert (queue.lanes.realtime, queue.lanes.batch, queue.timers.pending) == (0, 0, 0)
    assert not queue.lanes.waiting_realtime
    assert not queue.lanes.waiting_batch
