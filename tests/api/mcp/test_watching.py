"""Whoever watches documents is told of changes to what they may read, and of nothing else."""

import asyncio
from typing import Any

import pytest
from mcp import MCPError
from mcp_types import ResourceListChangedNotification, ResourceUpdatedNotification
from tests.api.company import Company
from tests.api.mcp.conftest import Connect

from stoa.api.mcp import watching

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")]

LIST = "the list"
SOON = 10
NEVER = 0.3
"""Seconds in which what is told at once would have come many times over."""


class Told:
    """What a session was told, one after the other."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()

    async def __call__(self, message: object) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            self.queue.put_nowait(str(message.params.uri))
        elif isinstance(message, ResourceListChangedNotification):
            self.queue.put_nowait(LIST)

    async def next(self) -> str:
        return await asyncio.wait_for(self.queue.get(), SOON)

    async def until(self, expected: str) -> None:
        while await self.next() != expected:
            pass

    async def nothing(self) -> None:
        await asyncio.sleep(NEVER)
        assert self.queue.empty(), self.queue.get_nowait()


def uri_of(document: Any) -> str:
    return f"stoa://collections/handbook/documents/{document['id']}"


async def change(company: Company, method: str, document: Any, **body: Any) -> None:
    path = f"/api/documents/{document['id']}" + ("/rights" if method == "PUT" else "")
    answer = await company.hana.request(method, path, json=body or None)
    assert answer.is_success, answer.text
    await company.work()


async def test_a_session_is_told_when_a_document_is_indexed_anew_and_when_it_is_removed(
    company: Company, connect: Connect, keys: dict[str, str]
) -> None:
    one, other = (await company.upload({"a.txt": b"One.", "b.txt": b"Two."}))["documents"]
    told = Told()
    async with connect(keys["team"], mode="legacy", message_handler=told) as client:
        await client.subscribe_resource(uri_of(one))
        await client.subscribe_resource(uri_of(other))
        await company.upload({"a.txt": b"One and a half."})
        assert await told.next() == uri_of(one)
        await told.nothing()
        await client.unsubscribe_resource(uri_of(one))
        await company.upload({"a.txt": b"One and three quarters."})
        await told.nothing()
        await change(company, "DELETE", other)
        assert await told.next() == uri_of(other)
        await told.nothing()


async def test_whoever_loses_the_right_is_told_as_if_it_had_gone_and_then_nothing_more(
    company: Company, connect: Connect, keys: dict[str, str]
) -> None:
    (document,) = (await company.upload({"pay.txt": b"Pay."}))["documents"]
    hr, team = Told(), Told()
    async with (
        connect(keys["hr"], mode="legacy", message_handler=hr) as insider,
        connect(keys["team"], mode="legacy", message_handler=team) as outsider,
    ):
        await insider.subscribe_resource(uri_of(document))
        await outsider.subscribe_resource(uri_of(document))
        await change(company, "PUT", document, allow=["group:hr"])
        assert await hr.next() == uri_of(document)
        assert await team.next() == uri_of(document)
        with pytest.raises(MCPError) as hidden:
            await outsider.read_resource(uri_of(document))
        with pytest.raises(MCPError) as unknown:
            await outsider.read_resource(uri_of({"id": "doc_unknown"}))
        assert str(hidden.value).replace(document["id"], "doc_unknown") == str(unknown.value)
        await company.upload({"pay.txt": b"More pay."}, groups="hr")
        assert await hr.next() == uri_of(document)
        await team.nothing()
        await change(company, "PUT", document, allow=["team:company"])
        assert await team.next() == uri_of(document)  # it is there again


async def test_what_one_may_not_read_cannot_be_watched_and_looks_like_what_is_not_there(
    company: Company, connect: Connect, keys: dict[str, str]
) -> None:
    (secret,) = (await company.upload({"pay.txt": b"Pay."}, groups="hr"))["documents"]
    async with connect(keys["team"], mode="legacy") as client:
        told: list[str] = []
        for uri in (uri_of(secret), uri_of({"id": "doc_unknown"}), "stoa://collections/unknown", "file:///etc/passwd"):
            with pytest.raises(MCPError) as refused:
                await client.subscribe_resource(uri)
            told.append(str(refused.value).replace(uri, "it"))
        assert len(set(told)) == 1


async def test_a_collection_and_the_list_are_told_of_for_documents_that_one_may_read(
    company: Company, connect: Connect, keys: dict[str, str]
) -> None:
    await company.upload({"a.txt": b"One."})
    told, collection = Told(), "stoa://collections/handbook"
    async with connect(keys["team"], mode="legacy", message_handler=told) as client:
        await client.subscribe_resource(collection)
        await client.list_resources()
        await company.upload({"pay.txt": b"Pay."}, groups="hr")
        await told.nothing()
        await company.upload({"b.txt": b"Two."})
        await told.until(collection)
        await told.until(LIST)
        assert '"path": "b.txt"' in (await client.read_resource(collection)).contents[0].text  # type: ignore[union-attr]
        assert "pay.txt" not in (await client.read_resource(collection)).contents[0].text  # type: ignore[union-attr]


async def test_a_newer_client_is_told_the_same_on_a_stream_of_its_own(
    company: Company, connect: Connect, keys: dict[str, str]
) -> None:
    (document,) = (await company.upload({"a.txt": b"One."}))["documents"]
    (secret,) = (await company.upload({"pay.txt": b"Pay."}, groups="hr"))["documents"]
    wanted = [uri_of(document), uri_of(secret), uri_of({"id": "doc_unknown"})]
    async with connect(keys["team"]) as client, client.listen(resource_subscriptions=wanted) as changes:
        assert changes.honored.resource_subscriptions == [uri_of(document)]
        await company.upload({"pay.txt": b"More pay."}, groups="hr")
        await company.upload({"a.txt": b"One and a half."})
        event = await asyncio.wait_for(anext(aiter(changes)), SOON)
        assert event.uri == uri_of(document)  # type: ignore[union-attr]


async def test_a_session_watches_no_more_than_it_may(
    company: Company, connect: Connect, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = (await company.upload({f"{n}.txt": b"Text." for n in range(3)}))["documents"]
    monkeypatch.setattr(watching, "MOST_WATCHED", 2)
    async with connect(keys["team"], mode="legacy") as client:
        for document in documents[:2]:
            await client.subscribe_resource(uri_of(document))
            await client.subscribe_resource(uri_of(document))
        with pytest.raises(MCPError, match="unsubscribe from some"):
            await client.subscribe_resource(uri_of(documents[2]))


async def test_a_key_that_is_revoked_ends_its_sessions(company: Company, connect: Connect) -> None:
    (document,) = (await company.upload({"a.txt": b"One."}))["documents"]
    made = (await company.hana.post("/api/keys", json={"name": "short-lived"})).json()
    told = Told()
    async with connect(made["key"], mode="legacy", message_handler=told) as client:
        await client.subscribe_resource(uri_of(document))
        sessions = (await company.running.app.state.mcp.server()).sessions
        assert len(sessions) == 1
        await company.hana.delete(f"/api/keys/{made['id']}")
        await company.upload({"a.txt": b"One and a half."})
        async with asyncio.timeout(SOON):
            while len(sessions):  # noqa: ASYNC110 - the server does not tell
                await asyncio.sleep(0.01)
        await told.nothing()


async def test_without_a_session_nothing_can_be_watched(company: Company, connect: Connect, keys: dict[str, str]) -> None:
    async with company.running.client(keys["team"]) as client:
        body = {"jsonrpc": "2.0", "id": 1, "method": "resources/subscribe", "params": {"uri": "stoa://collections/handbook"}}
        answer = await client.post("/mcp", json=body, headers={"accept": "application/json, text/event-stream"})
    assert "begin one with 'initialize'" in answer.text
