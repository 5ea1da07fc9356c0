"""An assistant that is tried before it is served: asked as the one it would be, by Stoa's own roles alone."""

import json
import time
from typing import Any

import pytest
from tests.gateway.conftest import BEHALF_KEY
from tests.gateway.forms import behaving, house_of, read_stream

from stoa.domain.behalf import Behalf, mint
from stoa.domain.guardrails import WordsGuard
from stoa.domain.resources import Assistant, Budget, Collection, Guardrail, Route, Target
from stoa.domain.snapshot import Access

PATH = "/v1/assistants/try"


def of_a_role() -> str:
    return mint(Behalf(user="u1"), key=BEHALF_KEY, now_s=time.time())


async def tried(
    here: Any, draft: dict[str, Any], text: str = "What of trains? [1]", *, key: str | None = None, **fields: Any
) -> Any:
    request = {"messages": [{"role": "user", "content": text}], **fields}
    return await here.ask(PATH, {"assistant": {"kind": "Assistant", **draft}, "request": request}, key=key or of_a_role())


@pytest.fixture
def desk(house: Any, make: Any) -> Any:
    """`desk(**changes)`: a house where `assistant/desk` answers through `chat`."""

    def build(**changes: Any) -> Any:
        usual: dict[str, Any] = {
            "assistants": {"desk": Assistant(name="desk", prompt="Be kind.", route="chat", collections=("handbook",))},
            "collections": {"handbook": Collection(name="handbook", team="company")},
            "access": (Access(True, frozenset({"assistant/desk", "chat", "messages"}), frozenset()),),
        }
        here = house(behaving(changes.pop("behaviour", "plain")), **(house_of() | usual | changes))
        here.documents.passages = [make.passage(1)]
        return here

    return build


async def test_a_draft_answers_with_its_own_prompt_passages_and_verification(desk) -> None:
    here = desk()
    reply = await tried(here, {"name": "desk", "prompt": "In verse.", "route": "chat", "collections": ["handbook"]})
    assert reply.status == 200, reply.body
    assert [each["n"] for each in reply.json["stoa"]["citations"]] == [1]
    assert [each["state"] for each in reply.json["stoa"]["verification"]] == []
    system = json.loads(here.upstreams.sent[0].body)["messages"][0]["content"]
    assert system.startswith("In verse.\n\n")
    fact = here.facts[-1]
    assert (fact.assistant, fact.requested, fact.cache, fact.user_id) == ("desk", "assistant/desk", "bypass", "u1")
    assert fact.cost_nano_usd is not None
    assert here.documents.asked[0][1:3] == (("handbook",), here.gateway._plan.users["u1"].caller.acl)


async def test_what_is_served_stays_as_it_is(desk) -> None:
    here = desk()
    await tried(here, {"name": "desk", "prompt": "In verse.", "route": "messages"})
    await here.chat("assistant/desk")
    assert [json.loads(sent.body)["messages"][0]["content"][:8] for sent in here.upstreams.sent[1:]] == ["Be kind."]


async def test_a_draft_streams(desk) -> None:
    here = desk(behaviour="stream")
    reply = await tried(
        here, {"name": "new", "route": "chat", "collections": ["handbook"]}, "Trains come first [1].", stream=True
    )
    got = read_stream("chat", reply.body)
    assert (got.text, [each["state"] for each in got.stoa["verification"]]) == (
        "You said: Trains come first [1].",
        ["supported"],
    )


async def test_two_tries_are_answered_twice(desk) -> None:
    here = desk()
    for _ in range(2):
        await tried(here, {"name": "desk", "route": "chat"}, temperature=0)
    assert len(here.upstreams.sent) == 2


async def test_nobody_but_stoas_roles_brings_an_assistant(desk) -> None:
    here = desk()
    reply = await here.ask(PATH, {"assistant": {"kind": "Assistant", "name": "x"}, "request": {"messages": []}})
    assert (reply.status, here.upstreams.sent) == (404, [])


@pytest.mark.parametrize(
    ("draft", "status", "param"),
    [
        ({"name": "new", "route": "secret"}, 403, "assistant.route"),
        ({"name": "desk", "route": "secret"}, 403, "assistant.route"),
        ({"name": "new", "route": "nowhere"}, 404, "assistant.route"),
        ({"name": "new", "route": "chat", "collections": ["nowhere"]}, 404, "assistant.collections"),
        ({"name": "new", "rote": "chat"}, 400, None),
    ],
)
async def test_a_draft_reaches_nothing_that_its_asker_may_not_ask(desk, draft: Any, status: int, param: str | None) -> None:
    here = desk(routes={"secret": Route(name="secret", targets=(Target(model="chat"),))})
    reply = await tried(here, draft)
    assert (reply.status, reply.error["param"]) == (status, param)
    assert here.upstreams.sent == []


async def test_whoever_may_ask_an_assistant_alone_may_try_it_over_its_own_route(desk) -> None:
    here = desk(access=(Access(True, frozenset({"assistant/desk"}), frozenset()),))
    assert (await tried(here, {"name": "desk", "route": "chat", "prompt": "In verse."})).status == 200
    assert (await tried(here, {"name": "other", "route": "chat"})).status == 403


async def test_the_guardrails_of_the_assistant_hold_for_its_draft(desk) -> None:
    guard = Guardrail(name="dragons", guards=(WordsGuard(deny=("dragon",)),), assistants=("desk",))
    here = desk(guardrails={"dragons": guard})
    reply = await tried(here, {"name": "desk", "route": "messages"}, "a dragon")
    assert (reply.status, reply.error["code"]) == (400, "guardrail_refused")


async def test_the_budget_of_the_assistant_holds_for_its_draft(desk) -> None:
    """Over whatever route: it is spent by whoever asks the assistant."""
    here = desk(budgets={"small": Budget(name="small", scope="assistant", subject="desk", limit_usd="0.000005")})
    assert (await here.chat("assistant/desk")).status == 200
    for route in ("chat", "messages"):
        reply = await tried(here, {"name": "desk", "route": route})
        assert (reply.status, "small" in reply.error["message"]) == (429, True)
