"""The quick way and the counter say yes to the same requests, and count them alike."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.counting import Held, Meter, Refused
from stoa.domain.decision_bytes import recorded_claims
from stoa.domain.decisions import FORM, MARKS, Decision, decision_of, pack_times
from stoa.domain.periods import window_of
from stoa.gateway.admission import settled
from stoa.gateway.counting.known import Known
from stoa.gateway.counting.local import LocalCounter
from stoa.gateway.counting.quick import Quick, Taken
from stoa.gateway.counting.rules import Rule
from stoa.gateway.counting.told import lines

START = 1_900_000_000_000


def rules() -> tuple[Rule, ...]:
    money = Known(window_of("minute UTC"))
    return (
        Rule(Meter("a", "requests", 5, sliding=True), "'app'", "requests"),
        Rule(Meter("b", "tokens", 100, sliding=True), "'app'", "tokens"),
        Rule(Meter("c", "parallel", 2), "'app'", "parallel"),
        Rule(Meter("d", "nano_usd", 300), "'app'", "budget", per="minute", window=money.window, known=money),
    )


class Clock:
    now_ms = START

    def __call__(self) -> int:
        return self.now_ms


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.integers(0, 60), st.integers(0, 120)),
        st.tuples(st.just("end"), st.none() | st.integers(0, 80), st.none() | st.integers(0, 200)),
        st.tuples(st.just("wait"), st.integers(0, 90_000), st.none()),
        st.tuples(st.just("told"), st.integers(0, 250), st.none()),
    ),
    max_size=40,
)


@given(STEPS)
def test_both_ways_let_the_same_requests_pass(steps: list[tuple[str, Any, Any]]) -> None:
    clock = Clock()
    one, other = rules(), rules()
    counter = LocalCounter(clock)
    quick, plain = Quick(one, counter), LocalCounter(clock)
    assert quick.is_usable
    under_way: list[tuple[Taken, Held, list[Any]]] = []
    for what, first, second in steps:
        if what == "wait":
            clock.now_ms += first
        elif what == "told":
            for known in (one[3].known, other[3].known):
                assert known is not None
                known.floor(clock.now_ms)
                known.told = first
        elif what == "ask":
            tokens, money = first, second
            amounts = {"tokens": tokens, "nano_usd": money}
            claims = [rule.fixed or rule.claim(amounts.get(rule.unit, 1), clock.now_ms) for rule in other]
            outcome = plain.claim(claims, clock.now_ms, lambda _: None)
            taken = quick.take(tokens, money, clock.now_ms)
            assert taken == (not isinstance(outcome, Refused))
            if taken and outcome is not None and not isinstance(outcome, Refused):
                under_way.append((Taken(quick, tokens, money, clock.now_ms), outcome, claims))
        elif under_way:
            mine, theirs, claims = under_way.pop(0)
            mine.finish(clock.now_ms, first, second)
            theirs.settle(settled(claims, first, second))
        for rule in other:
            claim = rule.claim(0, clock.now_ms)
            assert counter.used(claim, clock.now_ms)[0] == plain.used(claim, clock.now_ms)[0], rule.name


def test_what_is_more_than_counting_is_left_to_the_counter() -> None:
    known = Known(window_of("month UTC"))
    meter = Meter("d", "nano_usd", 300)
    for rule in (
        Rule(meter, "x", "b", window=known.window, known=known, warn=100),
        Rule(meter, "x", "b", window=known.window, known=known, allows_unknown=False),
        Rule(Meter("e", "requests", 5), "x", "l", per="hour", window=window_of("hour UTC")),
    ):
        assert not Quick((rule,), LocalCounter(Clock())).is_usable


def test_counts_that_were_let_go_of_are_asked_for_again() -> None:
    clock = Clock()
    counter = LocalCounter(clock, most_meters=2)
    quick = Quick(rules()[:1], counter)
    assert quick.take(0, 0, clock.now_ms)
    clock.now_ms += 120_000
    for number in range(4):
        rule = Rule(Meter(f"other {number}", "requests", 5, sliding=True), "x", "l")
        counter.claim([rule.claim(1, clock.now_ms)], clock.now_ms, lambda _: None)
    assert quick.generation != counter.generation


def test_a_record_tells_the_same_of_both_ways() -> None:
    quick = Quick(rules(), LocalCounter(Clock()))
    times = pack_times(*range(len(MARKS)))
    claims = recorded_claims(quick.recorded(30, 77))
    found = decision_of(msgspec.msgpack.encode(Decision(FORM, times, "weighted", draw=0.5, claims=claims))).claims
    assert found is not None
    assert [(each.name, each.unit, each.amount, each.most) for each in found] == [
        ("requests", "requests", 1, 5),
        ("tokens", "tokens", 30, 100),
        ("parallel", "parallel", 1, 2),
        ("budget", "nano_usd", 77, 300),
    ]


@pytest.mark.parametrize("anthropic", [False, True])
def test_header_lines_tell_what_is_left(anthropic: bool) -> None:
    quick = Quick(rules(), LocalCounter(Clock()))
    assert quick.take(40, 0, START)
    told = quick.lines(START, anthropic=anthropic).decode()
    prefix = "anthropic-ratelimit-requests-remaining: 4" if anthropic else "x-ratelimit-remaining-requests: 4"
    assert prefix in told
    assert ("tokens-remaining: 60" if anthropic else "x-ratelimit-remaining-tokens: 60") in told


@given(
    st.lists(st.tuples(st.sampled_from(["requests", "tokens"]), st.integers(1, 9)), min_size=1, max_size=5), st.integers(0, 6)
)
def test_header_lines_are_those_of_the_counter_however_many_rules_there_are(limits: list[tuple[str, int]], asked: int) -> None:
    clock = Clock()
    some = tuple(
        Rule(Meter(f"m{number}", unit, most, sliding=True), "'app'", f"r{number}") for number, (unit, most) in enumerate(limits)
    )
    counter = LocalCounter(clock)
    quick = Quick(some, counter)
    for _ in range(asked):
        quick.take(1, 0, START)
    spoken = [(rule, rule.meter.most - count.total) for rule, count in quick.spoken]
    for anthropic in (False, True):
        assert quick.lines(START, anthropic=anthropic) == lines(spoken, START, anthropic=anthropic)
