"""Searching one collection and several: filters, modes, pages, and who finds what."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.api.company import Company

from stoa.adapters.database.filters import FilterTable

FILES: Mapping[str, bytes] = {
    "travel/trains.md": b"# Trains\n\nTravel by train within the country.",
    "travel/planes.md": b"# Planes\n\nTravel by plane across the sea.",
    "pay/bonus.txt": b"Travel time counts towards the bonus.",
}


@pytest.fixture
async def filled(company: Company) -> Mapping[str, str]:
    """Documents by path."""
    sent = (await company.upload(FILES))["documents"]
    return {each["path"]: each["id"] for each in sent}


async def found(company: Company, query: str = "travel", *, by: httpx.AsyncClient | None = None, **fields: object) -> list[str]:
    answer = await (by or company.hana).post("/api/collections/handbook/search", json={"query": query, **fields})
    assert answer.status_code == 200, answer.text
    return sorted({each["path"] for each in answer.json()["passages"]})


async def test_filters_narrow_a_search(company: Company, filled: Mapping[str, str]) -> None:
    everything = sorted(FILES)
    yesterday, tomorrow = ((datetime.now(UTC) + timedelta(days=d)).isoformat() for d in (-1, 1))
    for filters, expected in (
        ({"paths": ["travel/*"]}, ["travel/planes.md", "travel/trains.md"]),
        ({"paths": ["*.txt", "*/trains.md"]}, ["pay/bonus.txt", "travel/trains.md"]),
        ({"documents": [filled["pay/bonus.txt"], "doc_unknown"]}, ["pay/bonus.txt"]),
        ({"sources": ["upload"]}, everything),
        ({"sources": ["elsewhere"]}, []),
        ({"states": ["indexed"], "title": "TRAIN"}, ["travel/trains.md"]),
        ({"states": ["failed"]}, []),
        ({"title": "100%"}, []),
        ({"kinds": ["txt"]}, ["pay/bonus.txt"]),
        ({"created_from": yesterday, "updated_before": tomorrow}, everything),
        ({"created_before": yesterday}, []),
        ({"updated_from": tomorrow}, []),
        ({}, everything),
    ):
        assert await found(company, filters=filters) == expected, filters


async def test_attributes_are_filtered_by_type_and_value(company: Company, filled: Mapping[str, str]) -> None:
    async with company.running.parts.database.write() as connection:
        table = FilterTable(connection)
        await table.describe(filled["travel/trains.md"], {"area": "north", "year": 2024.0, "open": True})
        await table.describe(filled["travel/planes.md"], {"area": "south", "year": 2026.0, "open": False})
        assert (await table.attributes(list(filled.values())))[filled["travel/planes.md"]]["open"] is False

    async def held(condition: Mapping[str, object]) -> str:
        paths = await found(company, filters={"attributes": condition})
        return "".join(path.rpartition("/")[2][0] for path in paths)  # p(lanes), t(rains), b(onus)

    assert await held({"type": "eq", "key": "area", "value": "north"}) == "t"
    assert await held({"type": "ne", "key": "area", "value": "north"}) == "bp"
    assert await held({"type": "eq", "key": "open", "value": True}) == "t"
    assert await held({"type": "eq", "key": "open", "value": 1}) == ""
    assert await held({"type": "gt", "key": "year", "value": 2024}) == "p"
    assert await held({"type": "gte", "key": "year", "value": 2024}) == "pt"
    assert await held({"type": "lt", "key": "area", "value": "o"}) == "t"
    assert await held({"type": "lte", "key": "year", "value": 2023.5}) == ""
    assert await held({"type": "in", "key": "area", "value": ["south", "west"]}) == "p"
    assert await held({"type": "nin", "key": "area", "value": ["south", 5]}) == "bt"
    both = [{"type": "eq", "key": "area", "value": "north"}, {"type": "eq", "key": "open", "value": False}]
    assert await held({"type": "or", "filters": both}) == "pt"
    assert await held({"type": "and", "filters": both}) == ""
    assert await held({"type": "eq", "key": "x' OR '1'='1", "value": "' OR 1=1 --"}) == ""


@pytest.mark.parametrize(
    "filters",
    [
        {"path": ["x"]},
        {"states": ["lost"]},
        {"created_from": "yesterday"},
        {"attributes": {"type": "is", "key": "a", "value": 1}},
        {"attributes": {"type": "gt", "key": "a", "value": True}},
        {"attributes": {"type": "in", "key": "a", "value": []}},
        {"attributes": {"type": "and", "filters": [{"type": "eq", "key": "a", "value": 1}] * 51}},
    ],
)
async def test_filters_that_cannot_be_read_are_refused(company: Company, filters: object) -> None:
    answer = await company.hana.post("/api/collections/handbook/search", json={"query": "x", "filters": filters})
    assert (answer.status_code, str(answer.json()["error"]["param"]).partition(".")[0]) == (400, "filters")


async def test_conditions_do_not_lie_deeper_than_can_be_read(company: Company) -> None:
    condition: object = {"type": "eq", "key": "a", "value": 1}
    for _ in range(8):
        condition = {"type": "and", "filters": [condition]}
    answer = await company.hana.post(
        "/api/collections/handbook/search", json={"query": "x", "filters": {"attributes": condition}}
    )
    assert (answer.status_code, "deep" in answer.json()["error"]["message"]) == (400, True)


async def test_a_search_goes_by_meaning_or_by_words_alone(company: Company, filled: Mapping[str, str]) -> None:
    scores = {}
    for mode in ("dense", "lexical", "hybrid"):
        answer = await company.hana.post("/api/collections/handbook/search", json={"query": "plane sea", "mode": mode})
        scores[mode] = answer.json()["passages"]
        assert scores[mode][0]["path"] == "travel/planes.md"
    assert {each["lexical"] for each in scores["dense"]} == {None}
    assert scores["dense"][0]["score"] == scores["dense"][0]["dense"]
    assert all(each["lexical"] > 0 for each in scores["lexical"])
    assert [each["score"] for each in scores["lexical"]] == sorted((e["score"] for e in scores["lexical"]), reverse=True)


async def test_pages_lead_through_a_ranking_each_passage_once(company: Company) -> None:
    await company.upload({f"{n:02}.txt": f"Travel rule number {n}.".encode() for n in range(25)})
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        body = {"query": "travel rule", "limit": 10, "cursor": cursor}
        page = (await company.hana.post("/api/collections/handbook/search", json=body)).json()
        seen += [each["path"] for each in page["passages"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert (len(seen), len(set(seen))) == (25, 25)
    wrong = await company.hana.post("/api/collections/handbook/search", json={"query": "x", "cursor": "bm9wZQ"})
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "cursor")


@pytest.fixture
async def key(company: Company) -> AsyncIterator[httpx.AsyncClient]:
    """Of the company's team, without a group."""
    client = await company.running.add_key("app")
    yield client
    await client.aclose()


async def test_an_application_searches_and_reads_by_the_tags_of_its_key(company: Company, key: httpx.AsyncClient) -> None:
    (plan,) = (await company.upload({"plan.txt": b"The plan is to travel."}))["documents"]
    (secret,) = (await company.upload({"secret.txt": b"The secret plan is to travel far."}, groups="hr"))["documents"]
    assert await found(company, "plan", by=key) == ["plan.txt"]
    assert (await key.get(f"/api/documents/{plan['id']}")).status_code == 200
    assert (await key.get(f"/api/documents/{secret['id']}")).status_code == 404
    assert [each["name"] for each in (await key.get("/api/collections")).json()["data"]] == ["handbook"]
    files = [("files", ("mine.txt", b"mine"))]
    assert (await key.post("/api/collections/handbook/documents", files=files)).status_code == 403
    assert (await key.delete(f"/api/documents/{plan['id']}")).status_code == 403


async def test_several_collections_are_searched_at_once(company: Company, filled: Mapping[str, str]) -> None:
    resource = {"kind": "Collection", "name": "notes", "team": "company", "chunk_tokens": 32}
    await company.running.administer("POST", "/api/resources/apply", {"resources": [resource], "dry_run": False})
    files = [("files", ("note.txt", b"A note about travel by train."))]
    await company.hana.post("/api/collections/notes/documents", files=files)
    await company.work()
    answer = await company.hana.post("/api/search", json={"query": "travel by train"})
    assert {each["collection"] for each in answer.json()["passages"]} == {"handbook", "notes"}
    one = await company.hana.post("/api/search", json={"query": "travel", "collections": ["notes"]})
    assert {each["path"] for each in one.json()["passages"]} == {"note.txt"}
    only = {"filters": {"paths": ["pay/*"]}}
    narrowed = await company.hana.post("/api/search", json={"query": "travel", **only})
    assert {each["path"] for each in narrowed.json()["passages"]} == {"pay/bonus.txt"}
    assert {
        each["path"] for each in (await company.other.post("/api/search", json={"query": "travel"})).json()["passages"]
    } == set()
    unknown = await company.hana.post("/api/search", json={"query": "travel", "collections": ["nots"]})
    assert (unknown.status_code, unknown.json()["error"]["param"]) == (404, "collections")
    assert "'notes'" in unknown.json()["error"]["message"]


async def test_a_search_says_what_a_rerank_model_made_of_it(company: Company, filled: Mapping[str, str]) -> None:
    async def asked(**fields: object) -> Mapping[str, Any]:
        answer = await company.hana.post("/api/collections/handbook/search", json={"query": "plane sea", **fields})
        assert answer.status_code == 200, answer.text
        return answer.json()

    plain, by_model, away = await asked(), await asked(rerank="backwards"), await asked(rerank="nobody")
    paths = [each["path"] for each in plain["passages"]]
    assert (plain["reranked"], {each["rerank"] for each in plain["passages"]}) == (None, {None})
    assert [each["path"] for each in by_model["passages"]] == paths[::-1]
    assert [each["rerank"] for each in by_model["passages"]] == [each["score"] for each in by_model["passages"]]
    assert (by_model["reranked"]["model"], by_model["reranked"]["state"]) == ("backwards", "reranked")
    assert [each["path"] for each in away["passages"]] == paths
    assert (away["reranked"]["state"], away["reranked"]["why"]) == ("failed", "There is no model 'nobody'.")
