import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.routing.conftest import Place

from stoa.domain.prices import ModelPrice
from stoa.gateway.routing.explain import explain
from stoa.gateway.routing.order import Router
from stoa.gateway.routing.rank import Wish


def told(router: Router[Place], wish: Wish | None = None, now: float = 1.0, draw: float = 0.0) -> list[tuple[str, str, str]]:
    return [(each.model, each.verdict, each.why) for each in explain(router, wish, now, draw, for_operator=True)]


def test_each_target_and_fallback_is_told_once_in_the_order_it_would_be_asked(places) -> None:
    a, b, spare, large = places("a", "b", "spare", "large")
    fallbacks = [(spare, ("rate_limit", "timeout", "server_error", "credentials", "not_found")), (large, ("context_window",))]
    router = Router("best", [a, b], fallbacks=fallbacks, strategy="ordered")
    steps = explain(router, None, 1.0, 0.0)
    assert [(each.model, each.verdict, each.on) for each in steps] == [
        ("a", "first", ()),
        ("large", "on", ("context_window",)),
        ("b", "then", ()),
        ("spare", "then", ()),
    ]
    whys = {each.model: each.why for each in steps}
    assert whys["a"] == "Number 1 in the route's order."
    assert whys["large"] == "Fallback for context_window."


def test_one_that_is_left_alone_is_passed_over_and_it_says_until_when(places) -> None:
    a, b = places("a", "b")
    a.open(0.0)
    assert told(Router("best", [a, b], strategy="ordered")) == [
        ("b", "first", "Number 2 in the route's order."),
        ("a", "passed over", "Not asked: left alone after server_error (oops), asked again in 9 s."),
    ]


def test_a_probe_is_told_of(places) -> None:
    (a,) = places("a")
    a.open(0.0)
    ((_, _, why),) = told(Router("best", [a]), now=11.0)
    assert why.endswith("This request would be the probe after a pause.")


WHYS = [
    ("weighted", Wish(), "Drawn by weight, 3 of 4."),
    ("least_busy", Wish(), "1 requests under way, weight 3."),
    ("lowest_latency", Wish(), "Whole answers in 100 ms, first content in 40 ms."),
    ("cheapest", Wish(), "$2.500 for a million tokens, 3 of input to one of output."),
    ("complexity", Wish(complexity=0.2), "Size 1 of 2; a complexity of 0.20 begins with size 1."),
]


@pytest.mark.parametrize(("strategy", "wish", "why"), WHYS)
def test_the_strategy_says_why(strategy: str, wish: Wish, why: str, place) -> None:
    first = place("a", 3, price=ModelPrice(2000.0, 4000.0))
    first.answers(0.0, ms=100, first_ms=40)
    first.state.began(0.0)
    second = place("b", 1)
    second.answers(0.0, ms=900, first_ms=400)
    for _ in range(9):
        second.state.began(0.0)
    assert told(Router("best", [first, second], strategy=strategy), wish)[0] == ("a", "first", why)


def test_what_is_not_known_is_said(places) -> None:
    assert "Its price is not known." in told(Router("best", places("a", "b"), strategy="cheapest"))[0]
    assert "Not measured yet." in told(Router("best", places("a", "b"), strategy="lowest_latency"))[0]


def test_a_user_is_told_of_the_weights(places) -> None:
    router = Router("best", places(a=3, b=1), sticky=True)
    assert told(router, Wish(user="ada"))[0][2] == "The order for this user, by weight 3 of 4."


def test_tags_that_do_not_fit_pass_over(place) -> None:
    router = Router("best", [place("eu", tags=("eu",)), place("us", tags=("us",)), place("plain")], strategy="tagged")
    assert told(router, Wish(tags=("eu",))) == [
        ("eu", "first", "It is for eu."),
        ("us", "passed over", "Not asked: it is for the tags us."),
        ("plain", "passed over", "Not asked: others have a tag that was asked for."),
    ]


@given(
    weights=st.lists(st.integers(0, 9), min_size=1, max_size=4).filter(any),
    strategy=st.sampled_from(["weighted", "ordered", "least_busy", "cheapest", "complexity", "lowest_latency"]),
    draw=st.floats(0, 1, exclude_max=True),
    shut=st.sets(st.integers(0, 5)),
)
def test_what_it_says_comes_first_is_what_a_request_would_ask(weights, strategy, draw, shut) -> None:
    targets = [Place(f"m{number}", weight) for number, weight in enumerate(weights)]
    fallbacks = [(Place("f"), ("server_error", "context_window"))]
    for number, target in enumerate([*targets, fallbacks[0][0]]):
        if number in shut:
            target.open(0.0)
    router = Router("best", targets, fallbacks=fallbacks, strategy=strategy)
    steps = explain(router, Wish(complexity=draw), 1.0, draw)
    first = router.choose(Wish(complexity=draw), 1.0, draw).next(1.0)
    assert sorted(each.model for each in steps) == sorted([*(each.model for each in targets), "f"])
    assert [each.model for each in steps if each.verdict == "first"] == ([] if first is None else [first.model])
