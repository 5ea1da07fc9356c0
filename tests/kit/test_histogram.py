from bisect import bisect_left
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.histogram import BOUNDS_MS, BUCKETS, added, percentile


def counted(values: list[float]) -> list[int]:
    counts = [0] * BUCKETS
    for ms in values:
        counts[bisect_left(BOUNDS_MS, ms)] += 1
    return counts


@given(st.lists(st.floats(1.001, 900_000), min_size=1), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_percentile_is_within_a_bucket_of_the_true_one(values: list[float], share: float) -> None:
    found = percentile(counted(values), share)
    true = sorted(values)[ceil(len(values) * share) - 1]
    assert found is not None
    assert true / 2**0.25 <= found * 1.000001
    assert found <= true * 2**0.25 * 1.000001


@given(st.lists(st.floats(1, 1000)), st.lists(st.floats(1, 1000)))
def test_counts_of_two_places_add_up_to_those_of_both(here: list[float], there: list[float]) -> None:
    assert added([counted(here), [], counted(there)]) == counted(here + there)


def test_nothing_measured_has_no_percentile() -> None:
    assert percentile([], 0.5) is None
    assert percentile(counted([]), 0.5) is None
    assert percentile(added([]), 0.5) is None
