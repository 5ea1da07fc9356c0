"""What a model answers is judged before the client gets it, whole and in pieces, in every form through every other."""

import json
from typing import Any

import pytest
from tests.gateway.forms import CLIENTS, FINISHED, PATHS, UPSTREAMS, behaving, read_stream, read_whole, request
from tests.gateway.guarding.conftest import ADDRESS

from stoa.domain.operations import ClientForm

each_client = pytest.mark.parametrize("client", CLIENTS)
each_upstream = pytest.mark.parametrize("upstream", UPSTREAMS)
each_stream = pytest.mark.parametrize("stream", [False, True])


def behaviour(stream: bool) -> Any:
    return behaving("stream" if stream else "plain")


def read(client: ClientForm, body: bytes, stream: bool) -> Any:
    return (read_stream if stream else read_whole)(client, body)


@each_client
@each_upstream
@each_stream
@pytest.mark.parametrize("mode", ["window", "whole"])
async def test_what_is_masked_never_reaches_the_client(
    guarded, guards, client: ClientForm, upstream: str, stream: bool, mode: Any
) -> None:
    here = guarded(behaviour(stream), guards.words("green dragon", action="mask", on=("output",), stream=mode))
    reply = await here.ask(PATHS[client], request(client, upstream, "the green dragon sleeps here", stream=stream))
    got = read(client, reply.body, stream)
    assert (got.text, got.finish, got.whole) == ("You said: the [DENIED] sleeps here", FINISHED[client][0], True)
    assert b"dragon" not in reply.body
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.prompt_tokens, fact.completion_tokens) == (200, None, 11, 7)


@each_client
@each_upstream
async def test_a_refused_answer_is_billed(guarded, guards, client: ClientForm, upstream: str) -> None:
    here = guarded(behaving("plain"), guards.words("green dragon", on=("output",)))
    reply = await here.ask(PATHS[client], request(client, upstream, "the green dragon sleeps"))
    assert reply.status == 400
    assert b"dragon" not in reply.body
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.completion_tokens, fact.cost_nano_usd) == (400, "guardrail_refused", 7, 5_850)


@each_client
@each_upstream
async def test_a_stream_refused_midway_ends_with_an_error_after_what_was_clean(
    guarded, guards, client: ClientForm, upstream: str
) -> None:
    here = guarded(behaving("stream"), guards.words("green dragon", on=("output",)))
    text = "clean " * 60 + "and then a green dragon and more " + "words " * 60
    reply = await here.ask(PATHS[client], request(client, upstream, text, stream=True))
    got = read_stream(client, reply.body)
    assert got.error
    assert not got.whole
    assert "guardrail" in json.dumps(got.error).lower()
    assert got.text.startswith("You said: clean")
    assert b"green" not in reply.body
    assert b"dragon" not in reply.body
    (fact,) = here.facts
    assert (fact.status, fact.error) == (200, "guardrail_refused")
    assert fact.cost_nano_usd
    assert len(here.upstreams.cancelled) == 1, "nothing more is generated for nobody"


@each_client
@each_upstream
@each_stream
async def test_placeholders_go_to_the_model_and_originals_come_back(
    guarded, guards, client: ClientForm, upstream: str, stream: bool
) -> None:
    here = guarded(behaviour(stream), guards.personal(action="tokenise"))
    reply = await here.ask(PATHS[client], request(client, upstream, f"write to {ADDRESS} today", stream=stream))
    got = read(client, reply.body, stream)
    assert got.text == f"You said: write to {ADDRESS} today"
    (sent,) = here.upstreams.sent
    assert ADDRESS.encode() not in sent.body
    assert b"<EMAIL_ADDRESS_1>" in sent.body
    assert reply.named["x-stoa-guardrails"] == "everywhere:tokenise"


@pytest.mark.parametrize("client", ["chat", "messages", "responses"])
@each_upstream
@each_stream
async def test_arguments_of_calls_are_judged(guarded, guards, client: ClientForm, upstream: str, stream: bool) -> None:
    here = guarded(behaving("tools_streamed" if stream else "tools"), guards.words("bonn", action="mask", on=("output",)))
    reply = await here.ask(PATHS[client], request(client, upstream, with_tools=True, stream=stream))
    got = read(client, reply.body, stream)
    assert got.calls == [("weather", {"town": "[DENIED]"}), ("weather", {"town": "Kiel"})]
    assert (got.finish, got.whole) == (FINISHED[client][1], True)
    assert b"Bonn" not in reply.body


@pytest.mark.parametrize("client", ["chat", "messages", "responses"])
@each_upstream
async def test_thinking_is_judged(guarded, guards, client: ClientForm, upstream: str) -> None:
    here = guarded(behaving("thinking_streamed"), guards.words("think", action="mask", on=("output",)))
    reply = await here.ask(PATHS[client], request(client, upstream, stream=True))
    got = read_stream(client, reply.body)
    assert (got.thinking, got.text, got.whole) == ("Let me [DENIED].", "You said: good day", True)


@each_client
@each_upstream
@each_stream
async def test_what_is_clean_comes_as_it_would_without(
    guarded, guards, client: ClientForm, upstream: str, stream: bool
) -> None:
    fields: Any = {"stream_options": {"include_usage": True}} if stream and client in ("chat", "completions") else {}
    plain = await guarded(behaviour(stream)).ask(PATHS[client], request(client, upstream, stream=stream, **fields))
    here = guarded(behaviour(stream), guards.personal(), guards.words("green dragon"))
    reply = await here.ask(PATHS[client], request(client, upstream, stream=stream, **fields))
    assert read(client, reply.body, stream) == read(client, plain.body, stream)


@each_client
async def test_a_guardrail_that_allows_no_stream_says_so(guarded, guards, client: ClientForm) -> None:
    here = guarded(behaving("stream"), guards.words("green dragon", stream="refuse"))
    reply = await here.ask(PATHS[client], request(client, "chat", stream=True))
    assert (reply.status, "stream" in reply.error["message"]) == (400, True)
    assert here.upstreams.sent == []
    here = guarded(behaving("plain"), guards.words("green dragon", stream="refuse"))
    assert (await here.ask(PATHS[client], request(client, "chat"))).status == 200


async def test_log_probabilities_do_not_spell_what_was_masked(guarded, guards, make) -> None:
    told = make.answer("the green dragon")
    told["choices"][0]["logprobs"] = {"content": [{"token": "dragon", "logprob": -0.1}]}
    from stoa.adapters.providers.memory import JSON, Scripted

    here = guarded(lambda sent: Scripted(200, [json.dumps(told).encode()], JSON), guards.words("green dragon", action="mask"))
    reply = await here.ask(PATHS["chat"], request("chat", "chat"))
    assert b"dragon" not in reply.body


@each_client
async def test_the_head_of_a_whole_answer_names_who_changed_it(guarded, guards, client: ClientForm) -> None:
    here = guarded(behaving("plain"), guards.words("green dragon", action="mask", on=("output",)))
    reply = await here.ask(PATHS[client], request(client, "chat", "a green dragon"))
    assert reply.named["x-stoa-guardrails"] == "everywhere:mask"
    assert "x-stoa-guardrails" not in (await here.ask(PATHS[client], request(client, "chat"))).named
