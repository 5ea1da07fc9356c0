"""Operations besides chat: what is embedded, ranked, painted, spoken and heard is judged too."""

import json
from typing import Any

import pytest
from tests.gateway.guarding.conftest import ADDRESS, MASKED
from tests.gateway.operating import FORM, form, told, typed

from stoa.domain.guardrails import PersonalGuard
from stoa.domain.resources import Guardrail, Model
from stoa.domain.snapshot import Access

NAMES = ("judge", "draw", "say", "hear", "vectors", "rank")


@pytest.fixture
def here(offers: Any) -> Any:
    def build(script: Any = None, **fields: Any) -> Any:
        from tests.gateway.operating import OFFER

        more = {
            "vectors": Model(name="vectors", provider="one", operation="embedding"),
            "rank": Model(name="rank", provider="two", operation="rerank"),
        }
        guard = PersonalGuard(kinds=("EMAIL_ADDRESS",), **fields)
        return offers(
            script,
            models={**OFFER["models"], **more},
            access=(Access(True, frozenset(NAMES), frozenset(NAMES), frozenset(NAMES)),),
            guardrails={"all": Guardrail(name="all", guards=(guard,), default=True)},
        )

    return build


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", {"model": "vectors", "input": [f"I am {ADDRESS}", "plain"]}),
        ("/v1/embeddings", {"model": "vectors", "input": f"I am {ADDRESS}"}),
        ("/v1/rerank", {"model": "rank", "query": f"who is {ADDRESS}?", "documents": [f"{ADDRESS} is", {"text": ADDRESS}]}),
        ("/v1/moderations", {"model": "judge", "input": [f"I am {ADDRESS}"]}),
        ("/v1/images/generations", {"model": "draw", "prompt": f"the face of {ADDRESS}"}),
        ("/v1/audio/speech", {"model": "say", "input": f"I am {ADDRESS}", "voice": "alloy"}),
    ],
)
async def test_what_is_asked_is_masked(here, path: str, body: dict[str, Any]) -> None:
    house = here(on=("input",))
    await house.ask(path, body, content_type="application/json")
    (sent,) = house.upstreams.sent
    assert ADDRESS.encode() not in sent.body
    assert MASKED.encode() in sent.body
    assert json.loads(sent.body).keys() == body.keys()


async def test_fields_of_a_form_are_masked(here) -> None:
    house = here(lambda sent: told({"text": "hello"}), on=("input",))
    reply = await house.ask("/v1/audio/transcriptions", form(model="hear", prompt=f"a talk by {ADDRESS}"), content_type=FORM)
    (sent,) = house.upstreams.sent
    assert reply.status == 200
    assert ADDRESS.encode() not in sent.body
    assert f"a talk by {MASKED}".encode() in sent.body


@pytest.mark.parametrize("plain", [False, True])
async def test_what_was_heard_is_masked(here, plain: bool) -> None:
    heard = f"write to {ADDRESS}"
    answer = typed("text/plain", heard.encode()) if plain else told({"text": heard, "segments": [{"id": 0, "text": heard}]})
    house = here(lambda sent: answer)
    reply = await house.ask("/v1/audio/transcriptions", form(model="hear"), content_type=FORM)
    assert reply.status == 200
    assert ADDRESS.encode() not in reply.body
    assert MASKED.encode() in reply.body


async def test_what_is_heard_is_not_streamed_past_a_guard(here) -> None:
    house = here(lambda sent: told({}))
    reply = await house.ask("/v1/audio/transcriptions", form(model="hear", stream="true"), content_type=FORM)
    assert (reply.status, reply.error["param"]) == (400, "stream")
    assert house.upstreams.sent == []


async def test_sound_passes_as_it_is(here) -> None:
    house = here(lambda sent: typed("audio/mpeg", b"\x00\x01ada@example.com"))
    reply = await house.ask("/v1/audio/speech", {"model": "say", "input": "hello", "voice": "alloy"})
    assert reply.body == b"\x00\x01ada@example.com"
