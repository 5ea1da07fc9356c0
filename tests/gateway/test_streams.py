import asyncio
import json

import pytest

from stoa.adapters.providers.memory import EVENTS, Scripted
from stoa.domain.upstream import Failure


async def test_a_stream_passes_as_it_is_but_for_the_usage_nobody_asked_for(house, make) -> None:
    words = make.talk("Dev", "Ops")
    here = house(make.stream(*words))
    reply = await here.chat(stream=True, temperature=1)
    assert reply.status == 200
    assert reply.body == b"".join(words) + b"data: [DONE]\n\n"
    assert reply.named["content-type"] == "text/event-stream"
    assert json.loads(here.upstreams.sent[0].body)["stream_options"] == {"include_usage": True}
    (fact,) = here.facts
    assert (fact.streamed, fact.tokens_from, fact.completion_tokens, fact.cost_nano_usd) == (True, "provider", 20, 13_500)
    assert fact.first_token_ms is not None


async def test_usage_that_was_asked_for_is_passed_on(house, make) -> None:
    here = house(make.stream(*make.talk("a")))
    reply = await here.chat(stream=True, stream_options={"include_usage": True})
    assert [event["usage"]["total_tokens"] for event in reply.events[:-1] if event.get("usage")] == [30]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
async def test_events_may_come_in_any_pieces(house, make, size: int, line_end: bytes) -> None:
    data = b": hello\n\n" + b"".join([*make.talk("Dev", "Ops"), make.chunk(usage={"prompt_tokens": 1}), b"data: [DONE]\n\n"])
    data = data.replace(b"\n", line_end)
    here = house(Scripted(200, [data[at : at + size] for at in range(0, len(data), size)], EVENTS))
    reply = await here.chat(stream=True)
    assert reply.body == b": hello\n\n" + b"".join(make.talk("Dev", "Ops")) + b"data: [DONE]\n\n"


async def test_a_stream_that_ends_without_its_mark_ends_with_an_error(house, make) -> None:
    here = house(make.stream(*make.talk("Dev"), done=False))
    reply = await here.chat(stream=True)
    assert reply.events[-1]["error"]["code"] == "upstream_truncated"
    assert "[DONE]" not in reply.events
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.completion_tokens) == (200, "upstream_truncated", 20)


async def test_a_stream_that_dies_after_its_first_content_ends_with_an_error_and_is_billed(house, make) -> None:
    here = house(make.stream(make.chunk({"content": "x" * 40}), done=False, usage=False, failure=Failure("truncated", "gone")))
    reply = await here.chat("spread", stream=True)
    assert reply.events[-1]["error"]["code"] == "upstream_truncated"
    (fact,) = here.facts
    assert (fact.attempts, fact.model, fact.tokens_from, fact.completion_tokens) == (1, "mock", "estimate", 10)
    assert fact.cost_nano_usd > 0


BEFORE_CONTENT = {
    "an error as the first event": [b'data: {"error":{"message":"overloaded","code":503}}\n\n'],
    "an error behind the role": [b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\ndata: {"error":"no"}\n\n'],
    "an end without content": [b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'],
    "no events": [b"data: hello\n\n"],
}


@pytest.mark.parametrize("name", BEFORE_CONTENT)
async def test_a_stream_that_fails_before_its_first_content_moves_on(house, make, name: str) -> None:
    bad, good = Scripted(200, BEFORE_CONTENT[name], EVENTS), make.stream(*make.talk("two"))
    here = house(lambda sent: bad if "one" in sent.url else good)
    reply = await here.chat("spread", stream=True)
    assert reply.body == b"".join(make.talk("two")) + b"data: [DONE]\n\n"
    assert (here.facts[0].attempts, here.facts[0].model) == (2, "other")


async def test_a_stream_that_cannot_begin_is_an_ordinary_error(house) -> None:
    here = house(Scripted(200, [b'data: {"error":{"message":"overloaded"}}\n\n'], EVENTS))
    reply = await here.chat(stream=True)
    assert (reply.status, reply.error["code"]) == (502, "upstream_error")
    assert "overloaded" in reply.error["message"]


async def test_an_error_in_the_middle_ends_the_stream_with_an_error(house, make) -> None:
    here = house(Scripted(200, [*make.talk("a")[:2], b'data: {"error":{"message":"boom"}}\n\n', b"data: [DONE]\n\n"], EVENTS))
    reply = await here.chat(stream=True)
    assert "boom" in reply.events[-1]["error"]["message"]
    assert "[DONE]" not in reply.events


async def test_a_word_in_the_content_is_no_error(house, make) -> None:
    words = make.talk('{"error": "prompt_tokens"} [DONE]')
    reply = await house(make.stream(*words)).chat(stream=True)
    assert reply.body == b"".join(words) + b"data: [DONE]\n\n"


async def test_a_client_that_leaves_a_stream_pays_for_what_it_got(house, make) -> None:
    here = house(make.stream(make.chunk({"content": "x" * 400}), done=False, usage=False, hold=True))
    body = {"model": "mock", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    reply = here.begin("/v1/chat/completions", body)
    await reply.began.wait()
    reply.intake.on_gone()
    await asyncio.sleep(0.01)
    assert len(here.upstreams.cancelled) == 1
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.completion_tokens, fact.model) == (499, "client_gone", 100, "mock")
    assert fact.cost_nano_usd > 60_000


async def test_a_slow_client_holds_the_upstream_back(house, make) -> None:
    here = house(make.stream(*make.talk(*"abcdefgh")))
    body = {"model": "mock", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    reply = here.begin("/v1/chat/completions", body)
    await reply.began.wait()
    reply.intake.on_pause()
    seen = len(reply.pieces)
    await asyncio.sleep(0.02)
    assert len(reply.pieces) == seen
    reply.intake.on_resume()
    await reply.wait()
    assert reply.events[-1] == "[DONE]"


async def test_a_provider_that_does_not_stream_is_passed_on_as_it_is(house, make) -> None:
    reply = await house(make.whole()).chat(stream=True)
    assert (reply.status, reply.json["object"], reply.named["content-type"]) == (200, "chat.completion", "application/json")


async def test_a_full_log_ends_a_stream_with_an_error(house, make) -> None:
    here = house(make.stream(*make.talk("a")))
    here.log.full = True
    reply = await here.chat(stream=True)
    assert reply.events[-1]["error"]["code"] == "usage_log_full"
    assert "[DONE]" not in reply.events


async def test_an_event_without_end_is_given_up(house, make) -> None:
    here = house(Scripted(200, [make.chunk({"content": "a"}), *([b"x" * 1_000_000] * 6)], EVENTS))
    reply = await here.chat(stream=True)
    assert reply.events[-1]["error"]["code"] == "upstream_malformed"
