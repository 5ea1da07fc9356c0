"""What a client sends is judged before it goes on, in every form."""

import json
from typing import Any

import pytest
from tests.gateway.forms import CLIENTS, PATHS, behaving, read_whole, request
from tests.gateway.guarding.conftest import ADDRESS, MASKED

from stoa.domain.operations import ClientForm

each_client = pytest.mark.parametrize("client", CLIENTS)
each_stream = pytest.mark.parametrize("stream", [False, True])


def sent(house: Any) -> str:
    return "".join(each.body.decode() for each in house.upstreams.sent)


@each_client
@each_stream
async def test_what_is_masked_never_reaches_the_model(guarded, guards, client: ClientForm, stream: bool) -> None:
    here = guarded(behaving("stream" if stream else "plain"), guards.personal(on=("input",)))
    reply = await here.ask(PATHS[client], request(client, "chat", f"write to {ADDRESS} now", stream=stream))
    assert reply.status == 200
    assert ADDRESS not in sent(here)
    assert f"write to {MASKED} now" in sent(here)
    assert reply.named["x-stoa-guardrails"] == "everywhere:mask"


@each_client
@each_stream
async def test_a_refusal_comes_in_the_clients_form_and_tells_no_content(
    guarded, guards, client: ClientForm, stream: bool
) -> None:
    here = guarded(behaving("plain"), guards.words("green dragon"))
    reply = await here.ask(PATHS[client], request(client, "chat", "where is the green dragon?", stream=stream))
    assert reply.status == 400
    assert here.upstreams.sent == []
    told = reply.error["message"]
    assert all(word in told for word in ("everywhere", "words", "DENIED"))
    assert "dragon" not in reply.body.decode()
    if client != "messages":  # whose errors have no code
        assert reply.error["code"] == "guardrail_refused"


@each_client
async def test_what_passes_goes_on_as_the_bytes_it_was(guarded, guards, client: ClientForm) -> None:
    here = guarded(behaving("plain"), guards.personal(), guards.words("green dragon"))
    body = json.dumps(request(client, "chat"), indent=3).encode()
    reply = await here.ask(PATHS[client], body)
    assert read_whole(client, reply.body).text == "You said: good day"
    assert "x-stoa-guardrails" not in reply.named


async def test_everything_in_a_chat_is_judged(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal(on=("input",)))
    call = {"id": "c1", "type": "function", "function": {"name": "send", "arguments": json.dumps({"to": ADDRESS, "n": 1})}}
    body = {
        "model": "chat",
        "user": ADDRESS,
        "metadata": {"name": ADDRESS},
        "messages": [
            {"role": "system", "content": f"You work for {ADDRESS}."},
            {"role": "user", "content": [{"type": "text", "text": "ada@exa"}, {"type": "text", "text": "mple.com is me"}]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": f"sent to {ADDRESS}"},
            {"role": "user", "content": "thanks", "of_tomorrow": {"deep": [f"see {ADDRESS}"]}},
        ],
        "tools": [{"type": "function", "function": {"name": "send", "description": f"as {ADDRESS}", "parameters": {}}}],
    }
    await here.ask(PATHS["chat"], body)
    (each,) = here.upstreams.sent
    got = json.loads(each.body)
    assert ADDRESS not in each.body.decode()
    assert "mple.com" not in each.body.decode()
    assert json.loads(got["messages"][2]["tool_calls"][0]["function"]["arguments"]) == {"to": MASKED, "n": 1}
    assert got["messages"][1]["content"] == [{"type": "text", "text": MASKED}, {"type": "text", "text": " is me"}]
    assert got["messages"][4]["of_tomorrow"] == {"deep": [f"see {MASKED}"]}


async def test_everything_in_messages_is_judged(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal(on=("input",)))
    text = {"type": "text", "media_type": "text/plain", "data": f"by {ADDRESS}"}
    body = {
        "model": "messages",
        "max_tokens": 100,
        "system": [{"type": "text", "text": f"You work for {ADDRESS}."}],
        "messages": [
            {"role": "user", "content": [{"type": "document", "source": text}, {"type": "text", "text": "go"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "sig"},
                    {"type": "tool_use", "id": "t1", "name": "send", "input": {"name": ADDRESS, "id": [ADDRESS]}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": f"to {ADDRESS}"}]}
                ],
            },
        ],
        "tools": [{"name": "send", "description": "sends", "input_schema": {"type": "object"}}],
    }
    await here.ask(PATHS["messages"], body)
    assert here.upstreams.sent
    assert ADDRESS not in sent(here)
    assert json.loads(sent(here))["messages"][1]["content"][0] == {"type": "thinking", "thinking": "hm", "signature": "sig"}


async def test_everything_in_responses_is_judged(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal(on=("input",)))
    body = {
        "model": "responses",
        "instructions": f"You work for {ADDRESS}.",
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": f"hello from {ADDRESS}"}]},
            {"type": "function_call", "call_id": "c", "name": "send", "arguments": json.dumps({"to": ADDRESS})},
            {"type": "function_call_output", "call_id": "c", "output": f"sent to {ADDRESS}"},
        ],
        "text": {"format": {"type": "text"}},
    }
    await here.ask(PATHS["responses"], body)
    assert here.upstreams.sent
    assert ADDRESS not in sent(here)
    assert json.loads(sent(here))["text"] == {"format": {"type": "text"}}


async def test_escapes_hide_nothing(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal(on=("input",)))
    body = json.dumps(request("chat", "chat", f"I am {ADDRESS}")).replace("@", "\\u0040").encode()
    await here.ask(PATHS["chat"], body)
    assert MASKED in sent(here)


async def test_words_that_come_as_tokens_are_refused(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.words("green dragon"))
    reply = await here.ask(PATHS["completions"], {"model": "completions", "prompt": [1212, 318]})
    assert (reply.status, reply.error["code"], reply.error["param"]) == (400, "guardrail_refused", "input")
    assert here.upstreams.sent == []
