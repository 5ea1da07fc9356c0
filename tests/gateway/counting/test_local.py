"""The count of one process, also as a machine of states: every way of claiming and settling."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.thoroughness import examples

from stoa.domain.counting import Claim, Held, Meter, Refused
from stoa.gateway.counting.local import LocalCounter

NOW = 1_800_000_000_000
REQUESTS = Meter("r", "requests", 5, sliding=True)
TOKENS = Meter("t", "tokens", 100, sliding=True)
PARALLEL = Meter("p", "parallel", 2)
MONEY = Meter("m", "nano_usd", 1000)


def counter(**options: Any) -> LocalCounter:
    return LocalCounter(lambda: NOW, **options)


def granted(counting: LocalCounter, *claims: Claim, now_ms: int = NOW) -> Held:
    found = counting.claim(claims, now_ms, lambda _: None)
    assert found is not None
    assert not isinstance(found, Refused)
    return found


def refused(counting: LocalCounter, *claims: Claim, now_ms: int = NOW) -> Refused:
    found = counting.claim(claims, now_ms, lambda _: None)
    assert isinstance(found, Refused)
    return found


def used(counting: LocalCounter, claim: Claim, now_ms: int = NOW) -> int:
    return counting.used(claim, now_ms)[0]


def test_of_a_claim_that_is_refused_nothing_is_counted() -> None:
    counting = counter()
    one, many = Claim(REQUESTS, 1), Claim(TOKENS, 101)
    assert refused(counting, one, many).claim is many
    assert (used(counting, one), used(counting, many)) == (0, 0)


def test_money_is_passed_by_no_more_than_what_is_under_way() -> None:
    counting = counter()
    held = granted(counting, Claim(MONEY, 600, 1, 2))
    granted(counting, Claim(MONEY, 600, 1, 2))
    assert refused(counting, Claim(MONEY, 1, 1, 2)).used == 1200
    held.settle([100])
    granted(counting, Claim(MONEY, 1, 1, 2))


def test_what_the_ledger_knows_counts_besides_what_is_under_way() -> None:
    counting = counter()
    granted(counting, Claim(MONEY, 300, 1, 2))
    assert used(counting, Claim(MONEY, 0, 1, 2, floor=500)) == 800
    assert refused(counting, Claim(MONEY, 1, 1, 2, floor=700)).used == 1000


def test_in_a_new_window_only_what_is_under_way_is_left() -> None:
    counting = counter()
    done, under_way = granted(counting, Claim(MONEY, 10, 1, 2)), granted(counting, Claim(MONEY, 7, 1, 2))
    done.settle([400])
    assert used(counting, Claim(MONEY, 0, 1, 2)) == 407
    assert used(counting, Claim(MONEY, 0, 2, 3)) == 7
    under_way.settle([9])
    assert used(counting, Claim(MONEY, 0, 2, 3)) == 9


def test_an_unknown_amount_stays_as_it_was_claimed() -> None:
    counting = counter()
    granted(counting, Claim(MONEY, 10, 1, 2), Claim(TOKENS, 20), Claim(PARALLEL, 1)).settle([None, None, None])
    assert used(counting, Claim(MONEY, 0, 1, 2)) == 10
    assert used(counting, Claim(TOKENS, 0)) == 20
    assert used(counting, Claim(PARALLEL, 0)) == 0


def test_a_refusal_says_when_to_come_again() -> None:
    counting = counter()
    for _ in range(5):
        granted(counting, Claim(REQUESTS, 1))
    assert refused(counting, Claim(REQUESTS, 1)).retry_after_s == 61
    granted(counting, Claim(MONEY, 2000, NOW, NOW + 90_000))
    assert refused(counting, Claim(MONEY, 1, NOW, NOW + 90_000)).retry_after_s == 90
    day = Meter("d", "tokens", 10)
    granted(counting, Claim(day, 10, NOW, NOW + 5000))
    assert refused(counting, Claim(day, 1, NOW, NOW + 5000)).retry_after_s == 5


def test_meters_that_are_idle_are_let_go_of_and_what_is_under_way_never() -> None:
    counting = counter(most_meters=64)
    first = granted(counting, Claim(Meter("first", "parallel", 1), 1))
    for number in range(10_000):
        meter = Meter(f"project-{number}", "nano_usd", 10)
        granted(counting, Claim(meter, 1, 1, 2)).settle([1])
    assert len(counting) <= 65
    assert refused(counting, Claim(Meter("first", "parallel", 1), 1)).used == 1
    first.settle([0])


class Counting(RuleBasedStateMachine):
    """Requests that claim everything at once, against what a ledger of them would say."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.counting = LocalCounter(lambda: self.now)
        self.under_way: list[tuple[Held, int, int]] = []
        self.made: list[int] = []
        self.spent = 0
        self.most_in_flight = 0

    @rule(seconds=st.integers(0, 70))
    def wait(self, seconds: int) -> None:
        self.now += seconds * 1000

    @rule(money=st.integers(0, 600), tokens=st.integers(0, 60))
    def ask(self, money: int, tokens: int) -> None:
        reserved = sum(each[1] for each in self.under_way)
        claims = (Claim(REQUESTS, 1), Claim(TOKENS, tokens), Claim(PARALLEL, 1), Claim(MONEY, money, 1, 2, self.spent))
        before = [used(self.counting, claim, self.now) for claim in claims]
        found = self.counting.claim(claims, self.now, lambda _: None)
        assert found is not None
        if isinstance(found, Refused):
            assert [used(self.counting, claim, self.now) for claim in claims] == before, "part of a refused claim was counted"
            assert found.used == before[claims.index(found.claim)]
            return
        assert self.spent + reserved < MONEY.most, "a budget that is used up let something through"
        assert len(self.under_way) < PARALLEL.most
        self.under_way.append((found, money, tokens))
        self.made.append(self.now)

    @rule(which=st.integers(0, 9), money=st.integers(0, 600), tokens=st.integers(0, 60), known=st.booleans())
    def settle(self, which: int, money: int, tokens: int, known: bool) -> None:
        if self.under_way:
            held, claimed, _ = self.under_way.pop(which % len(self.under_way))
            cost = money if known else claimed
            held.settle([None, tokens, 0, money if known else None])
            self.spent += cost

    @invariant()
    def no_sixty_seconds_see_more_than_the_limit(self) -> None:
        for start in self.made:
            assert sum(start <= other < start + 60_000 for other in self.made) <= REQUESTS.most

    @invariant()
    def what_is_used_is_what_was_spent_and_what_is_under_way(self) -> None:
        reserved = sum(each[1] for each in self.under_way)
        assert used(self.counting, Claim(MONEY, 0, 1, 2, self.spent), self.now) == self.spent + reserved
        assert used(self.counting, Claim(PARALLEL, 0), self.now) == len(self.under_way)


TestCounting = Counting.TestCase
TestCounting.settings = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)
