import pytest
from tests.gateway.routing.conftest import Timers

from stoa.domain.resources import Breaker
from stoa.gateway.routing.breaker import REFUSED
from stoa.gateway.routing.state import TargetStates


@pytest.fixture
def states(timers: Timers) -> TargetStates:
    return TargetStates(draw=lambda: 0.0, call_later=timers)


def test_a_try_ends_once_whichever_way(new_state) -> None:
    state = new_state("a")
    entries = [state.began(0.0), state.began(0.0, "batch"), state.began(0.0)]
    assert (state.inflight, state.inflight_realtime, state.inflight_batch) == (3, 2, 1)
    state.ended_well(1.0, 1000.0, 30, entries[0])
    state.ended_badly(1.0, "timeout", "slow", None, entries[1])
    state.gave_up(1.0, entries[2])
    report = state.report(1.0)
    assert (state.inflight, report.answered_total, report.failed_total, report.given_up_total) == (0, 1, 1, 1)
    assert (report.tokens_total, report.error_rate, report.last_error_class) == (30, 0.5, "timeout")


def test_the_callers_faults_are_counted_apart_and_no_errors(new_state) -> None:
    state = new_state("a")
    for _ in range(20):
        state.ended_badly(0.0, "context_window", "too long", None, state.began(0.0))
    report = state.report(0.0)
    assert (report.refused_total, report.failed_total, report.error_rate, report.breaker) == (20, 0, 0.0, "closed")
    assert report.last_error_message is None


def test_a_cancelled_try_is_neither_good_nor_bad(new_state) -> None:
    state = new_state("a")
    for _ in range(20):
        state.gave_up(0.0, state.began(0.0))
    assert (state.report(0.0).error_rate, state.usable(0.0)) == (None, True)


def test_a_target_that_is_left_alone_lets_nobody_in_and_counts_nobody(new_state) -> None:
    state = new_state("a")
    state.ended_badly(0.0, "rate_limit", "slow down", 30.0, state.began(0.0))
    assert (state.began(1.0), state.inflight, state.usable(1.0)) == (REFUSED, 0, False)
    assert state.why_not(1.0) == "left alone after rate_limit, asked again in 29 s"
    assert state.why_not(1.0, for_operator=True) == "left alone after rate_limit (slow down), asked again in 29 s"
    assert state.report(1.0).usable_in_s == 29.0


def test_after_its_pause_it_lets_one_in_and_an_answer_opens_it_to_all(new_state) -> None:
    state = new_state("a")
    state.ended_badly(0.0, "rate_limit", "slow down", 30.0, state.began(0.0))
    probe = state.began(30.0)
    assert probe != REFUSED
    assert (state.began(30.0), state.why_not(30.0)) == (REFUSED, "left alone after rate_limit, a probe is under way")
    state.ended_well(31.0, 1000.0, None, probe)
    assert (state.plain, state.why_not(31.0), state.began(31.0) != REFUSED) == (True, None, True)


def test_a_probe_that_the_client_leaves_makes_room_for_another(new_state) -> None:
    state = new_state("a")
    state.ended_badly(0.0, "rate_limit", "", 30.0, state.began(0.0))
    state.gave_up(30.0, state.began(30.0))
    assert state.began(30.0) != REFUSED


def test_health_and_breaker_both_have_to_be_good(new_state) -> None:
    state = new_state("a")
    state.is_healthy(False, "it answered 500")
    assert (state.plain, state.usable(0.0)) == (False, False)
    assert state.why_not(0.0) == "the health check of its provider fails"
    assert state.why_not(0.0, for_operator=True) == "the health check of its provider fails (it answered 500)"
    assert state.began(0.0) != REFUSED, "whoever has nobody else may ask it all the same"
    state.is_healthy(True, "")
    assert (state.plain, state.usable(0.0), state.why_not(0.0)) == (True, True, None)


def test_the_95th_percentile_is_known_from_twenty_streams_on(new_state) -> None:
    state = new_state("a")
    for number in range(19):
        state.first_content(0.0, 100.0)
        assert state.p95_ms(float(number), "first_token") is None
    state.first_content(0.0, 100.0)
    assert state.p95_ms(20.0, "first_token") == pytest.approx(100, rel=0.2)


def test_the_95th_percentile_is_at_most_a_second_old(new_state) -> None:
    state = new_state("a")
    for _ in range(20):
        state.first_content(0.0, 100.0)
    assert state.p95_ms(0.0, "first_token") == pytest.approx(100, rel=0.2)
    for _ in range(200):
        state.first_content(0.0, 4000.0)
    assert state.p95_ms(0.5, "first_token") == pytest.approx(100, rel=0.2)
    assert state.p95_ms(1.0, "first_token") == pytest.approx(4000, rel=0.2)


def test_what_was_not_measured_is_none_and_not_nothing(new_state) -> None:
    report = new_state("a").report(0.0)
    assert (report.error_rate, report.latency_mean_ms, report.latency_p99_ms, report.first_token_p95_ms) == (None,) * 4


def test_a_state_outlives_a_change_of_configuration_and_takes_its_settings(states: TargetStates) -> None:
    state = states.of("gpt", "one", "gpt-4o", breaker=Breaker(failures=1), max_parallel=3)
    state.ended_badly(0.0, "timeout", "", None, state.began(0.0))
    again = states.of("gpt", "one", "gpt-4o", breaker=Breaker(failures=9), max_parallel=5)
    assert again is state
    assert (again.breaker.settings.failures, again.lanes.limit, again.usable(1.0)) == (9, 5, False)


def test_another_model_behind_the_same_name_is_another_target(states: TargetStates) -> None:
    keys = [("gpt", "one", "gpt-4o"), ("gpt", "two", "gpt-4o"), ("gpt", "one", "gpt-5")]
    assert len({id(states.of(*key)) for key in keys}) == 3


def test_a_target_that_nobody_names_any_more_is_forgotten_once_nothing_is_under_way(states: TargetStates) -> None:
    busy, idle, kept = (states.of(name, "one", name) for name in ("busy", "idle", "kept"))
    entry = busy.began(0.0)
    states.keep([("kept", "one", "kept")])
    assert set(states) == {busy, kept}
    busy.gave_up(0.0, entry)
    states.keep([("kept", "one", "kept")])
    assert set(states) == {kept}
    assert states.of("idle", "one", "idle") is not idle


def test_a_providers_health_is_that_of_its_targets_also_of_those_to_come(states: TargetStates) -> None:
    a, other = states.of("a", "one", "a"), states.of("b", "two", "b")
    states.provider_is("one", healthy=False, note="it answered 500")
    later = states.of("c", "one", "c")
    assert [each.healthy for each in (a, other, later)] == [False, True, False]
    states.provider_is("one", healthy=True, note="")
    assert [each.healthy for each in (a, later, states.of("d", "one", "d"))] == [True, True, True]
