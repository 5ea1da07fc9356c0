"""The indexes of a collection over HTTP: built beside, compared, switched to, and left again."""

from typing import Any

from sqlalchemy import update
from tests.api.company import Company

from stoa.adapters.database.tables import jobs

AT = "/api/collections/handbook/indexes"


async def apply(company: Company, **changes: Any) -> None:  # Any: fields of a resource
    resource = {"kind": "Collection", "name": "handbook", "team": "company", "chunk_tokens": 32, **changes}
    await company.running.administer("POST", "/api/resources/apply", {"resources": [resource], "dry_run": False})


async def states(company: Company) -> dict[int, str]:
    return {each["version"]: each["state"] for each in (await company.hana.get(AT)).json()["data"]}


async def test_another_chunk_size_is_built_beside_and_citations_open_all_the_while(company: Company) -> None:
    files = {"a.md": " ".join(f"Word{n}." for n in range(100)).encode()}
    await company.sync(files)
    (document,) = (await company.hana.get("/api/collections/handbook/documents")).json()["data"]
    citation = f"/api/documents/{document['id']}/passage?start=0&end=6"
    await apply(company, chunk_tokens=256)
    assert (await company.alex.get(citation)).json()["passage"] == "Word0."
    assert (await company.sync(files))["unchanged"] == 1
    before = (await company.hana.get("/api/collections")).json()["data"][0]["version"]
    await company.look_after_indexes()
    assert await states(company) == {1: "kept", 2: "serving"}
    (after,) = (await company.hana.get("/api/collections/handbook/documents")).json()["data"]
    assert after["chunks"] < document["chunks"]
    assert (await company.alex.get(citation)).json()["passage"] == "Word0."
    assert await company.find("word7", "team:company") == ["a.md"]
    assert (await company.hana.get("/api/collections")).json()["data"][0]["version"] > before


async def test_one_waits_for_a_hand_is_compared_switched_to_and_left(company: Company) -> None:
    await company.upload({"a.md": b"Apples are fruit.", "b.md": b"Pears are fruit."})
    await apply(company, chunk_tokens=64, switch="by-hand")
    await company.look_after_indexes()
    assert await states(company) == {1: "serving", 2: "building"}
    refused = await company.hana.post(f"{AT}/2/switch", json={"unless_worse": True})
    assert refused.status_code == 409
    assert "nothing was judged" in refused.json()["error"]["message"]
    report = (await company.hana.post(f"{AT}/2/compare")).json()
    assert (report["over"], report["questions"], report["before"]) == (1, 2, None)
    switched = (await company.hana.post(f"{AT}/2/switch", json={})).json()
    assert (switched["index"]["state"], switched["catching_up"]) == ("serving", None)
    await company.upload({"c.md": b"Plums are fruit."})
    back = (await company.hana.post(f"{AT}/rollback")).json()
    assert (back["index"]["version"], back["index"]["lacking"]) == (1, 1)
    assert sorted(await company.find("fruit", "team:company")) == ["a.md", "b.md"]
    await company.work()
    assert set(await company.find("fruit", "team:company")) == {"a.md", "b.md", "c.md"}
    assert (await company.hana.get(f"/api/jobs/{back['catching_up']['id']}")).json()["state"] == "succeeded"


async def test_one_asked_for_by_hand_is_made_as_the_collection_says(company: Company) -> None:
    assert (await company.hana.post(AT)).status_code == 409
    await company.upload({"a.md": b"Apples are fruit."})
    begun = await company.hana.post(AT)
    assert (begun.status_code, begun.json()["index"]["version"], begun.json()["job"]["kind"]) == (202, 2, "reindex")
    await company.work()
    assert await states(company) == {1: "kept", 2: "serving"}


async def test_what_is_not_there_is_said(company: Company) -> None:
    await company.upload({"a.md": b"Apples."})
    unknown = await company.hana.post(f"{AT}/7/switch", json={})
    assert (unknown.status_code, unknown.json()["error"]["message"]) == (
        404, "There is no version 7 of this index. There is: 1.",
    )  # fmt: skip
    assert (await company.hana.post(f"{AT}/rollback")).status_code == 409
    assert (await company.hana.post(f"{AT}/1/compare")).status_code == 409
    assert (await company.alex.get(AT)).status_code == 200
    assert (await company.other.get(AT)).status_code == 404


async def test_what_building_it_anew_takes_is_said_before(company: Company) -> None:
    before = (await company.hana.get(AT)).json()["anew"]
    assert (before["documents"], before["chunks"], before["tokens"], before["cost_nano_usd"]) == (0, 0, None, None)
    await company.upload({"a.md": b"Apples are fruit.", "b.md": b"Pears are fruit."})
    async with company.running.parts.database.write() as connection:  # the double of the embedder counts no tokens
        await connection.execute(update(jobs).values(tokens=90))
    await apply(company, chunk_tokens=64, switch="by-hand")
    anew = (await company.hana.get(AT)).json()["anew"]
    assert anew == {
        "embedding_model": "stoa-embed", "chunk_tokens": 64, "documents": 2, "chunks": 2, "tokens": 90, "cost_nano_usd": 0,
    }  # fmt: skip
