"""A replay over HTTP: resources on top of what there is, and nothing of it stays."""

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from tests.api.test_traces import fact, keep, record, ship

if TYPE_CHECKING:
    from tests.api.conftest import Running

PRICE = {"input_per_million": "1.00", "output_per_million": "2.00"}
PROVIDER = {"kind": "Provider", "name": "lab", "base_url": "http://127.0.0.1:9/v1"}


def model(name: str, **changed: Any) -> dict[str, Any]:
    return {"kind": "Model", "name": name, "provider": "lab", "price": PRICE} | changed


def route(a: int, b: int) -> dict[str, Any]:
    return {"kind": "Route", "name": "fast", "targets": [{"model": "a", "weight": a}, {"model": "b", "weight": b}]}


async def begun(stoa: "Running") -> None:
    dear = model("b", price={"input_per_million": "10.00", "output_per_million": "20.00"})
    await stoa.administer("POST", "/api/resources/apply", {"resources": [PROVIDER, model("a"), dear, model("c"), route(1, 0)]})
    key = (await stoa.administer("POST", "/api/keys", {"name": "app"}))["id"]
    usual = {
        "key_id": key,
        "model": "a",
        "provider": "lab",
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "cost_nano_usd": 120_000,
    }
    facts = [fact(decision=record(draw=n / 4, weight=1, total=1), **usual) for n in range(4)]
    await ship(stoa, *facts, fact(**usual | {"requested": "c", "model": "c"}))


async def replayed(stoa: "Running", **wanted: Any) -> Any:
    return await stoa.administer("POST", "/api/replay", wanted)


async def test_weights_prices_and_removals_are_told_before_and_after(stoa: "Running") -> None:
    await begun(stoa)
    weights = await replayed(stoa, resources=[route(1, 1)], route="fast")
    assert weights["moved"] == 2
    assert {row["name"]: row["after"]["requests"] for row in weights["models"]} == {"a": 2, "b": 2}
    assert weights["total"]["after"]["cost_nano_usd"] == 2 * 120_000 + 2 * 1_200_000
    assert len(weights["examples"]) == 2

    price = await replayed(stoa, resources=[model("a", price={"input_per_million": "2.00", "output_per_million": "4.00"})])
    assert price["total"]["before"]["cost_nano_usd"] == 5 * 120_000
    assert price["total"]["after"]["cost_nano_usd"] == 4 * 240_000 + 120_000
    assert (price["moved"], price["refusals"]) == (0, {})

    removed = await replayed(stoa, remove=["Model/c"])
    assert removed["refusals"] == {"model_not_found": 1}
    assert [row["name"] for row in removed["routes"] if row["after"]["refused"]] == ["c"]

    rights = await replayed(stoa, resources=[model("c", teams=[])])
    assert rights["refusals"] == {"forbidden": 1}
    kept = (await stoa.administer("GET", "/api/resources/Route/fast"))["targets"]
    assert [each.get("weight", 1) for each in kept] == [1, 0], "nothing was saved"


async def test_what_would_not_hold_is_refused_in_words(stoa: "Running") -> None:
    await begun(stoa)
    async with stoa.client(stoa.local_key) as administrator:
        for wanted, said in (
            ({}, "resources"),
            ({"remove": ["Model/a"]}, "'a'"),
            ({"remove": ["Model/nothing"]}, "nothing"),
            ({"remove": ["nonsense"]}, "Kind/name"),
            ({"resources": [model("a", odd=1)]}, "odd"),
            ({"resources": [route(1, 1)], "since": "2031-01-02", "until": "2031-01-01"}, "before"),
        ):
            answer = await administrator.post("/api/replay", json=wanted)
            assert answer.status_code in (400, 404), wanted
            assert said in answer.json()["error"]["message"], wanted


async def test_only_those_who_run_it_may(stoa: "Running") -> None:
    member, operator = await stoa.add_user("ann", "member"), await stoa.add_user("otto", "operator")
    body = {"resources": [PROVIDER]}
    assert [(await who.post("/api/replay", json=body)).status_code for who in (member, operator)] == [403, 200]


GUARDRAIL = {"kind": "Guardrail", "name": "no-names", "default": True, "guards": [{"type": "personal", "action": "refuse"}]}


async def test_guardrails_are_run_on_content_that_whoever_replays_may_read(
    stoa: "Running", caplog: pytest.LogCaptureFixture
) -> None:
    await begun(stoa)
    key = (await stoa.administer("POST", "/api/keys", {"name": "other"}))["id"]
    facts = [fact(key_id=key, requested="c", model="c") for _ in range(3)]
    await ship(stoa, *facts)
    told = {"model": "c", "messages": [{"role": "user", "content": "I am ada@example.org"}]}
    await keep(stoa, facts[0], request=json.dumps(told).encode())
    await keep(stoa, facts[1])
    operator = await stoa.add_user("otto", "operator")
    both = await stoa.add_user("olga", "operator", "auditor")
    body = {"resources": [GUARDRAIL], "route": "c"}
    blind = (await operator.post("/api/replay", json=body)).json()
    assert (blind["guards"]["not_readable"], blind["guards"]["judged"], blind["refusals"]) == (4, 0, {})
    with caplog.at_level(logging.INFO, "stoa.ledger"):
        seen = (await both.post("/api/replay", json=body)).json()
    assert seen["refusals"] == {"guardrail_refused": 1}
    counts = {name: count for name, count in seen["guards"].items() if count}
    assert counts == {"judged": 2, "refused": 1, "not_kept": 2}
    assert [each["id"] for each in seen["examples"]] == [facts[0].id]
    read = {each.__dict__["fields"]["request"] for each in caplog.records if each.getMessage() == "content read"}
    assert read == {facts[0].id, facts[1].id}
    assert (await both.post("/api/replay", json={"resources": [route(1, 1)]})).json()["guards"] is None
