"""Trying an assistant: who may, what is refused by field, and what goes to the gateway."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.api.conftest import Running

from stoa.adapters.gateway_client.scripted import ScriptedApi
from stoa.api.control import create_app
from stoa.domain.playground import ApiHead
from stoa.settings import Settings
from stoa.wiring import Control, control

ASSISTANT: dict[str, Any] = {"kind": "Assistant", "name": "desk", "prompt": "Be kind.", "teams": ["company"]}
QUESTION = [{"role": "user", "content": "What of trains?"}]


@pytest.fixture
def api() -> ScriptedApi:
    """What every request is answered with."""
    return ScriptedApi([ApiHead(200, {"content-type": "text/event-stream"}), b"data: hello\n\n"])


@pytest.fixture
async def stoa(control_settings: Settings, api: ScriptedApi) -> AsyncIterator[Running]:
    @asynccontextmanager
    async def scripted(settings: Settings) -> AsyncIterator[Control]:
        async with control(settings) as parts:
            yield replace(parts, model_api=api)

    app = create_app(control_settings, scripted)
    async with app.router.lifespan_context(app):
        yield Running(app)


async def test_a_draft_and_its_question_go_to_the_gateway_and_the_answer_comes_as_events(
    stoa: Running, api: ScriptedApi
) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    answer = await ann.post("/api/assistants/try", json={"assistant": ASSISTANT, "messages": QUESTION})
    assert [line.removeprefix("event: ") for line in answer.text.splitlines() if line.startswith("event: ")] == [
        "sent",
        "head",
        "body",
        "finished",
        "accounted",
    ]
    ((request, user_id),) = api.asked
    assert (request.path, user_id) == ("/v1/assistants/try", (await ann.get("/api/session")).json()["user"]["id"])
    assert json.loads(request.body) == {"assistant": ASSISTANT, "request": {"messages": QUESTION, "stream": True}}
    assert (await ann.get("/api/resources", params={"kind": "Assistant"})).json()["data"] == []


async def test_whoever_may_not_apply_it_may_not_try_it(stoa: Running, api: ScriptedApi) -> None:
    bob = await stoa.add_user("bob", "member")
    dev = await stoa.add_user("dev", "member", "developer")
    for person, draft in ((bob, ASSISTANT), (dev, ASSISTANT | {"teams": None}), (dev, {"kind": "Assistant", "name": "all"})):
        refused = await person.post("/api/assistants/try", json={"assistant": draft, "messages": QUESTION})
        assert refused.status_code == 403, refused.text
    assert api.asked == []


async def test_a_mistake_is_named_with_its_field(stoa: Running, api: ScriptedApi) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    for change, param in (
        ({"passages": 99}, "assistant.passages"),
        ({"pasages": 9}, "assistant.pasages"),
        ({"kind": "Route", "targets": [{"model": "x"}]}, "assistant"),
        ({"route": "nowhere"}, None),
        ({"collections": ["nowhere"]}, None),
    ):
        refused = await ann.post("/api/assistants/try", json={"assistant": ASSISTANT | change, "messages": QUESTION})
        assert refused.status_code in (400, 403), refused.text
        told = refused.json()["error"]["param"]
        assert told is not None
        assert param is None or told.startswith(param)
    assert api.asked == []


async def test_an_earlier_version_goes_to_the_gateway_as_it_was(stoa: Running, api: ScriptedApi) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    for prompt in ("Be kind.", "Be brief."):
        await ann.post("/api/resources/apply", json={"resources": [ASSISTANT | {"prompt": prompt}]})
    answer = await ann.post("/api/assistants/try", json={"earlier": {"name": "desk", "version": 1}, "messages": QUESTION})
    assert answer.status_code == 200
    ((request, _),) = api.asked
    assert json.loads(request.body)["assistant"] == ASSISTANT
    assert (await ann.get("/api/resources/Assistant/desk")).json()["prompt"] == "Be brief."


async def test_a_trial_names_one_assistant(stoa: Running, api: ScriptedApi) -> None:
    ann = await stoa.add_user("ann", "member", "developer")
    earlier = {"earlier": {"name": "desk", "version": 7}}
    for named, status in (({"assistant": ASSISTANT} | earlier, 400), ({}, 400), (earlier, 404)):
        refused = await ann.post("/api/assistants/try", json={**named, "messages": QUESTION})
        assert refused.status_code == status, refused.text
    assert api.asked == []
