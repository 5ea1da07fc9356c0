"""One try has a state of its own: nothing of one that failed reaches the next, and what a client leaves is given up."""

import asyncio
import json

import pytest
from tests.gateway.fleets import BODY, asked, cancelled, fleet, refusal, targets, text

from stoa.adapters.providers.memory import EVENTS, JSON, Scripted
from stoa.domain.resources import Assistant, Model, Provider
from stoa.domain.snapshot import Access
from stoa.domain.upstream import Failure

BOTH = {"targets": targets("a", "b"), "strategy": "ordered"}
MESSAGE = {
    "id": "m1", "type": "message", "role": "assistant", "model": "up", "stop_reason": "end_turn",
    "content": [{"type": "text", "text": "from b"}], "usage": {"input_tokens": 3, "output_tokens": 4},
}  # fmt: skip


def anthropic(*events: tuple[str, dict]) -> list[bytes]:
    return [f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode() for name, data in events]


START = ("message_start", {"message": {**MESSAGE, "content": [], "usage": {"input_tokens": 3, "output_tokens": 1}}})
TOOL = ("content_block_start", {"index": 0, "content_block": {"type": "tool_use", "id": "t1", "name": "look", "input": {}}})
TEXT = ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})
WORDS = ("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": "from b"}})
END = (
    ("content_block_stop", {"index": 0}),
    ("message_delta", {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}),
    ("message_stop", {}),
)
OVERLOADED = ("error", {"error": {"type": "overloaded_error", "message": "Overloaded"}})

FIRSTS = {
    "a role": [b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'],
    "half an event": [b'data: {"choices":[{"index":0,"delta":{"con'],
    "a usage": [b'data: {"choices":[],"usage":{"prompt_tokens":999,"completion_tokens":999}}\n\n'],
    "a comment": [b": wait\n\n"],
    "an error": [b'data: {"error":{"message":"overloaded"}}\n\n'],
    "nonsense": [b"data: {]\n\n"],
}


@pytest.mark.parametrize("name", FIRSTS)
async def test_nothing_of_a_stream_that_failed_is_in_the_next(name: str, house, make) -> None:
    bad = Scripted(200, FIRSTS[name], EVENTS, Failure("truncated", "gone"))
    here = fleet(house, {"a": bad, "b": make.stream(*make.talk("from", "b"))}, **BOTH)
    reply = await here.chat("best", stream=True)
    assert reply.body == b"".join(make.talk("from", "b")) + b"data: [DONE]\n\n"
    (fact,) = here.facts
    assert (fact.prompt_tokens, fact.completion_tokens, fact.cost_nano_usd) == (10, 20, 13_500)


async def test_one_in_another_dialect_leaves_no_number_and_no_id_behind(house) -> None:
    bad = Scripted(200, anthropic(START, OVERLOADED), EVENTS)
    good = Scripted(200, anthropic(START, TEXT, WORDS, *END), EVENTS)
    here = fleet(house, {"a": bad, "b": good}, types={"a": "anthropic", "b": "anthropic"}, **BOTH)
    reply = await here.chat("best", stream=True)
    alone = await fleet(house, {"b": good}, types={"b": "anthropic"}, targets=targets("b")).chat("best", stream=True)

    def shape(events: list) -> list:
        return [{**each, "id": 0, "created": 0, "stoa": 0} if isinstance(each, dict) else each for each in events]

    assert shape(reply.events) == shape(alone.events)
    assert (here.facts[0].prompt_tokens, here.facts[0].completion_tokens) == (3, 4)


async def test_each_dialect_gets_its_own_body(house, make) -> None:
    here = fleet(
        house, {"a": refusal(500), "b": refusal(500), "c": make.whole("from c")}, targets=targets("a", "b", "c"),
        strategy="ordered", types={"a": "anthropic", "b": "gemini"},
    )  # fmt: skip
    reply = await here.chat("best", temperature=0.5)
    assert (text(reply), asked(here)) == ("from c", ["a", "b", "c"])
    bodies = [json.loads(sent.body) for sent in here.upstreams.sent]
    assert [sorted(body) for body in bodies] == [
        ["max_tokens", "messages", "model", "temperature"],
        ["contents", "generationConfig"],
        ["messages", "model", "temperature"],
    ]
    assert [body.get("model") for body in bodies] == ["a", None, "c"]


async def test_a_whole_answer_in_another_dialect_after_one_that_was_none(house) -> None:
    here = fleet(
        house, {"a": Scripted(200, [b"{}"], JSON), "b": Scripted(200, [json.dumps(MESSAGE).encode()], JSON)},
        types={"a": "anthropic", "b": "anthropic"}, **BOTH,
    )  # fmt: skip
    reply = await here.chat("best")
    assert (text(reply), here.facts[0].prompt_tokens, here.facts[0].completion_tokens) == ("from b", 3, 4)


async def test_what_a_target_cannot_carry_is_for_the_next_that_can(house, make) -> None:
    fallback = [{"model": "d", "on": ["invalid_request"]}]
    here = fleet(house, {"d": make.whole("from d")}, types={"a": "anthropic"}, **{**BOTH, "fallback": fallback})
    reply = await here.chat("best", logit_bias={"50256": -100})
    assert (text(reply), asked(here)) == ("from d", ["d"])
    refused = await fleet(house, {}, types={"a": "anthropic"}, **BOTH).chat("best", logit_bias={"50256": -100})
    assert (refused.status, refused.error["param"]) == (400, "logit_bias")


async def test_an_assistants_passages_go_out_in_every_dialect(house, make) -> None:
    here = house(
        Scripted(200, [json.dumps(MESSAGE).encode()], JSON),
        providers={"one": Provider(name="one", base_url="http://one/v1", type="anthropic", api_key="k")},
        models={"mock": Model(name="mock", provider="one")},
        routes={},
        assistants={"handbook": Assistant(name="handbook", prompt="Be kind.", route="mock", collections=("handbook",))},
    )
    here.documents.passages = [make.passage(1, "Trains come first.")]
    reply = await here.chat("assistant/handbook", "How do I travel?")
    assert reply.status == 200
    sent = json.dumps(json.loads(here.upstreams.sent[0].body)["system"])
    assert "Be kind." in sent
    assert "Trains come first." in sent


async def test_a_client_that_leaves_in_the_middle_pays_for_what_was_generated(house, make) -> None:
    pieces = [make.chunk({"content": "x" * 100}) for _ in range(4)]
    here = fleet(house, {"a": refusal(500), "b": Scripted(200, pieces, EVENTS, hold=True)}, **BOTH)
    reply = here.begin("/v1/chat/completions", {**BODY, "stream": True})
    await reply.began.wait()
    for _ in range(50):
        await asyncio.sleep(0)
    reply.intake.on_gone()
    await asyncio.sleep(0.01)
    assert cancelled(here) == ["b"]
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.model, fact.attempts) == (499, "client_gone", "b", 2)
    assert (fact.completion_tokens, fact.tokens_from) == (100, "estimate")
    assert fact.cost_nano_usd == fact.prompt_tokens * 150 + 100 * 600


async def test_what_comes_after_the_client_has_left_changes_nothing(house, make) -> None:
    here = fleet(house, {"a": Scripted(200, [b" "] * 50 + list(make.whole().pieces), JSON)}, targets=targets("a"))
    reply = here.begin("/v1/chat/completions", BODY)
    await asyncio.sleep(0)
    reply.intake.on_gone()
    reply.intake.on_gone()
    await asyncio.sleep(0.05)
    assert (len(here.facts), reply.status) == (1, None)
    report = here.gateway.reports()[0]
    assert (report.inflight_realtime, report.given_up_total, report.failed_total) == (0, 1, 0)


async def test_sound_that_fails_leaves_no_type_to_the_error(house) -> None:
    bad = Scripted(500, [b"oops"], ((b"content-type", b"audio/mpeg"),))
    here = house(
        bad, models={"voice": Model(name="voice", provider="one", operation="speech")}, routes={}, assistants={},
        access=(Access(True, frozenset({"voice"}), frozenset(), frozenset({"voice"})),),
    )  # fmt: skip
    reply = await here.ask("/v1/audio/speech", {"model": "voice", "input": "hello", "voice": "alloy"})
    assert (reply.status, reply.named["content-type"]) == (502, "application/json")
    assert reply.error["code"] == "upstream_error"
