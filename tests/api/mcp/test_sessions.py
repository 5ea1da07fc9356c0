"""A session is its owner's alone, asks only what was announced, and takes no answer but one to what it asked."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from tests.api.company import Company
from tests.api.mcp.conftest import Connect, Message, Raw

from stoa.api.mcp import client as asking
from stoa.api.mcp import resuming, sessions
from stoa.api.mcp.exchange import CallLimit

pytestmark = pytest.mark.slow

Opened = Callable[[str], AbstractAsyncContextManager[Raw]]
QUESTION = {"question": "What does travel cost?"}
GOOD = {"role": "assistant", "content": {"type": "text", "text": "It is paid [1]."}, "model": "m-1"}
SOON = 10


@pytest.fixture
async def document(company: Company) -> None:
    await company.upload({"travel.md": b"Travel costs are paid."})


def told(message: Message) -> str:
    return message["result"]["content"][0]["text"]


def to(question: Message, result: object) -> Message:
    return {"id": question["id"], "result": result}


async def test_a_client_is_asked_on_the_stream_of_its_call_and_answers_in_a_request_of_its_own(
    document: None, raw: Opened, keys: dict[str, str]
) -> None:
    asked: list[str] = []
    async with raw(keys["team"]) as client:
        began = await client.begin(sampling={})
        assert '"subscribe":true' in began.text and '"listChanged":true' in began.text

        def answer(question: Message) -> Message:
            asked.append(question["method"])
            return to(question, GOOD)

        answered = await client.called("ask", QUESTION, answer)
        assert (asked, answered["result"]["structuredContent"]["answer"]) == (["sampling/createMessage"], "It is paid [1].")
        assert (await client.end()).status_code == 204
        assert (await client.post({"id": 2, "method": "ping"})).status_code == 404


async def test_a_client_is_never_asked_for_what_it_did_not_announce(document: None, raw: Opened, keys: dict[str, str]) -> None:
    async with raw(keys["team"]) as client:
        await client.begin(elicitation={"url": {}}, roots={})
        answered = await client.called("ask", QUESTION, lambda _: pytest.fail("it was asked"))
        assert "does not announce 'sampling'" in answered["error"]["message"]
        listed = await client.post({"id": 3, "method": "tools/list"})
        assert '"name":"search"' in listed.text and '"name":"ask"' not in listed.text


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({}, "with something else: "),
        ({"role": "assistant", "content": "text", "model": "m"}, "with something else: content"),
        ({"role": "assistant", "content": {"type": "text", "text": 7}, "model": "m"}, "with something else: "),
        ({"role": "system", "content": {"type": "text", "text": "x"}, "model": "m"}, "with something else: role"),
        ({"role": "assistant", "content": {"type": "text", "text": "x" * 1_000_000}, "model": "m"}, "1,000,000 characters"),
    ],
)
async def test_an_answer_of_the_wrong_form_or_size_is_refused(
    document: None, raw: Opened, keys: dict[str, str], result: Any, said: str
) -> None:
    async with raw(keys["team"]) as client:
        await client.begin(sampling={})
        answered = await client.called("ask", QUESTION, lambda question: to(question, result))
        assert answered["result"]["isError"]
        assert said in told(answered)
        assert (await client.post({"id": 9, "method": "ping"})).status_code == 200  # the session goes on


async def test_an_answer_to_what_was_not_asked_changes_nothing(document: None, raw: Opened, keys: dict[str, str]) -> None:
    forged = {**GOOD, "content": {"type": "text", "text": "Forged."}}
    async with raw(keys["team"]) as client, raw(keys["team"]) as other, raw(keys["hr"]) as stranger:
        await client.begin(sampling={})
        await other.begin(sampling={})
        call = {"id": 1, "method": "tools/call", "params": {"name": "ask", "arguments": QUESTION}}
        async with client.stream(call) as messages:
            question = await anext(message async for message in messages if "id" in message)
            for wrong in (question["id"] + 1, -1, "x", str(question["id"]) + "0"):
                await client.post({"id": wrong, "result": forged})
            await other.post(to(question, forged))  # the same number, in another session
            stranger.headers["mcp-session-id"] = client.headers["mcp-session-id"]
            refused = await stranger.post(to(question, forged))
            unknown = await stranger.post({"id": 1, "method": "ping"})
            stranger.headers["mcp-session-id"] = "0" * 32
            nowhere = await stranger.post(to(question, forged))
            assert (refused.status_code, unknown.status_code) == (404, 404)
            assert refused.json() == nowhere.json()
            await client.post(to(question, GOOD))
            answered = await anext(message async for message in messages if "result" in message)
            await client.post(to(question, forged))  # a second time
    assert answered["result"]["structuredContent"]["answer"] == "It is paid [1]."


async def test_nobody_listens_to_or_ends_the_session_of_another(raw: Opened, keys: dict[str, str]) -> None:
    async with raw(keys["team"]) as client, raw(keys["hr"]) as stranger:
        await client.begin()
        stranger.headers["mcp-session-id"] = client.headers["mcp-session-id"]
        assert (await stranger.end()).status_code == 404
        with pytest.raises(AssertionError, match="not known here"):
            async with stranger.stream(None):
                pass
        assert (await client.post({"id": 1, "method": "ping"})).status_code == 200


async def test_a_client_that_never_answers_is_given_up(
    document: None, raw: Opened, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE_S", 0.05)
    async with raw(keys["team"]) as client:
        await client.begin(sampling={})
        answered = await client.called("ask", QUESTION, lambda _: None)
    assert "did not answer within" in told(answered)


async def test_waiting_for_the_client_takes_nothing_off_the_time_of_the_call() -> None:
    limit = CallLimit()
    async with limit.running(60) as timeout:
        until = timeout.when()
        assert until is not None
        with limit.held():
            assert timeout.when() is None
            await asyncio.sleep(0.01)
        assert (timeout.when() or 0) >= until + 0.01


async def test_a_call_that_is_cancelled_or_left_stops_waiting(
    company: Company, document: None, raw: Opened, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "RETURN_S", 0.05)
    (await company.running.app.state.mcp.server()).answers.waiting.of_one = 1
    call = {"method": "tools/call", "params": {"name": "ask", "arguments": QUESTION}}
    async with raw(keys["team"]) as client:
        await client.begin(sampling={})
        async with client.stream({"id": 1, **call}) as messages:
            question = await anext(message async for message in messages if "id" in message)
            assert "1 questions to clients are yours already" in told(await client.called("ask", QUESTION, lambda _: None))
            await client.post({"method": "notifications/cancelled", "params": {"requestId": 1}})
            ended = [message async for message in messages]
        assert question["method"] == "sampling/createMessage"
        assert ended[-1]["error"]["message"] == "Request cancelled"
        async with client.stream({"id": 2, **call}) as messages:
            await anext(message async for message in messages if "id" in message)
        for _ in range(200):  # it is seen to have left a moment later
            answered = await client.called("ask", QUESTION, lambda question: to(question, GOOD))
            if not answered["result"].get("isError"):
                break
            await asyncio.sleep(0.05)
        assert answered["result"]["structuredContent"]["answer"] == "It is paid [1]."


async def test_who_opens_too_many_sessions_loses_the_oldest_and_takes_none_from_others(
    raw: Opened, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_OF_ONE", 2)
    monkeypatch.setattr(sessions, "MOST", 3)
    async with raw(keys["team"]) as one, raw(keys["team"]) as two, raw(keys["team"]) as three, raw(keys["hr"]) as other:
        await other.begin()
        for client in (one, two, three):
            await client.begin()
        alive = [(await each.post({"id": 1, "method": "ping"})).status_code for each in (one, two, three, other)]
    assert alive == [404, 200, 200, 200]


async def test_streams_of_changes_are_counted_and_the_next_one_is_refused(
    company: Company, raw: Opened, keys: dict[str, str]
) -> None:
    streams = (await company.running.app.state.mcp.server()).answers.changes.streams
    streams.of_one = 1
    async with raw(keys["team"]) as one, raw(keys["team"]) as two:
        await one.begin()
        await two.begin()
        async with one.stream(None):
            with pytest.raises(AssertionError, match="1 streams of changes are yours"):
                async with two.stream(None):
                    pass
            with pytest.raises(AssertionError, match="Only one SSE stream"):
                async with one.stream(None):
                    pass
        async with asyncio.timeout(SOON):
            while streams.held:  # noqa: ASYNC110 - the server does not tell
                await asyncio.sleep(0.01)
        async with two.stream(None):
            pass


async def test_a_handshake_that_fails_leaves_no_session(company: Company, raw: Opened, keys: dict[str, str]) -> None:
    async with raw(keys["team"]) as client:
        client.headers["accept"] = "text/html"
        assert (await client.post({"id": 0, "method": "initialize", "params": {}})).status_code == 406
    assert len((await company.running.app.state.mcp.server()).sessions) == 0


async def test_a_session_that_does_nothing_for_long_ends(
    company: Company, raw: Opened, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "IDLE_S", 0.05)
    async with raw(keys["team"]) as client:
        await client.begin()
        served = (await company.running.app.state.mcp.server()).sessions
        async with asyncio.timeout(SOON):
            while len(served):  # noqa: ASYNC110 - the server does not tell
                await asyncio.sleep(0.01)
        assert (await client.post({"id": 1, "method": "ping"})).status_code == 404


@pytest.mark.parametrize("state", ["nonsense", "{}", '{"asked": 1, "answers": []}', "[" * 10_000, "x" * 200_000])
async def test_a_newer_client_that_makes_up_what_it_was_given_is_told_so(
    document: None, connect: Connect, keys: dict[str, str], state: str
) -> None:
    async def model(context: object, params: object) -> Any:
        raise AssertionError("it was asked")

    async with connect(keys["team"], sampling_callback=model) as client:
        with pytest.raises(Exception, match="not what Stoa gave out"):
            await client.call_tool("ask", QUESTION, request_state=state)
