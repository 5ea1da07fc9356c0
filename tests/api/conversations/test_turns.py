"""Turns over HTTP: the events a page reads, and what happens when it goes away."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from stoa.adapters.gateway_client.scripted import ScriptedChat
from stoa.domain.chat import AnswerCitations, AnswerClosest, AnswerText, AnswerVerification
from stoa.domain.passages import Citation, SentenceCheck
from stoa.errors import LimitReached

SignIn = Callable[..., Awaitable[httpx.AsyncClient]]
Event = tuple[str, dict[str, Any]]  # Any: JSON

CITATION = Citation(1, "doc_1", "hr", "Travel", "travel.pdf", ("Hotels",), 3, 10, 40, "Up to 180 € a night.", 0.5)

CHECK = SentenceCheck(0, 17, "unsupported", (1,), ("180",))


def events_in(text: str) -> list[Event]:
    blocks = [block.split("\n") for block in text.split("\n\n") if block and not block.startswith(":")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in blocks]


async def begin(person: httpx.AsyncClient) -> str:
    return (await person.post("/api/conversations", json={"model": "assistant/hr"})).json()["id"]


async def ask(person: httpx.AsyncClient, conversation_id: str, **body: str) -> list[Event]:
    answer = await person.post(f"/api/conversations/{conversation_id}/turns", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return events_in(answer.text)


async def messages(person: httpx.AsyncClient, conversation_id: str) -> list[dict[str, Any]]:
    return (await person.get(f"/api/conversations/{conversation_id}")).json()["messages"]


async def test_a_turn_comes_as_events_and_stays_as_messages(sign_in: SignIn, chat: ScriptedChat) -> None:
    chat.script = [
        AnswerText("Up to\n\n"),
        AnswerText("180 € [1]."),
        AnswerCitations((CITATION,)),
        AnswerClosest((CITATION,)),
        AnswerVerification((CHECK,)),
    ]
    ann = await sign_in("ann")
    conversation_id = await begin(ann)
    events = await ask(ann, conversation_id, content="What may a hotel cost?\n")
    assert [name for name, _ in events] == ["started", "delta", "delta", "citations", "closest", "verification", "ended"]
    started, first, _, cited, closest, verified, ended = (data for _, data in events)
    assert started["assistant_message"]["state"] == "streaming"
    assert first == {"text": "Up to\n\n"}
    assert cited["citations"][0]["title"] == "Travel"
    assert closest == {"closest": cited["citations"]}
    marked = {"start": 0, "end": 17, "state": "unsupported", "numbers": [1], "missing": ["180"]}
    assert verified["verification"] == ended["message"]["verification"] == [marked]
    assert [started["user_message"], ended["message"]] == await messages(ann, conversation_id)
    assert ended["conversation"]["title"] == "What may a hotel cost?"
    assert started["user_message"]["content"] == "What may a hotel cost?\n"
    session = (await ann.get("/api/session")).json()
    assert [asked.user_id for asked in chat.asked] == [session["user"]["id"]]


async def test_a_refusal_of_the_gateway_is_an_event_in_its_words(sign_in: SignIn, chat: ScriptedChat) -> None:
    chat.script = [LimitReached("The team 'company' has spent its budget.", code="budget_spent")]
    ann = await sign_in("ann")
    (_, _), (name, failed) = await ask(ann, await begin(ann), content="Hotels?")
    assert name == "failed"
    assert failed["error"]["message"] == failed["message"]["error"] == "The team 'company' has spent its budget."
    assert failed["error"]["code"] == "budget_spent"
    assert failed["message"]["state"] == "failed"


async def test_edit_and_regenerate_over_http(sign_in: SignIn, chat: ScriptedChat) -> None:
    ann = await sign_in("ann")
    conversation_id = await begin(ann)
    await ask(ann, conversation_id, content="One?")
    question = (await messages(ann, conversation_id))[0]
    await ask(ann, conversation_id, content="First?", replaces=question["id"], model="gpt")
    edited, answer = await messages(ann, conversation_id)
    assert (edited["content"], answer["model"]) == ("First?", "gpt")
    chat.script = [AnswerText("Otherwise.")]
    url = f"/api/conversations/{conversation_id}/messages/{answer['id']}/regenerate"
    assert events_in((await ann.post(url, json={})).text)[-1][0] == "ended"
    assert [message["content"] for message in await messages(ann, conversation_id)] == ["First?", "Otherwise."]


async def test_a_turn_needs_the_session_s_token(sign_in: SignIn) -> None:
    ann = await sign_in("ann")
    conversation_id = await begin(ann)
    url = f"/api/conversations/{conversation_id}/turns"
    assert (await ann.post(url, json={"content": "?"}, headers={"x-csrf-token": "wrong"})).status_code == 403
    assert await messages(ann, conversation_id) == []


class Browser:
    """One request to the application, as a server makes it, that can be given up."""

    def __init__(self, app: FastAPI, person: httpx.AsyncClient, path: str, body: dict[str, str]) -> None:
        content = json.dumps(body).encode()
        request = person.build_request("POST", path, content=content, headers={"content-type": "application/json"})
        self._messages = asyncio.Queue[dict[str, Any]]()
        self._messages.put_nowait({"type": "http.request", "body": content, "more_body": False})
        self.received = b""
        self._grown = asyncio.Event()
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in request.headers.items()],
            "client": ("127.0.0.1", 1), "server": ("stoa.test", 80),
        }  # fmt: skip
        self._task = asyncio.create_task(app(scope, self._messages.get, self._send))

    async def _send(self, message: Any) -> None:  # Any: ASGI messages
        self.received += message.get("body", b"")
        self._grown.set()

    async def until(self, text: bytes) -> None:
        async with asyncio.timeout(20):
            while text not in self.received:
                self._grown.clear()
                await self._grown.wait()

    async def go_away(self) -> None:
        self._messages.put_nowait({"type": "http.disconnect"})
        await asyncio.wait_for(self._task, 20)


async def until_state(person: httpx.AsyncClient, conversation_id: str, state: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (last := (await messages(person, conversation_id))[-1])["state"] != state:  # noqa: ASYNC110 - the server does it
            await asyncio.sleep(0.005)
    return last


async def test_closing_the_connection_stops_the_answer_and_keeps_its_beginning(
    app: FastAPI, sign_in: SignIn, chat: ScriptedChat
) -> None:
    chat.script = [AnswerText("Up to "), asyncio.Event(), AnswerText("never")]
    ann = await sign_in("ann")
    conversation_id = await begin(ann)
    browser = Browser(app, ann, f"/api/conversations/{conversation_id}/turns", {"content": "Hotels?"})
    await browser.until(b"Up to ")
    await browser.go_away()
    answer = await until_state(ann, conversation_id, "stopped")
    assert answer["content"] == "Up to "
    assert chat.given_up == 1


async def test_a_second_turn_waits_its_turn_with_409(app: FastAPI, sign_in: SignIn, chat: ScriptedChat) -> None:
    chat.script = [AnswerText("Up to "), asyncio.Event()]
    ann = await sign_in("ann")
    conversation_id = await begin(ann)
    browser = Browser(app, ann, f"/api/conversations/{conversation_id}/turns", {"content": "Hotels?"})
    await browser.until(b"Up to ")
    refused = await ann.post(f"/api/conversations/{conversation_id}/turns", json={"content": "Trains?"})
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "turn_in_progress"
    await browser.go_away()
    await until_state(ann, conversation_id, "stopped")
    chat.script = [AnswerText("By train.")]
    await ask(ann, conversation_id, content="Trains?")
    assert len(await messages(ann, conversation_id)) == 4


async def test_deleting_the_conversation_ends_the_answer_under_way(app: FastAPI, sign_in: SignIn, chat: ScriptedChat) -> None:
    chat.script = [AnswerText("Up to "), asyncio.Event()]
    ann = await sign_in("ann")
    conversation_id = await begin(ann)
    browser = Browser(app, ann, f"/api/conversations/{conversation_id}/turns", {"content": "Hotels?"})
    await browser.until(b"Up to ")
    assert (await ann.delete(f"/api/conversations/{conversation_id}")).status_code == 204
    await browser.until(b"event: failed")
    assert (await ann.get(f"/api/conversations/{conversation_id}")).status_code == 404


@pytest.mark.slow
async def test_a_real_server_tells_that_the_browser_has_gone(app: FastAPI, sign_in: SignIn, chat: ScriptedChat) -> None:
    chat.script = [AnswerText("Up to "), asyncio.Event()]
    ann = await sign_in("ann")
    conversation_id = await begin(ann)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/conversations/{conversation_id}/turns"
    headers = dict(ann.headers) | {"cookie": "; ".join(f"{name}={value}" for name, value in ann.cookies.items())}
    async with (
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("POST", url, json={"content": "Hotels?"}, headers=headers) as response,
    ):
        async for line in response.aiter_lines():
            if "Up to" in line:
                break
    answer = await until_state(ann, conversation_id, "stopped")
    assert answer["content"] == "Up to "
    server.should_exit = True
    await serving
