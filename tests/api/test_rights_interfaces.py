"""Rights through every interface to documents: searches of all kinds, vector stores, `file_search`, and MCP."""

import json
from typing import Any

import httpx
import pytest
from tests.api.test_rights_doors import QUERY, SEARCHED, HttpDoor, door  # noqa: F401 - the fixture
from tests.contracts.rights import (  # all but what only the searches of an index could get wrong
    test_a_change_of_rights_holds_for_everybody,
    test_a_denial_beats_whatever_opens,
    test_each_document_is_given_to_those_whom_it_is_for_and_to_nobody_else,
    test_what_is_removed_is_given_to_nobody,
)

pytestmark = pytest.mark.slow

__all__ = [
    "test_a_change_of_rights_holds_for_everybody",
    "test_a_denial_beats_whatever_opens",
    "test_each_document_is_given_to_those_whom_it_is_for_and_to_nobody_else",
    "test_what_is_removed_is_given_to_nobody",
]


class InterfacesDoor(HttpDoor):
    """What the routes of `/api` give, and all other ways the same."""

    async def given(self, caller: str) -> frozenset[str]:
        """Through `/api`, `/v1/vector_stores`, the search behind the tool `file_search`, and the tools of MCP."""
        client = self.people[caller]
        ways = {"api": await super().given(caller), "fetched by MCP": await self._fetched(client)}
        for path in ("/api/collections/handbook/search", "/api/search"):
            for mode in ("hybrid", "dense", "lexical"):
                body = {"query": QUERY, "limit": SEARCHED, "mode": mode}
                found = (await client.post(path, json=body)).json()["passages"]
                ways[f"{path} {mode}"] = self.named(found, "document_id")
            narrowed = {"query": QUERY, "limit": SEARCHED, "filters": {"documents": list(self.ids)}}
            found = (await client.post(path, json=narrowed)).json()["passages"]
            ways[f"{path} with filters"] = self.named(found, "document_id")
        asked = await self._tool(client, "search", query=QUERY, limit=SEARCHED)
        ways["searched by MCP"] = self.named(asked["structuredContent"]["results"], "id")
        application = self.behind_gateway[caller]
        body = {"query": QUERY, "max_num_results": SEARCHED}
        found = (await application.post("/v1/vector_stores/handbook/search", json=body)).json()["data"]
        ways["vector store"] = self.named(found, "file_id")
        found = (await application.post("/internal/file-search", json=body | {"vector_store_ids": ["handbook"]})).json()[
            "results"
        ]
        ways["file search"] = self.named(found, "file_id")
        files = (await application.get("/v1/vector_stores/handbook/files", params={"limit": 100})).json()["data"]
        ways["files of the store"] = self.named(files, "id")
        assert len(set(ways.values())) == 1, ways
        return ways["api"]

    async def _tool(self, client: httpx.AsyncClient, name: str, **arguments: object) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}
        answer = await client.post("/mcp", json=body, headers={"accept": "application/json, text/event-stream"})
        assert answer.status_code == 200, answer.text
        *_, last = [line for line in answer.text.splitlines() if line.startswith("data:")]
        return json.loads(last.removeprefix("data:"))["result"]

    async def _fetched(self, client: httpx.AsyncClient) -> frozenset[str]:
        answers = {name: await self._tool(client, "fetch", id=known) for known, name in self.ids.items()}
        return frozenset(name for name, answer in answers.items() if not answer.get("isError"))


@pytest.fixture(name="door")
async def every_interface(door: HttpDoor) -> InterfacesDoor:  # noqa: F811 - the fixture of that name, made wider
    return InterfacesDoor(door.company, door.people, door.behind_gateway)
