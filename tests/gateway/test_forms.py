"""Each form of a client through each form of an upstream: text, calls of tools, thinking, usage; whole and streamed."""

import json
from typing import Any

import pytest
from tests.gateway.forms import (
    CALLS,
    CLIENTS,
    FINISHED,
    PATHS,
    THOUGHT,
    UPSTREAMS,
    behaving,
    house_of,
    read_stream,
    read_whole,
    request,
)

from stoa.domain.operations import ClientForm

each_client = pytest.mark.parametrize("client", CLIENTS)
each_upstream = pytest.mark.parametrize("upstream", UPSTREAMS)


def with_usage(client: ClientForm) -> dict[str, Any]:
    return {"stream_options": {"include_usage": True}} if client in ("chat", "completions") else {}


@each_client
@each_upstream
async def test_text_comes_whole(house, client: ClientForm, upstream: str) -> None:
    here = house(behaving("plain"), **house_of())
    reply = await here.ask(PATHS[client], request(client, upstream))
    got = read_whole(client, reply.body)
    assert (reply.status, reply.named["content-type"]) == (200, "application/json")
    assert (got.text, got.finish, got.usage) == ("You said: good day", FINISHED[client][0], (11, 7))
    (fact,) = here.facts
    assert (fact.status, fact.form, fact.provider, fact.streamed) == (200, client, upstream, False)
    assert (fact.tokens_from, fact.prompt_tokens, fact.completion_tokens, fact.cost_nano_usd) == ("provider", 11, 7, 5_850)


@each_client
@each_upstream
async def test_text_comes_in_pieces(house, client: ClientForm, upstream: str) -> None:
    here = house(behaving("stream"), **house_of())
    reply = await here.ask(PATHS[client], request(client, upstream, stream=True, **with_usage(client)))
    got = read_stream(client, reply.body)
    assert reply.status == 200
    assert reply.named["content-type"].startswith("text/event-stream")
    assert (got.text, got.finish, got.usage) == ("You said: good day", FINISHED[client][0], (11, 7))
    assert (got.whole, got.error) == (True, None)
    (fact,) = here.facts
    assert (fact.status, fact.form, fact.provider, fact.streamed) == (200, client, upstream, True)
    assert (fact.tokens_from, fact.prompt_tokens, fact.completion_tokens, fact.cost_nano_usd) == ("provider", 11, 7, 5_850)
    assert fact.first_token_ms is not None


@pytest.mark.parametrize("client", ["chat", "completions"])
@each_upstream
async def test_usage_is_told_only_to_those_who_asked_and_counted_all_the_same(house, client: ClientForm, upstream: str) -> None:
    here = house(behaving("stream"), **house_of())
    reply = await here.ask(PATHS[client], request(client, upstream, stream=True))
    assert read_stream(client, reply.body).usage is None
    assert (here.facts[0].prompt_tokens, here.facts[0].tokens_from) == (11, "provider")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("client", ["chat", "messages", "responses"])
@each_upstream
async def test_tools_are_called_two_at_a_time(house, client: ClientForm, upstream: str, stream: bool) -> None:
    here = house(behaving("tools_streamed" if stream else "tools"), **house_of())
    reply = await here.ask(PATHS[client], request(client, upstream, with_tools=True, stream=stream))
    got = (read_stream if stream else read_whole)(client, reply.body)
    assert (got.calls, got.finish, got.whole) == (CALLS, FINISHED[client][1], True)


@pytest.mark.parametrize("client", ["chat", "messages", "responses"])
@each_upstream
async def test_thinking_is_told_apart_from_the_answer(house, client: ClientForm, upstream: str) -> None:
    here = house(behaving("thinking_streamed"), **house_of())
    reply = await here.ask(PATHS[client], request(client, upstream, stream=True))
    got = read_stream(client, reply.body)
    assert (got.thinking, got.text, got.whole) == (THOUGHT, "You said: good day", True)


@each_upstream
async def test_a_completion_has_no_place_for_thinking(house, upstream: str) -> None:
    here = house(behaving("thinking_streamed"), **house_of())
    reply = await here.ask(PATHS["completions"], request("completions", upstream, stream=True))
    assert read_stream("completions", reply.body).text == "You said: good day"


@pytest.mark.parametrize("client", ["chat", "messages", "responses"])
@pytest.mark.parametrize("upstream", ["messages", "bedrock", "gemini"])
async def test_signed_thinking_goes_round_through_a_client_that_sends_it_back(house, client: ClientForm, upstream: str) -> None:
    """What proves the thinking reaches the provider that wrote it, through whatever form the client speaks."""
    here = house(behaving("thinking_streamed"), **house_of())
    reply = await here.ask(PATHS[client], request(client, upstream, stream=True))
    again: dict[str, Any] = request(client, upstream)
    events = [json.loads(line[6:]) for line in reply.body.split(b"\n") if line.startswith(b"data: {")]
    match client:
        case "chat":
            deltas = [choice["delta"] for event in events for choice in event["choices"]]
            details = [detail for delta in deltas for detail in delta.get("reasoning_details") or ()]
            said: dict[str, Any] = {"role": "assistant", "content": "You said: good day", "reasoning_details": details}
            again["messages"] += [said, {"role": "user", "content": "Go on."}]
        case "messages":
            signed = [
                event["delta"]["signature"] for event in events if event.get("delta", {}).get("type") == "signature_delta"
            ]
            thought = {"type": "thinking", "thinking": THOUGHT, "signature": signed[-1]}
            said = {"role": "assistant", "content": [thought, {"type": "text", "text": "You said: good day"}]}
            again["messages"] += [said, {"role": "user", "content": "Go on."}]
        case _:
            output = events[-1]["response"]["output"]
            again["input"] = [
                {"role": "user", "content": "good day"}, *output, {"role": "user", "content": "Go on."}
            ]  # fmt: skip
    here.upstreams.script = behaving("plain")
    assert (await here.ask(PATHS[client], again)).status == 200
    sent = here.upstreams.sent[-1].body
    assert {"messages": b"EqQBCgIYAhIM", "bedrock": b"EuYBCkQYAiJA", "gemini": b"CiQBjz1rX8QF2c0sig"}[upstream] in sent


@each_upstream
async def test_what_a_tool_gave_back_reaches_every_upstream(house, upstream: str) -> None:
    """The whole round of an agent, spoken in Anthropic's form."""
    here = house(behaving("tools"), **house_of())
    first = await here.ask(PATHS["messages"], request("messages", upstream, with_tools=True))
    content = first.json["content"]
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": f"{block['input']['town']}: rain"}
        for block in content
        if block["type"] == "tool_use"
    ]
    again = request("messages", upstream, with_tools=True)
    again["messages"] += [{"role": "assistant", "content": content}, {"role": "user", "content": results}]
    here.upstreams.script = behaving("plain")
    assert (await here.ask(PATHS["messages"], again)).status == 200
    sent = here.upstreams.sent[-1].body
    for told in (b"Bonn: rain", b"Kiel: rain", b'"weather"', b"Bonn", b"town"):
        assert told in sent
