"""Evaluation sets: judging passages, what of it who may see, and measuring the search by them."""

import json
from typing import Any

import pytest
from tests.api.company import Company

HOTELS = b"Hotels cost at most 150 euros a night."
FILES = {"hotels.txt": HOTELS, "trains.txt": b"Trains are booked in second class."}


@pytest.fixture
async def documents(company: Company) -> dict[str, Any]:
    """By path; beside them the set `smoke`."""
    sent = await company.upload(FILES)
    made = await company.hana.post("/api/evaluation-sets", json={"name": "smoke", "collection": "handbook"})
    assert made.status_code == 201, made.text
    return {each["path"]: each for each in sent["documents"]}


async def judge(company: Company, document: Any, query: str, label: str | None, **fields: Any) -> Any:
    body = {"query": query, "label": label, "document_id": document["id"], "start": 0, "end": 10, **fields}
    return await company.hana.put("/api/evaluation-sets/smoke/judgements", json=body)


async def items(company: Company, **params: Any) -> list[Any]:
    return (await company.hana.get("/api/evaluation-sets/smoke/items", params=params)).json()["data"]


async def test_what_is_judged_is_kept_with_its_text(company: Company, documents: Any) -> None:
    answer = await judge(company, documents["hotels.txt"], "hotel price", "good")
    assert (answer.status_code, answer.json()["queries"], answer.json()["judgements"]) == (200, 1, 1)
    (item,) = await items(company)
    (judgement,) = item["judgements"]
    assert (item["query"], judgement["label"], judgement["text"]) == ("hotel price", "good", "Hotels cos")
    assert (judgement["path"], judgement["present"]) == ("hotels.txt", True)


async def test_judging_again_takes_the_place_of_what_was_said(company: Company, documents: Any) -> None:
    await judge(company, documents["hotels.txt"], "hotel", "good")
    await judge(company, documents["hotels.txt"], "hotel", "bad")
    assert [each["label"] for each in (await items(company))[0]["judgements"]] == ["bad"]
    answer = await judge(company, documents["hotels.txt"], "hotel", None)
    assert answer.json()["judgements"] == 0
    assert await items(company) == []


async def test_items_come_page_by_page_and_by_query(company: Company, documents: Any) -> None:
    for query in ("c", "a", "b"):
        await judge(company, documents["hotels.txt"], query, "good")
    first = (await company.hana.get("/api/evaluation-sets/smoke/items", params={"limit": 2})).json()
    assert [each["query"] for each in first["data"]] == ["a", "b"]
    assert [each["query"] for each in await items(company, cursor=first["next_cursor"])] == ["c"]
    assert [each["query"] for each in await items(company, query="b")] == ["b"]


async def test_what_cannot_be_judged_is_refused_with_its_field(company: Company, documents: Any) -> None:
    hotels = documents["hotels.txt"]
    for fields, status, param in (
        ({"end": 1000}, 400, "start"),
        ({"start": 9, "end": 9}, 400, "start"),
        ({"digest": "0" * 64}, 409, "digest"),
        ({"document_id": "doc_none"}, 404, "id"),
        ({"label": "fine"}, 400, "label"),
    ):
        answer = await judge(company, hotels, "q", **({"label": "good"} | fields))
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, param), answer.text


async def test_a_judgement_is_hidden_from_those_who_may_not_read_its_document(company: Company, documents: Any) -> None:
    (secret,) = (await company.upload({"pay.txt": b"The salary of grade nine."}, groups="hr"))["documents"]
    await judge(company, secret, "salary", "good")
    (seen,) = (await company.alex.get("/api/evaluation-sets/smoke/items")).json()["data"]
    assert (seen["judgements"], seen["hidden"]) == ([], 1)
    exported = await company.alex.get("/api/evaluation-sets/smoke/export")
    assert "salary of grade" not in exported.text
    body = {"query": "salary", "label": "bad", "document_id": secret["id"], "start": 0, "end": 5}
    assert (await company.alex.put("/api/evaluation-sets/smoke/judgements", json=body)).status_code == 404


async def test_the_text_of_a_removed_document_is_kept_nowhere(company: Company, documents: Any) -> None:
    await judge(company, documents["hotels.txt"], "hotel", "good")
    await company.hana.delete(f"/api/documents/{documents['hotels.txt']['id']}")
    await company.work()
    (item,) = await items(company)
    assert (item["judgements"], item["hidden"]) == ([], 1)
    async with company.running.parts.database.read() as connection:
        assert (await connection.exec_driver_sql("SELECT text FROM judgements")).scalar_one() == ""


async def test_only_those_who_build_on_a_collection_judge(company: Company, documents: Any) -> None:
    reader = await company.running.add_user("rita", "member")
    body = {"query": "q", "label": "good", "document_id": documents["hotels.txt"]["id"], "start": 0, "end": 5}
    for client in (reader, company.other):
        answer = await client.put("/api/evaluation-sets/smoke/judgements", json=body)
        assert answer.status_code in (403, 404)
    assert (await reader.get("/api/evaluation-sets/smoke")).status_code == 200
    assert (await company.other.delete("/api/evaluation-sets/smoke")).status_code == 404


async def test_sets_are_named_once_listed_by_collection_and_deleted(company: Company, documents: Any) -> None:
    again = await company.hana.post("/api/evaluation-sets", json={"name": "smoke", "collection": "handbook"})
    assert (again.status_code, again.json()["error"]["param"]) == (409, "name")
    wrong = await company.hana.post("/api/evaluation-sets", json={"name": "A b", "collection": "handbook"})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "name")
    listed = await company.hana.get("/api/evaluation-sets", params={"collection": "handbook"})
    assert [each["name"] for each in listed.json()["data"]] == ["smoke"]
    assert (await company.hana.get("/api/evaluation-sets", params={"collection": "other"})).json()["data"] == []
    await judge(company, documents["hotels.txt"], "hotel", "good")
    assert (await company.hana.delete("/api/evaluation-sets/smoke")).status_code == 204
    missing = await company.hana.get("/api/evaluation-sets/smok")
    assert missing.status_code == 404


async def test_a_set_is_exported_as_a_line_an_item(company: Company, documents: Any) -> None:
    await judge(company, documents["hotels.txt"], "hotel", "good")
    await judge(company, documents["trains.txt"], "hotel", "bad")
    await judge(company, documents["trains.txt"], "trains", "good")
    answer = await company.hana.get("/api/evaluation-sets/smoke/export")
    assert answer.headers["content-type"].startswith("application/jsonl")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [(line["query"], [each["label"] for each in line["judgements"]]) for line in lines] == [
        ("hotel", ["good", "bad"]),
        ("trains", ["good"]),
    ]


async def test_the_search_is_measured_by_what_was_judged(company: Company, documents: Any) -> None:
    await judge(company, documents["hotels.txt"], "hotels night", "good")
    await judge(company, documents["trains.txt"], "hotels night", "bad")
    await judge(company, documents["trains.txt"], "trains class", "good")
    scored = (await company.hana.post("/api/evaluation-sets/smoke/scores", json={})).json()
    assert (scored["queries"], scored["mrr"], scored["recall"]["1"]) == (2, 1.0, 1.0)
    assert {each["query"]: each["ranks"] for each in scored["each"]} == {"hotels night": [1], "trains class": [1]}
    assert scored["bad"] == 0.5


async def test_a_set_compares_the_order_of_a_model_with_that_without_it(company: Company, documents: Any) -> None:
    await judge(company, documents["hotels.txt"], "hotels night", "good")
    await judge(company, documents["trains.txt"], "trains class", "good")

    async def scored(**asked: object) -> Any:
        return (await company.hana.post("/api/evaluation-sets/smoke/scores", json=asked)).json()

    without, by_model, away = await scored(rerank="off"), await scored(rerank="backwards"), await scored(rerank="nobody")
    assert (without["mrr"], without["reranked"], without["not_reranked"]) == (1.0, 0, [])
    assert (by_model["mrr"], by_model["reranked"], by_model["not_reranked"]) == (0.5, 2, [])
    assert (away["mrr"], away["reranked"], away["not_reranked"]) == (1.0, 0, ["There is no model 'nobody'."])


async def test_judgements_outlive_a_changed_and_a_recut_document(company: Company, documents: Any) -> None:
    await judge(company, documents["hotels.txt"], "hotels night", "good", end=len(HOTELS))
    longer = b"Trains are nice. " * 30 + HOTELS + b" Breakfast is included." + b" Flights are not." * 30
    await company.upload({"hotels.txt": longer})
    (item,) = await items(company)
    assert item["judgements"][0]["present"] is False
    scored = (await company.hana.post("/api/evaluation-sets/smoke/scores", json={"limit": 3})).json()
    assert (scored["each"][0]["ranks"][0] in (1, 2, 3), set(scored["recall"])) == (True, {"1", "3"})


async def test_a_score_counts_what_the_caller_may_read_alone(company: Company, documents: Any) -> None:
    (secret,) = (await company.upload({"pay.txt": b"The salary of grade nine."}, groups="hr"))["documents"]
    await judge(company, secret, "salary", "good", end=20)
    scored = (await company.alex.post("/api/evaluation-sets/smoke/scores", json={})).json()
    assert scored == {"queries": 0, "recall": None, "mrr": None, "bad": None, "reranked": 0, "not_reranked": [], "each": []}
    assert (await company.hana.post("/api/evaluation-sets/smoke/scores", json={})).json()["mrr"] == 1.0
