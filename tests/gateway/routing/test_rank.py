from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.routing.conftest import Place

from stoa.domain.prices import ModelPrice
from stoa.errors import InvalidRequest
from stoa.gateway.routing.rank import NO_WISH, Wish, by_user, by_weight, fitting, ranked, tagged

WEIGHTS = st.lists(st.integers(0, 100), min_size=1, max_size=6)
DRAWS = st.floats(0, 1, exclude_max=True)


def names(order) -> list[str]:
    return [each.model for each in order]


def rank(strategy, targets, wish=NO_WISH, *, now=0.0, draw=0.0, sticky=False) -> list[str]:
    return names(ranked(strategy, targets, wish, now, draw, sticky=sticky))


def spread(count: int) -> list[float]:
    """Draws that lie evenly in [0, 1)."""
    return [(number + 0.5) / count for number in range(count)]


# --- weighted


def test_shares_are_the_weights(places) -> None:
    targets = places(stable=90, canary=9, rare=1)
    assert Counter(rank("weighted", targets, draw=draw)[0] for draw in spread(1000)) == {
        "stable": 900,
        "canary": 90,
        "rare": 10,
    }


def test_whom_failures_reach_is_by_weight_among_the_rest(places) -> None:
    targets = places(first=2, large=3, small=1)
    seconds = Counter(rank("weighted", targets, draw=draw)[1] for draw in spread(6000) if draw < 2 / 6)
    assert seconds["large"] / seconds["small"] == pytest.approx(3, rel=0.05)


@given(weights=WEIGHTS, draw=DRAWS)
def test_every_target_is_in_the_order_once_and_those_without_weight_are_last(weights: list[int], draw: float) -> None:
    targets = [Place(f"m{number}", weight) for number, weight in enumerate(weights)]
    order = by_weight(targets, draw)
    assert sorted(names(order)) == sorted(names(targets))
    kinds = [bool(target.weight) for target in order]
    assert kinds == sorted(kinds, reverse=True)


# --- ordered


def test_ordered_is_as_written(places) -> None:
    targets = places("c", "a", "b")
    assert {tuple(rank("ordered", targets, draw=draw)) for draw in spread(50)} == {("c", "a", "b")}


# --- least busy


def test_the_least_busy_is_first(places) -> None:
    a, b, c = targets = places("a", "b", "c")
    for target, under_way in ((a, 3), (b, 1), (c, 2)):
        for _ in range(under_way):
            target.state.began(0.0)
    assert rank("least_busy", targets) == ["b", "c", "a"]


def test_a_target_of_twice_the_weight_may_be_twice_as_busy(places) -> None:
    targets = places(large=4, small=2, none=0)
    large, small, _ = targets
    for _ in range(5):
        large.state.began(0.0)
    for _ in range(2):
        small.state.began(0.0, "batch")
    assert rank("least_busy", targets) == ["small", "large", "none"]
    small.state.began(0.0)
    assert rank("least_busy", targets) == ["large", "small", "none"]


def test_the_idle_share_requests_by_weight(places) -> None:
    targets = places(a=3, b=1)
    assert Counter(rank("least_busy", targets, draw=draw)[0] for draw in spread(400)) == {"a": 300, "b": 100}


# --- lowest latency


def test_the_fastest_is_first_and_follows_what_is_recent(places) -> None:
    a, b = targets = places("a", "b")
    a.answers(0.0, ms=100)
    b.answers(0.0, ms=300)
    assert rank("lowest_latency", targets, now=1.0, draw=0.99) == ["a", "b"]
    for now in range(1, 60):
        a.answers(now, ms=900)
        b.answers(now, ms=300)
    assert rank("lowest_latency", targets, now=60.0) == ["b", "a"]


def test_the_first_content_counts_where_it_is_known_of_all(places) -> None:
    a, b = targets = places("a", "b")
    a.answers(0.0, ms=900, first_ms=50)
    b.answers(0.0, ms=300, first_ms=200)
    assert rank("lowest_latency", targets, now=1.0) == ["a", "b"]


def test_where_one_does_not_stream_whole_answers_count(places) -> None:
    a, b = targets = places("a", "b")
    a.answers(0.0, ms=900, first_ms=50)
    b.answers(0.0, ms=300)
    assert rank("lowest_latency", targets, now=1.0) == ["b", "a"]


def test_those_about_as_fast_share_by_weight(places) -> None:
    a, b, c = targets = places(a=1, b=1, c=1)
    a.answers(0.0, ms=100)
    b.answers(0.0, ms=114)
    c.answers(0.0, ms=200)
    firsts = Counter(rank("lowest_latency", targets, now=1.0, draw=draw)[0] for draw in spread(300))
    assert firsts["c"] == 0
    assert firsts["a"] == pytest.approx(150, abs=2)


def test_one_that_is_not_known_is_measured_by_one_request_at_a_time(places) -> None:
    known, new = targets = places("known", "new")
    known.answers(0.0, ms=100)
    assert rank("lowest_latency", targets, now=1.0) == ["new", "known"]
    entry = new.state.began(1.0)
    assert rank("lowest_latency", targets, now=1.0) == ["known", "new"]
    new.state.ended_well(2.0, 5000, 10, entry)
    assert rank("lowest_latency", targets, now=2.0) == ["known", "new"]
    assert rank("lowest_latency", targets, now=61.5)[0] == "known", "known no more after a minute, and measured anew"


def test_one_without_weight_is_never_measured(places) -> None:
    known, _ = targets = places(known=1, spare=0)
    known.answers(0.0, ms=1e6)
    assert rank("lowest_latency", targets, now=1.0) == ["known", "spare"]


# --- cheapest


def test_the_cheapest_for_three_tokens_in_and_one_out_is_first(place) -> None:
    targets = [
        place("much out", price=ModelPrice(1.0, 100.0)),
        place("much in", price=ModelPrice(20.0, 30.0)),
        place("unknown"),
        place("free", price=ModelPrice(0.0, 0.0)),
    ]
    assert rank("cheapest", targets) == ["free", "much in", "much out", "unknown"]


def test_equal_prices_share_by_weight_and_one_without_weight_is_last(place) -> None:
    price = ModelPrice(1.0, 1.0)
    targets = [place("a", 3, price=price), place("b", 1, price=price), place("spare", 0, price=ModelPrice(0.0, 0.0))]
    orders = [rank("cheapest", targets, draw=draw) for draw in spread(400)]
    assert Counter(order[0] for order in orders) == {"a": 300, "b": 100}
    assert {order[2] for order in orders} == {"spare"}


# --- by tag


def test_a_tag_chooses_its_targets(place) -> None:
    eu, us, both, plain = place("eu", tags=("eu",)), place("us", tags=("us",)), place("both", tags=("eu", "us")), place("plain")
    everybody = [eu, us, both, plain]
    assert names(tagged(everybody, ("eu",))) == ["eu", "both"]
    assert names(tagged(everybody, ("mars", "us"))) == ["us", "both"]
    assert names(tagged(everybody, ())) == ["plain"]
    assert names(tagged(everybody, ("mars",))) == ["plain"]


def test_a_tag_that_no_target_has_is_refused_where_every_target_is_for_some(place) -> None:
    with pytest.raises(InvalidRequest) as refused:
        tagged([place("eu", tags=("eu",)), place("us", tags=("us",))], ("mars",))
    assert refused.value.param == "x-stoa-tags"
    assert refused.value.message == "No target of this route is for 'mars'; name one of 'eu', 'us' in x-stoa-tags."


def test_those_of_a_tag_share_by_weight(place) -> None:
    targets = [place("a", 3, tags=("eu",)), place("b", 1, tags=("eu",)), place("us", 9, tags=("us",))]
    wish = Wish(tags=("eu",))
    assert Counter(rank("tagged", targets, wish, draw=draw)[0] for draw in spread(400)) == {"a": 300, "b": 100}


# --- by complexity


def test_levels_are_shared_out_evenly_over_the_sizes(places) -> None:
    targets = places("s", "m", "l")
    firsts = [rank("complexity", targets, Wish(complexity=level))[0] for level in (0.0, 0.32, 0.34, 0.66, 0.67, 1.0)]
    assert firsts == ["s", "s", "m", "m", "l", "l"]


def test_the_larger_ones_follow_then_the_smaller_ones(places) -> None:
    assert rank("complexity", places("s", "m", "l", "xl"), Wish(complexity=0.3)) == ["m", "l", "xl", "s"]


@given(sizes=st.integers(1, 10), level=st.floats(0, 1))
def test_there_is_a_size_for_every_level(sizes: int, level: float) -> None:
    assert 0 <= fitting(sizes, level) < sizes


# --- sticky


def test_a_user_stays_with_a_target(places) -> None:
    targets = places(a=1, b=1, c=1)
    orders = {tuple(rank("weighted", targets, Wish(user="ada"), draw=draw, sticky=True)) for draw in spread(50)}
    assert len(orders) == 1


@pytest.mark.parametrize("strategy", ["weighted", "least_busy", "lowest_latency"])
def test_a_user_stays_whatever_the_strategy_would_say(strategy: str, places) -> None:
    a, b = targets = places("a", "b")
    before = {user: rank(strategy, targets, Wish(user=user), sticky=True)[0] for user in map(str, range(40))}
    assert set(before.values()) == {"a", "b"}
    for _ in range(9):
        a.state.began(0.0)
    b.answers(0.0, ms=9000)
    assert {user: rank(strategy, targets, Wish(user=user), sticky=True, now=1.0)[0] for user in before} == before


def test_users_are_shared_out_by_weight(places) -> None:
    targets = places(stable=9, canary=1, spare=0)
    firsts = Counter(by_user(targets, f"user-{number}")[0].model for number in range(4000))
    assert firsts["canary"] / 4000 == pytest.approx(0.1, abs=0.02)
    assert firsts["spare"] == 0


def test_a_target_that_goes_moves_only_its_own_users(places) -> None:
    targets = places("a", "b", "c", "d")
    users = [f"user-{number}" for number in range(500)]
    before = {user: names(by_user(targets, user)) for user in users}
    after = {user: by_user([each for each in targets if each.model != "b"], user)[0].model for user in users}
    for user in users:
        assert after[user] == (before[user][1] if before[user][0] == "b" else before[user][0])


def test_nobody_in_particular_is_drawn_by_weight(places) -> None:
    targets = places(a=1, b=1)
    firsts = Counter(rank("weighted", targets, Wish(user=None), draw=draw, sticky=True)[0] for draw in spread(100))
    assert firsts == {"a": 50, "b": 50}


def test_the_same_user_goes_the_same_way_on_every_gateway(places) -> None:
    firsts = [by_user(places(a=5, b=3, c=2), user)[0].model for user in ("ada", "bob", "eve", "key-1/ada", "kim", "lin")]
    assert firsts == ["a", "c", "a", "a", "a", "b"], "another way of hashing moves every user of every route"
