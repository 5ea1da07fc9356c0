"""Where passages come from, over HTTP; documents done again; near duplicates named to those who may read both."""

import hashlib

from tests.api.company import Company

WORDS = " ".join(f"word{n}" for n in range(80))


async def test_passages_lead_back_to_the_bytes_and_the_versions_that_made_them(company: Company) -> None:
    data = b"# Travel policy\n\nEffective from 1 March 2026. Fly economy, says Ada Lovelace."
    (document,) = (await company.upload({"travel.md": data}))["documents"]
    found = (await company.alex.get(f"/api/documents/{document['id']}/provenance")).json()
    digest = hashlib.sha256(data).hexdigest()
    assert found["raw"] == {"digest": digest, "bytes": len(data), "object": f"raw/{digest[:2]}/{digest}", "kept": True}
    assert found["made_by"] == found["now"] | {"reader": ""}
    assert found["current"]
    assert [(each["start"], each["heading"]) for each in found["chunks"]] == [(0, [])]
    traits = found["document"]["traits"]
    assert (traits["kind"], traits["date"], traits["dates"]) == ("md", "2026-03-01", ["2026-03-01"])
    assert "Ada Lovelace" in traits["entities"]


async def test_provenance_is_for_those_who_may_read_the_document(company: Company) -> None:
    (document,) = (await company.upload({"a.txt": b"Salaries."}, groups="hr"))["documents"]
    path = f"/api/documents/{document['id']}/provenance"
    assert (await company.hana.get(path)).status_code == 200
    assert (await company.alex.get(path)).status_code == 404


async def test_a_near_duplicate_is_named_to_those_who_may_read_both(company: Company) -> None:
    await company.upload({"hr.txt": WORDS.encode()}, groups="hr")
    (copy,) = (await company.upload({"copy.txt": f"{WORDS} more".encode()}))["documents"]
    path = f"/api/documents/{copy['id']}"
    assert (await company.hana.get(path)).json()["traits"]["duplicate_of"]["path"] == "hr.txt"
    assert (await company.alex.get(path)).json()["traits"]["duplicate_of"] is None
    listed = (await company.hana.get("/api/collections/handbook/documents", params={"duplicate": True})).json()["data"]
    assert [(each["path"], each["traits"]["duplicate_of"]["path"]) for each in listed] == [("copy.txt", "hr.txt")]


async def test_whether_something_hidden_is_repeated_cannot_be_asked(company: Company) -> None:
    await company.upload({"hr.txt": WORDS.encode()}, groups="hr")
    await company.upload({"guess.txt": f"{WORDS} more".encode()})
    listed = (await company.alex.get("/api/collections/handbook/documents", params={"duplicate": True})).json()["data"]
    assert listed == []


async def test_lists_are_narrowed_by_what_is_known_of_documents(company: Company) -> None:
    await company.upload({
        "en.md": b"The committee meets four times a year and keeps minutes of what was said there.",
        "de.txt": "Der Ausschuss tagt viermal im Jahr und führt Protokoll über alles, was dort gesagt wird.".encode(),
    })  # fmt: skip

    async def paths(**wanted: str) -> list[str]:
        return [
            d["path"] for d in (await company.alex.get("/api/collections/handbook/documents", params=wanted)).json()["data"]
        ]

    assert await paths(language="de") == ["de.txt"]
    assert await paths(kind="md") == ["en.md"]
    assert await paths(keyword="committee meets") == await paths(language="xx") == []


async def test_documents_are_indexed_again_by_filter_and_a_filter_that_means_none_says_so(company: Company) -> None:
    await company.upload({"a.md": b"Apples.", "bad.pdf": b"%PDF nonsense"})
    again = await company.hana.post("/api/collections/handbook/reindex", json={"state": ["failed"]})
    assert again.status_code == 202, again.text
    assert again.json()["job"]["total"] == 1
    await company.work()
    job = (await company.hana.get(f"/api/jobs/{again.json()['job']['id']}")).json()
    assert (job["state"], job["failed"]) == ("succeeded", 1)
    nothing = await company.hana.post("/api/collections/handbook/reindex", json={"path": ["x/*"]})
    assert nothing.status_code == 404
    wrong = await company.hana.post("/api/collections/handbook/reindex", json={"paths": ["x/*"]})
    assert wrong.status_code == 400
    assert "paths" in wrong.text
    assert (await company.other.post("/api/collections/handbook/reindex", json={})).status_code in (403, 404)
