"""Assistants and the cache, asked in every form of a client."""

import json
from typing import Any

import pytest
from tests.gateway.forms import CLIENTS, PATHS, UPSTREAMS, behaving, events_of, house_of, read_stream, read_whole, request

from stoa.domain.operations import ClientForm
from stoa.domain.resources import Assistant, Collection

each_client = pytest.mark.parametrize("client", CLIENTS)
CITED = "Trains come first [1]."


def with_assistant(route: str = "chat") -> dict[str, Any]:
    return house_of(
        "assistant/handbook",
        assistants={"handbook": Assistant(name="handbook", prompt="Be kind.", collections=("handbook",), route=route)},
        collections={"handbook": Collection(name="handbook", team="company")},
        corpus={"handbook": 3},
    )


def words_sent(body: bytes) -> str:
    """All that the upstream's model is told, whatever form it speaks."""
    return json.dumps(json.loads(body), ensure_ascii=False)


@each_client
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("stream", [False, True])
async def test_an_assistant_answers_from_its_passages_in_any_form(
    house, make, client: ClientForm, upstream: str, stream: bool
) -> None:
    here = house(behaving("stream" if stream else "plain"), **with_assistant(upstream))
    here.documents.passages = [make.passage(1), make.passage(2)]
    reply = await here.ask(PATHS[client], request(client, "assistant/handbook", CITED, stream=stream))
    got = (read_stream if stream else read_whole)(client, reply.body)
    assert (reply.status, got.text, got.whole) == (200, f"You said: {CITED}", True)
    assert [citation["n"] for citation in got.stoa["citations"]] == [1]
    assert (got.stoa["passages_considered"], got.stoa["cost_nano_usd"]) == (2, 5_850)
    assert got.stoa["verification"] == [{"start": 0, "end": len(got.text), "state": "supported", "numbers": [1], "missing": []}]
    told = words_sent(here.upstreams.sent[0].body)
    assert "Be kind." in told, "the assistant's own words reach the model"
    assert "[1] Travel > Policy > Trains" in told, "and so do the passages"
    (fact,) = here.facts
    assert (fact.assistant, fact.form, fact.corpus_version, fact.model) == ("handbook", client, "handbook:3", upstream)


@pytest.mark.parametrize("client", ["messages", "responses"])
async def test_instructions_and_earlier_turns_come_along(house, client: ClientForm) -> None:
    here = house(behaving("plain"), **with_assistant())
    turns = [("user", "What of trains?"), ("assistant", "They come first."), ("user", "And buses?")]
    said = [{"role": role, "content": text} for role, text in turns]
    body = request(client, "assistant/handbook", temperature=0.1)
    body |= {"messages": said, "system": "In verse."} if client == "messages" else {"input": said, "instructions": "In verse."}
    assert (await here.ask(PATHS[client], body)).status == 200
    assert here.documents.asked[0][0] == "And buses? (What of trains?)"
    sent = json.loads(here.upstreams.sent[0].body)
    system, *rest = sent["messages"]
    assert system["content"].startswith("Be kind.\n\nIn verse.")
    assert [(turn["role"], turn["content"]) for turn in rest] == turns
    assert sent["temperature"] == 0.1


@each_client
async def test_an_assistants_refusal_is_in_the_clients_form(house, client: ClientForm) -> None:
    here = house(behaving("plain"), **with_assistant())
    reply = await here.ask(PATHS[client], request(client, "assistant/handbook", " "))
    assert reply.status == 400
    assert ("type" in reply.json) is (client == "messages")
    assert "must be a question in text" in reply.json["error"]["message"]


@each_client
@pytest.mark.parametrize("stream", [False, True])
async def test_an_assistants_stream_that_dies_tells_it(house, make, client: ClientForm, stream: bool) -> None:
    here = house(behaving("dies" if stream else "server_error"), **with_assistant("gemini"))
    here.documents.passages = [make.passage(1)]
    reply = await here.ask(PATHS[client], request(client, "assistant/handbook", stream=stream))
    got = (read_stream if stream else read_whole)(client, reply.body)
    assert (got.whole, got.stoa, got.error is None) == (False, None, False)


CACHED = {"completions": {"temperature": 0}}
"""Completions are kept only when the client asks for the likeliest one."""


@each_client
@pytest.mark.parametrize("upstream", UPSTREAMS)
@pytest.mark.parametrize("first", [False, True])
async def test_an_answer_that_was_given_before_is_given_in_either_way(
    house, client: ClientForm, upstream: str, first: bool
) -> None:
    """Streamed at first and whole then, or the other way round: the same answer for nothing."""
    here = house(behaving("stream" if first else "plain"), **house_of())
    more: dict[str, Any] = CACHED.get(client, {})
    usage: dict[str, Any] = {"stream_options": {"include_usage": True}} if client in ("chat", "completions") else {}
    for stream in (first, not first, first):
        reply = await here.ask(PATHS[client], request(client, upstream, stream=stream, **more, **(usage if stream else {})))
        got = (read_stream if stream else read_whole)(client, reply.body)
        assert (reply.status, got.text, got.usage, got.whole) == (200, "You said: good day", (11, 7), True)
        assert reply.named["content-type"].startswith("text/event-stream" if stream else "application/json")
    assert len(here.upstreams.sent) == 1
    assert [fact.cache for fact in here.facts] == ["miss", "hit", "hit"]
    assert [fact.cost_nano_usd for fact in here.facts] == [5_850, 0, 0]


@pytest.mark.parametrize("client", ["chat", "messages", "responses"])
@pytest.mark.parametrize("upstream", ["chat", "responses", "messages", "gemini"])
async def test_thinking_is_kept_with_the_answer(house, client: ClientForm, upstream: str) -> None:
    here = house(behaving("thinking_streamed"), **house_of())
    replies = [await here.ask(PATHS[client], request(client, upstream, stream=True)) for _ in range(2)]
    first, again = (read_stream(client, reply.body) for reply in replies)
    assert [fact.cache for fact in here.facts] == ["miss", "hit"]
    assert (again.thinking, again.text) == (first.thinking, first.text) == ("Let me think.", "You said: good day")


@each_client
async def test_an_assistants_citations_are_kept_with_the_answer(house, make, client: ClientForm) -> None:
    here = house(behaving("stream"), **with_assistant())
    here.documents.passages = [make.passage(1)]
    more: dict[str, Any] = CACHED.get(client, {})
    asked = request(client, "assistant/handbook", CITED, **more)
    first = read_stream(client, (await here.ask(PATHS[client], asked | {"stream": True})).body)
    whole = read_whole(client, (await here.ask(PATHS[client], asked)).body)
    again = read_stream(client, (await here.ask(PATHS[client], asked | {"stream": True})).body)
    assert first.stoa["citations"][0]["passage"] == "Trains come first."
    assert first.stoa == whole.stoa == again.stoa
    assert [fact.cache for fact in here.facts] == ["miss", "hit", "hit"]


@pytest.mark.parametrize("client", ["chat", "messages", "responses"])
@pytest.mark.parametrize("stream", [False, True])
async def test_calls_of_tools_are_asked_for_anew(house, client: ClientForm, stream: bool) -> None:
    here = house(behaving("tools_streamed" if stream else "tools"), **house_of())
    for _ in range(2):
        await here.ask(PATHS[client], request(client, "messages", with_tools=True, stream=stream))
    assert len(here.upstreams.sent) == 2


@each_client
async def test_a_stream_that_broke_is_never_kept(house, client: ClientForm) -> None:
    here = house(behaving("dies"), **house_of())
    for _ in range(2):
        await here.ask(PATHS[client], request(client, client, stream=True, **CACHED.get(client, {})))
    assert len(here.upstreams.sent) == 2


async def test_a_message_from_the_cache_is_the_message_that_was_given(house) -> None:
    here = house(behaving("plain"), **house_of())
    asked = request("messages", "messages")
    first = (await here.ask(PATHS["messages"], asked)).json
    events = [data for _, data in events_of((await here.ask(PATHS["messages"], asked | {"stream": True})).body)]
    start, end = events[0]["message"], events[-2]
    assert {**start, "content": first["content"], **end["delta"], "usage": first["usage"]} == first
    assert end["usage"]["output_tokens"] == first["usage"]["output_tokens"]


async def test_a_response_from_the_cache_is_the_response_that_was_given(house) -> None:
    here = house(behaving("plain"), **house_of())
    asked = request("responses", "responses")
    first = (await here.ask(PATHS["responses"], asked)).json
    events = [data for _, data in events_of((await here.ask(PATHS["responses"], asked | {"stream": True})).body)]
    assert events[-1]["response"] == first
    assert [event["item"] for event in events if event["type"] == "response.output_item.done"] == first["output"]
