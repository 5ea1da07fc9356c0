"""`/api/guardrails/try`, and guardrails as resources."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.api.conftest import Running

from stoa.adapters.gateway_client.scripted import ScriptedTrier
from stoa.api.control import create_app
from stoa.domain.guards import Tried, TriedFinding, Verdict
from stoa.domain.resources import Guardrail
from stoa.errors import ProviderError
from stoa.settings import Settings
from stoa.wiring import control

GUARDRAIL = {
    "kind": "Guardrail",
    "name": "house",
    "default": True,
    "guards": [
        {"type": "words", "deny": ["griffin"], "action": "mask"},
        {"type": "http", "url": "http://127.0.0.1:9/judge", "headers": {"X-Secret": "s3cret"}},
    ],
}
TRIED = Tried(
    refused=None,
    text="a [DENIED]",
    findings=[TriedFinding(guard="words", kind="DENIED", start=2, end=9, score=1.0, action="mask")],
    verdicts=[Verdict(guardrail="house", guard="words", stage="input", action="mask", kinds={"DENIED": 1}, latency_us=12)],
)


@pytest.fixture
def trier() -> ScriptedTrier:
    return ScriptedTrier(TRIED)


@pytest.fixture
async def stoa(control_settings: Settings, trier: ScriptedTrier) -> AsyncIterator[Running]:
    """Control with a gateway that tries guardrails from a script."""

    @asynccontextmanager
    async def scripted(settings: Settings) -> Any:
        async with control(settings) as parts:
            yield replace(parts, trier=trier)

    app = create_app(control_settings, scripted)
    async with app.router.lifespan_context(app):
        running = Running(app)
        await running.administer("POST", "/api/resources/apply", {"resources": [GUARDRAIL]})
        yield running


async def test_a_guardrail_is_tried_for_whoever_may(stoa: Running, trier: ScriptedTrier) -> None:
    operator = await stoa.add_user("op", "operator")
    answer = await operator.post("/api/guardrails/try", json={"name": "house", "text": "a griffin", "stage": "output"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["text"], answer.json()["refused"]) == ("a [DENIED]", None)
    assert answer.json()["findings"][0]["end"] == 9
    assert answer.json()["verdicts"] == [{"guard": "words", "action": "mask", "kinds": {"DENIED": 1}, "latency_us": 12}]
    ((name, text, stage, behalf),) = trier.asked
    assert (name, text, stage, behalf.user is not None) == ("house", "a griffin", "output", True)


@pytest.mark.parametrize(
    ("sent", "status"),
    [({"name": "hose", "text": "x"}, 404), ({"name": "house"}, 400), ({"name": "house", "text": "x", "stage": "later"}, 400)],
)
async def test_what_cannot_be_tried_is_refused(stoa: Running, trier: ScriptedTrier, sent: Any, status: int) -> None:
    operator = await stoa.add_user("op", "operator")
    assert (await operator.post("/api/guardrails/try", json=sent)).status_code == status
    assert trier.asked == []


async def test_a_gateway_that_is_away_is_said_so(stoa: Running, trier: ScriptedTrier) -> None:
    trier.answer = ProviderError("The gateway cannot be reached, so the guardrail cannot be tried.")
    operator = await stoa.add_user("op", "operator")
    answer = await operator.post("/api/guardrails/try", json={"name": "house", "text": "x"})
    assert (answer.status_code, "cannot be reached" in answer.text) == (502, True)


async def test_developers_do_not_try_guardrails_of_the_platform(stoa: Running) -> None:
    developer = await stoa.add_user("dev", "developer")
    assert (await developer.post("/api/guardrails/try", json={"name": "house", "text": "x"})).status_code == 403


async def test_headers_of_a_service_are_shown_masked_and_kept(stoa: Running) -> None:
    shown = await stoa.administer("GET", "/api/resources/Guardrail/house")
    assert shown["guards"][1]["headers"] == {"X-Secret": "********"}
    changes = await stoa.administer("POST", "/api/resources/apply", {"resources": [shown]})
    assert changes["changes"][0]["change"] == "unchanged"


async def test_what_a_guardrail_names_is_not_removed_under_it(stoa: Running) -> None:
    over = {"kind": "Guardrail", "name": "over", "routes": ["stoa-reader"], "guards": [{"type": "secrets"}]}
    await stoa.administer("POST", "/api/resources/apply", {"resources": [over]})
    wrong = {**over, "routes": ["nowhere"]}
    async with stoa.client(stoa.local_key) as administrator:
        answer = await administrator.post("/api/resources/apply", json={"resources": [wrong]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "routes")


DRAFT = {"kind": "Guardrail", "name": "draft", "default": True, "guards": [{"type": "words", "deny": ["dragon"]}]}


async def test_a_guardrail_is_tried_before_it_is_applied(stoa: Running, trier: ScriptedTrier) -> None:
    operator = await stoa.add_user("op", "operator")
    assert (await operator.post("/api/guardrails/try", json={"guardrail": DRAFT, "text": "x"})).status_code == 200
    ((sent, *_),) = trier.asked
    assert isinstance(sent, Guardrail)
    assert sent.name == "draft"
    assert (await operator.get("/api/resources/Guardrail/draft")).status_code == 404, "nothing was saved"


async def test_a_draft_keeps_the_secrets_that_are_shown_masked(stoa: Running, trier: ScriptedTrier) -> None:
    operator = await stoa.add_user("op", "operator")
    shown = await stoa.administer("GET", "/api/resources/Guardrail/house")
    assert (await operator.post("/api/guardrails/try", json={"guardrail": shown, "text": "x"})).status_code == 200
    ((sent, *_),) = trier.asked
    assert isinstance(sent, Guardrail)
    header = sent.guards[1].headers["X-Secret"]
    assert stoa.parts.secrets.open(header) == "s3cret"


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"guards": [{"type": "words"}]}, "guards[0].deny"),
        ({"guards": [{"type": "words", "deny": ["x"], "odd": 1}]}, "guardrail"),
        ({"default": False}, "default"),
        ({"default": False, "routes": ["nowhere"]}, "routes"),
        ({"kind": "Route"}, "guardrail"),
    ],
)
async def test_a_draft_that_would_not_hold_is_refused_at_its_field(
    stoa: Running, trier: ScriptedTrier, changed: dict[str, Any], param: str
) -> None:
    operator = await stoa.add_user("op", "operator")
    answer = await operator.post("/api/guardrails/try", json={"guardrail": DRAFT | changed, "text": "x"})
    assert answer.status_code == 400, answer.text
    assert param in (answer.json()["error"]["param"] or ""), answer.text
    assert trier.asked == []


async def test_drafts_are_tried_by_those_who_may_apply_them(stoa: Running, trier: ScriptedTrier) -> None:
    auditor = await stoa.add_user("aud", "auditor")
    assert (await auditor.post("/api/guardrails/try", json={"guardrail": DRAFT, "text": "x"})).status_code == 403
    assert (await auditor.post("/api/guardrails/try", json={"text": "x"})).status_code in (400, 403)
