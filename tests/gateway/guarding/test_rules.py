"""Which guardrails hold for whom, that the strictest wins, and what a request without any pays."""

from typing import Any

from tests.gateway.conftest import KEY
from tests.gateway.forms import behaving, house_of
from tests.gateway.guarding.conftest import ADDRESS, MASKED

from stoa.domain.guardrails import SizeGuard
from stoa.domain.resources import Assistant, Guardrail, Route, Shadow, Target
from stoa.domain.snapshot import Access, Caller
from stoa.gateway.plan import Plan

OTHER = "sk-stoa-" + "o" * 43


def plan_of(here: Any) -> Plan:
    return here.gateway._plan  # pyright: ignore[reportPrivateUsage]


def masking(guards: Any, name: str = "mask", **where: Any) -> Guardrail:
    return Guardrail(name=name, guards=(guards.personal(on=("input",)),), **where)


def house(guarded: Any, make: Any, *guardrails: Guardrail) -> Any:
    keys = {make.key(): make.caller(), make.key(OTHER): make.caller("other", team="lab")}
    return guarded(
        behaving("plain"),
        also=guardrails,
        keys=keys,
        routes={"both": Route(name="both", targets=(Target(model="chat"),))},
        assistants={"helper": Assistant(name="helper", route="both"), "lone": Assistant(name="lone", route="messages")},
        access=(Access(True, frozenset({"chat", "messages", "both", "assistant/helper", "assistant/lone"}), frozenset()),),
    )


async def masked(here: Any, model: str, key: str = KEY) -> bool:
    here.upstreams.sent.clear()
    reply = await here.chat(model, f"I am {ADDRESS}", key=key)
    assert reply.status == 200
    (sent,) = here.upstreams.sent
    assert (MASKED.encode() in sent.body) is not (ADDRESS.encode() in sent.body)
    return MASKED.encode() in sent.body


async def test_without_guardrails_nothing_holds(guarded, make) -> None:
    here = house(guarded, make)
    assert all(each.guards is None for found in plan_of(here).offerings.values() for each in found.values())
    assert not await masked(here, "chat")


async def test_a_guardrail_holds_for_its_route_and_what_answers_through_it(guarded, guards, make) -> None:
    here = house(guarded, make, masking(guards, routes=("both",)))
    assert await masked(here, "both")
    assert await masked(here, "assistant/helper")
    assert not await masked(here, "assistant/lone")
    assert not await masked(here, "chat")
    assert plan_of(here).offerings["chat"]["chat"].guards is None


async def test_a_guardrail_holds_for_its_assistant(guarded, guards, make) -> None:
    here = house(guarded, make, masking(guards, assistants=("helper",)))
    assert await masked(here, "assistant/helper")
    assert not await masked(here, "both")


async def test_a_guardrail_holds_for_its_team(guarded, guards, make) -> None:
    here = house(guarded, make, masking(guards, teams=("lab",)))
    assert await masked(here, "chat", key=OTHER)
    assert not await masked(here, "chat")


async def test_several_hold_together_and_the_strictest_wins(guarded, guards, make) -> None:
    refusing = Guardrail(name="no", guards=(guards.personal(on=("input",), action="refuse"),), teams=("lab",))
    warning = Guardrail(name="note", guards=(guards.personal(on=("input",), action="warn"),), default=True)
    here = house(guarded, make, masking(guards, routes=("chat",)), warning, refusing)
    assert await masked(here, "chat")
    assert not await masked(here, "messages")
    reply = await here.chat("chat", f"I am {ADDRESS}", key=OTHER)
    assert (reply.status, "'no'" in reply.error["message"]) == (400, True)
    found = {(each.guardrail, each.action) for each in reply.intake.verdicts}
    assert found == {("mask", "mask"), ("note", "warn"), ("no", "refuse")}


async def test_a_mask_wins_over_a_placeholder(guarded, guards, make) -> None:
    tokens = Guardrail(name="tokens", guards=(guards.personal(action="tokenise"),), default=True)
    here = house(guarded, make, tokens, masking(guards, routes=("chat",)))
    assert await masked(here, "chat")


async def test_stoas_own_work_is_nobodys_request(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal())
    found = plan_of(here).offerings["chat"]["chat"].guards
    assert found is not None
    assert found.of(plan_of(here).services["company"]) is None


async def test_a_changed_guardrail_is_another_answer_to_the_cache(guarded, guards, make) -> None:
    from tests.gateway.conftest import Make

    here = house(guarded, make)
    first = await here.chat("chat", "good day", temperature=0)
    assert (await here.chat("chat", "good day", temperature=0)).named["x-stoa-cache"] == "hit"
    guardrail = Guardrail(name="new", guards=(guards.words("good day", on=("output",), action="mask"),), default=True)
    here.gateway.swap(Make.snapshot(**(house_of() | {"guardrails": {"new": guardrail}})))
    again = await here.chat("chat", "good day", temperature=0)
    assert (first.json["choices"][0]["message"]["content"], again.named["x-stoa-cache"]) == ("You said: good day", "miss")
    assert again.json["choices"][0]["message"]["content"] == "You said: [DENIED]"


async def test_what_did_not_change_is_not_made_again(guarded, guards) -> None:
    from tests.gateway.conftest import Make

    here = guarded(behaving("plain"), guards.personal())
    before = plan_of(here).offerings["chat"]["chat"].guards
    guardrail = Guardrail(name="everywhere", guards=(guards.personal(),), default=True)
    here.gateway.swap(Make.snapshot(**(house_of() | {"guardrails": {"everywhere": guardrail}})))
    after = plan_of(here).offerings["chat"]["chat"].guards
    assert before is not None
    assert after is not None
    assert before.everyone is not None
    assert after.everyone is not None
    assert before.everyone.input[0].detector is after.everyone.input[0].detector


async def test_sizes_are_told_by_bytes_and_counted_near_the_limit(guarded) -> None:
    here = guarded(behaving("plain"), SizeGuard(characters=20, messages=2))
    assert (await here.chat("chat", "good day")).status == 200
    assert (await here.chat("chat", "x" * 20)).status == 200
    reply = await here.chat("chat", "x" * 21)
    assert (reply.status, reply.error["code"]) == (400, "guardrail_refused")
    assert "allows 20 characters, and the request has 21" in reply.error["message"]
    messages = [{"role": "user", "content": "a"}] * 3
    reply = await here.ask("/v1/chat/completions", {"model": "chat", "messages": messages})
    assert "allows 2 messages, and the request has 3" in reply.error["message"]
    assert [each.action for each in reply.intake.verdicts] == ["refuse"]


async def test_a_size_that_only_warns_lets_through(guarded) -> None:
    here = guarded(behaving("plain"), SizeGuard(tokens=1, action="warn"))
    reply = await here.chat("chat", "many more tokens than one")
    assert reply.status == 200
    (verdict,) = reply.intake.verdicts
    assert (verdict.action, verdict.kinds) == ("warn", {"TOO_MANY_TOKENS": 1})


async def test_users_are_judged_as_keys_are(guarded, guards, make) -> None:
    here = guarded(behaving("plain"), guards.personal())
    found = plan_of(here).offerings["chat"]["chat"].guards
    assert found is not None
    user = Caller("u1", "ada", "company", frozenset(), 0, user_id="u1")
    client = plan_of(here).users["u1"]
    assert client.caller.user_id == user.user_id
    assert found.of(client) is not None


async def test_a_guardrail_of_a_model_holds_for_every_route_to_it(guarded, guards, make) -> None:
    """Complaint: the guardrail of a model was left out when the model was reached through a route."""
    routes = {
        "target": Route(name="target", targets=(Target(model="messages", weight=1), Target(model="chat", weight=0))),
        "fallback": Route(name="fallback", targets=(Target(model="messages"),), fallback=("chat",)),
        "shadow": Route(name="shadow", targets=(Target(model="messages"),), shadow=Shadow(model="chat", share=1e-9)),
        "free": Route(name="free", targets=(Target(model="messages"),)),
    }
    names = frozenset({*routes, "chat", "messages", "assistant/helper"})
    here = guarded(
        behaving("plain"),
        also=(masking(guards, routes=("chat",)),),
        routes=routes,
        assistants={"helper": Assistant(name="helper", route="fallback")},
        access=(Access(True, names, frozenset()),),
    )
    held = {name: await masked(here, name) for name in sorted(names)}
    assert held == {name: name not in ("free", "messages") for name in sorted(names)}
