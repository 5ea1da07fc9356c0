"""Citations opened later: in a document that has changed, and by people whose rights have."""

from typing import Any

from tests.api.company import Company

from stoa.adapters.database.conversations import ConversationTables
from stoa.domain.conversations import Conversation, Message
from stoa.domain.passages import Citation

PASSAGE = "Hotels cost at most 150 euros a night."
TEXT = f"# Travel\n\nFly economy.\n\n{PASSAGE}\n\nAsk before you book."


async def put(company: Company, text: str, **rights: str) -> dict[str, Any]:
    sent = [("files", ("travel.md", text.encode()))]
    answer = await company.hana.post("/api/collections/handbook/documents", files=sent, data=rights)
    await company.work()
    return answer.json()["documents"][0]


def cited(passage: str = PASSAGE) -> dict[str, object]:
    start = TEXT.index(PASSAGE)
    return {"start": start, "end": start + len(PASSAGE), "passage": passage}


async def opened(company: Company, document: dict[str, Any], passage: str = PASSAGE) -> dict[str, Any]:
    answer = await company.alex.post(f"/api/documents/{document['id']}/citation", json=cited(passage))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_citation_stands_while_its_document_does(company: Company) -> None:
    document = await put(company, TEXT)
    found = await opened(company, document)
    assert (found["state"], found["passage"], found["heading"]) == ("stands", PASSAGE, ["Travel"])
    assert (found["before"], found["after"]) == ("# Travel\n\nFly economy.\n\n", "\n\nAsk before you book.")
    part_of_a_table = await opened(company, document, f"| what | most |\n{PASSAGE}")
    assert (part_of_a_table["state"], part_of_a_table["passage"]) == ("stands", PASSAGE)


async def test_a_passage_that_has_moved_opens_where_it_stands_now(company: Company) -> None:
    await put(company, TEXT)
    document = await put(company, TEXT.replace("Fly economy.", "# Flights\n\nFly economy, and never at night."))
    found = await opened(company, document)
    assert (found["state"], found["passage"], found["heading"]) == ("moved", PASSAGE, ["Flights"])
    assert found["start"] > cited()["start"]  # type: ignore[operator]


async def test_of_a_passage_that_is_gone_what_was_cited_is_shown_and_that_it_is_gone(company: Company) -> None:
    await put(company, TEXT)
    document = await put(company, TEXT.replace("150", "180"))
    found = await opened(company, document)
    assert (found["state"], found["passage"], found["before"], found["after"]) == ("changed", PASSAGE, "", "")
    assert found["document"]["id"] == document["id"]


async def test_the_nearest_of_several_places_is_the_one(company: Company) -> None:
    document = await put(company, f"{PASSAGE}\n\n" + "Filler. " * 40 + f"\n\n{PASSAGE}")
    found = await opened(company, document)
    assert (found["state"], found["start"]) == ("moved", 0)


async def test_a_citation_is_refused_once_the_right_is_gone_and_opens_again_with_it(company: Company) -> None:
    document = await put(company, TEXT)
    path = f"/api/documents/{document['id']}/citation"
    assert (await company.alex.post(path, json=cited())).status_code == 200
    for rights, status in (
        ({"allow": ["team:company"], "deny": ["user:alex"]}, 404),
        ({"allow": ["public"]}, 200),
        ({"allow": ["group:hr"]}, 404),
    ):
        await company.hana.put(f"/api/documents/{document['id']}/rights", json=rights)
        assert (await company.alex.post(path, json=cited())).status_code == status  # before the index has followed
    assert (await company.hana.post(path, json=cited() | {"passage": ""})).status_code == 400


async def test_what_one_was_shown_stays_in_ones_own_conversation_and_the_document_does_not_open(company: Company) -> None:
    document = await put(company, TEXT)
    me = (await company.alex.get("/api/session")).json()["user"]["id"]
    conversation = Conversation(id="c1", user_id=me, title="Hotels", model="assistant/a", created_at_ms=1, updated_at_ms=1)
    citation = Citation(
        n=1, document_id=document["id"], collection="handbook", title="Travel", path="travel.md", heading=(), page=None,
        start=TEXT.index(PASSAGE), end=TEXT.index(PASSAGE) + len(PASSAGE), passage=PASSAGE, score=1.0,
    )  # fmt: skip
    answer = Message(
        id="m1", conversation_id="c1", position=0, role="assistant", content="150 euros. [1]", created_at_ms=1,
        citations=(citation,),
    )  # fmt: skip
    async with company.running.parts.database.write() as connection:
        tables = ConversationTables(connection)
        await tables.save(conversation)
        await tables.add([answer])
    await company.hana.put(f"/api/documents/{document['id']}/rights", json={"allow": ["group:hr"]})
    kept = (await company.alex.get("/api/conversations/c1")).json()["messages"][0]["citations"][0]
    assert kept["passage"] == PASSAGE
    assert PASSAGE in (await company.alex.get("/api/conversations/c1/export")).text
    for client, status in ((company.alex, 404), (company.hana, 200)):
        again = {name: kept[name] for name in ("start", "end", "passage")}
        assert (await client.post(f"/api/documents/{kept['document_id']}/citation", json=again)).status_code == status
        passage = f"/api/documents/{kept['document_id']}/passage?start={kept['start']}&end={kept['end']}"
        assert (await client.get(passage)).status_code == status
    assert (await company.hana.get("/api/conversations/c1")).status_code == 404
