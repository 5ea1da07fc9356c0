"""A guard that cannot judge lets nothing through, unless it is told to; and own guards say what is to be done."""

import json
from typing import Any

import pytest
from tests.gateway.forms import CLIENTS, PATHS, behaving, read_stream, read_whole, request

from stoa.adapters.guards.memory import MemoryGuards
from stoa.domain.guardrails import HttpGuard
from stoa.domain.guards import Question, Reply, ReplyFinding
from stoa.domain.operations import ClientForm
from stoa.errors import ProviderError
from stoa.guards.words import DenyList

URL = "http://guard.example.com/judge"
each_client = pytest.mark.parametrize("client", CLIENTS)
each_stream = pytest.mark.parametrize("stream", [False, True])


def failing(question: Question) -> Reply:
    raise ProviderError("The guard is away.")


def finding(word: str, action: Any) -> Any:
    """A service that finds one word, and does nothing without it."""

    def script(question: Question) -> Reply:
        found = [
            ReplyFinding("codename", number, text.index(word), text.index(word) + len(word))
            for number, text in enumerate(question.texts)
            if word in text
        ]
        return Reply(action=action if found else "pass", findings=found)

    return script


def behaviour(stream: bool) -> Any:
    return behaving("stream" if stream else "plain")


def read(client: ClientForm, body: bytes, stream: bool) -> Any:
    return (read_stream if stream else read_whole)(client, body)


@each_client
@each_stream
async def test_an_own_guard_that_is_away_refuses_what_is_sent(guarded, client: ClientForm, stream: bool) -> None:
    here = guarded(behaviour(stream), HttpGuard(url=URL), own=MemoryGuards(failing))
    reply = await here.ask(PATHS[client], request(client, "chat", stream=stream))
    assert reply.status == 503
    assert here.upstreams.sent == []
    if client != "messages":
        assert reply.error["code"] == "guardrail_unavailable"


@each_client
@each_stream
async def test_an_own_guard_that_is_away_refuses_what_is_answered(guarded, client: ClientForm, stream: bool) -> None:
    here = guarded(behaviour(stream), HttpGuard(url=URL, on=("output",)), own=MemoryGuards(failing))
    reply = await here.ask(PATHS[client], request(client, "chat", "tell me", stream=stream))
    assert "tell me" not in reply.body.decode()
    assert reply.status == (200 if stream else 503)
    (fact,) = here.facts
    assert (fact.error, fact.completion_tokens) == ("guardrail_unavailable", 7)


@each_client
@each_stream
async def test_open_on_error_lets_it_through(guarded, client: ClientForm, stream: bool) -> None:
    here = guarded(behaviour(stream), HttpGuard(url=URL, on_error="open"), own=MemoryGuards(failing))
    reply = await here.ask(PATHS[client], request(client, "chat", stream=stream))
    assert read(client, reply.body, stream).text == "You said: good day"
    verdicts = reply.intake.verdicts
    assert [(each.stage, each.action) for each in verdicts] == [("input", "error"), ("output", "error")]


@pytest.mark.parametrize("on_error", ["closed", "open"])
@each_stream
async def test_a_detector_that_raises_refuses(
    guarded, guards, monkeypatch: pytest.MonkeyPatch, on_error: Any, stream: bool
) -> None:
    def breaks(self: Any, text: str) -> Any:
        raise MemoryError(text)

    monkeypatch.setattr(DenyList, "find", breaks)
    here = guarded(behaviour(stream), guards.words("green dragon", on_error=on_error))
    reply = await here.ask(PATHS["chat"], request("chat", "chat", stream=stream))
    assert reply.status == (503 if on_error == "closed" else 200)
    assert bool(here.upstreams.sent) is (on_error == "open")


async def test_a_guard_that_cannot_be_made_ready_refuses(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal(kinds=("NO_SUCH_KIND",)))
    reply = await here.ask(PATHS["chat"], request("chat", "chat"))
    assert (reply.status, reply.error["code"]) == (503, "guardrail_unavailable")


async def test_a_service_that_only_fails_is_left_alone(guarded) -> None:
    own = MemoryGuards(failing)
    here = guarded(behaving("plain"), HttpGuard(url=URL), own=own)
    for _ in range(8):
        assert (await here.ask(PATHS["chat"], request("chat", "chat"))).status == 503
    assert len(own.asked) == 5


@each_client
@each_stream
@pytest.mark.parametrize("action", ["mask", "refuse", "warn"])
async def test_an_own_guard_judges_what_is_answered(guarded, client: ClientForm, stream: bool, action: Any) -> None:
    own = MemoryGuards(finding("griffin", action))
    here = guarded(behaviour(stream), HttpGuard(url=URL, on=("output",)), own=own)
    reply = await here.ask(PATHS[client], request(client, "chat", "the griffin flies", stream=stream))
    text = reply.body.decode()
    match action:
        case "mask":
            assert read(client, reply.body, stream).text == "You said: the [CODENAME] flies"
            assert "griffin" not in text
        case "refuse":
            assert "griffin" not in text
            assert reply.status == (200 if stream else 400)
            assert here.facts[0].error == "guardrail_refused"
        case _:
            assert read(client, reply.body, stream).text == "You said: the griffin flies"
    (verdict,) = reply.intake.verdicts
    assert (verdict.guard, verdict.action, verdict.kinds) == ("http", action, {"CODENAME": 1})


async def test_an_own_guard_is_told_of_the_request_and_may_write_texts_anew(guarded) -> None:
    def rewriting(question: Question) -> Reply:
        return Reply(action="mask", texts=[text.replace("griffin", "bird") for text in question.texts])

    own = MemoryGuards(rewriting)
    here = guarded(behaving("plain"), HttpGuard(url=URL, on=("input",), headers={"x": "sealed:y"}), own=own)
    reply = await here.ask(PATHS["chat"], request("chat", "chat", "one griffin, two griffins"))
    assert read_whole("chat", reply.body).text == "You said: one bird, two birds"
    (asked,) = own.asked
    assert (asked.stage, asked.texts, asked.guardrail) == ("input", ["one griffin, two griffins"], "everywhere")
    assert (asked.request.team, asked.request.model, asked.request.key) == ("company", "chat", "app")
    assert own.opened == [(URL, {"x": "y"}, 2.0)]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(action="mask"),
        Reply(action="mask", texts=["one", "two"]),
        Reply(action="refuse", findings=[ReplyFinding("X", 7, 0, 1)]),
        Reply(action="mask", findings=[ReplyFinding("X", 0, 0, 99)]),
    ],
)
async def test_a_reply_that_contradicts_itself_is_no_verdict(guarded, reply: Reply) -> None:
    here = guarded(behaving("plain"), HttpGuard(url=URL), own=MemoryGuards(lambda question: reply))
    assert (await here.ask(PATHS["chat"], request("chat", "chat"))).status == 503
    assert here.upstreams.sent == []


async def test_a_client_that_goes_while_its_answer_is_judged_pays_for_it(guarded) -> None:
    import asyncio

    waiting = asyncio.Event()

    class Slow(MemoryGuards):
        async def judge(self, question: Question) -> Reply:
            waiting.set()
            await asyncio.sleep(30)
            raise AssertionError("nobody waits so long")

    here = guarded(behaving("plain"), HttpGuard(url=URL, on=("output",)), own=Slow(failing))
    reply = here.begin(PATHS["chat"], request("chat", "chat"))
    await asyncio.wait_for(waiting.wait(), 5)
    reply.intake.on_gone()
    await asyncio.sleep(0.01)  # facts are written together
    (fact,) = here.facts
    assert (fact.status, fact.error, fact.completion_tokens, fact.model) == (499, "client_gone", 7, "chat")


async def test_a_refusal_names_no_word_that_a_service_made_up(guarded) -> None:
    own = MemoryGuards(lambda question: Reply(action="refuse", findings=[ReplyFinding("said: my <secret>!", 0, 0, 1)]))
    here = guarded(behaving("plain"), HttpGuard(url=URL), own=own)
    reply = await here.ask(PATHS["chat"], request("chat", "chat"))
    assert "SAID__MY__SECRET_" in reply.error["message"]
    assert json.loads(reply.body)["error"]["code"] == "guardrail_refused"
