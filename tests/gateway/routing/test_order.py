import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.routing.conftest import Place

from stoa.domain.operations import CALLERS_FAULTS
from stoa.gateway.routing.order import Router
from stoa.gateway.routing.rank import Wish

PROVIDERS = ("rate_limit", "timeout", "server_error", "credentials", "not_found")


def router(targets, *, fallbacks=(), strategy="ordered", sticky=False) -> Router[Place]:
    return Router("best", targets, fallbacks=fallbacks, strategy=strategy, sticky=sticky)


def path(it: Router[Place], error_class: str, now: float = 0.0) -> list[str]:
    """Who is asked when everybody fails so."""
    choices = it.choose(None, now, 0.0)
    found, target = [], choices.next(now)
    while target is not None:
        found.append(target.model)
        target = choices.after(error_class, now)
    return found


@pytest.mark.parametrize("error_class", PROVIDERS)
def test_after_a_providers_failure_the_other_targets_follow_then_its_fallbacks(error_class: str, places) -> None:
    a, b, one, all_of, other = places("a", "b", "one", "all", "other")
    rest = tuple(each for each in PROVIDERS if each != error_class)
    fallbacks = [(one, (error_class,)), (other, rest), (all_of, PROVIDERS)]
    assert path(router([a, b], fallbacks=fallbacks), error_class) == ["a", "b", "one", "all"]


@pytest.mark.parametrize("error_class", sorted(CALLERS_FAULTS))
def test_after_the_requests_own_fault_only_its_fallbacks_follow(error_class: str, places) -> None:
    a, b, large, other = places("a", "b", "large", "other")
    it = router([a, b], fallbacks=[(other, PROVIDERS), (large, (error_class,))])
    assert path(it, error_class) == ["a", "large"]
    assert path(router([a, b]), error_class) == ["a"]


def test_a_target_may_be_the_fallback_for_long_prompts(places) -> None:
    small, middle, large = places("small", "middle", "large")
    assert path(router([small, middle, large], fallbacks=[(large, ("context_window",))]), "context_window") == [
        "small",
        "large",
    ]


def test_with_sizes_a_long_prompt_goes_to_larger_ones_only(places) -> None:
    it = router(places("s", "m", "l"), strategy="complexity")
    choices = it.choose(Wish(complexity=0.5), 0.0, 0.0)
    assert choices.next(0.0).model == "m"
    assert choices.after("context_window", 0.0).model == "l"
    assert choices.after("context_window", 0.0) is None


def test_what_was_the_requests_fault_stays_it(places) -> None:
    a, b, large = places("a", "b", "large")
    choices = router([a, b], fallbacks=[(large, ("context_window",))]).choose(None, 0.0, 0.0)
    choices.next(0.0)
    assert choices.after("context_window", 0.0).model == "large"
    assert choices.after("server_error", 0.0) is None, "b would only say again that the prompt is too long"


def test_a_target_that_is_left_alone_is_passed_over(places) -> None:
    a, b, spare = places("a", "b", "spare")
    a.open(0.0)
    it = router([a, b], fallbacks=[(spare, PROVIDERS)])
    assert path(it, "timeout", now=1.0) == ["b", "spare"]
    assert path(it, "timeout", now=10.0) == ["a", "b", "spare"]


@pytest.mark.parametrize("error_class", ["rate_limit", "server_error", "timeout"])
def test_when_all_are_left_alone_the_fallbacks_for_why_are_asked(error_class: str, places) -> None:
    a, limited, slow, broken = places("a", "limited", "slow", "broken")
    a.open(0.0, error_class)
    fallbacks = [(limited, ("rate_limit",)), (slow, ("timeout",)), (broken, ("server_error",))]
    expected = {"rate_limit": "limited", "server_error": "broken", "timeout": "slow"}[error_class]
    assert router([a], fallbacks=fallbacks).choose(None, 1.0, 0.0).next(1.0).model == expected


def test_one_that_only_its_health_check_speaks_against_is_the_last_resort(places) -> None:
    a, b, spare = places("a", "b", "spare")
    a.state.is_healthy(False, "it answered 500")
    b.state.is_healthy(False, "it answered 500")
    assert path(router([a, b], fallbacks=[(spare, ("server_error",))]), "server_error") == ["spare", "a", "b"]
    b.state.is_healthy(True, "")
    assert path(router([a, b]), "server_error") == ["b", "a"]


def test_a_last_resort_is_not_asked_what_is_wrong_anyway(places) -> None:
    a, b = places("a", "b")
    b.state.is_healthy(False, "down")
    assert path(router([a, b]), "invalid_request") == ["a"]


def test_when_nothing_can_be_asked_it_is_told_why_and_when(places) -> None:
    a, b, spare = places("a", "b", "spare")
    a.open(0.0)
    b.state.ended_badly(0.0, "rate_limit", "slow down", 33.0, b.state.began(0.0))
    choices = router([a, b], fallbacks=[(spare, ("timeout",))]).choose(None, 1.0, 0.0)
    assert choices.next(1.0) is None
    left = choices.nothing_left(1.0)
    assert left.wait_s == 9.0
    assert left.message == (
        "No target of 'best' can be asked now. 'a': left alone after server_error, asked again in 9 s; "
        "'b': left alone after rate_limit, asked again in 32 s; 'spare': a fallback for other failures."
    )
    assert "oops" not in left.message, "what a server said may repeat what somebody else asked"


def test_without_any_target_the_operator_is_pointed_to() -> None:
    choices = router([]).choose(None, 0.0, 0.0)
    assert choices.next(0.0) is None
    assert choices.nothing_left(0.0) == (None, "No provider of 'best' can be used; whoever runs Stoa finds why in its log.")


def test_a_fallback_steps_in_where_no_target_could_be_made(places) -> None:
    (spare,) = places("spare")
    assert router([], fallbacks=[(spare, ("credentials",))]).choose(None, 0.0, 0.0).next(0.0).model == "spare"


def test_one_that_was_not_asked_after_all_may_be_asked_later(places) -> None:
    a, b = places("a", "b")
    choices = router([a, b]).choose(None, 0.0, 0.0)
    choices.next(0.0)
    choices.put_back(choices.next(0.0))
    assert choices.after("timeout", 0.0).model == "b"


WEIGHTS = st.lists(st.integers(0, 20), min_size=1, max_size=5).filter(any)


@given(weights=WEIGHTS, draw=st.floats(0, 1, exclude_max=True))
def test_the_quick_way_says_the_same_as_the_long_one(weights: list[int], draw: float) -> None:
    it = router([Place(f"m{number}", weight) for number, weight in enumerate(weights)], strategy="weighted")
    first = it.first(0.0, draw)
    assert first is not None
    assert it.choose(None, 0.0, draw).next(0.0) is first


STRATEGIES = st.sampled_from(["weighted", "ordered", "least_busy", "lowest_latency", "cheapest", "complexity"])
FAILURES = st.lists(st.sampled_from([*PROVIDERS, *sorted(CALLERS_FAULTS)]), max_size=12)


@given(
    weights=WEIGHTS,
    strategy=STRATEGIES,
    sticky=st.booleans(),
    draw=st.floats(0, 1, exclude_max=True),
    failures=FAILURES,
    shut=st.sets(st.integers(0, 6)),
    ill=st.sets(st.integers(0, 6)),
)
def test_nobody_is_asked_twice_and_nobody_who_is_left_alone(weights, strategy, sticky, draw, failures, shut, ill) -> None:
    targets = [Place(f"m{number}", weight) for number, weight in enumerate(weights)]
    fallbacks = [(Place("f0"), PROVIDERS), (Place("f1"), ("context_window", "timeout"))]
    everybody = [*targets, *(target for target, _ in fallbacks)]
    for number, target in enumerate(everybody):
        if number in shut:
            target.open(0.0)
        if number in ill:
            target.state.is_healthy(False, "down")
    it = router(targets, fallbacks=fallbacks, strategy=strategy, sticky=sticky)
    choices = it.choose(Wish(user="ada", complexity=draw), 1.0, draw)
    asked = [choices.next(1.0)]
    for error_class in failures:
        if asked[-1] is None:
            break
        asked.append(choices.after(error_class, 1.0))
    found = [target for target in asked if target is not None]
    assert len({target.model for target in found}) == len(found)
    assert all(target.state.breaker.usable(1.0) for target in found)
    if asked[0] is None:
        assert not any(target.state.usable(1.0) for target in targets)
