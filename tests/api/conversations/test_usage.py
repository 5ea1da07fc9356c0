"""Usage over HTTP: the batches that come in, and who sees what of them."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from fastapi import FastAPI

from stoa.domain.usage import UsageFact

SignIn = Callable[..., Awaitable[httpx.AsyncClient]]

NOON = int(datetime(2026, 3, 5, 12, tzinfo=UTC).timestamp() * 1000)


def fact(fact_id: str, **changed: object) -> UsageFact:
    usual = UsageFact(
        id=fact_id, at_ms=NOON, request_id="req", operation="chat", team="company", key_id=None, user_id=None, requested="gpt",
        assistant=None, model="gpt", provider="openai", status=200, cache="miss", streamed=False, prompt_tokens=10,
        completion_tokens=5, tokens_from="provider", cost_nano_usd=100, latency_ms=1.5, first_token_ms=None, attempts=1,
        error=None, snapshot_version=1, price_version="1", corpus_version=None,
    )  # fmt: skip
    return msgspec.structs.replace(usual, **changed)


async def ship(app: FastAPI, *facts: UsageFact) -> dict[str, Any]:
    transport = httpx.ASGITransport(app)
    headers = {"authorization": f"Bearer {app.state.parts.secrets.internal_token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://stoa.test", headers=headers) as gateway:
        answer = await gateway.post("/internal/usage", content=msgspec.msgpack.encode(facts))
    assert answer.status_code == 200, answer.text
    return msgspec.msgpack.decode(answer.content)


async def test_shipped_facts_show_in_the_report_once(app: FastAPI, administrator: httpx.AsyncClient) -> None:
    now = datetime.now(UTC)
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    today, begins = (int(each.timestamp() * 1000) for each in (now, month))
    spent = {"spent": [["team", "company", "month UTC", begins, 100, 0]]}
    assert await ship(app, fact("a", at_ms=today), fact("b", at_ms=today, cost_nano_usd=None)) == spent
    assert await ship(app, fact("a", at_ms=today)) == spent
    report = (await administrator.get("/api/usage?group_by=model")).json()
    assert report["data"] == [report["total"] | {"bucket": "gpt"}]
    assert report["total"] == {
        "bucket": None, "requests": 2, "prompt_tokens": 20, "completion_tokens": 10, "cost_nano_usd": 100,
        "unknown_cost_requests": 1, "cache_hits": 0, "saved_nano_usd": 0, "errors": 0, "refused": 0,
    }  # fmt: skip


async def test_a_member_sees_their_own_and_those_who_run_it_see_all(app: FastAPI, sign_in: SignIn) -> None:
    ann, bob = await sign_in("ann"), await sign_in("bob")
    ann_id = (await ann.get("/api/session")).json()["user"]["id"]
    await ship(app, fact("a", user_id=ann_id), fact("b", key_id="k"), fact("c", key_id="k"))
    url = "/api/usage?from=2026-03-05&to=2026-03-05&group_by=day"
    assert (await ann.get(url)).json()["total"]["requests"] == 1
    assert (await bob.get(url)).json()["data"] == []
    for role in ("auditor", "operator", "administrator"):
        other = await sign_in(role, role)
        assert [(day["bucket"], day["requests"]) for day in (await other.get(url)).json()["data"]] == [("2026-03-05", 3)]


async def test_latency_is_told_by_model_and_bounded_as_usage_is(app: FastAPI, sign_in: SignIn) -> None:
    ann, operator = await sign_in("ann"), await sign_in("operator", "operator")
    ann_id = (await ann.get("/api/session")).json()["user"]["id"]
    chat = {"form": "chat", "latency_ms": 250.0}
    await ship(app, fact("a", user_id=ann_id, **chat), fact("b", status=502, error="upstream_error", **chat))
    window = "from=2026-03-05&to=2026-03-05"
    (own,) = (await ann.get(f"/api/usage/latency?{window}")).json()["data"]
    assert (own["requests"], own["errors"], own["error_rate"]) == (1, 0, 0.0)
    (all_of_it,) = (await operator.get(f"/api/usage/latency?{window}")).json()["data"]
    assert all_of_it == {
        "bucket": "gpt", "requests": 2, "requests_per_minute": 2 / 1440, "errors": 1, "error_rate": 0.5,
        "latency_ms": {"p50": 250.0, "p95": 250.0, "p99": 250.0}, "first_token_ms": None, "output_tokens_per_s": 20.0,
        "completion_tokens": 10,
    }  # fmt: skip
    assert (await operator.get("/api/usage/latency")).json() == {"data": []}
    assert (await operator.get(f"/api/usage/latency?{window}&group_by=day")).status_code == 400


async def test_from_and_to_take_days_and_times(app: FastAPI, administrator: httpx.AsyncClient) -> None:
    await ship(app, fact("a"), fact("b", at_ms=NOON + 86_400_000))
    for query, requests in {
        "from=2026-03-05&to=2026-03-06": 2,
        "from=2026-03-05&to=2026-03-05": 1,
        "from=2026-03-05T12:00:00Z&to=2026-03-06T12:00:00Z": 1,
        "from=2026-03-05T12:00:01&to=2026-03-05T23:00:00": 0,
        "to=2026-03-05": 1,
        "from=2026-03-06&to=2026-03-07T01:00:00%2B01:00": 1,
    }.items():
        assert (await administrator.get(f"/api/usage?{query}")).json()["total"]["requests"] == requests, query
    for query, param in {
        "from=yesterday": "from", "to=2026-02-30": "to", "from=2026-03-06&to=2026-03-05": "from", "group_by=colour": "group_by",
        "to=9999-12-31": "to",
    }.items():  # fmt: skip
        refused = await administrator.get(f"/api/usage?{query}")
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, param), query


async def test_only_stoa_s_own_roles_ship_usage(app: FastAPI, administrator: httpx.AsyncClient, sign_in: SignIn) -> None:
    ann = await sign_in("ann")
    body = msgspec.msgpack.encode([fact("a")])
    assert (await administrator.post("/internal/usage", content=body)).status_code == 403
    assert (await ann.post("/internal/usage", content=body)).status_code == 403
