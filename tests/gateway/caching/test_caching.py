"""The cache as clients see it: what is answered from it, and what is not."""

import json

import pytest


async def test_the_same_question_is_answered_from_the_cache_for_nothing(house, make) -> None:
    here = house()
    first, second = await here.chat(), await here.chat(temperature=None)
    assert first.named["x-stoa-cache"] == "miss"
    third = await here.chat()
    assert (third.body, third.named["x-stoa-cache"], third.named["x-stoa-cost-nano-usd"]) == (first.body, "hit", "0")
    assert third.named["x-stoa-model"] == "mock"
    assert len(here.upstreams.sent) == 2
    fact = here.facts[-1]
    assert (fact.cache, fact.cost_nano_usd, fact.completion_tokens, fact.attempts, fact.model) == ("hit", 0, 20, 0, "mock")
    assert second.status == 200


async def test_either_form_answers_the_other(house, make) -> None:
    here = house(make.stream(*make.talk("Dev", "Ops")))
    streamed = await here.chat(stream=True)
    assert streamed.named["x-stoa-cache"] == "miss"
    whole = await here.chat()
    assert whole.named["x-stoa-cache"] == "hit"
    assert whole.json["choices"][0]["message"]["content"] == "DevOps"
    assert whole.json["usage"]["total_tokens"] == 30
    again = await here.chat(stream=True, stream_options={"include_usage": True})
    text = "".join(e["choices"][0]["delta"].get("content", "") for e in again.events[:-1] if e["choices"])
    assert (text, again.events[-1], again.named["content-type"]) == ("DevOps", "[DONE]", "text/event-stream")
    assert again.events[-2]["usage"]["total_tokens"] == 30
    assert len(here.upstreams.sent) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0.7},
        {"n": 2},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"cache_control": "no-cache"},
        {"cache_control": "max-age=0, No-Store"},
    ],
)
async def test_some_questions_want_a_fresh_answer(house, fields: dict[str, object]) -> None:
    here = house()
    replies = [await here.chat(**dict(fields)) for _ in range(2)]
    assert [reply.named["x-stoa-cache"] for reply in replies] == ["bypass", "bypass"]
    assert len(here.upstreams.sent) == 2


async def test_the_order_of_fields_does_not_matter_but_everything_else_does(house) -> None:
    here = house()
    bodies = [
        {"model": "mock", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5},
        {"max_tokens": 5, "messages": [{"content": "hi", "role": "user"}], "model": "mock"},
        {"model": "mock", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 6},
        {"model": "mock", "messages": [{"role": "user", "content": "hi "}], "max_tokens": 5},
        {"model": "spread", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 5},
    ]
    outcomes = [(await here.ask("/v1/chat/completions", body)).named["x-stoa-cache"] for body in bodies]
    assert outcomes == ["miss", "hit", "miss", "miss", "miss"]


async def test_errors_and_broken_answers_are_never_kept(house, make) -> None:
    from stoa.adapters.providers.memory import JSON, Scripted

    for script in (Scripted(500, [b"{}"], JSON), make.stream(*make.talk("a"), done=False)):
        here = house(script)
        for _ in range(2):
            await here.chat(stream=True)
        assert len(here.upstreams.sent) == 2


async def test_nobody_gets_what_was_answered_under_other_rights(house, make) -> None:
    keys = {make.key(name): make.caller(name, team=team) for name, team in (("a", "x"), ("b", "y"), ("c", "x"))}
    here = house(keys=keys, teams={})
    assert [(await here.chat(key=name)).named["x-stoa-cache"] for name in "abcab"] == ["miss", "miss", "hit", "hit", "hit"]


async def test_a_changed_document_model_or_assistant_makes_old_answers_unreachable(house, make) -> None:
    here = house()
    ask = lambda: here.chat("assistant/handbook")  # noqa: E731
    assert (await ask()).named["x-stoa-cache"] == "miss"
    here.gateway.swap(make.snapshot(version=8))
    assert (await ask()).named["x-stoa-cache"] == "hit"
    here.gateway.swap(make.snapshot(version=9, corpus={"handbook": 4}))
    assert (await ask()).named["x-stoa-cache"] == "miss"
    assistants = make.snapshot().assistants | {}
    from msgspec.structs import replace

    assistants["handbook"] = replace(assistants["handbook"], prompt="Be brief.")
    here.gateway.swap(make.snapshot(version=10, corpus={"handbook": 4}, assistants=assistants))
    assert (await ask()).named["x-stoa-cache"] == "miss"


async def test_tool_calls_in_a_stream_are_not_kept(house, make) -> None:
    call = make.chunk({"tool_calls": [{"index": 0, "id": "t", "function": {"name": "f", "arguments": "{}"}}]})
    here = house(make.stream(call, make.chunk({}, "tool_calls")))
    for _ in range(2):
        reply = await here.chat(stream=True)
        assert json.dumps("tool_calls") in reply.body.decode()
    assert len(here.upstreams.sent) == 2
