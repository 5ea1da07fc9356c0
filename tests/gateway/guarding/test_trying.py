"""A guardrail is tried with the very guards that judge requests, by Stoa's own roles alone."""

import time
from typing import Any

from tests.gateway.conftest import BEHALF_KEY
from tests.gateway.forms import behaving
from tests.gateway.guarding.conftest import ADDRESS, MASKED

from stoa.adapters.guards.memory import MemoryGuards
from stoa.domain.behalf import Behalf, mint
from stoa.domain.guardrails import HttpGuard, SizeGuard
from stoa.domain.guards import Question, Reply
from stoa.errors import ProviderError

PATH = "/v1/guardrails/try"


async def tried(here: Any, text: str, **fields: Any) -> Any:
    token = mint(Behalf(team="company"), key=BEHALF_KEY, now_s=time.time())
    return await here.ask(PATH, {"guardrail": "everywhere", "text": text} | fields, key=token)


async def test_what_would_be_masked_is_shown(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal(), guards.words("dragon", action="warn"))
    reply = await tried(here, f"a dragon at {ADDRESS}")
    assert (reply.status, reply.json["refused"], reply.json["text"]) == (200, None, f"a dragon at {MASKED}")
    found = [(each["guard"], each["kind"], each["start"], each["end"], each["action"]) for each in reply.json["findings"]]
    assert found == [("words", "DENIED", 2, 8, "warn"), ("personal", "EMAIL_ADDRESS", 12, 27, "mask")]
    assert [(each["guard"], each["action"]) for each in reply.json["verdicts"]] == [("personal", "mask"), ("words", "warn")]
    assert here.facts == []


async def test_what_would_be_refused_is_told_with_its_findings(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.words("dragon"), SizeGuard(characters=50))
    reply = await tried(here, "a dragon", stage="output")
    assert "DENIED" in reply.json["refused"]
    assert (reply.json["text"], len(reply.json["findings"])) == (None, 1)
    reply = await tried(here, "x" * 51)
    assert "51 characters where 50 are allowed" in reply.json["refused"]


async def test_a_service_that_is_away_is_told(guarded) -> None:
    def failing(question: Question) -> Reply:
        raise ProviderError("The guard is away.")

    here = guarded(behaving("plain"), HttpGuard(url="http://g/"), own=MemoryGuards(failing))
    reply = await tried(here, "hello")
    assert "could not judge" in reply.json["refused"]
    assert reply.json["verdicts"][0]["action"] == "error"


async def test_keys_do_not_try_guardrails(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal())
    reply = await here.ask(PATH, {"guardrail": "everywhere", "text": "x"})
    assert reply.status == 404


async def test_a_guardrail_that_is_not_there_is_named(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal())
    reply = await tried(here, "x", guardrail="everywher")
    assert (reply.status, "Did you mean 'everywhere'?" in reply.error["message"]) == (404, True)
    reply = await tried(here, "x", stag="input")
    assert (reply.status, "stag" in reply.error["message"]) == (400, True)


async def test_one_that_is_not_applied_is_tried_as_it_is_sent(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal())
    draft = {"kind": "Guardrail", "name": "draft", "default": True, "guards": [{"type": "words", "deny": ["dragon"]}]}
    reply = await tried(here, f"a dragon at {ADDRESS}", guardrail=draft)
    assert "its guard 'words' found DENIED" in reply.json["refused"]
    assert [each["kind"] for each in reply.json["findings"]] == ["DENIED"]
    assert "Guardrail 'everywhere'" not in (await tried(here, "a dragon")).json["text"]
