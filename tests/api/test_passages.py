"""Searching a collection, what a document is cut into, and what it was before."""

import pytest
from tests.api.company import Company

TRAVEL = b"# Travel policy\n\nFly economy within Europe.\n\n## Hotels\n\nHotels cost at most 150 euros a night.\n"


NOTHING = {"passages": [], "next_cursor": None, "reranked": None}


async def search(company: Company, query: str, **fields: object) -> list[dict[str, object]]:
    answer = await company.hana.post("/api/collections/handbook/search", json={"query": query, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()["passages"]


async def test_a_search_says_why_each_passage_ranks(company: Company) -> None:
    (document,) = (await company.upload({"travel.md": TRAVEL}))["documents"]
    first, *_ = await search(company, "hotels a night")
    assert (first["path"], first["document_id"], first["source"]) == ("travel.md", document["id"], "upload")
    assert "150 euros" in str(first["text"])
    assert first["dense"] is not None
    assert isinstance(first["lexical"], float)
    assert first["lexical"] > 0
    assert isinstance(first["fused"], float)
    assert first["fused"] <= first["score"]
    assert len(str(first["digest"])) == 64
    assert len(await search(company, "hotels a night", limit=1)) == 1


async def test_a_search_finds_for_nobody_what_they_may_not_read(company: Company) -> None:
    await company.upload({"salaries.txt": b"The salary of grade nine is secret."}, groups="hr")
    assert [each["path"] for each in await search(company, "salary")] == ["salaries.txt"]
    for client in (company.alex, company.other):
        assert (await client.post("/api/collections/handbook/search", json={"query": "salary"})).json() == NOTHING


async def test_a_right_taken_away_holds_before_the_index_has_followed(company: Company) -> None:
    await company.upload({"plan.txt": b"The plan is to move."})
    sent = [("files", ("plan.txt", b"The plan is to move."))]
    await company.hana.post("/api/collections/handbook/documents", files=sent, data={"groups": "hr"})
    found = await company.alex.post("/api/collections/handbook/search", json={"query": "plan"})
    assert found.json() == NOTHING
    assert await company.find("plan", "team:company") == ["plan.txt"]  # so it was the present row that said so


@pytest.mark.parametrize("sent", [{"query": ""}, {"query": "x", "limit": 101}, {"query": "x", "limt": 5}, {}])
async def test_a_search_that_cannot_be_read_is_refused(company: Company, sent: object) -> None:
    assert (await company.hana.post("/api/collections/handbook/search", json=sent)).status_code == 400
    assert (await company.hana.post("/api/collections/hendbook/search", json={"query": "x"})).status_code == 404


async def test_chunks_lie_in_the_text_page_after_page(company: Company) -> None:
    (document,) = (await company.upload({"travel.md": TRAVEL * 6}))["documents"]
    path, cursor, chunks, texts = f"/api/documents/{document['id']}/chunks", None, [], []
    while True:
        answer = await company.hana.get(path, params={"limit": 3, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        texts.append(page["text"])
        for each in page["data"]:
            assert each["text"].endswith(page["text"][each["start"] - page["offset"] : each["end"] - page["offset"]])
            assert each["tokens"] > 0
        chunks += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(chunks) == page["chunks"] == page["document"]["chunks"] > 3
    assert len("".join(texts)) == page["characters"]
    assert [each["start"] for each in chunks] == sorted(each["start"] for each in chunks)
    assert any("Hotels" in each["heading"] for each in chunks)
    assert (await company.hana.get(path, params={"cursor": "bm9wZQ"})).status_code == 400
    middle = (await company.hana.get(path, params={"limit": 2, "at": chunks[3]["start"] + 1})).json()
    assert ([each["id"] for each in middle["data"]], middle["before"]) == ([chunks[2]["id"], chunks[3]["id"]], 2)
    before = (await company.hana.get(path, params={"limit": 2, "cursor": middle["previous_cursor"]})).json()
    assert [each["id"] for each in before["data"]] == [chunks[0]["id"], chunks[1]["id"]]
    assert before["previous_cursor"] is None


async def test_chunks_are_for_those_who_may_read_the_document(company: Company) -> None:
    (document,) = (await company.upload({"salaries.txt": b"The salary of grade nine."}, groups="hr"))["documents"]
    for what in ("chunks", "versions"):
        path = f"/api/documents/{document['id']}/{what}"
        assert (await company.hana.get(path)).status_code == 200
        assert (await company.alex.get(path)).status_code == 404


async def test_a_document_that_could_not_be_read_says_why_it_has_no_chunks(company: Company) -> None:
    (document,) = (await company.upload({"bad.pdf": b"%PDF-1.4 nonsense"}))["documents"]
    answer = await company.hana.get(f"/api/documents/{document['id']}/chunks")
    assert (answer.status_code, "could not be read" in answer.json()["error"]["message"]) == (409, True)


async def test_every_change_of_bytes_or_rights_is_a_version_and_a_repetition_none(company: Company) -> None:
    (document,) = (await company.upload({"plan.txt": b"One."}))["documents"]
    await company.upload({"plan.txt": b"One."})
    await company.upload({"plan.txt": b"Number two."}, by=company.alex)
    await company.upload({"plan.txt": b"Number two."}, groups="hr")
    found = (await company.hana.get(f"/api/documents/{document['id']}/versions")).json()["data"]
    assert [(each["number"], each["bytes"], each["acl"], each["by"]) for each in found] == [
        (3, 11, ["group:hr"], "hana"),
        (2, 11, ["team:company"], "alex"),
        (1, 4, ["team:company"], "hana"),
    ]
    assert found[0]["digest"] == found[1]["digest"] != found[2]["digest"]


async def test_versions_go_with_their_document(company: Company) -> None:
    (document,) = (await company.upload({"plan.txt": b"One."}))["documents"]
    await company.hana.delete(f"/api/documents/{document['id']}")
    await company.work()
    assert (await company.hana.get(f"/api/documents/{document['id']}/versions")).status_code == 404
    (again,) = (await company.upload({"plan.txt": b"One."}))["documents"]
    (found,) = (await company.hana.get(f"/api/documents/{again['id']}/versions")).json()["data"]
    assert found["number"] == 1


async def test_links_lead_to_passages_that_name_the_same_and_may_be_read(company: Company) -> None:
    files = {
        "trains.md": b"# Trains\n\nAda Lovelace approves every journey.",
        "rooms.md": b"# Rooms\n\nKeys are kept by Ada Lovelace.",
    }
    sent = {each["path"]: each for each in (await company.upload(files))["documents"]}
    await company.upload({"pay.md": b"# Pay\n\nAda Lovelace sets the bonus."}, groups="hr")
    path = f"/api/passages/{sent['trains.md']['id']}.0/links"
    (link,) = [each for each in (await company.hana.get(path)).json()["links"] if each["name"] == "ada lovelace"]
    assert {each["path"] for each in link["passages"]} == {"rooms.md", "pay.md"}
    assert "Keys are kept" in next(each["text"] for each in link["passages"] if each["path"] == "rooms.md")
    (seen,) = [each for each in (await company.alex.get(path)).json()["links"] if each["name"] == "ada lovelace"]
    assert [each["path"] for each in seen["passages"]] == ["rooms.md"]
    assert (await company.other.get(path)).status_code == 404
    assert (await company.hana.get("/api/passages/nothing/links")).status_code == 404
