"""Feedback over HTTP."""

from collections.abc import Awaitable, Callable

import httpx

SignIn = Callable[..., Awaitable[httpx.AsyncClient]]


async def test_feedback_is_given_changed_and_taken_back(sign_in: SignIn) -> None:
    ann = await sign_in("ann")
    conversation_id = (await ann.post("/api/conversations", json={"model": "gpt"})).json()["id"]
    await ann.post(f"/api/conversations/{conversation_id}/turns", json={"content": "Hotels?"})

    async def shown() -> list[object]:
        return [message["feedback"] for message in (await ann.get(f"/api/conversations/{conversation_id}")).json()["messages"]]

    question, answer = (
        message["id"] for message in (await ann.get(f"/api/conversations/{conversation_id}")).json()["messages"]
    )
    url = f"/api/messages/{answer}/feedback"
    given = await ann.put(url, json={"rating": "up", "comment": " Right. "})
    assert given.json() == {"rating": "up", "emoji": None, "comment": "Right."}
    assert await shown() == [None, given.json()]
    changed = await ann.put(url, json={"rating": None, "emoji": "🤔"})
    assert await shown() == [None, changed.json()] == [None, {"rating": None, "emoji": "🤔", "comment": None}]
    await ann.put(url, json={})
    assert await shown() == [None, None]
    assert (await ann.put(url, json={"rating": "sideways"})).json()["error"]["param"] == "rating"
    assert (await ann.put(f"/api/messages/{question}/feedback", json={"rating": "up"})).status_code == 400
