"""Collections from outside: OpenAI's client over vector stores and file_search, and MCP's own over HTTP and standard input."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CreateMessageResult, ResourceUpdatedNotification, TextContent
from tests.journeys.conftest import RunningStoa, wait_until

pytestmark = pytest.mark.slow

RULES = "Travel by train is paid in first class from a journey of four hours on."
PAY = "The board travels by plane in business class."


@pytest.fixture(scope="module")
def keys(plain_stoa: RunningStoa) -> dict[str, str]:
    """Of two applications of one team: one reads what is for the group board, the other what is for all."""
    made = plain_stoa.stoa("group", "create", "board")
    assert made.returncode == 0, made.stderr
    return {"board": plain_stoa.key("board-app", "--groups", "board"), "all": plain_stoa.key("team-app")}


@pytest.fixture(scope="module")
def client(plain_stoa: RunningStoa, keys: dict[str, str]) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{plain_stoa.url}/v1", api_key=keys["board"], max_retries=3) as made:
        yield made


@pytest.fixture(scope="module")
def store(client: openai.OpenAI) -> str:
    """A store with a file for everybody and one for the group."""
    made = client.vector_stores.create(name="Travel")
    for name, text, allow in (("rules.txt", RULES, []), ("pay.txt", PAY, ["group:board"])):
        file = client.files.create(file=(name, text.encode()), purpose="assistants")
        client.vector_stores.files.create(
            made.id, file_id=file.id, attributes={"about": name.partition(".")[0]}, extra_body={"allow": allow}
        )
    wait_until(lambda: client.vector_stores.retrieve(made.id).file_counts.completed == 2, "both files are indexed", seconds=90)
    wait_until(lambda: len(client.vector_stores.search(made.id, query="travel").data) == 2, "both are found")
    return made.id


def test_a_model_that_knows_no_tools_answers_from_files_and_cites_them(client: openai.OpenAI, store: str) -> None:
    tool: Any = {"type": "file_search", "vector_store_ids": [store]}
    answer = client.responses.create(
        model="stoa-reader", input="From how many hours on is first class paid?", tools=[tool],
        include=["file_search_call.results"],
    )  # fmt: skip
    call, message = answer.output
    assert (call.type, call.status) == ("file_search_call", "completed")
    assert call.results is not None
    assert {each.filename for each in call.results} == {"rules.txt", "pay.txt"}
    assert "four hours" in answer.output_text
    assert message.type == "message"
    (cited, *_) = message.content[0].annotations  # type: ignore[union-attr]
    assert (cited.type, cited.filename) == ("file_citation", "rules.txt")  # type: ignore[union-attr]
    only = tool | {"filters": {"type": "eq", "key": "about", "value": "pay"}}
    with client.responses.create(model="stoa-reader", input="How does the board travel?", tools=[only], stream=True) as events:
        seen = list(events)
    assert "response.file_search_call.completed" in [each.type for each in seen]
    last = seen[-1]
    assert last.type == "response.completed"
    assert "business class" in last.response.output_text


def test_filters_and_rights_hold_for_a_search_of_the_store(
    plain_stoa: RunningStoa, client: openai.OpenAI, keys: dict[str, str], store: str
) -> None:
    found = client.vector_stores.search(store, query="travel", filters={"type": "eq", "key": "about", "value": "pay"})
    assert [each.filename for each in found.data] == ["pay.txt"]
    with openai.OpenAI(base_url=f"{plain_stoa.url}/v1", api_key=keys["all"], max_retries=3) as other:
        assert [each.filename for each in other.vector_stores.search(store, query="travel").data] == ["rules.txt"]


@asynccontextmanager
async def over_http(stoa: RunningStoa, key: str, **options: Any) -> AsyncGenerator[Client]:
    headers = {"authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, trust_env=False, timeout=30) as http,
        Client(streamable_http_client(f"{stoa.url}/mcp", http_client=http), **options) as session,
    ):
        yield session


@asynccontextmanager
async def over_stdio(stoa: RunningStoa, key: str, **options: Any) -> AsyncGenerator[Client]:
    environment = {"STOA_URL": stoa.url, "STOA_KEY": key, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    command = StdioServerParameters(command=sys.executable, args=["-m", "stoa", "mcp"], env=environment)
    async with Client(command, **options) as session:
        yield session


Way = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.mark.parametrize("way", [over_http, over_stdio])
def test_two_users_search_and_fetch_over_mcp_what_each_may_read(
    plain_stoa: RunningStoa,
    keys: dict[str, str],
    store: str,
    way: Way,
) -> None:
    async def seen(key: str) -> dict[str, str]:
        async with way(plain_stoa, key) as session:
            names = [each.name for each in (await session.list_tools()).tools]
            assert names == ["search", "fetch", "list_collections"]
            found = await session.call_tool("search", {"query": "travel", "collections": [store]})
            texts: dict[str, str] = {}
            for each in found.structured_content["results"]:
                fetched = await session.call_tool("fetch", {"id": each["id"]})
                texts[each["path"].rpartition("/")[2]] = fetched.structured_content["text"]
            return texts

    assert asyncio.run(seen(keys["board"])) == {"rules.txt": RULES, "pay.txt": PAY}
    assert asyncio.run(seen(keys["all"])) == {"rules.txt": RULES}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize("way", [over_http, over_stdio])
@pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")
def test_a_client_lends_its_model_and_is_told_of_changes_over_mcp(
    plain_stoa: RunningStoa, client: openai.OpenAI, keys: dict[str, str], store: str, way: Way, mode: str
) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()

    async def model(context: object, params: Any) -> CreateMessageResult:
        text = TextContent(type="text", text="From four hours on [1]." if RULES in params.messages[0].content.text else "No.")
        return CreateMessageResult(role="assistant", content=text, model="m")

    async def hear(message: object) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            told.put_nowait(str(message.params.uri))

    async def put_in() -> None:
        file = await asyncio.to_thread(
            client.files.create, file=(f"{mode}.txt", os.urandom(8).hex().encode()), purpose="assistants"
        )
        await asyncio.to_thread(client.vector_stores.files.create, store, file_id=file.id)

    async def played() -> tuple[Any, str]:
        uri = f"stoa://collections/{store}"
        async with way(plain_stoa, keys["all"], mode=mode, sampling_callback=model, message_handler=hear) as session:
            question = {"question": "When is first class paid?", "collections": [store], "passages": 1}
            answer = (await session.call_tool("ask", question)).structured_content
            if mode == "legacy":
                await session.subscribe_resource(uri)
                await put_in()
                return answer, await asyncio.wait_for(told.get(), 60)
            async with session.listen(resource_subscriptions=[uri]) as changes:
                await put_in()
                event = await asyncio.wait_for(anext(aiter(changes)), 60)
            return answer, event.uri  # type: ignore[union-attr]

    answer, changed = asyncio.run(played())
    assert answer["answer"] == "From four hours on [1]."
    assert [each["path"].rpartition("/")[2] for each in answer["citations"]] == ["rules.txt"]
    assert changed == f"stoa://collections/{store}"


@pytest.fixture
def guardrail(plain_stoa: RunningStoa, tmp_path: Path) -> Iterator[None]:
    """One that stops a word and masks addresses, in what goes to any model."""
    written = tmp_path / "guardrail.yaml"
    written.write_text(
        "kind: Guardrail\nname: lent\ndefault: true\nguards:\n"
        "  - {type: words, deny: [quetzal]}\n  - {type: personal, kinds: [EMAIL_ADDRESS], action: tokenise}\n"
    )
    applied = plain_stoa.stoa("apply", "-f", str(written))
    assert applied.returncode == 0, applied.stderr
    wait_until(lambda: plain_stoa.stoa("guard", "try", "lent", "hello").returncode == 0, "the gateway has it", seconds=20)
    yield
    assert plain_stoa.stoa("delete", "guardrail", "lent").returncode == 0


def test_guardrails_judge_what_a_lent_model_reads_and_writes(
    plain_stoa: RunningStoa, client: openai.OpenAI, keys: dict[str, str], guardrail: None
) -> None:
    made = client.vector_stores.create(name="Birds")
    for name, text in (
        ("wren.txt", "The wren is kept by ada@example.com."),
        ("quetzal.txt", "The quetzal rests in room nine."),
    ):
        client.vector_stores.files.create(
            made.id, file_id=client.files.create(file=(name, text.encode()), purpose="assistants").id
        )
    wait_until(lambda: client.vector_stores.retrieve(made.id).file_counts.completed == 2, "both files are indexed", seconds=90)
    wait_until(lambda: len(client.vector_stores.search(made.id, query="bird").data) == 2, "both are found")
    prompts: list[str] = []

    async def model(context: object, params: Any) -> CreateMessageResult:
        prompts.append(params.messages[0].content.text)
        text = TextContent(type="text", text="The wren is kept by bob@example.com [1].")
        return CreateMessageResult(role="assistant", content=text, model="m")

    async def asked(question: str) -> Any:
        async with over_http(plain_stoa, keys["board"], mode="legacy", sampling_callback=model) as session:
            return await session.call_tool("ask", {"question": question, "collections": [made.id], "passages": 1})

    answer = asyncio.run(asked("Who keeps the wren?")).structured_content
    assert "kept by [EMAIL_ADDRESS]." in prompts[0]
    assert answer["answer"] == "The wren is kept by [EMAIL_ADDRESS] [1]."
    assert "ada@example.com" not in str(answer)
    refused = asyncio.run(asked("Where does the bird of room nine rest?"))
    assert (refused.is_error, len(prompts)) == (True, 1)
    assert "Guardrail 'lent' refuses this request" in refused.content[0].text
    assert "quetzal.txt" in refused.content[0].text
