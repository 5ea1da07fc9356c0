import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.resources import Breaker
from stoa.gateway.routing.breaker import MOST_RETRY_AFTER_S, REFUSED, CircuitBreaker, strictest

SETTINGS = Breaker(failures=3, cooldown_s=10, most_cooldown_s=80)


def breaker(draw: float = 0.0) -> CircuitBreaker:
    return CircuitBreaker(SETTINGS, lambda: draw, lambda: None)


def fail(it: CircuitBreaker, now: float, error_class="server_error", told=None) -> None:
    stamp = it.enter(now)
    assert stamp != REFUSED
    it.failed(now, error_class, told, stamp)


def opened(now: float = 0.0, draw: float = 0.0) -> CircuitBreaker:
    it = breaker(draw)
    for _ in range(3):
        fail(it, now)
    return it


def test_it_opens_after_so_many_failures_in_a_row() -> None:
    it = breaker()
    fail(it, 0)
    fail(it, 0)
    assert it.position(0) == "closed"
    fail(it, 0)
    assert (it.position(0), it.opened_by, it.usable(9.9), it.enter(9.9)) == ("open", "server_error", False, REFUSED)


def test_an_answer_in_between_begins_the_row_anew() -> None:
    it = breaker()
    for _ in range(5):
        fail(it, 0)
        fail(it, 0)
        it.succeeded(it.enter(0))
    assert it.position(0) == "closed"


@pytest.mark.parametrize("error_class", ["invalid_request", "context_window", "content_policy"])
def test_the_callers_faults_never_open_it(error_class: str) -> None:
    it = breaker()
    for _ in range(50):
        fail(it, 0, error_class)
    assert (it.position(0), it.failures) == ("closed", 0)


def test_half_open_it_lets_one_probe_in_at_a_time() -> None:
    it = opened()
    assert it.position(10) == "half_open"
    probe = it.enter(10)
    assert probe != REFUSED
    assert [it.enter(10) for _ in range(100)] == [REFUSED] * 100
    assert (it.usable(1e6), it.opens_again_in(10)) == (False, 1.0)
    it.succeeded(probe)
    assert (it.position(10), it.failures, it.opened_by) == ("closed", 0, None)
    assert REFUSED not in [it.enter(10) for _ in range(100)]


def test_a_probe_that_is_given_up_makes_room_for_the_next() -> None:
    it = opened()
    it.gave_up(it.enter(10))
    assert (it.position(10), it.enter(10) != REFUSED, it.enter(10)) == ("half_open", True, REFUSED)


def test_a_probe_that_the_caller_spoilt_says_nothing_and_makes_room() -> None:
    it = opened()
    it.failed(10, "invalid_request", None, it.enter(10))
    assert (it.position(10), it.enter(10) != REFUSED) == ("half_open", True)


def test_each_probe_that_fails_doubles_the_pause_up_to_the_most() -> None:
    it, now, pauses = opened(), 0.0, []
    for _ in range(6):
        pauses.append(it.opens_again_in(now))
        now += pauses[-1]
        fail(it, now)
    assert pauses == [10, 20, 40, 80, 80, 80]
    it.succeeded(it.enter(now + 80))
    for _ in range(3):
        fail(it, now)
    assert it.opens_again_in(now) == 10, "a recovery begins from the shortest again"


@given(draw=st.floats(0, 1, exclude_max=True))
def test_a_pause_is_up_to_a_quarter_longer_and_never_shorter(draw: float) -> None:
    assert 10 <= opened(draw=draw).opens_again_in(0) <= 12.5


def test_one_rate_limit_that_says_when_opens_it_at_once_for_as_long() -> None:
    it = breaker(draw=0.99)
    fail(it, 100, "rate_limit", 37.0)
    assert (it.position(100), it.opens_again_in(100), it.opened_by) == ("open", 37.0, "rate_limit")
    assert it.enter(136.9) == REFUSED
    assert it.enter(137.0) != REFUSED


def test_a_rate_limit_that_does_not_say_when_is_one_failure() -> None:
    it = breaker()
    fail(it, 0, "rate_limit", None)
    fail(it, 0, "rate_limit", 0.0)
    assert it.position(0) == "closed"


def test_other_failures_open_no_sooner_for_a_retry_after() -> None:
    it = breaker()
    fail(it, 0, "server_error", 60.0)
    assert it.position(0) == "closed"


def test_a_rate_limit_of_days_is_believed_for_an_hour() -> None:
    it = breaker()
    fail(it, 0, "rate_limit", 1e6)
    assert it.opens_again_in(0) == MOST_RETRY_AFTER_S


def test_a_try_from_before_does_not_close_what_opened_since() -> None:
    it = breaker()
    early = it.enter(0)
    fail(it, 0, "rate_limit", 60.0)
    it.succeeded(early)
    assert it.position(1) == "open"


def test_a_try_from_before_does_not_open_what_recovered_since() -> None:
    it = breaker()
    early = [it.enter(0) for _ in range(10)]
    for stamp in early[:3]:
        it.failed(0, "timeout", None, stamp)
    it.succeeded(it.enter(10))
    for stamp in early[3:]:
        it.failed(11, "timeout", None, stamp)
    assert (it.position(11), it.failures) == ("closed", 0)


def test_changes_are_told() -> None:
    told: list[str] = []
    it = CircuitBreaker(SETTINGS, lambda: 0.0, lambda: told.append("change"))
    for _ in range(3):
        fail(it, 0)
    it.succeeded(it.enter(10))
    assert told == ["change", "change"]


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["enter", "good", "bad", "told", "spoilt", "gone"]), st.floats(0, 30)), max_size=60
)


@given(actions=ACTIONS)
def test_whatever_happens_there_is_one_probe_at_most_and_always_a_way_back(actions: list[tuple[str, float]]) -> None:
    it, now = breaker(), 0.0
    under_way: list[tuple[int, bool]] = []  # stamps, and whether they are of a probe
    for action, passed in actions:
        now += passed
        if action == "enter":
            before = it.position(now)
            stamp = it.enter(now)
            if stamp != REFUSED:
                assert before != "open"
                under_way.append((stamp, before == "half_open"))
        elif under_way:
            stamp, _ = under_way.pop(0)
            if action == "good":
                it.succeeded(stamp)
            elif action == "gone":
                it.gave_up(stamp)
            else:
                told = 5.0 if action == "told" else None
                it.failed(now, {"told": "rate_limit", "spoilt": "invalid_request"}.get(action, "timeout"), told, stamp)
        if it.position(now) == "half_open":
            assert sum(probe for _, probe in under_way) <= 1
    for stamp, _ in under_way:
        it.gave_up(stamp)
    now += max(0.0, it.opens_again_in(now))
    assert it.usable(now), "once nothing is under way, a pause is all there is to wait for"


def test_of_several_routes_the_most_careful_settings_hold() -> None:
    routes = [Breaker(failures=5, cooldown_s=1), Breaker(failures=2, cooldown_s=30, most_cooldown_s=60)]
    assert strictest(routes) == Breaker(failures=2, cooldown_s=30, most_cooldown_s=120)
    assert strictest([]) == Breaker()
