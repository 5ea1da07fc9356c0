"""Datasets over HTTP: what goes in from requests and files, who reads it, and what erases it."""

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from tests.api.test_traces import fact, keep, ship, user_id

if TYPE_CHECKING:
    from tests.api.conftest import Running

QUESTION = [{"role": "user", "content": "What is it?"}]
LINE = {"messages": [*QUESTION, {"role": "assistant", "content": "This."}]}


@pytest.fixture
async def dev(stoa: "Running") -> Any:
    """A developer of the company, with a dataset `talks`."""
    browser = await stoa.add_user("dev", "developer", "member")
    made = await browser.post("/api/datasets", json={"name": "talks"})
    assert made.status_code == 201, made.text
    return browser


async def asked_by(stoa: "Running", browser: Any, **changed: Any) -> str:
    """A kept request of somebody's; its id."""
    sent = fact(user_id=await user_id(browser), **changed)
    await ship(stoa, sent)
    await keep(stoa, sent)
    return sent.id


async def add(browser: Any, dataset: str = "talks", **body: Any) -> Any:
    return await browser.post(f"/api/datasets/{dataset}/items", json=body)


async def items(browser: Any, **params: Any) -> list[Any]:
    answer = await browser.get("/api/datasets/talks/items", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def test_a_request_becomes_an_example_that_tells_where_it_is_from(
    stoa: "Running", dev: Any, caplog: pytest.LogCaptureFixture
) -> None:
    request = await asked_by(stoa, dev)
    with caplog.at_level(logging.INFO, "stoa.ledger"):
        answer = await add(dev, requests=[request])
        (item,) = await items(dev)
    assert (answer.status_code, answer.json()["left"], answer.json()["dataset"]["version"]) == (201, [], 1)
    assert (item["messages"], item["answer"]["content"], item["expected"]) == (QUESTION, "It is this.", None)
    assert item["origin"] | {"asked_at": None} == {
        "source": "request", "request": request, "model": "claude", "snapshot": 1, "asked_at": None, "masked": False,
    }  # fmt: skip
    assert item["expires_at"] is not None
    read = [each.__dict__["fields"] for each in caplog.records if each.getMessage() in ("content read", "dataset read")]
    assert [(each.get("request"), each.get("dataset")) for each in read] == [(request, None), (None, "talks")]


async def test_what_cannot_go_in_is_told_with_its_reason(stoa: "Running", dev: Any) -> None:
    ann = await stoa.add_user("ann", "member")
    await stoa.administer("POST", "/api/teams", {"name": "lab"})
    theirs, own = await asked_by(stoa, ann), await asked_by(stoa, dev)
    elsewhere = await asked_by(stoa, dev, team="lab")
    whole = fact(user_id=await user_id(dev))
    unkept, cut, other = fact(user_id=whole.user_id), fact(user_id=whole.user_id), fact(user_id=whole.user_id, form=None)
    await ship(stoa, unkept, cut, other)
    await keep(stoa, cut, cut=True)
    await keep(stoa, other)
    await add(dev, requests=[own])
    wanted = [theirs, own, elsewhere, unkept.id, cut.id, other.id, "nothing"]
    answer = (await add(dev, requests=wanted)).json()
    assert {each["request"]: each["reason"] for each in answer["left"]} == dict(
        zip(wanted, ("unknown", "there_already", "other_team", "not_kept", "cut", "no_conversation", "unknown"), strict=True)
    )
    assert (answer["ids"], answer["dataset"]["version"]) == ([], 1)


async def test_to_erase_a_persons_content_erases_the_examples_too(stoa: "Running", dev: Any) -> None:
    await add(
        dev,
        requests=[await asked_by(stoa, dev)],
    )
    await add(dev, items=[LINE])
    assert await stoa.administer("DELETE", "/api/contents?user=dev") == {"keys": 1, "examples": 1}
    erased, own = await items(dev)
    assert (erased["state"], erased["messages"], own["state"]) == ("erased", None, "readable")
    assert [json.loads(line) for line in (await dev.get("/api/datasets/talks/export")).text.splitlines()] == [LINE]


async def test_a_team_that_keeps_less_keeps_less_of_its_examples(stoa: "Running", dev: Any) -> None:
    await add(dev, requests=[await asked_by(stoa, dev)])
    await stoa.administer("PATCH", "/api/teams/company", {"content_days": None})
    assert [each["state"] for each in await items(dev)] == ["expired"]


async def test_what_an_application_asked_goes_in_with_its_tools(stoa: "Running", dev: Any) -> None:
    made = await stoa.administer("POST", "/api/keys", {"name": "app"})
    sent = fact(key_id=made["id"])
    tools = [{"type": "function", "function": {"name": "look"}}]
    await ship(stoa, sent)
    await keep(stoa, sent, request=json.dumps({"messages": QUESTION, "tools": tools}).encode())
    await add(dev, requests=[sent.id])
    assert (await items(dev))[0]["tools"] == tools
    assert json.loads((await dev.get("/api/datasets/talks/export")).text)["tools"] == tools
    assert (await stoa.administer("DELETE", f"/api/contents?key={made['id']}"))["examples"] == 1


async def test_an_example_is_corrected_and_exported_as_every_form_wants_it(stoa: "Running", dev: Any) -> None:
    await add(dev, requests=[await asked_by(stoa, dev)])
    (item,) = await items(dev)
    path = f"/api/datasets/talks/items/{item['id']}"
    changed = await dev.patch(path, json={"expected": "Better.", "notes": "too short", "since": item["since"]})
    assert (changed.json()["expected"], changed.json()["since"]) == ({"role": "assistant", "content": "Better."}, 2)
    assert (await dev.patch(path, json={"expected": "Worse.", "since": 1})).status_code == 409
    assert (await dev.get(path, params={"version": 1})).json()["expected"] is None
    export = "/api/datasets/talks/export"

    async def line(**params: Any) -> Any:
        told = await dev.get(export, params=params)
        assert told.headers["content-type"].startswith("application/jsonl")
        return json.loads(told.text) if told.text else None

    better, given = {"role": "assistant", "content": "Better."}, {"role": "assistant", "content": "It is this."}
    assert await line() == {"messages": [*QUESTION, better]}
    assert await line(answer="given") == {"messages": [*QUESTION, given]}
    assert await line(version=1, answer="expected") is None
    assert await line(form="preference") == {
        "input": {"messages": QUESTION}, "preferred_output": [better], "non_preferred_output": [given],
    }  # fmt: skip
    whole = await line(form="whole")
    assert (whole["notes"], whole["origin"]["model"]) == ("too short", "claude")
    await dev.patch(path, json={"expected": None})
    assert (await items(dev, expected=True), len(await items(dev, expected=False))) == ([], 1)


async def test_a_file_goes_in_whole_or_says_which_lines_are_wrong(stoa: "Running", dev: Any) -> None:
    good, whole = json.dumps(LINE), json.dumps({"messages": QUESTION, "answer": "A.", "expected": "E.", "notes": "n"})
    bad = ['{"messages": []}', "{", '{"messages": [{"role": "you", "content": "x"}]}', json.dumps(LINE | {"odd": 1})]
    url = "/api/datasets/talks/import"

    async def send(text: str, **params: Any) -> Any:
        return await dev.post(url, files={"file": ("x.jsonl", text.encode())}, params=params)

    refused = await send("\n".join([good, "", *bad]))
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["param"]) == (400, "bad_lines", "line 3")
    assert "line 5: messages[0].role is 'you'" in error["message"]
    assert await items(dev) == []
    partly = (await send("\n".join([good, "", *bad, whole]), partly=True)).json()
    assert (partly["added"], [each["line"] for each in partly["faults"]]) == (2, [3, 4, 5, 6])
    assert [each["param"] for each in partly["faults"]] == ["messages", None, "messages[0].role", "odd"]
    first, second = await items(dev)
    assert (first["expected"]["content"], first["answer"], first["origin"]["source"]) == ("This.", None, "import")
    assert (second["answer"]["content"], second["expected"]["content"], second["notes"]) == ("A.", "E.", "n")
    assert (await send("\n")).status_code == 400
    exported = (await dev.get("/api/datasets/talks/export", params={"form": "whole"})).text
    assert (await send(exported)).json()["added"] == 2  # what goes out comes in again


async def test_items_come_page_by_page_and_are_searched(dev: Any) -> None:
    lines = [{"messages": [{"role": "user", "content": f"question {n}"}], "notes": "Odd" if n % 2 else ""} for n in range(5)]
    await add(dev, items=lines)
    first = (await dev.get("/api/datasets/talks/items", params={"limit": 2})).json()
    rest = await items(dev, limit=9, cursor=first["next_cursor"])
    assert [each["messages"][0]["content"][-1] for each in first["data"] + rest] == list("01234")
    assert [each["messages"][0]["content"][-1] for each in await items(dev, text="ODD")] == ["1", "3"]
    page = (await dev.get("/api/datasets/talks/items", params={"text": "question", "limit": 1})).json()
    assert page["next_cursor"] is not None


async def test_removed_examples_stay_in_earlier_versions_unless_they_are_erased(dev: Any) -> None:
    ids = (await add(dev, items=[LINE, LINE])).json()["ids"]
    removed = await dev.post("/api/datasets/talks/removals", json={"ids": ids[:1]})
    assert (removed.json()["removed"], removed.json()["dataset"]["items"]) == (1, 1)
    assert [each["state"] for each in await items(dev, version=1)] == ["readable", "readable"]
    await dev.post("/api/datasets/talks/removals", json={"ids": ids, "erase": True})
    assert [each["state"] for each in await items(dev, version=1)] == ["erased", "erased"]
    versions = (await dev.get("/api/datasets/talks/versions")).json()["data"]
    assert [(each["version"], each["change"], each["changed"]) for each in versions] == [
        (3, "removed", 1), (2, "removed", 1), (1, "added", 2),
    ]  # fmt: skip
    assert {each["by"] for each in versions} == {await user_id(dev)}
    assert (await dev.get("/api/datasets/talks/items", params={"version": 4})).status_code == 404


async def test_a_dataset_is_its_teams_and_what_it_holds_is_not_for_whoever_runs_the_platform(stoa: "Running", dev: Any) -> None:
    await stoa.administer("POST", "/api/teams", {"name": "lab"})
    await add(dev, items=[LINE])
    people = {
        "member": await stoa.add_user("mem", "member"),
        "other": await stoa.add_user("oth", "developer", "member", team="lab"),
        "admin": await stoa.add_user("adm", "administrator"),
        "auditor": await stoa.add_user("aud", "auditor"),
        "operator": await stoa.add_user("ope", "operator"),
    }

    async def statuses(who: Any) -> tuple[int, ...]:
        seen = [await who.get(f"/api/datasets/talks{rest}") for rest in ("", "/items", "/export")]
        return (*(each.status_code for each in seen), (await add(who, items=[LINE])).status_code)

    assert {name: await statuses(who) for name, who in people.items()} == {
        "member": (403, 403, 403, 403),
        "other": (404, 404, 404, 404),
        "admin": (200, 403, 403, 201),
        "auditor": (200, 200, 200, 403),
        "operator": (403, 403, 403, 403),
    }
    assert (await people["other"].post("/api/datasets", json={"name": "x", "team": "company"})).status_code == 403
    assert (await people["other"].get("/api/datasets")).json()["data"] == []
    own = await people["admin"].post("/api/datasets", json={"name": "own"})
    assert own.json()["may"] == ["read", "add", "update", "delete"]
    assert [each["may"] for each in (await people["admin"].get("/api/datasets")).json()["data"]] == [
        ["read", "add", "update", "delete"], ["add", "delete"],
    ]  # fmt: skip


async def test_bad_input_is_refused_with_its_field(dev: Any) -> None:
    for body, param in (
        ({"name": "Ä"}, "name"),
        ({"name": "x", "team": "nobody"}, None),
        ({"name": "x", "odd": 1}, "odd"),
        ({"name": "x", "description": "a\0b"}, "description"),
    ):
        refused = await dev.post("/api/datasets", json=body)
        assert refused.status_code in (400, 403), refused.text
        assert param in (None, refused.json()["error"]["param"])
    assert (await dev.post("/api/datasets", json={"name": "talks"})).status_code == 409
    both = await add(dev, items=[LINE], requests=["a"])
    assert both.json()["error"]["param"] == "requests"
    wrong = await add(dev, items=[LINE, {"messages": [{"role": "user"}]}])
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "items[1].messages[0].content")
    assert "did you mean 'talks'" in (await dev.get("/api/datasets/talk")).json()["error"]["message"].lower()
    assert await items(dev) == []


async def test_a_dataset_is_described_and_deleted(dev: Any) -> None:
    await add(dev, items=[LINE])
    changed = await dev.patch("/api/datasets/talks", json={"description": "Talks to learn from"})
    assert changed.json()["description"] == "Talks to learn from"
    assert (await dev.delete("/api/datasets/talks")).status_code == 204
    assert (await dev.get("/api/datasets")).json()["data"] == []
    assert (await dev.post("/api/datasets", json={"name": "talks"})).json()["version"] == 0
