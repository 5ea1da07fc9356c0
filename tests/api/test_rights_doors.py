"""Rights over HTTP: what people and their keys list, open, search and read chunk by chunk."""

import time
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
from stoa.domain.behalf import Behalf, mint
from stoa.domain.identity import Rights
from stoa.knowledge import intake

pytestmark = pytest.mark.slow

QUERY = "common words"
SEARCHED = 50

__all__ = [
    "test_a_change_of_rights_holds_for_everybody",
    "test_a_denial_beats_whatever_opens",
    "test_each_document_is_given_to_those_whom_it_is_for_and_to_nobody_else",
    "test_what_is_removed_is_given_to_nobody",
]


class HttpDoor:
    """Rights that name nobody are refused, and then there is no document."""

    def __init__(
        self,
        company: Company,
        people: Mapping[str, httpx.AsyncClient],
        behind_gateway: Mapping[str, httpx.AsyncClient],
    ) -> None:
        self.company = company
        self.people = people
        self.behind_gateway = behind_gateway
        self.ids: dict[str, str] = {}

    async def put(self, documents: Mapping[str, Rights]) -> None:
        for name, each in documents.items():
            sent = [("files", (f"{name}.md", f"common words of {name}".encode()))]
            data = {"allow": ",".join(each.allow), "deny": ",".join(each.deny)}
            answer = await self.company.hana.post("/api/collections/handbook/documents", files=sent, data=data)
            if answer.status_code == 400:
                assert answer.json()["error"]["param"] == "allow"
                continue
            self.ids[answer.json()["documents"][0]["id"]] = name
        await self.company.work()

    async def share(self, name: str, rights: Rights) -> None:
        """As nobody in particular: whoever asks for it over HTTP must be able to read it, and here nobody always can."""
        (document_id,) = [known for known, of in self.ids.items() if of == name]
        async with self.company.running.parts.database.write() as connection:
            library = DatabaseLibrary(connection)
            document = await library.documents.get(document_id)
            assert document is not None
            await intake.share(library, document, rights, by="x", now_ms=1)
        await self.company.work()

    async def remove(self, name: str) -> None:
        (document_id,) = [known for known, of in self.ids.items() if of == name]
        assert (await self.company.hana.delete(f"/api/documents/{document_id}")).status_code == 202
        await self.company.work()

    async def given(self, caller: str) -> frozenset[str]:
        client = self.people[caller]
        listed = await self._pages(client, "/api/collections/handbook/documents")
        found = await client.post("/api/collections/handbook/search", json={"query": QUERY, "limit": SEARCHED})
        ways = {
            "list": frozenset(self.ids[each["id"]] for each in listed),
            "search": self.named(found.json()["passages"], "document_id"),
            "open": await self._opened(client, ""),
            "chunks": await self._opened(client, "/chunks"),
        }
        assert len(set(ways.values())) == 1, ways
        return ways["list"]

    def named(self, found: list[Any], key: str) -> frozenset[str]:
        return frozenset(self.ids[each[key]] for each in found)

    async def _opened(self, client: httpx.AsyncClient, view: str) -> frozenset[str]:
        answers = {name: await client.get(f"/api/documents/{known}{view}") for known, name in self.ids.items()}
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
    made = (await people["ann"].post("/api/keys", json={"name": "key"})).json()
    people["key"] = stoa.client(made["key"])
    async with stoa.parts.read() as stores:
        users = {name: await stores.users.find(name) for name in people}
    spoken_for = {name: Behalf(user=user.id) if user is not None else Behalf(key=made["id"]) for name, user in users.items()}
    behind_gateway = {
        name: stoa.client(mint(each, key=stoa.parts.secrets.behalf_key, now_s=time.time())) for name, each in spoken_for.items()
    }
    yield HttpDoor(company, people, behind_gateway)
    for client in (*people.values(), *behind_gateway.values()):
        await client.aclose()
