"""Requests found again over HTTP: who sees which, and who reads what was asked and answered."""

import json
import logging
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from stoa.domain.contents import Content
from stoa.domain.decisions import FORM, MARKS, Decision, PassedOver, Try, Way, pack_times
from stoa.domain.usage import UsageFact
from stoa.kit.ids import new_id
from stoa.wiring import now_ms

if TYPE_CHECKING:
    from tests.api.conftest import Running


def fact(**changed: Any) -> UsageFact:
    usual = UsageFact(
        id=new_id(), at_ms=now_ms() - 1000, request_id="req", operation="chat", team="company", key_id=None, user_id=None,
        requested="fast", assistant=None, model="claude", provider="anthropic", status=200, cache="miss", streamed=False,
        prompt_tokens=10, completion_tokens=5, tokens_from="provider", cost_nano_usd=100, latency_ms=1.5, first_token_ms=None,
        attempts=1, error=None, snapshot_version=1, price_version="1", corpus_version=None, form="chat",
    )  # fmt: skip
    return msgspec.structs.replace(usual, **changed)


def record(**changed: Any) -> bytes:
    seconds = {"received": 0.001, "read": 0.002, "admitted": 0.003, "asked": 0.004, "answered": 0.8, "settled": 0.801}
    times = pack_times(*(seconds.get(mark, -1.0) for mark in MARKS))
    return msgspec.msgpack.encode(Decision(FORM, times, "weighted", **changed))


async def ship(stoa: "Running", *facts: UsageFact) -> None:
    async with stoa.client(stoa.parts.secrets.internal_token) as gateway:
        answer = await gateway.post("/internal/usage", content=msgspec.msgpack.encode(facts))
        assert answer.status_code == 200, answer.text


async def keep(stoa: "Running", about: UsageFact, **changed: Any) -> None:
    request = {"model": "fast", "messages": [{"role": "user", "content": "What is it?"}]}
    answer = {"choices": [{"message": {"role": "assistant", "content": "It is this."}}]}
    subject = f"user:{about.user_id}" if about.user_id else f"key:{about.key_id}"
    fields = {"request": json.dumps(request).encode(), "answer": json.dumps(answer).encode()} | changed
    content = Content(about.id, about.at_ms, about.team, subject, 7, **fields)
    async with stoa.client(stoa.parts.secrets.internal_token) as gateway:
        sent = await gateway.post("/internal/contents", content=msgspec.msgpack.encode([stoa.parts.seals.wrap(content)]))
        assert sent.status_code == 204, sent.text


async def user_id(browser: Any) -> str:
    return (await browser.get("/api/session")).json()["user"]["id"]


async def test_a_request_tells_why_it_went_the_way_it_went(stoa: "Running") -> None:
    way = Way(
        kind="fallback",
        tried=(Try("first", "gpt", "openai", 0.0035, None, 0.0038, 503, "upstream_error", "server_error"),),
        passed_over=(PassedOver("slow", "left alone"),),
    )
    sent = fact(attempts=2, decision=record(draw=0.21, weight=3, total=4, way=way, cache_key=b"\x01\x02"))
    await ship(stoa, sent, fact(parent_id=sent.id, operation="embedding"))
    found = await stoa.administer("GET", f"/api/traces/{sent.id}")
    decision = found["decision"]
    assert decision["why"] == (
        "First gpt: Drawn by weight: 3 of 4, with 0.210. claude answered since it is a fallback of the route."
    )
    assert [each["stage"] for each in decision["stages"]] == ["receive", "read", "admit", "route", "upstream", "answer"]
    assert decision["stages"][0] == {"stage": "receive", "start_us": 0, "end_us": 1000}
    assert [(each["kind"], each["model"], each["answered"]) for each in decision["tries"]] == [
        ("first", "gpt", False),
        ("fallback", "claude", True),
    ]
    assert (decision["passed_over"], decision["cache_key"]) == ([{"model": "slow", "why": "left alone"}], "0102")
    assert [each["operation"] for each in found["caused"]] == ["embedding"]
    assert found["request"]["model"] == "claude"


async def test_without_a_readable_record_the_request_is_shown_alone(stoa: "Running") -> None:
    sent, newer = fact(), fact(decision=b"\xc1not ours")
    await ship(stoa, sent, newer)
    for each in (sent, newer):
        assert (await stoa.administer("GET", f"/api/traces/{each.id}"))["decision"] is None


async def test_a_list_goes_page_by_page_and_is_filtered(stoa: "Running") -> None:
    facts = [fact(status=503, error="timeout") if n == 2 else fact(latency_ms=float(n)) for n in range(5)]
    await ship(stoa, *facts)
    seen, cursor = list[str](), ""
    while True:
        page = await stoa.administer("GET", f"/api/traces?limit=2{cursor}")
        seen += [each["id"] for each in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == sorted(each.id for each in facts)
    (failed,) = (await stoa.administer("GET", "/api/traces?status=error"))["data"]
    assert failed["id"] == facts[2].id
    assert len((await stoa.administer("GET", "/api/traces?min_ms=3"))["data"]) == 2
    async with stoa.client(stoa.local_key) as administrator:
        assert (await administrator.get("/api/traces?cursor=x!")).status_code == 400
        assert (await administrator.get("/api/traces?status=odd")).status_code == 400
        assert (await administrator.get("/api/traces/nothing")).status_code == 404


async def test_a_member_sees_their_own_requests_alone(stoa: "Running") -> None:
    ann, bob = await stoa.add_user("ann", "member"), await stoa.add_user("bob", "member")
    sent = fact(user_id=await user_id(ann))
    await ship(stoa, sent, fact())
    assert [each["id"] for each in (await ann.get("/api/traces")).json()["data"]] == [sent.id]
    assert (await bob.get("/api/traces")).json()["data"] == []
    assert [(await who.get(f"/api/traces/{sent.id}")).status_code for who in (ann, bob)] == [200, 404]


async def test_content_is_read_by_whose_it_is_and_by_auditors_and_leaves_a_line(
    stoa: "Running", caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob = await stoa.add_user("ann", "member"), await stoa.add_user("bob", "member", "developer")
    operator, auditor = await stoa.add_user("otto", "operator", "administrator"), await stoa.add_user("aud", "auditor")
    sent = fact(user_id=await user_id(ann))
    await ship(stoa, sent)
    await keep(stoa, sent)
    url = f"/api/traces/{sent.id}/content"
    assert [(await who.get(url)).status_code for who in (ann, bob, operator)] == [200, 403, 403]
    with caplog.at_level(logging.INFO, "stoa.ledger"):
        found = (await auditor.get(url)).json()
    assert (found["state"], found["form"], found["request"]["model"]) == ("stored", "chat", "fast")
    assert [each["content"] for each in found["messages"]] == ["What is it?", "It is this."]
    (line,) = [each for each in caplog.records if each.getMessage() == "content read"]
    assert line.__dict__["fields"]["request"] == sent.id
    assert line.__dict__["fields"]["name"] == "aud"


async def test_what_an_application_asked_is_read_by_developers_of_its_team(stoa: "Running") -> None:
    await stoa.administer("POST", "/api/teams", {"name": "lab"})
    dev = await stoa.add_user("dev", "developer", "member")
    other = await stoa.add_user("other", "developer", "member", team="lab")
    made = await stoa.administer("POST", "/api/keys", {"name": "app"})
    sent = fact(key_id=made["id"])
    await ship(stoa, sent)
    await keep(stoa, sent)
    url = f"/api/traces/{sent.id}/content"
    assert [(await who.get(url)).status_code for who in (dev, other)] == [200, 403]


async def test_where_nothing_is_kept_that_is_what_is_told(stoa: "Running") -> None:
    ann = await stoa.add_user("ann", "member")
    sent, cut = fact(user_id=await user_id(ann)), fact(user_id=await user_id(ann))
    await ship(stoa, sent, cut)
    await keep(stoa, cut, request=b'{"model": "fast", "mess', cut=True, masked=True)
    assert (await ann.get(f"/api/traces/{sent.id}/content")).json()["state"] == "none"
    found = (await ann.get(f"/api/traces/{cut.id}/content")).json()
    assert (found["cut"], found["masked"], found["messages"]) == (True, True, None)
    assert found["request"] == '{"model": "fast", "mess'
    assert (await ann.get("/api/traces/nothing/content")).status_code == 404


async def test_what_is_erased_nobody_reads_any_more(stoa: "Running") -> None:
    ann = await stoa.add_user("ann", "member")
    sent = fact(user_id=await user_id(ann))
    await ship(stoa, sent)
    await keep(stoa, sent)
    assert await stoa.administer("DELETE", "/api/contents?user=ann") == {"keys": 1, "examples": 0}
    assert (await ann.get(f"/api/traces/{sent.id}/content")).json()["state"] == "erased"
    assert await stoa.administer("DELETE", "/api/contents?user=ann") == {"keys": 0, "examples": 0}
    assert (await ann.delete("/api/contents?user=ann")).status_code == 403
    async with stoa.client(stoa.local_key) as administrator:
        assert (await administrator.delete("/api/contents")).status_code == 400


async def test_a_team_says_how_long_its_content_is_kept(stoa: "Running") -> None:
    ann = await stoa.add_user("ann", "member")
    sent = fact(user_id=await user_id(ann))
    await ship(stoa, sent)
    await keep(stoa, sent)
    changed = await stoa.administer("PATCH", "/api/teams/company", {"content_days": 3})
    assert (changed["content_days"], changed["monthly_budget_nano_usd"]) == (3, None)
    snapshot = await stoa.parts.feed.refresh()
    assert snapshot.teams["company"].content_days == 3
    assert (await ann.get(f"/api/traces/{sent.id}/content")).json()["state"] == "stored"
    await stoa.administer("PATCH", "/api/teams/company", {"content_days": None})
    assert (await ann.get(f"/api/traces/{sent.id}/content")).json()["state"] == "none"
    async with stoa.client(stoa.local_key) as administrator:
        refused = await administrator.patch("/api/teams/company", json={"content_days": 0})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "content_days")


async def test_content_is_looked_for_among_what_one_may_read_first(stoa: "Running") -> None:
    """Complaint: whoever chose the same request id later made another's content unreadable."""
    ann, dev = await stoa.add_user("ann", "member"), await stoa.add_user("dev", "member", "developer", team="company")
    own = fact(user_id=await user_id(ann), request_id="order-1", at_ms=now_ms() - 5000)
    of_team = fact(key_id="key_shop", request_id="order-1", at_ms=now_ms() - 4000)
    others = [
        fact(team="lab", key_id="key_lab", request_id=each, at_ms=now_ms() - 1000) for each in ("order-1", own.id, "secret")
    ]
    await ship(stoa, own, of_team, *others)
    for each in (own, of_team, *others):
        await keep(stoa, each, answer=json.dumps({"id": each.id}).encode())
    found = [(await who.get("/api/traces/order-1/content")).json()["answer"] for who in (ann, dev)]
    assert found == [{"id": own.id}, {"id": of_team.id}]
    assert (await ann.get(f"/api/traces/{own.id}/content")).json()["answer"] == {"id": own.id}
    missing = await ann.get("/api/traces/secret/content")
    assert (missing.status_code, missing.json()["error"]["message"]) == (
        404,
        "There is no request 'secret' whose content you may read.",
    )
    assert (await ann.get(f"/api/traces/{others[0].id}/content")).status_code == 403
