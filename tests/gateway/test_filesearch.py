"""The tool `file_search` of responses, in front of models that know it and models that do not."""

import json
import time
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from tests.gateway.conftest import BEHALF_KEY
from tests.gateway.forms import behaving, events_of, house_of

from stoa.domain.behalf import Behalf, verify
from stoa.domain.filesearch import FileFound, FilesFound
from stoa.domain.guardrails import PersonalGuard
from stoa.domain.resources import Collection, Guardrail
from stoa.domain.upstream import Fetched
from stoa.errors import ProviderError

PATH = "/v1/responses"
TOOL = {"type": "file_search", "vector_store_ids": ["handbook"]}
CITED = "Trains come first [2]. So it is [1][9]."


class Control:
    """Answers searches with what a test put in, and keeps what it was asked."""

    def __init__(self, *found: FileFound, refused: Fetched | None = None) -> None:
        self.found = found
        self.refused = refused
        self.asked: list[Any] = []
        self.spoken_for: list[Behalf | None] = []

    async def __call__(
        self, method: str, target: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Fetched:
        assert (method, target) == ("POST", "/internal/file-search")
        self.asked.append(json.loads(body))
        token = (headers or {})["authorization"].removeprefix("Bearer ")
        self.spoken_for.append(verify(token, key=BEHALF_KEY, now_s=time.time()))
        return self.refused or Fetched(200, msgspec.json.encode(FilesFound(self.found)))


def with_store(model: str = "chat", **changes: Any) -> dict[str, Any]:
    return house_of(model, collections={"handbook": Collection(name="handbook", team="company")}, **changes)


@pytest.fixture
def found(make) -> list[FileFound]:
    return [
        FileFound(passage=make.passage(1), file_id="file-1", filename="one.md", attributes={"area": "north"}),
        FileFound(passage=make.passage(2, "Buses come second."), file_id="file-2", filename="two.md"),
    ]


def asking(model: str = "chat", text: str = CITED, *tools: Any, **fields: Any) -> dict[str, Any]:
    return {"model": model, "input": text, "tools": list(tools) or [TOOL], **fields}


@pytest.mark.parametrize("upstream", ["chat", "responses", "messages", "gemini", "cohere"])
async def test_any_model_is_given_the_passages_and_its_numbers_become_citations(house, found, upstream: str) -> None:
    control = Control(*found)
    here = house(behaving("plain"), control=control, **with_store())
    reply = await here.ask(PATH, asking(upstream, include=["file_search_call.results"]))
    assert reply.status == 200, reply.body
    call, message = reply.json["output"]
    assert (call["type"], call["status"], call["queries"]) == ("file_search_call", "completed", [CITED])
    assert call["results"][0] == {
        "file_id": "file-1", "filename": "one.md", "score": 1.0, "text": "Trains come first.", "attributes": {"area": "north"},
    }  # fmt: skip
    part = message["content"][0]
    text = part["text"]
    assert text == f"You said: {CITED}"
    assert part["annotations"] == [
        {"type": "file_citation", "index": text.index("[2]"), "file_id": "file-2", "filename": "two.md"},
        {"type": "file_citation", "index": text.index("[1]"), "file_id": "file-1", "filename": "one.md"},
    ]
    assert reply.json["tools"] == [TOOL]
    assert [each["n"] for each in reply.json["stoa"]["citations"]] == [2, 1]
    sent = here.upstreams.sent[0].body.decode()
    assert "[1] Travel > Policy > Trains" in sent
    assert "file_search" not in sent
    assert control.spoken_for == [Behalf(key="app")]
    (fact,) = here.facts
    assert [(each.collection, each.found, dict(each.cited)) for each in fact.consulted] == [("handbook", 2, {"d1": 1, "d2": 1})]


@pytest.mark.parametrize("upstream", ["chat", "messages"])
async def test_a_stream_tells_the_search_first_and_the_citations_with_the_text(house, found, upstream: str) -> None:
    here = house(behaving("stream"), control=Control(*found), **with_store())
    reply = await here.ask(PATH, asking(upstream, stream=True))
    events = [data for _, data in events_of(reply.body)]
    kinds = [each["type"] for each in events]
    assert kinds[:7] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.file_search_call.in_progress",
        "response.file_search_call.searching", "response.file_search_call.completed", "response.output_item.done",
    ]  # fmt: skip
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    cites = [each["annotation"] for each in events if each["type"] == "response.output_text.annotation.added"]
    assert [each["file_id"] for each in cites] == ["file-2", "file-1"]
    assert kinds.index("response.output_text.annotation.added") < kinds.index("response.output_text.done")
    whole = events[-1]["response"]
    assert [each["type"] for each in whole["output"]] == ["file_search_call", "message"]
    assert whole["output"][0]["results"] is None
    assert whole["output"][1]["content"][0]["annotations"] == cites
    assert {each["output_index"] for each in events if each["type"] == "response.output_text.delta"} == {1}


async def test_what_was_said_of_the_search_reaches_control(house, found) -> None:
    control = Control(*found)
    here = house(behaving("plain"), control=control, **with_store())
    filters = {"type": "eq", "key": "area", "value": "north"}
    tool = TOOL | {"filters": filters, "max_num_results": 3, "ranking_options": {"score_threshold": 0.2}}
    earlier = [{"role": "user", "content": "What of trains?"}, {"role": "assistant", "content": "They come first."}]
    said = [*earlier, {"role": "user", "content": "Buses AND trams?"}]
    assert (await here.ask(PATH, asking("chat", said, tool))).status == 200  # type: ignore[arg-type]
    (asked,) = control.asked
    assert (asked["vector_store_ids"], asked["filters"], asked["max_num_results"]) == (["handbook"], filters, 3)
    assert asked["query"] == ["Buses AND trams? (What of trains?)", "Buses", "trams? (What of trains?)"]


async def test_functions_stay_and_a_choice_of_the_tool_is_none_of_the_models(house, found) -> None:
    here = house(behaving("plain"), control=Control(*found), **with_store())
    function = {"type": "function", "name": "weather", "parameters": {"type": "object"}}
    chosen = asking("chat", CITED, TOOL, function, tool_choice={"type": "file_search"})
    reply = await here.ask(PATH, chosen)
    assert reply.status == 200, reply.body
    sent = json.loads(here.upstreams.sent[0].body)
    assert [each["function"]["name"] for each in sent["tools"]] == ["weather"]
    assert "tool_choice" not in sent
    assert (await here.ask(PATH, asking("chat", CITED, TOOL, tool_choice="required"))).status == 200
    assert "tool_choice" not in json.loads(here.upstreams.sent[1].body)


async def test_where_nothing_is_found_the_model_is_told_so(house) -> None:
    here = house(behaving("plain"), control=Control(), **with_store())
    reply = await here.ask(PATH, asking(include=["file_search_call.results"]))
    assert reply.json["output"][0]["results"] == []
    assert reply.json["output"][1]["content"][0]["annotations"] == []
    assert "nothing was found" in here.upstreams.sent[0].body.decode()


@pytest.mark.parametrize(
    ("status", "param", "told"),
    [(404, "vector_store_id", "tools[0].vector_store_ids"), (400, "filters.type", "tools[0].filters.type")],
)
async def test_what_control_refuses_is_told_with_the_clients_field(house, status: int, param: str, told: str) -> None:
    body = json.dumps({"error": {"message": "No.", "type": "x", "param": param, "code": "no"}}).encode()
    here = house(behaving("plain"), control=Control(refused=Fetched(status, body)), **with_store())
    reply = await here.ask(PATH, asking())
    assert (reply.status, reply.error["message"], reply.error["param"], reply.error["code"]) == (status, "No.", told, "no")
    assert here.upstreams.sent == []


async def test_control_that_is_away_is_an_error_and_no_answer_without_files(house) -> None:
    class Away(Control):
        async def __call__(self, *args: Any, **named: Any) -> Fetched:
            raise ProviderError("control did not answer")

    here = house(behaving("plain"), control=Away(), **with_store())
    assert (await here.ask(PATH, asking())).status == 502
    assert here.upstreams.sent == []


async def test_stores_of_the_provider_itself_are_left_to_it(house) -> None:
    control = Control()
    here = house(behaving("plain"), control=control, **with_store())
    tool = TOOL | {"vector_store_ids": ["vs_of_the_provider"]}
    await here.ask(PATH, asking("responses", CITED, tool))
    assert json.loads(here.upstreams.sent[0].body)["tools"] == [tool]
    await here.ask(PATH, asking("chat", CITED, tool))
    assert [each["vector_store_ids"] for each in control.asked] == [["vs_of_the_provider"]]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tools": [{"type": "file_search"}]}, "tools[0].vector_store_ids"),
        ({"tools": [TOOL, TOOL]}, "tools[1]"),
        ({"tools": [TOOL | {"max_num_results": 0}]}, "tools[0].max_num_results"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,AA=="}]}]},
            "input",
        ),
    ],
)
async def test_what_cannot_be_searched_for_is_refused_by_its_field(house, fields: dict[str, Any], param: str) -> None:
    here = house(behaving("plain"), control=Control(), **with_store())
    reply = await here.ask(PATH, asking() | fields)
    assert (reply.status, reply.error["param"]) == (400, param)


async def test_an_earlier_search_is_sent_back_without_harm(house, found) -> None:
    here = house(behaving("plain"), control=Control(*found), **with_store())
    first = await here.ask(PATH, asking(text="Trains?", include=["file_search_call.results"]))
    said = [{"role": "user", "content": "Trains?"}, *first.json["output"], {"role": "user", "content": "And buses?"}]
    again = await here.ask(PATH, asking(text=said))  # type: ignore[arg-type]
    assert again.status == 200, again.body


@pytest.mark.parametrize("stream", [False, True])
async def test_passages_are_judged_by_guardrails_before_anybody_reads_them(house, make, stream: bool) -> None:
    found = FileFound(passage=make.passage(1, "Write to ada@example.com."), file_id="file-1", filename="one.md")
    guardrails = {"all": Guardrail(name="all", guards=(PersonalGuard(kinds=("EMAIL_ADDRESS",)),), default=True)}
    here = house(behaving("stream" if stream else "plain"), control=Control(found), **with_store(guardrails=guardrails))
    reply = await here.ask(PATH, asking(include=["file_search_call.results"], stream=stream))
    assert reply.status == 200, reply.body
    assert b"ada@example.com" not in reply.body
    assert b"file_search_call" in reply.body
    assert b"ada@example.com" not in here.upstreams.sent[0].body
    assert b"Write to" in here.upstreams.sent[0].body
