"""An assistant that has data looked up: which queries a model is offered, what is run, and what becomes of the answer."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.domain.datastores import Lookup, Parameter, Rows, Tool
from stoa.domain.decisions import decision_of
from stoa.domain.resources import Assistant, Budget, Limit
from stoa.errors import Forbidden, InvalidRequest, SourceError, StoaError
from stoa.gateway.lookups import MOST_CALLS, MOST_ROUNDS, passage_of

ORDERS = Rows(("number", "customer"), ((7, "ACME"), (9, "AC|ME\nltd")))
DESK = Assistant(name="handbook", prompt="Be kind.", route="mock", tools=("erp",))


@dataclass
class Store:
    """What queries give: rows, or an error."""

    gives: dict[str, Rows | StoaError] = field(default_factory=lambda: {"erp/open_orders": ORDERS})
    asked: list[Lookup] = field(default_factory=list[Lookup])
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    """While it is not set, nothing is answered."""

    def __post_init__(self) -> None:
        self.answers.set()

    async def look_up(self, lookup: Lookup) -> Rows:
        self.asked.append(lookup)
        await self.answers.wait()
        found = self.gives[lookup.tool]
        if isinstance(found, StoaError):
            raise found
        return found


@dataclass
class Model:
    """Calls functions turn by turn, then says READY; the answer after that is `answer`."""

    turns: list[list[tuple[str, Any]]]
    answer: Scripted
    status: int = 200

    def __call__(self, sent: Any) -> Scripted:
        body = json.loads(sent.body)
        if "tools" not in body:
            return self.answer
        calls = self.turns.pop(0) if self.turns else []
        said: dict[str, Any] = {"role": "assistant", "content": None if calls else "READY"}
        if calls:
            said["tool_calls"] = [
                {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": value if isinstance(value, str) else json.dumps(value)}}  # noqa: E501
                for n, (name, value) in enumerate(calls)
            ]  # fmt: skip
        choice = {"index": 0, "message": said, "finish_reason": "tool_calls" if calls else "stop"}
        usage = {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 6}
        whole = {"id": "c", "object": "chat.completion", "created": 1, "model": "up", "choices": [choice], "usage": usage}
        return Scripted(self.status, [json.dumps(whole).encode()], JSON)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def here(house: Callable[..., Any], make: Any, store: Store) -> Callable[..., Any]:
    """`here(turns, ...)`: a house with an assistant and a model that calls functions."""

    def build(turns: Sequence[Any] = (), *, assistant: Assistant = DESK, answer: Scripted | None = None, status: int = 200, **changes: Any) -> Any:  # fmt: skip  # noqa: E501
        tools = {
            "erp/open_orders": Tool("Open orders.", {"customer": Parameter()}),
            "erp/salaries": Tool("Salaries.", {}, ("hr",)),
            "other/all": Tool("Everything.", {}),
        }
        model = Model([list(turn) for turn in turns], answer or make.whole("Seven [1]."), status)
        return house(model, lookups=store, assistants={"handbook": assistant}, tools=tools, **changes)

    return build


def sent(found: Any) -> list[Any]:
    return [json.loads(each.body) for each in found.upstreams.sent]


CALL = [("erp__open_orders", {"customer": "ACME"})]


async def test_what_the_model_asks_for_is_run_and_stands_in_the_prompt(here: Any, store: Store) -> None:
    found = here([CALL])
    reply = await found.chat("assistant/handbook", "What is open for ACME?")
    assert reply.status == 200, reply.json
    first, second, last = sent(found)
    assert [tool["function"]["name"] for tool in first["tools"]] == ["erp__open_orders"]
    assert first["tools"][0]["function"]["parameters"]["required"] == ["customer"]
    assert first["messages"][1:] == [{"role": "user", "content": "What is open for ACME?"}]
    table = "| number | customer |\n|---|---|\n| 7 | ACME |\n| 9 | AC\\|ME ltd |"
    assert second["messages"][-1] == {"role": "tool", "tool_call_id": "c0", "content": table}
    assert "tools" not in last
    assert f"[1] erp/open_orders > customer = ACME\n{table}" in last["messages"][0]["content"]
    assert store.asked == [
        Lookup(tool="erp/open_orders", arguments={"customer": "ACME"}, team="company", acl=frozenset({"team:company"}))
    ]
    (citation,) = reply.json["stoa"]["citations"]
    assert (citation["title"], citation["collection"], citation["passage"]) == ("erp/open_orders", "datastore:erp", table)


async def test_the_answer_streams(here: Any, make: Any) -> None:
    found = here([CALL], answer=make.stream(*make.talk("Seven", " [1].")))
    reply = await found.chat("assistant/handbook", stream=True)
    words = [each["choices"][0]["delta"].get("content") for each in reply.events if each != "[DONE]" and each.get("choices")]
    assert "".join(filter(None, words)) == "Seven [1]."
    assert any(each != "[DONE]" and each.get("stoa", {}).get("citations") for each in reply.events)


async def test_a_model_that_needs_nothing_answers_as_ever(here: Any, store: Store) -> None:
    found = here()
    await found.chat("assistant/handbook", "Hello")
    assert store.asked == []
    assert sent(found)[-1]["messages"][0] == {"role": "system", "content": "Be kind."}


async def test_queries_of_other_teams_are_neither_offered_nor_run(here: Any, store: Store) -> None:
    found = here([[("erp__salaries", {}), ("other__all", {}), ("nothing", {})]])
    await found.chat("assistant/handbook")
    assert store.asked == []
    results = [each["content"] for each in sent(found)[1]["messages"] if each["role"] == "tool"]
    assert [json.loads(each)["error"].split(" '")[0] for each in results] == ["There is no function"] * 3


async def test_who_asks_is_told_by_the_gateway_and_not_by_the_model(here: Any, store: Store) -> None:
    from stoa.domain.behalf import Behalf, mint

    found = here([[("erp__open_orders", {"customer": "x", "caller_user": "root"})]])
    import time

    token = mint(Behalf(user="u1"), key=b"b" * 32, now_s=time.time())
    await found.chat("assistant/handbook", key=token)
    (lookup,) = store.asked
    assert (lookup.user, lookup.team, lookup.acl) == ("ada", "company", frozenset({"team:company", "group:hr"}))


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InvalidRequest("The parameter 'customer' is required."), "The parameter 'customer' is required."),
        (Forbidden("Team 'company' may not ask 'erp/open_orders'."), "Team 'company' may not ask 'erp/open_orders'."),
        (SourceError("password hush of host db"), "It cannot be answered now."),
        (SourceError("slow", code="source_timeout"), "It took too long."),
    ],
)
async def test_a_query_that_fails_is_told_to_the_model(here: Any, store: Store, error: StoaError, told: str) -> None:
    store.gives["erp/open_orders"] = error
    found = here([CALL])
    reply = await found.chat("assistant/handbook")
    assert reply.status == 200
    assert json.loads(sent(found)[1]["messages"][-1]["content"]) == {"error": told}
    assert "[1] erp/" not in json.dumps(sent(found)[-1])


@pytest.mark.parametrize("arguments", ["{", "[1]", "7", ""])
async def test_arguments_that_are_no_object_are_refused_to_the_model(here: Any, store: Store, arguments: str) -> None:
    found = here([[("erp__open_orders", arguments)]])
    assert (await found.chat("assistant/handbook")).status == 200
    assert len(store.asked) == (1 if arguments == "" else 0)


async def test_a_model_that_never_ends_is_stopped(here: Any, store: Store) -> None:
    many = [("erp__open_orders", {"customer": str(number)}) for number in range(MOST_CALLS + 2)]
    found = here([many] * 100)
    assert (await found.chat("assistant/handbook")).status == 200
    assert len(store.asked) == MOST_ROUNDS * MOST_CALLS
    assert len(sent(found)) == MOST_ROUNDS + 1


async def test_turns_are_facts_of_their_own_below_the_request(here: Any) -> None:
    found = here([CALL])
    await found.chat("assistant/handbook")
    asked = [fact for fact in found.facts if fact.parent_id is None]
    turns = [fact for fact in found.facts if fact.parent_id is not None]
    assert len(asked) == 1 and [fact.parent_id for fact in turns] == [asked[0].id] * 2
    assert {fact.team for fact in turns} == {"company"} and all(fact.prompt_tokens == 5 for fact in turns)
    way = decision_of(asked[0].decision).way
    assert way is not None
    assert [(each.collection, each.document_id) for each in way.retrieved] == [("datastore:erp", "erp/open_orders")]


async def test_answers_are_never_kept(here: Any) -> None:
    found = here([CALL, [], CALL])
    for _ in range(2):
        reply = await found.chat("assistant/handbook")
        assert reply.named.get("x-stoa-cache") in (None, "bypass")
    assert len(sent(found)) == 6


async def test_a_limit_of_one_at_once_does_not_wait_for_itself(here: Any) -> None:
    limits = {"one": Limit(name="one", scope="route", subject="mock", parallel=1, requests=1)}
    found = here([CALL], limits=limits)
    assert (await found.chat("assistant/handbook")).status == 200


async def test_a_spent_budget_ends_it(here: Any, make: Any, store: Store) -> None:
    budgets = {"b": Budget(name="b", scope="assistant", subject="handbook", limit_usd="0.000000001")}
    found = here([CALL], budgets=budgets)
    replies = [await found.chat("assistant/handbook") for _ in range(2)]
    assert replies[-1].status == 429


async def test_a_model_that_fails_is_the_answers_failure(here: Any) -> None:
    found = here([CALL], status=500)
    reply = await found.chat("assistant/handbook")
    assert reply.status == 502 and "cannot say what is to be looked up" in reply.error["message"]


async def test_a_client_that_leaves_ends_the_turn(here: Any, store: Store) -> None:
    store.answers.clear()
    found = here([CALL])
    body = {"model": "assistant/handbook", "messages": [{"role": "user", "content": "?"}]}
    reply = found.begin("/v1/chat/completions", body)
    while not store.asked:  # noqa: ASYNC110 - until it got there
        await asyncio.sleep(0.001)
    reply.intake.on_gone()
    await asyncio.sleep(0)
    assert reply.status is None


async def test_documents_and_data_stand_in_one_prompt(here: Any, make: Any) -> None:
    found = here([CALL], assistant=msgspec.structs.replace(DESK, collections=("handbook",)))
    found.documents.passages = [make.passage(1)]
    await found.chat("assistant/handbook")
    system = sent(found)[-1]["messages"][0]["content"]
    assert system.index("[1] erp/open_orders") < system.index("[2] Travel")


def test_a_long_result_is_cut_at_a_row() -> None:
    rows = Rows(("n",), tuple((number,) for number in range(500)))
    text = passage_of("erp/x", {}, rows, most_characters=100).text
    assert len(text) < 160 and text.endswith("|\n(There are more rows than these.)")
    assert passage_of("erp/x", {}, Rows((), ()), most_characters=100).text == "No rows."
