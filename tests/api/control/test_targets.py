"""What the page shows of models, routes and providers."""

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.control.test_targets import counts, target

from stoa.adapters.gateway_client.scripted import ScriptedExplainer
from stoa.api.control import create_app
from stoa.domain.targets import Consideration, Explanation, WorkerReport
from stoa.errors import ProviderError
from stoa.settings import Settings

if TYPE_CHECKING:
    from tests.api.conftest import Running

PROVIDER = {"kind": "Provider", "name": "openai", "base_url": "https://api.openai.com/v1", "api_key": "sk-geheim"}
PRICE = {"input_per_million": "2.50", "output_per_million": "10"}
MODEL = {"kind": "Model", "name": "gpt", "provider": "openai", "price": PRICE, "context_tokens": 128000}
ROUTE = {"kind": "Route", "name": "best", "targets": [{"model": "gpt"}]}


async def report(stoa: "Running", *targets: Any, worker: int = 1) -> None:
    body = msgspec.msgpack.encode(WorkerReport(gateway="host", worker=worker, targets=targets))
    async with stoa.client(stoa.parts.secrets.internal_token) as gateway:
        assert (await gateway.post("/internal/targets", content=body)).status_code == 204


async def test_every_model_is_listed_before_a_gateway_has_reported(stoa: "Running") -> None:
    await stoa.administer("POST", "/api/resources/apply", {"resources": [PROVIDER, MODEL]})
    told = await stoa.administer("GET", "/api/targets")
    assert told["workers"] == 0
    gpt = next(each for each in told["data"] if each["model"] == "gpt")
    assert (gpt["health"], gpt["figures"], gpt["built_in"]) == ("unknown", None, False)
    assert gpt["price"] == {"input_per_million": 2.5, "output_per_million": 10.0}
    assert gpt["context_tokens"] == 128000
    reader = next(each for each in told["data"] if each["model"] == "stoa-reader")
    assert (reader["built_in"], reader["price"]["input_per_million"]) == (True, 0.0)


async def test_what_gateways_report_is_told_by_model_and_without_content(stoa: "Running") -> None:
    await stoa.administer("POST", "/api/resources/apply", {"resources": [PROVIDER, MODEL]})
    seen = target(
        answered=9, failed=1, answered_total=9, latency_counts=counts(40, 9), first_token_counts=counts(30, 9), tokens=400,
        last_error_class="server_error", last_error_message="they asked about geheim", last_error_ago_s=3.0,
    )  # fmt: skip
    await report(stoa, seen)
    await report(stoa, target(answered=10, answered_total=10), worker=2)
    answer = await stoa.administer("GET", "/api/targets")
    assert answer["workers"] == 2
    gpt = next(each for each in answer["data"] if each["model"] == "gpt")
    figures = gpt["figures"]
    assert (gpt["health"], figures["requests"], figures["error_rate"]) == ("healthy", 20, 0.05)
    assert figures["latency_p50_ms"] > figures["first_token_p50_ms"] > 0
    assert figures["last_error"]["error_class"] == "server_error"
    assert figures["last_error"]["at"].endswith("Z")
    assert "geheim" not in str(answer)
    assert [each["worker"] for each in figures["workers"]] == [1, 2]


async def test_reports_come_from_roles_alone_and_must_be_reports(stoa: "Running") -> None:
    async with stoa.client(stoa.local_key) as administrator:
        assert (await administrator.post("/internal/targets", content=b"x")).status_code == 403
    async with stoa.client(stoa.parts.secrets.internal_token) as gateway:
        answer = await gateway.post("/internal/targets", content=b"\xc1")
    assert answer.status_code == 400
    assert "no report" in answer.json()["error"]["message"]


async def test_models_are_shown_to_those_who_may_see_their_resources(stoa: "Running") -> None:
    for role, sees in (("operator", True), ("auditor", True), ("developer", False)):
        browser = await stoa.add_user(f"some-{role}", role)
        told = (await browser.get("/api/targets")).json()
        assert bool(told["data"]) is sees, role
    member = await stoa.add_user("some-member", "member")
    assert (await member.get("/api/targets")).status_code == 403


EXPLANATION = Explanation(
    route="best",
    strategy="weighted",
    assistant=None,
    sticky=False,
    snapshot=1,
    cache="bypass",
    complexity=None,
    steps=(Consideration(model="gpt", provider="openai", arm=None, verdict="first", why="Drawn by weight, 1 of 1."),),
)


@pytest.fixture
def explainer() -> ScriptedExplainer:
    return ScriptedExplainer(EXPLANATION)


@pytest.fixture
async def explained(control_settings: Settings, explainer: ScriptedExplainer) -> Any:
    """Control with a gateway that answers dry runs from a script."""
    from contextlib import asynccontextmanager
    from dataclasses import replace

    from tests.api.conftest import Running

    from stoa.wiring import control

    @asynccontextmanager
    async def scripted(settings: Settings) -> Any:
        async with control(settings) as parts:
            yield replace(parts, explainer=explainer)

    app = create_app(control_settings, scripted)
    async with app.router.lifespan_context(app):
        stoa = Running(app)
        await stoa.administer("POST", "/api/resources/apply", {"resources": [PROVIDER, MODEL]})
        yield stoa


async def test_a_route_that_is_not_applied_is_explained_for_whoever_asks(
    explained: "Running", explainer: ScriptedExplainer
) -> None:
    operator = await explained.add_user("op", "operator")
    answer = await operator.post("/api/routes/explain", json={"route": ROUTE, "prompt": "Hi", "tags": ["eu"], "user": "u7"})
    assert answer.status_code == 200, answer.text
    assert [(step["model"], step["verdict"], step["why"]) for step in answer.json()["steps"]] == [
        ("gpt", "first", "Drawn by weight, 1 of 1.")
    ]
    (asked,) = explainer.asked
    assert asked.route.name == "best"
    assert asked.request == {"messages": [{"role": "user", "content": "Hi"}], "user": "u7"}
    assert (asked.tags, asked.behalf.user is not None) == (("eu",), True)
    assert await explained.administer("GET", "/api/resources?kind=Route") == {"data": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("route", "param"),
    [
        ({**ROUTE, "targets": [{"model": "gtp"}]}, "targets[0].model"),
        ({**ROUTE, "targets": [{"model": "gpt"}, {"model": "gpt", "weight": -1}]}, "route.targets[1].weight"),
        ({**ROUTE, "fallback": ["gtp"]}, "fallback[0]"),
        ({**ROUTE, "shadow": {"model": "gtp"}}, "shadow.model"),
        ({**ROUTE, "retries": {"attempts": 9}}, "route.retries.attempts"),
        ({**ROUTE, "targets": [{"model": "stoa-embed"}, {"model": "gpt"}]}, "targets[1].model"),
        (MODEL, "route.kind"),
    ],
)
async def test_a_mistake_in_the_route_is_named_by_its_field(
    explained: "Running", explainer: ScriptedExplainer, route: Any, param: str
) -> None:
    async with explained.client(explained.local_key) as administrator:
        answer = await administrator.post("/api/routes/explain", json={"route": route})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param), answer.text
    assert explainer.asked == []


async def test_a_gateway_that_is_away_is_said_so(explained: "Running", explainer: ScriptedExplainer) -> None:
    explainer.answer = ProviderError("The gateway cannot be reached.")
    async with explained.client(explained.local_key) as administrator:
        answer = await administrator.post("/api/routes/explain", json={"route": ROUTE})
    assert answer.status_code == 502
    assert explainer.asked[0].behalf.team == "company"


async def test_developers_do_not_try_routes_of_the_platform(explained: "Running") -> None:
    developer = await explained.add_user("dev", "developer")
    assert (await developer.post("/api/routes/explain", json={"route": ROUTE})).status_code == 403


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"tags": ["Not A Tag"]}, "tags.0"),
        ({"tags": ["eu\r\nx-evil: 1"]}, "tags.0"),
        ({"tags": ["é"]}, "tags.0"),
        ({"prompt": "\ud800"}, "prompt"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"route": {**ROUTE, "description": "\ud800"}}, None),
    ],
)
async def test_a_request_that_cannot_be_sent_on_is_refused(explained: "Running", changes: Any, param: str | None) -> None:
    async with explained.client(explained.local_key) as administrator:
        body = json.dumps({"route": ROUTE, **changes})
        headers = {"content-type": "application/json"}
        answer = await administrator.post("/api/routes/explain", content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    if param is not None:
        assert answer.json()["error"]["param"] == param


async def test_without_a_gateway_a_dry_run_says_so(stoa: "Running") -> None:
    await stoa.administer("POST", "/api/resources/apply", {"resources": [PROVIDER, MODEL]})
    async with stoa.client(stoa.local_key) as administrator:
        answer = await administrator.post("/api/routes/explain", json={"route": ROUTE})
    assert answer.status_code == 502
    assert "gateway cannot be reached" in answer.json()["error"]["message"]
