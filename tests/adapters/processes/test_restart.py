"""The decision when to start a crashed role again."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.processes.restart import Backoff, after_crash

BACKOFF = Backoff(first=timedelta(seconds=1), longest=timedelta(seconds=20), stable=timedelta(minutes=2))
SOON = timedelta(seconds=3)


def test_the_delay_doubles_with_every_crash_in_a_row_up_to_the_longest() -> None:
    crashes, delays = 0, list[float]()
    for _ in range(7):
        restart = after_crash(BACKOFF, crashes=crashes, ran=SOON, jitter=0)
        crashes = restart.crashes
        delays.append(restart.delay.total_seconds())
    assert delays == [1, 2, 4, 8, 16, 20, 20]


def test_a_role_that_ran_stably_starts_over() -> None:
    restart = after_crash(BACKOFF, crashes=9, ran=timedelta(minutes=2), jitter=0)
    assert (restart.delay, restart.crashes) == (timedelta(seconds=1), 1)


@given(crashes=st.integers(0, 10_000), ran=st.timedeltas(timedelta(0), timedelta(days=400)), jitter=st.floats(0, 1))
def test_jitter_takes_off_at_most_half_and_nothing_overflows(crashes: int, ran: timedelta, jitter: float) -> None:
    least = after_crash(BACKOFF, crashes=crashes, ran=ran, jitter=1).delay
    delay = after_crash(BACKOFF, crashes=crashes, ran=ran, jitter=jitter).delay
    most = after_crash(BACKOFF, crashes=crashes, ran=ran, jitter=0).delay
    assert least <= delay <= most <= BACKOFF.longest
    assert least * 2 == most
