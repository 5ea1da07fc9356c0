"""The playground's route, and that of a request's cost."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.api.conftest import Running

from stoa.adapters.database.facts import FactRecords
from stoa.adapters.gateway_client.scripted import ScriptedApi
from stoa.api.control import create_app
from stoa.domain.playground import ApiHead
from stoa.domain.usage import UsageFact
from stoa.kit.ids import new_id
from stoa.settings import Settings
from stoa.wiring import Control, control

FACT = new_id()
HEAD = ApiHead(200, {"content-type": "text/event-stream", "x-stoa-cache": "miss", "x-request-id": FACT})
BODY = b'{"model": "fast",  "temperature": 1.0}'


@pytest.fixture
def api() -> ScriptedApi:
    """What every request is answered with."""
    return ScriptedApi([HEAD, b"data: hello\n\n"])


@pytest.fixture
async def stoa(control_settings: Settings, api: ScriptedApi) -> AsyncIterator[Running]:
    @asynccontextmanager
    async def scripted(settings: Settings) -> AsyncIterator[Control]:
        async with control(settings) as parts:
            yield replace(parts, model_api=api)

    app = create_app(control_settings, scripted)
    async with app.router.lifespan_context(app):
        yield Running(app)


async def user_id_of(person: httpx.AsyncClient) -> str:
    return (await person.get("/api/session")).json()["user"]["id"]


async def bill(stoa: Running, *, user_id: str | None = None, key_id: str | None = None) -> None:
    """The fact of the request, as a gateway ships it."""
    fact = UsageFact(
        id=FACT, at_ms=1, request_id=FACT, operation="chat", team="company", key_id=key_id, user_id=user_id,
        requested="fast", assistant=None, model="small", provider="local", status=200, cache="miss", streamed=True,
        prompt_tokens=10, completion_tokens=5, tokens_from="provider", cost_nano_usd=None, latency_ms=1.5,
        first_token_ms=1.0, attempts=1, error=None, snapshot_version=1, price_version="1", corpus_version=None,
    )  # fmt: skip
    await FactRecords(stoa.parts.database).record([fact], now_ms=1)


async def until(met: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not met():  # noqa: ASYNC110 - of what is no event
            await asyncio.sleep(0.01)


def events_of(text: str) -> list[tuple[str, Any]]:
    blocks = [block.partition("\n") for block in text.split("\n\n") if block]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, _, data in blocks]


async def test_a_request_is_told_from_what_was_sent_to_what_it_cost(stoa: Running, api: ScriptedApi) -> None:
    ann = await stoa.add_user("ann", "member")
    user_id = await user_id_of(ann)
    await bill(stoa, user_id=user_id)
    answer = await ann.post("/api/playground/chat", content=BODY, headers={"x-stoa-tags": "eu", "x-other": "no"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    (sent, head, body, finished, accounted) = events_of(answer.text)
    headers = {"content-type": "application/json", "x-stoa-tags": "eu"}
    assert sent == ("sent", {"method": "POST", "path": "/v1/chat/completions", "headers": headers})
    assert head[0] == "head"
    assert (head[1]["status"], head[1]["request_id"], head[1]["headers"]["x-stoa-cache"]) == (200, FACT, "miss")
    assert body == ("body", {"text": "data: hello\n\n"})
    assert finished[0] == "finished"
    assert 0 <= finished[1]["first_token_ms"] <= finished[1]["total_ms"]
    assert finished[1]["error"] is None
    assert (accounted[0], accounted[1]["billed"]) == ("accounted", True)
    request = accounted[1]["request"]
    assert (request["model"], request["provider"], request["prompt_tokens"]) == ("small", "local", 10)
    assert request["cost_nano_usd"] is None
    ((asked, asked_for),) = api.asked
    assert (asked.body, asked_for) == (BODY, user_id)


async def test_closing_the_connection_stops_the_target(stoa: Running, api: ScriptedApi) -> None:
    api.script = [HEAD, b"data: 1\n\n", asyncio.Event()]
    ann = await stoa.add_user("ann", "member")
    asking = asyncio.create_task(ann.post("/api/playground/chat", content=BODY))
    await until(lambda: api.asked)
    asking.cancel()
    await until(lambda: api.given_up)


async def test_only_who_may_call_models_plays(stoa: Running, api: ScriptedApi) -> None:
    ann = await stoa.add_user("ann", "member")
    auditor = await stoa.add_user("eve", "auditor")
    no_header = stoa.client()
    no_header.cookies = ann.cookies
    callers: list[tuple[httpx.AsyncClient, int, str]] = [
        (stoa.client(), 401, "unauthenticated"),
        (auditor, 403, "forbidden"),
        (stoa.client(stoa.local_key), 403, "forbidden"),
        (await stoa.add_key("app", kind="inference"), 403, "forbidden"),
        (no_header, 403, "csrf_token"),
    ]
    for caller, status, code in callers:
        refused = await caller.post("/api/playground/chat", content=BODY)
        assert refused.status_code == status, refused.text
        assert refused.json()["error"]["code"] == code
    assert api.asked == []


async def test_a_form_that_there_is_not_is_refused(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member")
    refused = await ann.post("/api/playground/telegram", content=BODY)
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "form"


@pytest.mark.parametrize("content", [b"", b"[]", b'"text"', b'{"model": }', b'{"\xff": 1}'])
async def test_what_is_no_json_object_is_refused_before_it_goes_on(stoa: Running, api: ScriptedApi, content: bytes) -> None:
    ann = await stoa.add_user("ann", "member")
    refused = await ann.post("/api/playground/chat", content=content)
    assert refused.status_code == 400
    assert refused.json()["error"]["param"] == "body"
    assert api.asked == []


async def test_what_a_request_cost_is_told_to_its_asker_alone(stoa: Running) -> None:
    ann, bob = await stoa.add_user("ann", "member"), await stoa.add_user("bob", "member")
    await bill(stoa, user_id=await user_id_of(ann))
    path = f"/api/usage/requests/{FACT}"
    assert (await ann.get(path)).json()["requested"] == "fast"
    assert (await stoa.client(stoa.local_key).get(path)).json()["at"] == "1970-01-01T00:00:00.001Z"
    refused = await bob.get(path)
    assert refused.status_code == 404
    assert "small" not in refused.text


async def test_a_request_of_one_s_own_key_is_one_s_own(stoa: Running) -> None:
    dan = await stoa.add_user("dan", "developer", "member")
    made = (await dan.post("/api/keys", json={"name": "app", "kind": "inference", "team": "company"})).json()
    await bill(stoa, key_id=made["id"])
    assert (await dan.get(f"/api/usage/requests/{FACT}")).status_code == 200


async def test_a_request_on_its_way_is_waited_for(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member")
    user_id = await user_id_of(ann)
    asking = asyncio.create_task(ann.get(f"/api/usage/requests/{FACT}?wait_s=10"))
    await asyncio.sleep(0.1)
    await bill(stoa, user_id=user_id)
    assert (await asking).status_code == 200
    assert (await ann.get(f"/api/usage/requests/{new_id()}?wait_s=0.1")).status_code == 404


async def test_what_is_no_id_is_not_waited_for(stoa: Running) -> None:
    ann = await stoa.add_user("ann", "member")
    async with asyncio.timeout(9):
        assert (await ann.get("/api/usage/requests/nonsense?wait_s=10")).status_code == 404
    assert (await ann.get(f"/api/usage/requests/{FACT}?wait_s=11")).json()["error"]["param"] == "wait_s"
