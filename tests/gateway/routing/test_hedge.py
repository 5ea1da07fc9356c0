import pytest

from stoa.domain.resources import Hedge
from stoa.gateway.routing.hedge import hedge_after_s


def test_a_wait_that_is_written_down_is_the_wait(new_state) -> None:
    assert hedge_after_s(Hedge(after_s=0.7), new_state("a"), 0.0, streamed=True) == 0.7


def test_without_one_it_is_the_95th_percentile_of_the_first_content(new_state) -> None:
    state = new_state("a")
    for number in range(100):
        state.first_content(0.0, 200.0 if number < 94 else 900.0)
    assert hedge_after_s(Hedge(), state, 0.0, streamed=True) == pytest.approx(0.9, rel=0.2)


def test_too_little_is_known_to_tell_what_is_slow(new_state) -> None:
    assert hedge_after_s(Hedge(), new_state("a"), 0.0, streamed=True) is None


def test_a_target_that_is_always_quick_is_not_doubled_for_trifles(new_state) -> None:
    state = new_state("a")
    for _ in range(100):
        state.first_content(0.0, 4.0)
    assert hedge_after_s(Hedge(), state, 0.0, streamed=True) == 0.05
    assert hedge_after_s(Hedge(least_s=0.3), state, 0.0, streamed=True) == 0.3


def test_whole_answers_are_slow_by_their_own_measure(place) -> None:
    target = place("a")
    for _ in range(20):
        target.answers(0.0, ms=3000, first_ms=100)
    assert hedge_after_s(Hedge(), target.state, 0.0, streamed=True) == pytest.approx(0.1, rel=0.2)
    assert hedge_after_s(Hedge(), target.state, 0.0, streamed=False) == pytest.approx(3, rel=0.2)
