"""Recorded requests under another snapshot: where they would go, at what cost, and what would be refused."""

from typing import Any

import msgspec
import pytest
from tests.gateway.conftest import _snapshot, caller  # pyright: ignore[reportPrivateUsage]

from stoa.domain.decisions import FORM, MARKS, Decision, Try, Way, pack_times
from stoa.domain.prices import ModelPrice
from stoa.domain.rehearsals import Rehearsal
from stoa.domain.resources import Assistant, Fallback, Model, Route, Strategy, Target
from stoa.domain.snapshot import Access, Snapshot, TeamLimits
from stoa.domain.traces import Trace
from stoa.domain.usage import UsageFact
from stoa.gateway.rehearsing import Rehearsing
from stoa.gateway.routing.rank import seed_of

NOON = 1_793_880_000_000
TIMES = pack_times(*(-1.0 for _ in MARKS))
NAMES = frozenset({"a", "b", "big", "fast", "assistant/handbook"})
CHEAP, DEAR = ModelPrice(100.0, 200.0), ModelPrice(1000.0, 2000.0)


def stand(*targets: Target, **changed: Any) -> Snapshot:
    route = Route(name="fast", targets=targets or (Target(model="a"), Target(model="b", weight=0)), **changed.pop("route", {}))
    fields: dict[str, Any] = {
        "models": {name: Model(name=name, provider="one") for name in ("a", "b", "big")},
        "prices": {"a": CHEAP, "b": DEAR, "big": DEAR},
        "routes": {"fast": route},
        "assistants": {"handbook": Assistant(name="handbook", route="fast")},
        "access": (Access(True, NAMES, frozenset()), Access(True, frozenset({"a"}), frozenset())),
        "keys": {"d": caller("app", requests_per_minute=100)},
    }
    return _snapshot(**(fields | changed))


def asked(n: int = 0, model: str | None = "a", way: Way | None = None, draw: float | None = None, **changed: Any) -> Trace:
    fact = UsageFact(
        id=f"f{n}", at_ms=NOON + n * 1000, request_id="r", operation="chat", team="company", key_id="app", user_id=None,
        requested="fast", assistant=None, model=model, provider="one", status=200, cache="miss", streamed=False,
        prompt_tokens=10, completion_tokens=5, tokens_from="provider", cost_nano_usd=2000, latency_ms=1.5, first_token_ms=None,
        attempts=1, error=None, snapshot_version=1, price_version="1", corpus_version=None, form="chat",
    )  # fmt: skip
    record = msgspec.msgpack.encode(Decision(FORM, TIMES, "weighted", draw, way=way))
    return Trace(msgspec.structs.replace(fact, **changed), record)


def rehearsed(candidate: Snapshot, *traces: Trace, now: Snapshot | None = None, spent: int = 0) -> Rehearsal:
    rehearsing = Rehearsing(candidate, now or stand(), {"company": spent}, NOON)
    rehearsing.take(traces)
    return rehearsing.told(truncated=False)


def after(found: Rehearsal) -> dict[str | None, float]:
    return {row.name: row.after.requests for row in found.models if row.after.requests}


def test_what_is_the_same_changes_nothing() -> None:
    found = rehearsed(stand(), *(asked(n, cost_nano_usd=77) for n in range(10)))
    assert (found.moved, found.refusals, found.admitted, found.examples) == (0.0, {}, 0, [])
    assert found.total.before == found.total.after
    assert found.total.after.cost_nano_usd == 770


def test_other_weights_move_what_was_drawn_by_the_same_draw() -> None:
    candidate = stand(Target(model="a", weight=1), Target(model="b", weight=1))
    found = rehearsed(candidate, asked(0, draw=0.2), asked(1, draw=0.7), asked(2, draw=0.4))
    assert after(found) == {"a": 2.0, "b": 1.0}
    assert found.moved == 1.0
    assert found.total.after.cost_nano_usd == 2000 + 2000 + 10 * 1000 + 5 * 2000


def test_without_a_draw_each_target_gets_its_share() -> None:
    found = rehearsed(stand(Target(model="a", weight=3), Target(model="b", weight=1)), asked())
    assert after(found) == {"a": 0.75, "b": 0.25}
    assert found.total.after.cost_nano_usd == 0.75 * 2000 + 0.25 * 20_000
    assert found.examples[0].after == {"a": 0.75, "b": 0.25}


def test_another_price_changes_the_cost_alone() -> None:
    found = rehearsed(stand(prices={"a": DEAR, "b": DEAR, "big": DEAR}), asked(cache_read_tokens=4))
    assert (found.moved, found.total.before.cost_nano_usd, found.total.after.cost_nano_usd) == (0.0, 2000, 20_000)


def test_a_price_that_is_not_known_is_told_and_is_not_nothing() -> None:
    found = rehearsed(stand(prices={}), asked())
    assert (found.total.after.cost_nano_usd, found.total.after.unknown_cost) == (0, 1.0)


def test_a_lower_limit_refuses_by_the_clock_of_the_records() -> None:
    lower = stand(keys={"d": caller("app", requests_per_minute=3)})
    in_a_burst = [asked(n) for n in range(6)]
    found = rehearsed(lower, *in_a_burst, asked(100))
    assert found.refusals == {"rate_limit_exceeded": 3}
    assert (found.total.after.requests, found.total.after.refused) == (4, 3)
    assert rehearsed(stand(), *in_a_burst).refusals == {}


def test_a_lower_budget_refuses_once_it_is_spent() -> None:
    found = rehearsed(stand(teams={"company": TeamLimits(10_000)}), *(asked(n) for n in range(4)), spent=7000)
    assert found.refusals == {"insufficient_quota": 2}
    assert found.total.after.cost_nano_usd == 4000


def test_a_model_that_is_no_more_refuses_its_requests() -> None:
    models = {"a": Model(name="a", provider="one")}
    candidate = stand(Target(model="a"), models=models)
    found = rehearsed(candidate, asked(0), asked(1, "big", requested="big"))
    assert found.refusals == {"model_not_found": 1}
    assert found.examples[0].refused == "model_not_found"


def test_a_right_that_is_taken_away_refuses() -> None:
    found = rehearsed(stand(keys={"d": caller("app", access=1)}), asked(0), asked(1, requested="a"))
    assert found.refusals == {"forbidden": 1}
    assert rehearsed(stand(keys={}), asked()).refusals == {}, "whoever is no more is not judged"


def test_what_was_refused_may_be_admitted_and_its_cost_is_not_known() -> None:
    refusal = {"refused": True, "status": 429, "cost_nano_usd": 0, "prompt_tokens": None, "completion_tokens": None}
    found = rehearsed(
        stand(),
        asked(0, None, error="rate_limit_exceeded", **refusal),
        asked(1, None, error="invalid_request", **refusal),
    )
    assert (found.admitted, found.total.before.refused, found.total.after.refused) == (1, 2, 1)
    assert found.total.after.unknown_cost == 1.0


def test_a_cached_answer_stays_one_while_the_route_caches() -> None:
    hit = asked(0, cache="hit", cost_nano_usd=0)
    assert after(rehearsed(stand(), hit)) == {None: 1.0}
    found = rehearsed(stand(route={"cache": False}), hit)
    assert (after(found), found.total.after.cost_nano_usd) == ({"a": 1.0}, 2000)


def test_a_target_that_failed_then_is_taken_to_fail_again() -> None:
    way = Way(tried=(Try("first", "a", "one", 0.0, None, 0.1, 503, "upstream_error", "server_error"),), kind="fallback")
    candidate = stand(Target(model="a"), route={"fallback": (Fallback(model="big", on=("server_error",)),)})
    assert after(rehearsed(candidate, asked(0, "b", way))) == {"big": 1.0}
    reordered = stand(Target(model="b"), Target(model="a"), route={"strategy": "ordered"})
    assert after(rehearsed(reordered, asked(0, "b", way))) == {"b": 1.0}


@pytest.mark.parametrize(
    ("strategy", "way", "goes"),
    [
        ("ordered", None, "b"),
        ("cheapest", None, "a"),
        ("complexity", Way(complexity=0.9), "a"),
        ("complexity", Way(complexity=0.1), "b"),
        ("tagged", Way(tags=("eu",)), "a"),
        ("least_busy", None, "a"),
        ("lowest_latency", None, "a"),
    ],
)  # fmt: skip
def test_each_strategy_goes_by_what_is_recorded(strategy: Strategy, way: Way | None, goes: str) -> None:
    candidate = stand(Target(model="b"), Target(model="a", tags=("eu",)), route={"strategy": strategy})
    found = rehearsed(candidate, asked(0, "a", way))
    assert after(found) == {goes: 1.0}
    assert found.assumed == (strategy in ("least_busy", "lowest_latency"))


def test_a_tag_that_no_target_is_for_refuses() -> None:
    candidate = stand(Target(model="a", tags=("eu",)), Target(model="b", tags=("us",)), route={"strategy": "tagged"})
    assert rehearsed(candidate, asked()).total.after.refused == 1


def test_a_sticky_route_keeps_each_user_at_one_target() -> None:
    candidate = stand(Target(model="a", weight=1), Target(model="b", weight=1), route={"sticky": True})
    goes = {n: after(rehearsed(candidate, asked(n, way=Way(seed=seed_of(f"user-{n}"))))) for n in range(30)}
    assert {tuple(each) for each in goes.values()} == {("a",), ("b",)}
    assert all(after(rehearsed(candidate, asked(n, way=Way(seed=seed_of(f"user-{n}"))))) == each for n, each in goes.items())


def test_what_a_clients_own_model_was_asked_goes_by_no_route_and_is_left_out() -> None:
    found = rehearsed(stand(), asked(0), asked(1, requested="mcp/ask", model=None), asked(2, requested="mcp/ask", refused=True))
    assert (found.total.before.requests, found.refusals) == (1, {})


def test_an_assistant_goes_the_way_of_its_route_and_shadows_are_left_out() -> None:
    candidate = stand(Target(model="b"))
    found = rehearsed(candidate, asked(0, requested="assistant/handbook"), asked(1, arm="shadow"))
    assert after(found) == {"b": 1.0}
    assert found.total.before.requests == 1


def test_the_dearest_changes_are_the_examples() -> None:
    candidate = stand(Target(model="b"))
    found = rehearsed(candidate, *(asked(n, prompt_tokens=n) for n in range(30)))
    assert [each.id for each in found.examples][:2] == ["f29", "f28"]
    assert len(found.examples) == 10
