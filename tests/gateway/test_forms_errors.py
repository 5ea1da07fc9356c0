"""Errors in the client's own form, whatever the upstream speaks; streams that die; what falls back; what is refused by name."""

import asyncio
import json
from typing import Any

import pytest
from tests.gateway.forms import CLIENTS, PATHS, UPSTREAMS, behaving, events_of, house_of, read_stream, read_whole, request
from tests.upstreams import anthropic, gemini

from stoa.adapters.providers.memory import EVENTS, Scripted
from stoa.domain.operations import ClientForm
from stoa.domain.resources import Fallback, Route, Target

each_client = pytest.mark.parametrize("client", CLIENTS)
each_upstream = pytest.mark.parametrize("upstream", UPSTREAMS)
ANTHROPIC_TYPES = {429: "rate_limit_error", 502: "api_error", 400: "invalid_request_error", 404: "not_found_error"}


def check_form(client: ClientForm, status: int, body: bytes) -> str:
    """The message of an error, if it has all that the client's form says of errors."""
    found = json.loads(body)
    if client == "messages":
        assert found["type"] == "error"
        assert found["error"]["type"] == ANTHROPIC_TYPES[status]
        return found["error"]["message"]
    assert list(found) == ["error"]
    assert {"message", "type", "param", "code"} <= set(found["error"])
    return found["error"]["message"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("behaviour", "status", "code"),
    [
        ("rate_limit", 429, "upstream_rate_limited"),
        ("server_error", 502, "upstream_error"),
        ("context_window", 400, "upstream_refused"),
    ],
)
@each_client
@each_upstream
async def test_an_upstreams_refusal_is_told_in_the_clients_form(
    house, client: ClientForm, upstream: str, behaviour: str, status: int, code: str, stream: bool
) -> None:
    here = house(behaving(behaviour), **house_of())
    reply = await here.ask(PATHS[client], request(client, upstream, stream=stream))
    assert (reply.status, reply.named["content-type"]) == (status, "application/json")
    assert check_form(client, status, reply.body)
    assert (here.facts[0].status, here.facts[0].error) == (status, code)


@each_client
@each_upstream
async def test_a_stream_that_dies_ends_with_an_error_and_never_well(house, client: ClientForm, upstream: str) -> None:
    here = house(behaving("dies"), **house_of())
    reply = await here.ask(PATHS[client], request(client, upstream, stream=True))
    got = read_stream(client, reply.body)
    assert (reply.status, got.whole) == (200, False)
    assert got.text.startswith("You ")
    assert upstream in got.error["message"]
    assert got.finish is None
    (fact,) = here.facts
    assert fact.error == "upstream_truncated"
    assert fact.completion_tokens >= 1, "what was generated is paid for"


@each_client
@each_upstream
async def test_an_error_within_a_stream_ends_it_with_an_error(house, client: ClientForm, upstream: str) -> None:
    here = house(behaving("in_stream_error"), **house_of())
    reply = await here.ask(PATHS[client], request(client, upstream, stream=True))
    got = read_stream(client, reply.body)
    assert (reply.status, got.whole) == (200, False)
    assert got.text.startswith("You ")
    assert got.error is not None
    assert here.facts[0].error == "upstream_error"


def then_chat(first: str, *on: Any) -> dict[str, Any]:
    """A route that begins with `first` and falls back to chat."""
    fallback = Fallback(model="chat", on=on) if on else Fallback(model="chat")
    route = Route(name="route", targets=(Target(model=first),), fallback=(fallback,))
    return house_of("route", routes={"route": route})


@each_client
async def test_an_error_before_the_first_content_of_a_stream_is_not_seen(house, client: ClientForm) -> None:
    here = house(behaving("stream", anthropic="in_stream_error_first"), **then_chat("messages"))
    reply = await here.ask(PATHS[client], request(client, "route", stream=True))
    got = read_stream(client, reply.body)
    assert (got.text, got.whole, got.error) == ("You said: good day", True, None)
    assert (here.facts[0].attempts, here.facts[0].model) == (2, "chat")


async def test_a_response_that_failed_before_its_first_content_is_not_seen(house) -> None:
    here = house(behaving("stream", newer="failed_streamed"), **then_chat("responses"))
    reply = await here.ask(PATHS["responses"], request("responses", "route", stream=True))
    assert read_stream("responses", reply.body).text == "You said: good day"
    assert here.facts[0].attempts == 2


async def test_a_whole_response_that_failed_falls_back(house) -> None:
    here = house(behaving("plain", newer="failed"), **then_chat("responses"))
    reply = await here.ask(PATHS["responses"], request("responses", "route"))
    assert read_whole("responses", reply.body).text == "You said: good day"
    assert (here.facts[0].attempts, here.facts[0].model) == (2, "chat")


@each_client
@pytest.mark.parametrize("form", ["whole", "streamed"])
async def test_a_blocked_prompt_is_of_its_class_though_its_status_is_success(house, client: ClientForm, form: str) -> None:
    behaviour, stream = ("content_policy", False) if form == "whole" else ("content_policy_streamed", True)
    here = house(behaving(behaviour), **house_of())
    reply = await here.ask(PATHS[client], request(client, "gemini", stream=stream))
    assert reply.status == 400
    assert "PROHIBITED_CONTENT" in check_form(client, 400, reply.body)
    here = house(behaving(behaviour, openai="stream" if stream else "plain"), **then_chat("gemini", "content_policy"))
    reply = await here.ask(PATHS[client], request(client, "route", stream=stream))
    assert (read_stream if stream else read_whole)(client, reply.body).text == "You said: good day"
    assert (here.facts[0].attempts, here.facts[0].model) == (2, "chat")


@pytest.mark.parametrize("path_form", ["chat", "messages"])
async def test_an_error_with_a_status_of_success_falls_back(house, path_form: ClientForm) -> None:
    overloaded = {"error": {"message": "Provider returned error: overloaded", "code": 503}}
    answers = {
        "openai": Scripted(200, [json.dumps(overloaded).encode()]),
        "anthropic": Scripted(200, [b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}']),
    }
    here = house(lambda sent: next(answer for host, answer in answers.items() if host in sent.url), **house_of())
    reply = await here.ask(PATHS[path_form], request(path_form, path_form))
    assert (reply.status, here.facts[0].error) == (502, "upstream_error")
    assert "verloaded" in check_form(path_form, 502, reply.body)


@each_client
async def test_a_refusal_in_another_form_never_reaches_the_client_as_it_is(house, client: ClientForm) -> None:
    here = house(behaving("context_window"), **house_of())
    reply = await here.ask(PATHS[client], request(client, "gemini"))
    assert b'"status"' not in reply.body, "Google's own body"
    assert check_form(client, 400, reply.body)


async def test_within_one_form_a_refusal_passes_as_it_is(house) -> None:
    here = house(behaving("context_window"), **house_of())
    reply = await here.ask(PATHS["messages"], request("messages", "messages"))
    assert reply.body == b"".join(anthropic.context_window(b"").pieces)


REFUSED: list[tuple[ClientForm, str, dict[str, Any], str]] = [
    ("chat", "messages", {"logit_bias": {"1": 1}}, "logit_bias"),
    ("chat", "messages", {"n": 2}, "n"),
    ("chat", "messages", {"seed": 7}, "seed"),
    ("chat", "gemini", {"logit_bias": {"1": 1}}, "logit_bias"),
    ("chat", "bedrock", {"seed": 7}, "seed"),
    ("chat", "bedrock", {"response_format": {"type": "json_object"}}, "response_format"),
    ("chat", "cohere", {"n": 2}, "n"),
    ("messages", "chat", {"top_k": 5}, "top_k"),
    ("messages", "gemini", {"container": "c1"}, "container"),
    ("messages", "chat", {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0]"),
    ("messages", "bedrock", {"mcp_servers": [{"type": "url", "url": "u", "name": "n"}]}, "mcp_servers"),
    ("responses", "messages", {"background": True}, "background"),
    ("responses", "chat", {"tools": [{"type": "web_search"}]}, "tools[0]"),
    ("responses", "gemini", {"previous_response_id": "resp_1"}, "previous_response_id"),
    ("responses", "cohere", {"prompt": {"id": "p1"}}, "prompt"),
    ("completions", "chat", {"suffix": "the end"}, "suffix"),
    ("completions", "messages", {"logprobs": 2}, "logprobs"),
    ("completions", "gemini", {"best_of": 3}, "best_of"),
    ("completions", "bedrock", {"echo": True}, "echo"),
]


@pytest.mark.parametrize(("client", "upstream", "fields", "named"), REFUSED)
async def test_what_cannot_be_carried_is_refused_by_name_and_never_lost(
    house, client: ClientForm, upstream: str, fields: dict[str, Any], named: str
) -> None:
    here = house(behaving("plain"), **house_of())
    reply = await here.ask(PATHS[client], request(client, upstream, **fields))
    assert reply.status == 400
    assert f"{named!r}" in check_form(client, 400, reply.body)
    if client != "messages":
        assert reply.error["param"] == named
    assert here.upstreams.sent == []


@pytest.mark.parametrize(("client", "upstream", "fields", "named"), REFUSED)
async def test_a_target_that_cannot_carry_a_field_is_passed_over_for_one_that_can(
    house, client: ClientForm, upstream: str, fields: dict[str, Any], named: str
) -> None:
    """Where the route has one that speaks the client's own form, nothing is translated and nothing refused."""
    route = Route(
        name="route", targets=(Target(model=upstream),), fallback=(Fallback(model=client, on=("invalid_request",)),)
    )  # fmt: skip
    here = house(behaving("plain"), **house_of("route", routes={"route": route}))
    reply = await here.ask(PATHS[client], request(client, "route", **fields))
    assert (reply.status, here.facts[0].model) == (200, client)
    assert json.loads(here.upstreams.sent[0].body).keys() >= fields.keys()


async def test_all_that_cannot_be_carried_is_named_at_once(house) -> None:
    here = house(**house_of())
    reply = await here.chat("messages", n=2, seed=7, logprobs=True)
    assert all(name in reply.error["message"] for name in ("'n'", "'seed'", "'logprobs'"))


@each_client
async def test_a_field_of_the_wrong_type_is_named_in_the_clients_form(house, client: ClientForm) -> None:
    here = house(**house_of())
    reply = await here.ask(PATHS[client], request(client, "gemini", temperature="warm"))
    assert reply.status == 400
    assert "temperature" in check_form(client, 400, reply.body)
    reply = await here.ask(PATHS[client], {"model": "gemini"})
    assert check_form(client, 400, reply.body)
    body = request(client, "gemini")
    del body["model"]
    reply = await here.ask(PATHS[client], body)
    assert (reply.status, "'model'" in check_form(client, 400, reply.body)) == (400, True)


@each_client
async def test_a_stream_of_another_form_than_it_says_is_an_error_and_not_an_answer(house, client: ClientForm) -> None:
    html = Scripted(200, [b"<html>down for maintenance</html>\n\n"], EVENTS)
    here = house(html, **house_of())
    reply = await here.ask(PATHS[client], request(client, client, stream=True))
    assert (reply.status, here.facts[0].error) == (502, "upstream_truncated")
    nonsense = Scripted(200, [b'data: {"type": 3, "choices": 4}\n\n'], EVENTS)
    here = house(nonsense, **house_of())
    reply = await here.ask(PATHS[client], request(client, client, stream=True))
    assert (reply.status, here.facts[0].error) == (502, "upstream_malformed")


async def test_a_client_that_leaves_a_passing_stream_pays_for_what_it_got(house) -> None:
    pieces = anthropic.stream(b'{"messages":[{"role":"user","content":"good day"}]}').pieces[:5]
    here = house(Scripted(200, pieces, EVENTS, hold=True), **house_of())
    reply = here.begin(PATHS["messages"], request("messages", "messages", stream=True))
    await reply.began.wait()
    reply.intake.on_gone()
    await asyncio.sleep(0)
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.tokens_from, fact.prompt_tokens) == (499, "client_gone", "provider", 11)


async def test_a_full_log_ends_a_passing_stream_with_an_error_of_its_form(house) -> None:
    here = house(behaving("stream"), **house_of())
    here.log.full = True
    reply = await here.ask(PATHS["messages"], request("messages", "messages", stream=True))
    assert events_of(reply.body)[-1][0] == "error"
    assert b"message_stop" not in reply.body


async def test_the_request_id_has_the_name_that_anthropics_clients_look_for(house) -> None:
    here = house(behaving("plain"), **house_of())
    reply = await here.ask(PATHS["messages"], request("messages", "gemini"), x_request_id="mine-1")
    assert (reply.named["request-id"], reply.named["x-request-id"]) == ("mine-1", "mine-1")


def test_the_doubles_refuse_as_their_providers_do() -> None:
    assert json.loads(b"".join(gemini.content_policy(b"").pieces))["promptFeedback"]["blockReason"] == "PROHIBITED_CONTENT"
