"""Limits and budgets as they are applied, shipped to and told."""

import time
from typing import TYPE_CHECKING, Any

import msgspec

from stoa.domain.usage import Told, UsageFact

if TYPE_CHECKING:
    from tests.api.conftest import Running

BUDGET = {"kind": "Budget", "name": "small", "scope": "project", "per": "day", "time_zone": "Europe/Berlin",
          "limit_usd": "0.000002", "warn_usd": "0.000001"}  # fmt: skip


def fact(fact_id: str, cost: int | None, **fields: Any) -> UsageFact:
    usual = UsageFact(
        id=fact_id, at_ms=time.time_ns() // 1_000_000, request_id="r", operation="chat", team="company", key_id=None,
        user_id=None, requested="m", assistant=None, model="m", provider="p", status=200, cache="miss", streamed=False,
        prompt_tokens=1, completion_tokens=1, tokens_from="provider", cost_nano_usd=cost, latency_ms=1, first_token_ms=None,
        attempts=1, error=None, snapshot_version=1, price_version="1", corpus_version=None,
    )  # fmt: skip
    return msgspec.structs.replace(usual, **fields)


async def ship(stoa: "Running", *facts: UsageFact) -> list[Told]:
    async with stoa.client(stoa.parts.secrets.internal_token) as gateway:
        answer = await gateway.post("/internal/usage", content=msgspec.msgpack.encode(facts))
    return msgspec.msgpack.decode(answer.content, type=dict[str, list[Told]])["spent"]


async def budgets(stoa: "Running") -> list[dict[str, Any]]:
    return (await stoa.administer("GET", "/api/budgets"))["data"]


async def test_a_budget_tells_what_is_spent_how_much_is_unknown_and_when_it_begins_anew(stoa: "Running") -> None:
    assert await budgets(stoa) == []
    await stoa.administer("POST", "/api/resources/apply", {"resources": [BUDGET]})
    (nobody,) = await budgets(stoa)
    assert (nobody["subject"], nobody["used_nano_usd"], nobody["state"]) == (None, 0, "ok")
    await ship(stoa, fact("a", 1500, project="apollo"), fact("b", None, project="apollo"), fact("c", 2000, project="gemini"))
    spent, warned = await budgets(stoa)
    assert (spent["subject"], spent["state"]) == ("gemini", "spent")
    assert (warned["subject"], warned["used_nano_usd"], warned["unknown_cost_requests"], warned["state"]) == (
        "apollo", 1500, 1, "warned"
    )  # fmt: skip
    assert (warned["name"], warned["per"], warned["time_zone"], warned["reserved_nano_usd"]) == (
        "small", "day", "Europe/Berlin", None
    )  # fmt: skip
    assert warned["starts_at"] <= warned["as_of"] < warned["resets_at"]


async def test_budgets_of_teams_and_keys_are_among_them(stoa: "Running") -> None:
    await stoa.administer("PATCH", "/api/teams/company", {"monthly_budget_usd": "1"})
    made = await stoa.administer("POST", "/api/keys", {"name": "app", "budget_usd": "5", "per": "week", "project": "apollo"})
    assert (made["budget_nano_usd"], made["budget_period"], made["project"]) == (5 * 10**9, "week UTC", "apollo")
    told = await ship(stoa, fact("a", 250_000_000, key_id=made["id"]))
    assert {(each.scope, each.subject, each.period): each.nano_usd for each in told} == {
        ("team", "company", "month UTC"): 250_000_000, ("key", made["id"], "week UTC"): 250_000_000,
    }  # fmt: skip
    found = [(each["name"], each["scope"], each["subject"], each["used_nano_usd"]) for each in await budgets(stoa)]
    assert found == [(None, "team", "company", 250_000_000), (None, "key", "app", 250_000_000)]
    caller = next(each for each in (await stoa.parts.feed.refresh()).keys.values() if each.name == "app")
    assert (caller.budget, caller.budget_period, caller.project) == (5 * 10**9, "week UTC", "apollo")


async def test_limits_and_budgets_come_into_the_snapshot_and_what_they_name_stays(stoa: "Running") -> None:
    limit = {"kind": "Limit", "name": "calm", "scope": "team", "subject": "company", "requests": 3, "per": "hour"}
    await stoa.administer("POST", "/api/resources/apply", {"resources": [limit, BUDGET]})
    snapshot = await stoa.parts.feed.refresh()
    assert (snapshot.limits["calm"].requests, snapshot.budgets["small"].time_zone) == (3, "Europe/Berlin")
    key = {"kind": "Limit", "name": "one", "scope": "key", "subject": "app", "parallel": 1}
    await stoa.administer("POST", "/api/keys", {"name": "app"})
    await stoa.administer("POST", "/api/resources/apply", {"resources": [key]})
    await stoa.administer("DELETE", "/api/keys/app")
    await stoa.administer("POST", "/api/resources/apply", {"resources": [limit, key]})  # a key that is gone holds nothing up


async def test_usage_is_told_by_project_and_by_user(stoa: "Running") -> None:
    users = await stoa.administer("GET", "/api/users")
    admin = users["data"][0]["id"]
    await ship(stoa, fact("a", 5, project="apollo"), fact("b", 7, user_id=admin), fact("c", 1))
    by_project = (await stoa.administer("GET", "/api/usage?group_by=project"))["data"]
    assert [(each["bucket"], each["cost_nano_usd"]) for each in by_project] == [(None, 8), ("apollo", 5)]
    by_user = (await stoa.administer("GET", "/api/usage?group_by=user"))["data"]
    assert [(each["bucket"], each["cost_nano_usd"]) for each in by_user] == [("admin", 7), (None, 6)]
