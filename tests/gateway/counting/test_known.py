from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.usage import Kept, Told, UsageFact, Who
from stoa.gateway.counting.known import Ledger, Sum

NOW = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp() * 1000)
NOVEMBER = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)
DECEMBER = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp() * 1000)
TEAM = Sum("team", "t", "month UTC")


def fact(cost: int | None, at_ms: int = NOW, **fields: str) -> UsageFact:
    return UsageFact(
        id="f", at_ms=at_ms, request_id="r", operation="chat", team=fields.get("team", "t"), key_id=fields.get("key"),
        user_id=fields.get("user"), requested="m", assistant=fields.get("assistant"), model="m", provider="p", status=200,
        cache="miss", streamed=False, prompt_tokens=1, completion_tokens=1, tokens_from="provider", cost_nano_usd=cost,
        latency_ms=1, first_token_ms=None, attempts=1, error=None, snapshot_version=1, price_version="1", corpus_version=None,
        project=fields.get("project"),
    )  # fmt: skip


def told(cost: int, *, unknown: int = 0, start: int = NOVEMBER, which: Sum = TEAM) -> Told:
    return Told(*which, start, cost, unknown)


def test_a_cost_counts_until_control_tells_a_sum_with_it() -> None:
    ledger = Ledger(Kept([told(5)], as_of_ms=NOW), now_ms=NOW)
    known = ledger.known(TEAM, NOW)
    ledger.spent([fact(10)], position=100, now_ms=NOW)
    ledger.spent([fact(20)], position=200_000, now_ms=NOW)
    assert known.floor(NOW) == 35
    ledger.shipped(100, [told(15)], now_ms=NOW)
    assert known.floor(NOW) == 35
    ledger.shipped(200_000, [told(35)], now_ms=NOW)
    assert known.floor(NOW) == 35


def test_a_new_window_starts_from_nothing_and_last_months_sum_is_not_taken_over() -> None:
    ledger = Ledger(Kept([told(5)], as_of_ms=NOW), now_ms=NOW)
    known = ledger.known(TEAM, NOW)
    ledger.spent([fact(10)], position=1, now_ms=NOW)
    assert (known.floor(NOW), known.floor(DECEMBER)) == (15, 0)
    ledger.shipped(0, [told(15)], now_ms=DECEMBER)
    assert known.floor(DECEMBER) == 0
    ledger.shipped(0, [told(3, start=DECEMBER)], now_ms=DECEMBER)
    assert known.floor(DECEMBER) == 3


def test_what_was_not_shipped_before_a_restart_counts_in_every_budget_until_it_is() -> None:
    minute = NOW // 60_000
    unshipped = {
        Who("t", "k", None, "apollo", None, minute): (40, 1),
        Who("t", "k", None, None, None, minute - 1440 * 2): (2, 0),
    }
    ledger = Ledger(Kept([told(5)], NOW, unshipped, position=900), now_ms=NOW)
    month = ledger.known(TEAM, NOW)
    project = ledger.known(Sum("project", "apollo", "day UTC"), NOW)
    key = ledger.known(Sum("key", "k", "week Europe/Berlin"), NOW)
    assert [each.floor(NOW) for each in (month, project, key)] == [47, 40, 42]
    assert project.unknown == 1
    ledger.shipped(500, [told(45)], now_ms=NOW)
    assert month.floor(NOW) == 87, "half of it is shipped: rather counted twice for a moment than not at all"
    ledger.shipped(900, [told(47)], now_ms=NOW)
    assert [each.floor(NOW) for each in (month, project, key)] == [47, 0, 0]


def test_a_fact_counts_for_its_team_key_user_project_and_assistant() -> None:
    ledger = Ledger(Kept(), now_ms=NOW)
    sums = [ledger.known(Sum(scope, name, "hour UTC"), NOW) for scope, name in
            [("team", "t"), ("key", "k"), ("user", "u"), ("project", "p"), ("assistant", "a")]]  # fmt: skip
    ledger.spent([fact(3, key="k", project="p"), fact(None, user="u", assistant="a"), fact(0)], position=1, now_ms=NOW)
    assert [(each.floor(NOW), each.unknown) for each in sums] == [(3, 1), (3, 0), (0, 1), (3, 0), (0, 1)]


def test_a_sum_that_is_asked_for_later_has_what_was_spent_before() -> None:
    ledger = Ledger(Kept(), now_ms=NOW)
    ledger.known(TEAM, NOW)
    ledger.spent([fact(8, project="late")], position=1, now_ms=NOW)
    ledger.shipped(0, [told(4, which=Sum("project", "late", "month UTC"))], now_ms=NOW)
    assert ledger.known(Sum("project", "late", "month UTC"), NOW).floor(NOW) == 12


def test_a_long_backlog_takes_no_more_room_than_its_subjects() -> None:
    ledger = Ledger(Kept(), now_ms=NOW)
    known, whole = ledger.known(TEAM, NOW), 0
    for number in range(5000):
        ledger.spent([fact(1, NOW - number * 1000)], position=(number + 1) * 100_000, now_ms=NOW)
        whole += 1
    assert len(ledger._epochs) <= 512
    assert known.floor(NOW) == whole
    ledger.shipped(5000 * 100_000, [told(whole)], now_ms=NOW)
    assert known.floor(NOW) == whole
    assert known.own == 0


Move = tuple[str, int, int]


@given(moves=st.lists(st.tuples(st.sampled_from(["spend", "ship", "ask"]), st.integers(0, 2), st.integers(1, 50)), max_size=60))
def test_spend_is_never_known_too_low_and_three_gateways_without_shared_state_converge(moves: list[Move]) -> None:
    """Costs move from the gateways to control, which tells its sum to whoever ships or asks."""
    each = [Ledger(Kept(), now_ms=NOW) for _ in range(3)]
    known = [ledger.known(TEAM, NOW) for ledger in each]
    position, own, control = [0, 0, 0], [0, 0, 0], 0
    for move, who, cost in moves:
        match move:
            case "spend":
                position[who] += 70_000
                each[who].spent([fact(cost)], position=position[who], now_ms=NOW)
                own[who] += cost
            case "ship":
                control += own[who]
                own[who] = 0
                each[who].shipped(position[who], [told(control)], now_ms=NOW)
            case _:
                each[who].shipped(0, [told(control)], now_ms=NOW)
        assert known[who].floor(NOW) >= own[who]
        if move != "spend":
            assert known[who].floor(NOW) == control + own[who]
    for who in range(3):
        control += own[who]
        each[who].shipped(position[who], [told(control)], now_ms=NOW)
    for ledger in each:
        ledger.shipped(0, [told(control)], now_ms=NOW)
    assert [one.floor(NOW) for one in known] == [control] * 3


def test_a_day_in_berlin_that_has_twenty_five_hours_is_one_window() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = int(datetime(2026, 10, 25, 0, 30, tzinfo=zone).timestamp() * 1000)
    last = int(datetime(2026, 10, 25, 23, 30, tzinfo=zone).timestamp() * 1000)
    ledger = Ledger(Kept(), now_ms=first)
    known = ledger.known(Sum("team", "t", "day Europe/Berlin"), first)
    ledger.spent([fact(5, first)], position=1, now_ms=first)
    assert last - first == 24 * 3_600_000
    assert known.floor(last) == 5
    assert known.floor(last + 1_800_000) == 0
