from hypothesis import given
from hypothesis import strategies as st

from stoa.gateway.counting.sliding import Sliding

Step = tuple[int, int]
STEPS = st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 3)), max_size=60)


@given(most=st.integers(1, 9), steps=STEPS)
def test_no_sixty_seconds_ever_see_more_than_the_limit(most: int, steps: list[Step]) -> None:
    minute, now_ms, taken = Sliding(), 1_800_000_000_000, list[Step]()
    for step, amount in steps:
        now_ms += step
        if minute.used(now_ms) + amount <= most:
            minute.take(amount)
            taken.append((now_ms, amount))
        elif amount <= most:
            assert 1 <= minute.wait_s(most, amount) <= 61
    for start, _ in taken:
        assert sum(amount for at, amount in taken if start <= at < start + 60_000) <= most


@given(most=st.integers(1, 5), steps=STEPS)
def test_after_the_wait_that_was_told_the_next_is_taken(most: int, steps: list[Step]) -> None:
    minute, now_ms = Sliding(), 1_800_000_000_000
    for step, amount in steps:
        now_ms += step
        if amount <= most and minute.used(now_ms) + amount > most:
            now_ms += minute.wait_s(most, amount) * 1000
            assert minute.used(now_ms) + amount <= most
        if minute.used(now_ms) + amount <= most:
            minute.take(amount)


def test_what_came_on_top_counts_now_and_what_was_too_much_is_taken_away_where_it_was_claimed() -> None:
    minute, start = Sliding(), 1_800_000_000_000
    minute.used(start)
    minute.take(100)
    minute.settle(100, 130, start, start + 50_000)
    assert minute.used(start + 50_000) == 130
    assert minute.used(start + 61_000) == 30, "what came on top was used ten seconds ago"
    minute.settle(30, 10, start + 50_000, start + 61_000)
    assert minute.used(start + 61_000) == 10


def test_less_is_never_given_back_twice_once_its_second_has_passed() -> None:
    minute, start = Sliding(), 1_800_000_000_000
    minute.used(start)
    minute.take(100)
    later = start + 90_000
    minute.used(later)
    minute.take(7)
    minute.settle(100, 1, start, later)
    assert minute.used(later) == 7


def test_a_clock_that_is_set_back_neither_frees_a_minute_at_once_nor_holds_it_for_long() -> None:
    minute, start = Sliding(), 1_800_000_000_000
    minute.used(start)
    minute.take(5)
    assert minute.used(start - 5_000) == 5
    assert minute.used(start - 3_600_000) == 0
    minute.take(1)
    assert minute.used(start - 3_600_000 + 61_000) == 0
