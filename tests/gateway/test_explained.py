"""The dry run, of routes that are applied and of those that a role brings."""

import time
from typing import Any

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.domain.behalf import Behalf, mint

BEHALF_KEY = b"b" * 32


def of_a_role() -> str:
    return mint(Behalf(user="u1"), key=BEHALF_KEY, now_s=time.time())


def route(*models: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "Route", "name": "draft", "targets": [{"model": model} for model in models], **fields}


def asking(**fields: Any) -> dict[str, Any]:
    return {"model": "spread", "messages": [{"role": "user", "content": "Hello"}], **fields}


async def test_an_applied_route_is_explained_without_asking_a_provider(house) -> None:
    here = house()
    told = (await here.ask("/v1/explain", asking())).json
    assert (told["route"], told["strategy"], told["cache"]) == ("spread", "weighted", "miss")
    assert [(step["model"], step["verdict"]) for step in told["steps"]] == [("mock", "first"), ("other", "then")]
    assert here.upstreams.sent == []


async def test_a_role_brings_a_route_that_nobody_has_applied(house) -> None:
    here = house()
    draft = route("secret", "mock", strategy="ordered", fallback=[{"model": "other", "on": ["context_window"]}])
    told = (await here.ask("/v1/explain", asking(route=draft), key=of_a_role())).json
    assert told["steps"][0]["model"] == "secret"
    assert {step["model"]: step["verdict"] for step in told["steps"]} == {"secret": "first", "mock": "then", "other": "on"}
    assert (await here.chat("draft")).status == 404


async def test_nobody_else_brings_a_route(house) -> None:
    reply = await house().ask("/v1/explain", asking(route=route("secret")))
    assert (reply.status, reply.error["param"]) == (400, "route")
    assert "Stoa's own roles" in reply.error["message"]


async def test_a_model_that_the_gateway_does_not_know_yet_is_passed_over(house) -> None:
    told = (await house().ask("/v1/explain", asking(route=route("new", "mock")), key=of_a_role())).json
    assert [(step["model"], step["verdict"]) for step in told["steps"]] == [("mock", "first"), ("new", "passed over")]
    alone = (await house().ask("/v1/explain", asking(route=route("new")), key=of_a_role())).json
    assert [step["verdict"] for step in alone["steps"]] == ["passed over"]


async def test_a_route_that_cannot_be_read_is_refused_by_name(house) -> None:
    reply = await house().ask("/v1/explain", asking(route={"kind": "Route", "name": "x", "targets": 3}), key=of_a_role())
    assert (reply.status, reply.error["param"]) == (400, "route")


async def test_what_a_provider_said_is_for_stoas_own_roles_alone(house) -> None:
    here = house(Scripted(500, [b'{"error":{"message":"the prompt was: my secret"}}'], JSON))
    for _ in range(20):
        await here.chat("mock", temperature=1)
    plain = (await here.ask("/v1/explain", asking())).body
    assert b"left alone after server_error" in plain
    assert b"my secret" not in plain
    assert b"my secret" in (await here.ask("/v1/explain", asking(), key=of_a_role())).body
