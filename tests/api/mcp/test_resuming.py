"""A client whose connection breaks off in the middle of a call goes on where it was, and is told nothing that it lost."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.streamable_http import GET_STREAM_KEY
from tests.api.company import Company
from tests.api.mcp.conftest import Message, Raw

from stoa.adapters.gateway_client.direct import DirectFinder
from stoa.api.mcp import resuming
from stoa.api.mcp.catalog import Held
from stoa.api.mcp.resuming import Events, Room
from stoa.errors import InvalidRequest

Opened = Callable[[str], AbstractAsyncContextManager[Raw]]
SOON = 30


# --- what is kept


def answer(number: int, text: str = "done") -> types.JSONRPCResponse:
    return types.JSONRPCResponse(jsonrpc="2.0", id=number, result={"text": text})


def progress(text: str) -> types.JSONRPCNotification:
    return types.JSONRPCNotification(jsonrpc="2.0", method="notifications/progress", params={"message": text})


def question(number: int) -> types.JSONRPCRequest:
    return types.JSONRPCRequest(jsonrpc="2.0", id=number, method="sampling/createMessage", params={})


async def rest(events: Events, event_id: str, *, may_read: bool = True) -> list[str]:
    async def judged(held: Held) -> bool:
        return may_read

    stream, number = events.after(event_id)
    return [data async for _, data in events.follow(stream, number, events.take_up(stream), judged)]


async def test_only_the_stream_that_broke_off_is_told_again_and_only_its_rest() -> None:
    events = Events(Room())
    first = await events.store_event("1", None)
    await events.store_event("2", None)
    await events.store_event("1", progress("half"))
    await events.store_event("2", answer(2, "other"))
    second = await events.store_event("1", answer(1))
    told = await rest(events, first)
    assert len(told) == 2 and "half" in told[0] and "done" in told[1]
    assert await rest(events, second) == []


async def test_what_comes_later_follows_and_the_newest_connection_is_the_one() -> None:
    events = Events(Room())
    began = await events.store_event("1", None)
    older, newer = (asyncio.create_task(rest(events, began)) for _ in range(2))
    await asyncio.sleep(0)
    await events.store_event("1", progress("half"))
    await events.store_event("1", answer(1))
    assert (await older, len(await newer)) == ([], 2)


async def test_an_answer_is_withheld_where_rights_are_gone_and_progress_is_not() -> None:
    events = Events(Room())
    began = await events.store_event("1", None)
    gone = asyncio.Event()
    events.holding(1, gone)
    await events.store_event("1", progress("half"))
    await events.store_event("1", question(7))
    await events.store_event("1", answer(1, "secret"))
    told = await rest(events, began, may_read=False)
    assert len(told) == 2 and "half" in told[0]
    assert '"id":1' in told[1] and '"error"' in told[1] and "may be read by you" in told[1] and "secret" not in told[1]
    assert gone.is_set()
    assert len(await rest(events, began)) == 3


async def test_a_client_is_gone_when_it_left_and_did_not_come_back_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "RETURN_S", 0.01)
    events, gone = Events(Room()), asyncio.Event()
    stream = events.holding(1, gone)
    await events.store_event("1", progress("half"))
    reader = events.take_up(stream)
    events.left(stream, 0)  # the connection that broke is seen to have ended after another was there
    await asyncio.sleep(0.05)
    assert not gone.is_set()
    events.left(stream, reader)
    async with asyncio.timeout(SOON):
        await gone.wait()


async def test_an_id_that_is_used_again_begins_anew() -> None:
    events = Events(Room())
    began = await events.store_event("1", None)
    await events.store_event("1", answer(1, "old"))
    again = await events.store_event("1", None)
    await events.store_event("1", answer(1, "new"))
    assert "new" in "".join(await rest(events, again))
    with pytest.raises(InvalidRequest, match="Make the call again"):
        events.after(began)


@pytest.mark.parametrize("made_up", ["r999", "r", "x1", "r-1", "1", "r" + "9" * 400, "r१"])
async def test_events_that_never_were_are_refused(made_up: str) -> None:
    events = Events(Room())
    await events.store_event("1", None)
    with pytest.raises(InvalidRequest) as refused:
        events.after(made_up)
    assert refused.value.param == "last-event-id"


async def test_what_is_kept_is_bounded_and_the_oldest_is_let_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resuming, "MOST_OF_ONE", 10_000)
    monkeypatch.setattr(resuming, "MOST_BYTES", 25_000)
    room = Room()
    sessions = [Events(room) for _ in range(3)]
    ids = [[await each.store_event(str(n), answer(n, "x" * 4000)) for n in range(4)] for each in sessions]
    assert room.bytes <= 25_000 and all(each.bytes <= 10_000 for each in sessions)
    for each, told in zip(sessions, ids, strict=True):
        with pytest.raises(InvalidRequest):
            each.after(told[0])
        each.after(told[-1])
    await sessions[0].store_event("9", answer(9, "x" * 20_000))
    assert sessions[0].bytes == 0
    for each in sessions:
        each.close()
    assert room.bytes == 0


async def test_an_answer_is_kept_for_a_while_after_it_was_there() -> None:
    now = 0.0
    room = Room(lambda: now)
    events = Events(room)
    told = await events.store_event("1", answer(1))
    now = resuming.KEPT_S + 1
    waiting = await events.store_event("2", None)
    with pytest.raises(InvalidRequest):
        events.after(told)
    now *= 10
    await events.store_event("3", answer(3))
    events.after(waiting)  # its answer is not there yet


async def test_changes_that_were_missed_are_named_and_all_of_them_where_too_many_came(monkeypatch: pytest.MonkeyPatch) -> None:
    events = Events(Room())

    def updated(uri: str | None) -> types.JSONRPCNotification:
        return types.JSONRPCNotification(jsonrpc="2.0", method="notifications/x", params={"uri": uri} if uri else None)

    first = await events.store_event(GET_STREAM_KEY, updated("a"))
    last = [await events.store_event(GET_STREAM_KEY, updated(uri)) for uri in ("b", None)][-1]
    assert (events.missed(first), events.missed(last), events.missed("c")) == ({"b", None}, set(), None)
    for _ in range(500):
        await events.store_event(GET_STREAM_KEY, updated("a"))
    assert events.missed(first) is None


# --- with a client


@dataclass
class Cable:
    """Between a client and a server: `cut` breaks off every connection that there is."""

    port: int
    url: str = ""
    cuts: int = 0
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        self._open |= {writer, back}
        with suppress(OSError):
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        for end in (writer, back):
            end.close()
            self._open.discard(end)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    def cut(self) -> None:
        self.cuts += 1
        for each in list(self._open):
            each.transport.abort()


@pytest.fixture
async def cable(url: str) -> AsyncIterator[Cable]:
    made = Cable(urlsplit(url).port or 0)
    server = await asyncio.start_server(made.carry, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()
    made.cut()


class HeldUp:
    """A search that begins, and goes on when it is let."""

    def __init__(self, finder: DirectFinder) -> None:
        self._finder = finder
        self.began, self.let = asyncio.Event(), asyncio.Event()

    async def search(self, *asked: Any, **options: Any) -> Any:
        self.began.set()
        found = await self._finder.search(*asked, **options)
        await self.let.wait()
        return found


@pytest.fixture
def held(company: Company) -> HeldUp:
    parts = company.running.app.state.parts
    search = HeldUp(parts.finder)
    company.running.app.state.parts = replace(parts, finder=search)
    return search


@asynccontextmanager
async def opened(cable: Cable, key: str, **options: Any) -> AsyncGenerator[Client]:
    async with (
        httpx2.AsyncClient(headers={"authorization": f"Bearer {key}"}, trust_env=False, timeout=SOON) as http,
        Client(streamable_http_client(f"{cable.url}/mcp", http_client=http), mode="legacy", **options) as client,
    ):
        yield client


@pytest.mark.slow
async def test_a_client_that_breaks_off_in_the_middle_of_a_call_has_its_progress_and_its_answer(
    company: Company, cable: Cable, keys: dict[str, str], held: HeldUp
) -> None:
    await company.upload({"travel.md": b"Travel costs are paid."})
    told: list[str] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    async with asyncio.timeout(SOON), opened(cable, keys["team"]) as client:
        call = asyncio.create_task(client.call_tool("search", {"query": "travel"}, progress_callback=progress))
        await held.began.wait()
        cable.cut()
        held.let.set()
        found = (await call).structured_content
    assert found is not None
    assert ([each["path"] for each in found["results"]], cable.cuts) == (["travel.md"], 1)
    assert told == ["Collections to search: 1", "Passages found: 1", "Documents: 1"]


@pytest.mark.slow
async def test_a_question_to_the_client_waits_until_it_is_back(company: Company, cable: Cable, keys: dict[str, str]) -> None:
    await company.upload({"travel.md": b"Travel costs are paid."})

    async def model(context: object, params: Any) -> types.CreateMessageResult:
        if not cable.cuts:
            cable.cut()
        return types.CreateMessageResult(
            role="assistant", content=types.TextContent(type="text", text="It is paid [1]."), model="m-1"
        )

    async with asyncio.timeout(SOON), opened(cable, keys["team"], sampling_callback=model) as client:
        answer = (await client.call_tool("ask", {"question": "What does travel cost?"})).structured_content
    assert answer is not None
    assert (answer["answer"], cable.cuts) == ("It is paid [1].", 1)


async def searched(client: Raw, query: str, found: str) -> str:
    """The id of the first event of the answer."""
    call = {"id": 5, "method": "tools/call", "params": {"name": "search", "arguments": {"query": query}}}
    came = await client.post(call)
    assert found in came.text
    return next(line[3:].strip() for line in came.text.splitlines() if line.startswith("id:"))


@pytest.mark.slow
async def test_a_document_that_may_not_be_read_any_more_is_not_told_of_again(
    company: Company, raw: Opened, keys: dict[str, str]
) -> None:
    (pay,) = (await company.upload({"pay.txt": b"Pay of the board."}))["documents"]
    rights = f"/api/documents/{pay['id']}/rights"
    async with raw(keys["team"]) as client:
        await client.begin()
        client.headers["mcp-protocol-version"] = "2025-11-25"
        first = await searched(client, "pay", "of the board")
        await company.hana.put(rights, json={"allow": ["group:hr"]})
        again = await client.get({"last-event-id": first})
        assert "of the board" not in again.text and "pay.txt" not in again.text
        assert '"id":5' in again.text and "may be read by you any more" in again.text
        await company.hana.put(rights, json={"allow": ["team:company"]})
        assert "of the board" in (await client.get({"last-event-id": first})).text
        await company.hana.delete(f"/api/documents/{pay['id']}")
        assert "of the board" not in (await client.get({"last-event-id": first})).text


@pytest.mark.slow
async def test_answers_are_given_again_to_their_own_session_alone(
    company: Company, url: str, raw: Opened, keys: dict[str, str]
) -> None:
    await company.upload({"travel.md": b"Travel costs are paid."})
    async with raw(keys["team"]) as mine, raw(keys["team"]) as other, raw(keys["hr"]) as stranger:
        for each in (mine, other, stranger):
            await each.begin()
            each.headers["mcp-protocol-version"] = "2025-11-25"
        first = await searched(mine, "travel", "travel.md")
        again = await mine.get({"last-event-id": first})
        assert again.status_code == 200 and "travel.md" in again.text and '"id":5' in again.text
        assert (await other.get({"last-event-id": "r9999"})).status_code == 400
        assert "Make the call again" in (await mine.get({"last-event-id": "r9999"})).json()["error"]["message"]
        stranger.headers["mcp-session-id"] = mine.headers["mcp-session-id"]
        assert (await stranger.get({"last-event-id": first})).status_code == 404


@pytest.mark.slow
async def test_a_change_that_was_missed_is_told_again_as_it_is_now(company: Company, raw: Opened, keys: dict[str, str]) -> None:
    (first, second) = (await company.upload({"a.md": b"One.", "b.md": b"Two."}))["documents"]
    async with raw(keys["team"]) as client:
        await client.begin()
        for n, each in enumerate((first, second)):
            uri = f"stoa://collections/handbook/documents/{each['id']}"
            await client.post({"id": n + 1, "method": "resources/subscribe", "params": {"uri": uri}})
        async with asyncio.timeout(SOON), client.events() as events:
            await company.upload({"a.md": b"One more."})
            seen, _ = await anext(events)
            await company.upload({"b.md": b"Two more."})
            await anext(events)  # on its way when the connection breaks
        async with asyncio.timeout(SOON), client.events({"last-event-id": seen}) as events:
            _, message = await anext(events)
    assert message["params"]["uri"].endswith(second["id"])


def told_again_of(document: str) -> dict[str, Message]:
    """Every kind of request whose answer tells of this document."""
    uri = f"stoa://collections/handbook/documents/{document}"
    reference = {"type": "ref/resource", "uri": "stoa://collections/{collection}/documents/{id}"}
    return {
        "tools/call search": {"name": "search", "arguments": {"query": "zebra"}},
        "tools/call fetch": {"name": "fetch", "arguments": {"id": document}},
        "resources/list": {},
        "resources/read document": {"uri": uri},
        "resources/read collection": {"uri": "stoa://collections/handbook"},
        "prompts/get": {"name": "summarise_document", "arguments": {"collection": "handbook", "document": document}},
        "completion/complete": {
            "ref": reference, "argument": {"name": "id", "value": ""}, "context": {"arguments": {"collection": "handbook"}},
        },
    }  # fmt: skip


@pytest.mark.slow
async def test_whatever_tells_of_a_document_is_withheld_when_that_is_closed(
    company: Company, raw: Opened, keys: dict[str, str]
) -> None:
    (zebra,) = (await company.upload({"zebra.txt": b"The zebra is striped."}))["documents"]
    first: dict[str, str] = {}
    async with raw(keys["team"]) as client:
        await client.begin()
        client.headers["mcp-protocol-version"] = "2025-11-25"
        for number, (kind, params) in enumerate(told_again_of(zebra["id"]).items()):
            came = await client.post({"id": number, "method": kind.partition(" ")[0], "params": params})
            assert zebra["id"] in came.text or "striped" in came.text, kind
            first[kind] = next(line[3:].strip() for line in came.text.splitlines() if line.startswith("id:"))
        await company.hana.put(f"/api/documents/{zebra['id']}/rights", json={"allow": ["group:hr"]})
        for kind, event in first.items():
            again = (await client.get({"last-event-id": event})).text
            assert "may be read by you any more" in again, kind
            assert zebra["id"] not in again and "zebra" not in again and "striped" not in again, kind
