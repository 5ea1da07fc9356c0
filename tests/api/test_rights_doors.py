"""Rights over HTTP: what people list, open, search and read chunk by chunk, and what their keys are given."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from tests.api.company import Company
from tests.contracts.rights import (  # all but what only the searches of an index could get wrong
    Door,
    test_a_change_of_rights_holds_for_everybody,
    test_a_denial_beats_whatever_opens,
    test_each_document_is_given_to_those_whom_it_is_for_and_to_nobody_else,
    test_what_is_removed_is_given_to_nobody,
)

from stoa.adapters.database.library import DatabaseLibrary
from stoa.domain.identity import Rights
from stoa.knowledge import intake

SEARCHED = 50

__all__ = [
    "test_a_change_of_rights_holds_for_everybody",
    "test_a_denial_beats_whatever_opens",
    "test_each_document_is_given_to_those_whom_it_is_for_and_to_nobody_else",
    "test_what_is_removed_is_given_to_nobody",
]


class HttpDoor:
    """Rights that name nobody are refused, and then there is no document."""

    def __init__(self, company: Company, people: Mapping[str, httpx.AsyncClient]) -> None:
        self.company = company
        self.people = people
        self._ids: dict[str, str] = {}

    async def put(self, documents: Mapping[str, Rights]) -> None:
        for name, each in documents.items():
            sent = [("files", (f"{name}.md", f"common words of {name}".encode()))]
            data = {"allow": ",".join(each.allow), "deny": ",".join(each.deny)}
            answer = await self.company.hana.post("/api/collections/handbook/documents", files=sent, data=data)
            if answer.status_code == 400:
                assert answer.json()["error"]["param"] == "allow"
                continue
            self._ids[answer.json()["documents"][0]["id"]] = name
        await self.company.work()

    async def share(self, name: str, rights: Rights) -> None:
        """As nobody in particular: whoever asks for it over HTTP must be able to read it, and here nobody always can."""
        (document_id,) = [known for known, of in self._ids.items() if of == name]
        async with self.company.running.parts.database.write() as connection:
            library = DatabaseLibrary(connection)
            document = await library.documents.get(document_id)
            assert document is not None
            await intake.share(library, document, rights, by="x", now_ms=1)
        await self.company.work()

    async def remove(self, name: str) -> None:
        (document_id,) = [known for known, of in self._ids.items() if of == name]
        assert (await self.company.hana.delete(f"/api/documents/{document_id}")).status_code == 202
        await self.company.work()

    async def given(self, caller: str) -> frozenset[str]:
        if caller == "key":
            snapshot = await self.company.running.parts.feed.refresh()
            (held,) = [each.acl for each in snapshot.keys.values() if each.name == "key"]
            return frozenset(path.removesuffix(".md") for path in await self.company.find("common words", *held))
        client = self.people[caller]
        listed = await self._pages(client, "/api/collections/handbook/documents")
        found = await client.post("/api/collections/handbook/search", json={"query": "common words", "limit": SEARCHED})
        ways = {
            "list": frozenset(self._ids[each["id"]] for each in listed),
            "search": frozenset(self._ids[each["document_id"]] for each in found.json()["passages"]),
            "open": await self._opened(client, ""),
            "chunks": await self._opened(client, "/chunks"),
        }
        assert len(set(ways.values())) == 1, ways
        return ways["list"]

    async def _opened(self, client: httpx.AsyncClient, view: str) -> frozenset[str]:
        answers = {name: await client.get(f"/api/documents/{known}{view}") for known, name in self._ids.items()}
        assert {answer.status_code for answer in answers.values()} <= {200, 404}
        return frozenset(name for name, answer in answers.items() if answer.status_code == 200)

    async def _pages(self, client: httpx.AsyncClient, path: str) -> list[Any]:
        found: list[Any] = []
        cursor: str | None = None
        while True:
            page = (await client.get(path, params={"limit": 200, **({"cursor": cursor} if cursor else {})})).json()
            found += page["data"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found


@pytest.fixture
async def door(company: Company) -> AsyncIterator[Door]:
    stoa = company.running
    await stoa.administer("POST", "/api/groups", {"name": "it"})
    await stoa.administer("POST", "/api/groups", {"name": "staff", "groups": ["hr", "it"]})
    people = {
        "ann": await stoa.add_user("ann", "member", "developer", groups=("hr",)),
        "ben": await stoa.add_user("ben", "member"),
        "cyn": await stoa.add_user("cyn", "member", team="other", groups=("it",)),
    }
    assert (await people["ann"].post("/api/keys", json={"name": "key"})).status_code == 201
    yield HttpDoor(company, people)
    for client in people.values():
        await client.aclose()
