"""Shares of an engine's time."""

from hypothesis import given
from hypothesis import strategies as st

from stoa.gateway.routing.engine_work import EngineClock


def test_one_request_alone_has_all_of_the_time_and_two_have_a_half_each() -> None:
    clock = EngineClock()
    first = clock.begin(10.0)
    second = clock.begin(11.0)
    assert first.seconds(12.0) == 1.5
    first.end(13.0)
    second.end(14.0)
    assert (first.seconds(99.0), second.seconds(99.0)) == (2.0, 2.0)


def test_an_end_that_is_told_twice_counts_once() -> None:
    clock = EngineClock()
    work = clock.begin(0.0)
    work.end(1.0)
    work.end(5.0)
    other = clock.begin(10.0)
    other.end(11.0)
    assert (work.seconds(20.0), other.seconds(20.0)) == (1.0, 1.0)


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 50)), min_size=1, max_size=30))
def test_all_shares_together_are_the_time_in_which_the_engine_was_at_work(spans: list[tuple[int, int]]) -> None:
    clock = EngineClock()
    moments = sorted(
        (at, begins, number) for number, (start, length) in enumerate(spans) for at, begins in ((start, 1), (start + length, 0))
    )
    works = {}
    for at, begins, number in moments:
        if begins:
            works[number] = clock.begin(float(at))
        else:
            works[number].end(float(at))
    busy = {second for start, length in spans for second in range(start, start + length)}
    assert abs(sum(work.seconds(1000.0) for work in works.values()) - len(busy)) < 1e-6
