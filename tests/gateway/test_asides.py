"""What is asked about a request: how many tokens it has, and where it would go."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.domain.resources import Model, Provider, Route, Target
from stoa.domain.snapshot import Access

COUNT = "/v1/messages/count_tokens"
ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": "What is DevOps?"}], "system": "Be kind."}


@pytest.fixture
def counts(house: Callable[..., Any]) -> Callable[..., Any]:
    """`counts(script)`: `claude` counts its tokens itself, `gpt` does not; `mixed` may be answered by either."""

    def build(script: Any = None, **changes: Any) -> Any:
        fields: dict[str, Any] = {
            "providers": {
                "anthropic": Provider(name="anthropic", type="anthropic", api_key="sealed:k"),
                "openai": Provider(name="openai", type="openai", api_key="sealed:k"),
            },
            "models": {
                "claude": Model(name="claude", provider="anthropic", upstream_name="claude-sonnet-4-6"),
                "gpt": Model(name="gpt", provider="openai"),
            },
            "routes": {
                "mixed": Route(name="mixed", targets=(Target(model="claude"),), fallback=("gpt",), strategy="ordered"),
            },
            "prices": {},
            "access": (Access(True, frozenset({"claude", "gpt", "mixed", "assistant/handbook"}), frozenset()),),
        }  # fmt: skip
        return house(script, **(fields | changes))

    return build


async def test_a_provider_that_counts_is_asked_and_its_count_is_free(counts: Any) -> None:
    here = counts(Scripted(200, [b'{"input_tokens":14}'], JSON))
    reply = await here.ask(COUNT, {"model": "claude", **ASKED}, anthropic_beta="token-counting-2024-11-01")
    assert (reply.status, reply.json) == (200, {"input_tokens": 14})
    (sent,) = here.upstreams.sent
    assert sent.url == "https://api.anthropic.com/v1/messages/count_tokens"
    assert json.loads(sent.body) == {"model": "claude-sonnet-4-6", **ASKED}
    assert sent.headers["anthropic-beta"] == "token-counting-2024-11-01"
    assert (here.facts[0].prompt_tokens, here.facts[0].cost_nano_usd) == (0, 0)


@pytest.mark.parametrize("model", ["gpt", "mixed"])
async def test_where_not_every_target_counts_it_is_estimated_and_nobody_is_asked(counts: Any, model: str) -> None:
    here = counts()
    reply = await here.ask(COUNT, {"model": model, **ASKED})
    assert (reply.status, reply.json) == (200, {"input_tokens": 5})
    assert (here.upstreams.sent, here.facts) == ([], [])


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"model": "gpt"}, 400, "invalid_request_error"),
        ({"model": "gpt", "messages": []}, 400, "invalid_request_error"),
        ({"model": "none", **ASKED}, 404, "not_found_error"),
        ([], 400, "invalid_request_error"),
    ],
)
async def test_a_count_is_refused_in_anthropics_form(counts: Any, body: Any, status: int, kind: str) -> None:
    here = counts()
    reply = await here.ask(COUNT, body)
    assert (reply.status, reply.json["type"], reply.error["type"]) == (status, "error", kind)
    assert here.upstreams.sent == []


async def test_a_count_needs_a_key_and_the_right_to_chat(counts: Any) -> None:
    here = counts(access=(Access(True, frozenset({"claude"}), frozenset()),))
    assert (await here.ask(COUNT, {"model": "gpt", **ASKED})).status == 403
    assert (await here.ask(COUNT, {"model": "gpt", **ASKED}, key=None)).status == 401
    assert (await here.ask(COUNT, method="GET")).status == 405


async def test_a_provider_that_cannot_count_now_is_said_to_in_anthropics_form(counts: Any) -> None:
    overloaded = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    reply = await counts(Scripted(529, [overloaded], JSON)).ask(COUNT, {"model": "claude", **ASKED})
    assert (reply.status, reply.json["type"]) == (502, "error")
    assert "Overloaded" in reply.error["message"]


# --- where it would go


async def test_the_dry_run_tells_who_would_be_asked_and_asks_nobody(counts: Any) -> None:
    here = counts()
    reply = await here.ask("/v1/explain", {"model": "mixed", **ASKED})
    assert reply.status == 200
    told = reply.json
    assert (told["route"], told["strategy"], told["sticky"], told["snapshot"]) == ("mixed", "ordered", False, 7)
    assert [(step["model"], step["provider"], step["verdict"]) for step in told["steps"]] == [
        ("claude", "anthropic", "first"), ("gpt", "openai", "then")
    ]  # fmt: skip
    assert all(step["why"] for step in told["steps"])
    assert (here.upstreams.sent, here.facts) == ([], [])


async def test_the_dry_run_tells_what_the_cache_would_do(house: Any, make: Any) -> None:
    here = house(make.whole())
    asked = {"model": "mock", "messages": ASKED["messages"]}
    before = (await here.ask("/v1/explain", asked)).json["cache"]
    await here.ask("/v1/chat/completions", asked)
    assert (before, (await here.ask("/v1/explain", asked)).json["cache"]) == ("miss", "hit")
    assert (await here.ask("/v1/explain", {**asked, "temperature": 1})).json["cache"] == "bypass"


async def test_the_dry_run_passes_over_a_target_that_is_down(counts: Any) -> None:
    here = counts(Scripted(500, [b"{}"], JSON))
    for _ in range(20):
        await here.chat("claude", temperature=1)
    steps = (await here.ask("/v1/explain", {"model": "mixed", **ASKED})).json["steps"]
    assert (steps[0]["model"], steps[0]["verdict"]) == ("gpt", "first")


async def test_the_dry_run_is_for_every_operation(counts: Any) -> None:
    models = {
        name: Model(name=name, provider="openai", operation=operation)
        for name, operation in (("draw", "image"), ("embed", "embedding"))
    }
    here = counts(models=models, routes={}, access=(Access(True, frozenset(), frozenset({"embed"}), frozenset({"draw"})),))
    drawn = (await here.ask("/v1/explain", {"model": "draw", "prompt": "a house"})).json
    assert (drawn["route"], drawn["cache"], [step["model"] for step in drawn["steps"]]) == ("draw", "bypass", ["draw"])
    embedded = (await here.ask("/v1/explain", {"model": "embed", "input": "a"})).json
    assert (embedded["route"], embedded["cache"]) == ("embed", "miss")
    assert (await here.ask("/v1/explain", {"model": "embed"})).error["param"] == "input"
    assert here.upstreams.sent == []


@pytest.mark.parametrize(
    ("body", "key", "status", "param"),
    [
        ({"model": "mixed"}, True, 400, "messages"),
        ({"model": "secret", **ASKED}, True, 404, "model"),
        ({"model": "mixed", **ASKED}, False, 401, None),
    ],
)
async def test_a_dry_run_is_refused_as_the_request_would_be(
    counts: Any, body: Any, key: bool, status: int, param: str | None
) -> None:
    reply = await (counts().ask("/v1/explain", body) if key else counts().ask("/v1/explain", body, key=None))
    assert (reply.status, reply.error["param"]) == (status, param)


# --- what there is


async def test_models_are_listed_in_the_form_of_whoever_asks(counts: Any) -> None:
    here = counts()
    listed = (await here.ask("/v1/models", method="GET")).json
    assert listed["object"] == "list"
    assert [each["id"] for each in listed["data"]] == ["claude", "gpt", "mixed"]
    assert {each["object"] for each in listed["data"]} == {"model"}
    other = (await here.ask("/v1/models", method="GET", anthropic_version="2023-06-01")).json
    assert (other["has_more"], other["first_id"], other["last_id"]) == (False, "claude", "mixed")
    assert [each["type"] for each in other["data"]] == ["model"] * 3


async def test_one_model_is_shown_in_both_forms_and_an_unknown_one_is_not_there(counts: Any) -> None:
    here = counts()
    assert (await here.ask("/v1/models/gpt", method="GET")).json["object"] == "model"
    shown = (await here.ask("/v1/models/gpt", method="GET", anthropic_version="2023-06-01")).json
    assert (shown["type"], shown["id"], shown["display_name"]) == ("model", "gpt", "gpt")
    missing = await here.ask("/v1/models/nothing", method="GET")
    assert (missing.status, missing.error["code"]) == (404, "model_not_found")
