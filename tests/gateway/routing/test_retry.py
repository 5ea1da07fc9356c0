import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.resources import Retries
from stoa.gateway.routing.retry import FLOOR, RetryBudget, retry_after_s

RETRIES = Retries(attempts=3, wait_s=0.25, most_wait_s=5.0)


@given(made=st.integers(0, 2), draw=st.floats(0, 1, exclude_max=True))
def test_the_wait_is_anywhere_below_a_bound_that_doubles(made: int, draw: float) -> None:
    wait = retry_after_s(RETRIES, made, "server_error", None, draw)
    assert wait is not None
    assert 0 <= wait < 0.25 * 2**made
    assert wait == pytest.approx(draw * 0.25 * 2**made)


def test_the_bound_never_passes_the_longest_wait() -> None:
    assert retry_after_s(Retries(attempts=5, wait_s=4, most_wait_s=5), 4, "timeout", None, 1.0) == 5


@given(told=st.floats(0.001, 5.0), draw=st.floats(0, 1, exclude_max=True))
def test_what_the_provider_told_is_waited_for_in_full_and_a_tenth_longer_at_most(told: float, draw: float) -> None:
    wait = retry_after_s(RETRIES, 0, "rate_limit", told, draw)
    assert wait is not None
    assert told <= wait <= told * 1.1


def test_a_longer_wait_than_the_longest_is_not_waited_for() -> None:
    assert retry_after_s(RETRIES, 0, "rate_limit", 5.1, 0.0) is None


def test_so_many_retries_and_no_more() -> None:
    assert retry_after_s(RETRIES, 2, "timeout", None, 0.5) is not None
    assert retry_after_s(RETRIES, 3, "timeout", None, 0.5) is None
    assert retry_after_s(Retries(), 0, "timeout", None, 0.5) is None


@pytest.mark.parametrize("error_class", ["context_window", "content_policy", "invalid_request", "credentials", "not_found"])
def test_what_would_fail_again_is_not_retried(error_class: str) -> None:
    assert retry_after_s(RETRIES, 0, error_class, None, 0.5) is None


def test_a_route_with_little_traffic_may_always_retry_a_few_times() -> None:
    budget = RetryBudget(0.01)
    assert [budget.take(0) for _ in range(FLOOR + 2)] == [True] * FLOOR + [False] * 2


def test_a_budget_of_nothing_allows_nothing() -> None:
    budget = RetryBudget(0.0)
    budget.requested(0)
    assert (budget.allows(0), budget.take(0)) == (False, False)


@given(requests=st.integers(0, 2000), share=st.sampled_from([0.05, 0.2, 0.5, 1.0]), wanted=st.integers(0, 3000))
def test_retries_are_a_share_of_the_requests(requests: int, share: float, wanted: int) -> None:
    budget = RetryBudget(share)
    for _ in range(requests):
        budget.requested(5.0)
    sent = sum(budget.take(5.5) for _ in range(wanted))
    assert sent <= max(FLOOR, share * requests + 1)
    assert sent == min(wanted, sent), "what is refused is not counted"
    if wanted >= max(FLOOR, share * requests):
        assert sent >= max(FLOOR, int(share * requests))


def test_asking_whether_is_not_sending() -> None:
    budget = RetryBudget(0.2)
    assert all(budget.allows(0) for _ in range(100))
    assert budget.take(0)


def test_what_is_ten_seconds_old_does_not_count() -> None:
    budget = RetryBudget(0.1)
    for _ in range(100):
        budget.requested(0.0)
    assert sum(budget.take(9.9) for _ in range(50)) == 10
    assert sum(budget.take(10.0) for _ in range(50)) == 0, "the retries of a moment ago still do"
    assert sum(budget.take(30.0) for _ in range(50)) == FLOOR
