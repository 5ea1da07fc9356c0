"""The routes of conversations: a person's whole journey, and that nobody sees another's."""

import json
from collections.abc import Awaitable, Callable

import httpx

from stoa.adapters.gateway_client.scripted import ScriptedChat
from stoa.domain.chat import AnswerCitations, AnswerText, AnswerUsage
from stoa.domain.passages import Citation

SignIn = Callable[..., Awaitable[httpx.AsyncClient]]

CITATION = Citation(1, "doc_1", "hr", "Travel", "travel.pdf", ("Hotels",), 3, 10, 40, "Up to 180 € a night.", 0.5)


async def begin(person: httpx.AsyncClient, **fields: str) -> str:
    made = await person.post("/api/conversations", json={"model": "assistant/hr", **fields})
    assert made.status_code == 201, made.text
    return made.json()["id"]


async def ask(person: httpx.AsyncClient, conversation_id: str, content: str) -> None:
    answer = await person.post(f"/api/conversations/{conversation_id}/turns", json={"content": content})
    assert answer.status_code == 200, answer.text


async def test_a_conversation_is_begun_named_found_and_deleted(sign_in: SignIn) -> None:
    ann = await sign_in("ann")
    conversation_id = await begin(ann)
    url = f"/api/conversations/{conversation_id}"
    detail = (await ann.get(url)).json()
    assert detail["messages"] == []
    assert detail["conversation"]["title"] == "New conversation"
    assert detail["conversation"]["created_at"].endswith("Z")
    renamed = await ann.patch(url, json={"title": "Hotels"})
    assert renamed.json() == detail["conversation"] | {"title": "Hotels"}
    listed = (await ann.get("/api/conversations?search=hotel")).json()
    assert listed == {"data": [renamed.json()], "next_cursor": None}
    assert (await ann.get("/api/conversations?search=nothing")).json()["data"] == []
    assert (await ann.delete(url)).status_code == 204
    assert (await ann.get(url)).status_code == 404
    assert (await ann.get("/api/conversations")).json()["data"] == []


async def test_pages_cover_every_conversation_once(sign_in: SignIn) -> None:
    ann = await sign_in("ann")
    made = [await begin(ann) for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        answer = (await ann.get(f"/api/conversations?limit=2{cursor}")).json()
        seen += [each["id"] for each in answer["data"]]
        cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
    assert sorted(seen) == sorted(made)
    assert (await ann.get("/api/conversations?cursor=bm9uc2Vuc2U")).status_code == 400


async def test_nobody_reaches_another_s_conversation_by_any_route(sign_in: SignIn, administrator: httpx.AsyncClient) -> None:
    ann = await sign_in("ann")
    conversation_id = await begin(ann)
    await ask(ann, conversation_id, "Hotels?")
    before = (await ann.get(f"/api/conversations/{conversation_id}")).json()
    question, answer = (message["id"] for message in before["messages"])
    conversation = f"/api/conversations/{conversation_id}"
    routes: list[tuple[str, str, dict[str, str] | None]] = [
        ("GET", conversation, None),
        ("GET", f"{conversation}/export", None),
        ("GET", f"{conversation}/export?format=json", None),
        ("PATCH", conversation, {"title": "Mine"}),
        ("DELETE", conversation, None),
        ("POST", f"{conversation}/turns", {"content": "And?"}),
        ("POST", f"{conversation}/turns", {"content": "And?", "replaces": question}),
        ("POST", f"{conversation}/messages/{answer}/regenerate", {}),
        ("PUT", f"/api/messages/{answer}/feedback", {"rating": "up"}),
    ]
    bob = await sign_in("bob")
    eve = await sign_in("eve", "member", "administrator", "auditor", "operator")
    for method, path, body in routes:
        for other, status in ((bob, 404), (eve, 404), (administrator, 403)):
            refused = await other.request(method, path, json=body)
            assert refused.status_code == status, (method, path)
            assert "Hotels" not in refused.text
    assert (await ann.get(conversation)).json() == before


async def test_lists_and_searches_hold_one_s_own_alone(sign_in: SignIn, administrator: httpx.AsyncClient) -> None:
    await ask(ann := await sign_in("ann"), await begin(ann, title="Secret plan"), "secret question")
    for other in (await sign_in("bob"), await sign_in("eve", "member", "administrator", "auditor", "operator")):
        assert (await other.get("/api/conversations")).json()["data"] == []
        assert (await other.get("/api/conversations?search=secret")).json()["data"] == []
    assert (await administrator.get("/api/conversations")).status_code == 403


async def test_an_administrator_who_is_no_member_has_no_conversations(sign_in: SignIn) -> None:
    boss = await sign_in("boss", "administrator")
    assert (await boss.get("/api/conversations")).status_code == 403
    assert (await boss.post("/api/conversations", json={"model": "gpt"})).status_code == 403


async def test_an_export_as_json_is_the_conversation_as_read(sign_in: SignIn, chat: ScriptedChat) -> None:
    chat.script = [AnswerText("Up to 180 € [1]."), AnswerCitations((CITATION,)), AnswerUsage(12, 5, 900)]
    ann = await sign_in("ann")
    conversation_id = await begin(ann)
    await ask(ann, conversation_id, "What may a hotel cost?")
    read = (await ann.get(f"/api/conversations/{conversation_id}")).json()
    answer = read["messages"][1]
    await ann.put(f"/api/messages/{answer['id']}/feedback", json={"rating": "up", "emoji": "👍", "comment": "Right page"})
    exported = await ann.get(f"/api/conversations/{conversation_id}/export?format=json")
    assert exported.headers["content-disposition"] == 'attachment; filename="what-may-a-hotel-cost.json"'
    assert json.loads(exported.text) == (await ann.get(f"/api/conversations/{conversation_id}")).json()
    kept = json.loads(exported.text)["messages"][1]
    assert kept["citations"][0]["passage"] == "Up to 180 € a night."
    assert kept["usage"] == {"prompt_tokens": 12, "completion_tokens": 5, "cost_nano_usd": 900}
    assert kept["feedback"] == {"rating": "up", "emoji": "👍", "comment": "Right page"}


async def test_an_export_as_markdown_reads_well_on_its_own(sign_in: SignIn, chat: ScriptedChat) -> None:
    chat.script = [AnswerText("Up to 180 € [1]."), AnswerCitations((CITATION,))]
    ann = await sign_in("ann")
    conversation_id = await begin(ann)
    await ask(ann, conversation_id, "What may a hotel cost?")
    exported = await ann.get(f"/api/conversations/{conversation_id}/export")
    assert exported.headers["content-type"] == "text/markdown; charset=utf-8"
    assert exported.text.startswith("# What may a hotel cost?\n")
    assert "**[1] Travel**, page 3, Hotels (travel.pdf)\n\n> Up to 180 € a night." in exported.text


async def test_a_conversation_that_makes_no_sense_is_refused_by_field(sign_in: SignIn) -> None:
    ann = await sign_in("ann")
    cases: list[tuple[dict[str, str], str]] = [
        ({}, "model"),
        ({"model": "x" * 81}, "model"),
        ({"model": ""}, "model"),
        ({"model": "m", "title": " "}, "title"),
        ({"model": "m", "titel": "T"}, "titel"),
        ({"model": "m", "title": "\ud800"}, "title"),
    ]
    for body, param in cases:
        sent = {"content": json.dumps(body), "headers": {"content-type": "application/json"}}
        refused = await ann.post("/api/conversations", **sent)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)
    assert (await ann.get("/api/conversations")).json()["data"] == []
