"""The Model Context Protocol at `/mcp`: with its own client, by users of different rights, and what it refuses."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ResourceTemplateReference
from tests.api.company import Company

from stoa.api.mcp import documents

Connect = Callable[[str], AbstractAsyncContextManager[Client]]


@pytest.fixture
def connect(company: Company) -> Connect:
    """A session of the protocol's own client, with a key."""

    @asynccontextmanager
    async def opened(key: str, mode: str = "auto") -> AsyncGenerator[Client]:
        transport = httpx2.ASGITransport(company.running.app)
        async with (
            httpx2.AsyncClient(transport=transport, headers={"authorization": f"Bearer {key}"}) as http,
            Client(streamable_http_client("http://stoa.test/mcp", http_client=http), mode=mode) as client,
        ):
            yield client

    return opened


@pytest.fixture
async def keys(company: Company) -> dict[str, str]:
    """Keys that Hana, of hr, made for two applications: one for hr, and one for the whole team."""
    made = {}
    for name, groups in (("hr", ["hr"]), ("team", [])):
        answer = await company.hana.post("/api/keys", json={"name": name, "groups": groups})
        made[name] = answer.json()["key"]
    return made


async def call(client: Client, name: str, **arguments: object) -> Any:
    answer = await client.call_tool(name, arguments)
    assert not answer.is_error, answer.content
    return answer.structured_content


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_two_users_find_and_fetch_what_each_may_read(
    company: Company, connect: Any, keys: dict[str, str], mode: str
) -> None:
    await company.upload({"travel.md": b"# Travel\n\nTravel costs are paid.\n\n## Hotels\n\nHotels cost 150 euros."})
    (secret,) = (await company.upload({"pay.txt": b"Travel of the board costs more."}, groups="hr"))["documents"]
    async with connect(keys["hr"], mode) as hr, connect(keys["team"], mode) as team:
        assert {each.name for each in (await hr.list_tools()).tools} == {"search", "fetch", "list_collections"}
        found = {each["path"]: each for each in (await call(hr, "search", query="travel costs"))["results"]}
        assert set(found) == {"travel.md", "pay.txt"}
        assert found["travel.md"]["url"] == f"http://stoa.test/collections/handbook/documents/{found['travel.md']['id']}"
        assert "Travel costs are paid." in found["travel.md"]["text"]
        assert [each["path"] for each in (await call(team, "search", query="travel costs"))["results"]] == ["travel.md"]
        whole = await call(hr, "fetch", id=secret["id"])
        assert (whole["text"], whole["metadata"]["path"]) == ("Travel of the board costs more.", "pay.txt")
        hidden = await team.call_tool("fetch", {"id": secret["id"]})
        gone = await team.call_tool("fetch", {"id": "doc_unknown"})
        assert (hidden.is_error, gone.is_error) == (True, True)
        assert str(hidden.content[0]).replace(secret["id"], "doc_unknown") == str(gone.content[0])
        uri = f"stoa://collections/handbook/documents/{secret['id']}"
        assert uri in [each.uri for each in (await hr.list_resources()).resources]
        assert uri not in [each.uri for each in (await team.list_resources()).resources]
        assert (await hr.read_resource(uri)).contents[0].text == "Travel of the board costs more."
        with pytest.raises(MCPError):
            await team.read_resource(uri)


async def test_a_search_is_narrowed_to_collections_and_paths(company: Company, connect: Any, keys: dict[str, str]) -> None:
    await company.upload({"a/one.txt": b"Travel one.", "b/two.txt": b"Travel two."})
    async with connect(keys["team"]) as client:
        assert (await call(client, "list_collections"))["collections"][0]["name"] == "handbook"
        found = await call(client, "search", query="travel", collections=["handbook"], paths=["b/*"], limit=5)
        assert [each["path"] for each in found["results"]] == ["b/two.txt"]


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("search", {}, "'query'"),
        ("search", {"query": "x", "limit": 51}, "'limit'"),
        ("search", {"query": "x", "path": "a"}, "no argument 'path'"),
        ("search", {"query": "x", "collections": ["handbok"]}, "Did you mean 'handbook'?"),
        ("fetch", {"id": "doc_unknown"}, "no document 'doc_unknown'"),
    ],
)
async def test_what_a_tool_refuses_is_told_to_the_model(
    connect: Any, keys: dict[str, str], tool: str, arguments: dict[str, Any], told: str
) -> None:
    async with connect(keys["team"]) as client:
        answer = await client.call_tool(tool, arguments)
    assert answer.is_error
    assert told in answer.content[0].text


async def test_a_long_document_is_read_part_by_part(
    company: Company, connect: Any, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n\n".join(f"Paragraph {n} of a long document." for n in range(40))
    (document,) = (await company.upload({"long.txt": text.encode()}))["documents"]
    monkeypatch.setattr(documents, "MOST_CHARACTERS", 300)
    read, offset = "", 0
    async with connect(keys["team"]) as client:
        while offset is not None:
            part = await call(client, "fetch", id=document["id"], offset=offset)
            assert len(part["text"]) <= 300
            read += part["text"]
            offset = part["metadata"].get("next_offset")
        beyond = await client.call_tool("fetch", {"id": document["id"], "offset": 10_000})
    assert read == text
    assert beyond.is_error


async def test_resources_come_in_pages_over_all_collections(company: Company, connect: Any, keys: dict[str, str]) -> None:
    resource = {"kind": "Collection", "name": "notes", "team": "company", "chunk_tokens": 32}
    await company.running.administer("POST", "/api/resources/apply", {"resources": [resource], "dry_run": False})
    await company.upload({f"{n:03}.txt": f"Number {n}.".encode() for n in range(101)})
    await company.hana.post("/api/collections/notes/documents", files=[("files", ("note.txt", b"A note."))])
    await company.work()
    async with connect(keys["team"]) as client:
        first = await client.list_resources()
        rest = await client.list_resources(cursor=first.next_cursor)
        template = (await client.list_resource_templates()).resource_templates[0]
        with pytest.raises(MCPError):
            await client.list_resources(cursor="nonsense!")
    assert (len(first.resources), len(rest.resources), rest.next_cursor) == (100, 2, None)
    assert len({each.uri for each in [*first.resources, *rest.resources]}) == 102
    assert template.uri_template == "stoa://collections/{collection}/documents/{id}"


async def test_prompts_are_written_and_their_arguments_completed(company: Company, connect: Any, keys: dict[str, str]) -> None:
    (document,) = (await company.upload({"plan.txt": b"The plan is to move."}))["documents"]
    async with connect(keys["team"]) as client:
        asked = await client.get_prompt("answer_from_documents", {"question": "Where to?", "collection": "handbook"})
        assert "Question: Where to?" in asked.messages[0].content.text
        summed = await client.get_prompt("summarise_document", {"document": document["id"]})
        assert summed.messages[0].content.resource.text == "The plan is to move."
        template = ResourceTemplateReference(uri="stoa://collections/{collection}/documents/{id}")
        names = await client.complete(template, {"name": "collection", "value": "hand"})
        ids = await client.complete(template, {"name": "id", "value": "doc_"}, {"collection": "handbook"})
        assert (names.completion.values, ids.completion.values) == (["handbook"], [document["id"]])
        with pytest.raises(MCPError, match="'question'"):
            await client.get_prompt("answer_from_documents", {})
        with pytest.raises(MCPError, match="no prompt"):
            await client.get_prompt("sing", {})
        with pytest.raises(MCPError, match="no tool"):
            await client.call_tool("sing", {})


PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
HEADERS = {"accept": "application/json, text/event-stream"}


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://127.0.0.1:8420", 200),
        ("http://localhost:5173", 200),
        ("http://evil.example", 403),
        ("http://127.0.0.1.evil.example:8420", 403),
        ("null", 403),
    ],
)
async def test_a_browser_on_somebody_elses_page_is_refused(
    company: Company, keys: dict[str, str], origin: str | None, status: int
) -> None:
    async with company.running.client(keys["team"]) as client:
        answer = await client.post("/mcp", json=PING, headers=HEADERS | ({"origin": origin} if origin else {}))
    assert answer.status_code == status


async def test_whoever_brings_no_key_is_told_to_bring_one(company: Company) -> None:
    async with company.running.client() as nobody:
        for sent, why in (
            ({}, "No key was sent."),
            ({"authorization": "sk-stoa-x"}, "The header 'Authorization' holds no bearer token."),
            ({"x-api-key": "sk-stoa-x"}, "No key is looked for in 'x-api-key' here."),
        ):
            answer = await nobody.post("/mcp", json=PING, headers=HEADERS | sent)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="Stoa API key"')
            message = answer.json()["error"]["message"]
            assert message.startswith(why) and "'Authorization: Bearer sk-stoa-...'" in message
    async with company.running.client("sk-stoa-wrong") as stranger:
        for answer in (await stranger.post("/mcp", json=PING, headers=HEADERS), await stranger.get("/mcp", headers=HEADERS)):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Bearer realm="Stoa API key", error="invalid_token"'
            assert "not known here" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "path", ["oauth-protected-resource", "oauth-protected-resource/mcp", "oauth-authorization-server", "openid-configuration"]
)
async def test_a_client_that_looks_for_a_sign_in_finds_none_instead_of_the_page(company: Company, path: str) -> None:
    """Stoa verifies nobody's tokens but its own keys, and so names no server that would give some."""
    async with company.running.client() as nobody:
        answer = await nobody.get(f"/.well-known/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")


async def test_there_is_nothing_to_listen_to(company: Company, keys: dict[str, str]) -> None:
    async with company.running.client(keys["team"]) as client:
        assert (await client.get("/mcp", headers={"accept": "text/event-stream"})).status_code == 405


async def test_who_read_what_is_in_the_log_and_nothing_of_what_was_asked(
    company: Company, keys: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="stoa.mcp")
    body = {**PING, "method": "tools/call", "params": {"name": "search", "arguments": {"query": "my secret question"}}}
    async with company.running.client(keys["team"]) as client:
        await client.post("/mcp", json=body, headers=HEADERS)
    (line,) = [record.__dict__["fields"] for record in caplog.records if record.name == "stoa.mcp"]
    assert (line["kind"], line["name"], line["what"]) == ("inference_key", "team", "search")
    assert "secret" not in str(line)


@pytest.mark.slow
def test_nothing_heavy_is_loaded_before_somebody_asks() -> None:
    import subprocess
    import sys

    code = "import sys, stoa.api.control; print([m for m in ('mcp', 'mcp_types') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
