from bisect import bisect_left
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.gateway.routing.window import BOUNDS_MS, SLOT_S, SLOTS, RecentMean, Window, percentile


def histogram(values: list[float]) -> list[int]:
    window = Window()
    for value in values:
        window.at(0).latency[bisect_left(BOUNDS_MS, value)] += 1
    return window.at(0).latency


@given(values=st.lists(st.floats(2, 600_000), min_size=1, max_size=200), share=st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_a_percentile_is_within_a_fifth_of_the_true_value(values: list[float], share: float) -> None:
    ordered = sorted(values)
    rank = ceil(share * len(ordered) - 1e-9) - 1
    found = percentile([histogram(values)], share)
    assert found is not None
    low, high = ordered[rank] * 2**-0.26, ordered[min(rank + 1, len(ordered) - 1)] * 2**0.26
    assert low <= found <= high


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile([], 0.5) is None
    assert percentile([histogram([])], 0.5) is None


def test_several_minutes_make_one_percentile() -> None:
    fast, slow = histogram([10.0] * 50), histogram([1000.0] * 50)
    assert percentile([fast, slow], 0.4) == pytest.approx(10, rel=0.2)
    assert percentile([fast, slow], 0.9) == pytest.approx(1000, rel=0.2)


def test_what_is_beyond_the_buckets_counts_as_their_end() -> None:
    assert percentile([histogram([1e9])], 0.5) == 2**20
    assert (percentile([histogram([0.0])], 0.5) or 0) <= 1


def test_the_window_forgets_after_five_minutes() -> None:
    window = Window()
    window.at(0).good = 7
    window.at(SLOT_S * 2).good = 1
    assert sum(slot.good for slot in window.recent(SLOT_S * 2)) == 8
    assert sum(slot.good for slot in window.recent(SLOT_S * SLOTS)) == 1
    assert sum(slot.good for slot in window.recent(SLOT_S * 20)) == 0
    assert window.at(SLOT_S * SLOTS).good == 0, "a slot that comes round again begins empty"


def test_the_span_is_what_was_counted() -> None:
    assert Window.span_s(30, since=10) == 20
    assert Window.span_s(30, since=30) == 1
    assert Window.span_s(1e6, since=0) == pytest.approx(1e6 % SLOT_S + SLOT_S * (SLOTS - 1))


def test_a_mean_follows_what_is_recent() -> None:
    mean = RecentMean(half_life_s=20)
    assert mean.value() is None
    mean.add(0, 100)
    assert mean.value() == 100, "the first value counts in full"
    mean.add(20, 400)
    assert mean.value() == pytest.approx((0.5 * 100 + 400) / 1.5)
    for now in range(40, 400, 20):
        mean.add(now, 50)
    assert mean.value() == pytest.approx(50, abs=1)


@given(values=st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1e6)), min_size=1, max_size=100))
def test_a_mean_lies_among_its_values(values: list[tuple[float, float]]) -> None:
    mean, now = RecentMean(20), 0.0
    for passed, value in values:
        now += passed
        mean.add(now, value)
    found = mean.value()
    assert found is not None
    assert min(v for _, v in values) - 1e-6 <= found <= max(v for _, v in values) + 1e-6


def test_a_burst_is_averaged_evenly() -> None:
    mean = RecentMean(20)
    for value in range(1, 101):
        mean.add(5.0, value)
    assert mean.value() == pytest.approx(50.5)
