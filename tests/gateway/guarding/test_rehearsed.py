"""Recorded contents under the guardrails of another snapshot."""

import json
from typing import Any

import pytest
from tests.gateway.conftest import PlainSecrets
from tests.gateway.test_rehearsal import NOON, asked, stand

from stoa.domain.contents import Opened
from stoa.domain.guardrails import HttpGuard, PersonalGuard, SecretsGuard, SizeGuard
from stoa.domain.rehearsals import GuardSums, Rehearsal
from stoa.domain.resources import Guardrail
from stoa.domain.snapshot import Snapshot
from stoa.domain.traces import Trace
from stoa.gateway.guarding.ready import Workshop
from stoa.gateway.guarding.rehearsed import RehearsedGuards, Unread
from stoa.gateway.rehearsing import Rehearsing

ADDRESS = "ada@example.org"


def guarded(*guards: Any, name: str = "new", **where: Any) -> Snapshot:
    return stand(guardrails={name: Guardrail(name=name, guards=guards, **(where or {"default": True}))})


def kept(text: str = "Hello", answer: str | None = "Hi", **changed: Any) -> Opened:
    request = {"model": "fast", "messages": [{"role": "user", "content": text}]}
    told = None if answer is None else json.dumps({"choices": [{"message": {"content": answer}}]}).encode()
    fields: dict[str, Any] = {"request": json.dumps(request).encode(), "answer": told, "cut": False, "masked": False}
    return Opened(**(fields | changed))


async def nobody(*_: Any) -> Any:
    raise AssertionError("nobody is asked")


def rehearsed(
    candidate: Snapshot, contents: dict[str, Opened | Unread], *traces: Trace, now: Snapshot | None = None
) -> tuple[Rehearsal, list[str]]:
    """What comes of it, and whose contents were asked for."""
    book = Workshop(vectors=nobody, own=None, presidio=None).rules(candidate, PlainSecrets())
    present = now or stand()
    rehearsing = Rehearsing(candidate, present, {}, NOON, guards=RehearsedGuards(candidate, present, book))
    wanted = [each.fact.id for each in traces if rehearsing.asks_for(each.fact)]
    rehearsing.take(traces, contents)
    return rehearsing.told(truncated=False), wanted


def sums(found: Rehearsal) -> GuardSums:
    assert found.guards is not None
    return found.guards


def test_a_new_guardrail_refuses_requests_whose_content_is_kept() -> None:
    contents: dict[str, Opened | Unread] = {"f0": kept(f"I am {ADDRESS}"), "f1": kept()}
    found, wanted = rehearsed(guarded(PersonalGuard(action="refuse")), contents, asked(0), asked(1))
    assert wanted == ["f0", "f1"]
    assert found.refusals == {"guardrail_refused": 1}
    assert (sums(found).judged, sums(found).refused, sums(found).answers_refused) == (2, 1, 0)
    assert (found.total.after.requests, found.total.after.cost_nano_usd) == (1, 2000)
    assert [each.refused for each in found.examples] == ["guardrail_refused"]


def test_an_answer_that_would_be_refused_is_paid_for_all_the_same() -> None:
    found, _ = rehearsed(guarded(PersonalGuard(action="refuse")), {"f0": kept(answer=f"Ask {ADDRESS}")}, asked(0))
    assert (found.refusals, sums(found).answers_refused, found.total.after.cost_nano_usd) == ({}, 1, 2000)


def test_the_text_of_a_stream_is_judged_too() -> None:
    content = kept(answer=None)
    content = Opened(content.request, f"Ask {ADDRESS}".encode(), cut=False, masked=False)
    found, _ = rehearsed(guarded(PersonalGuard(action="refuse")), {"f0": content}, asked(0, streamed=True))
    assert sums(found).answers_refused == 1


def test_what_would_be_masked_is_counted() -> None:
    found, _ = rehearsed(guarded(PersonalGuard()), {"f0": kept(f"I am {ADDRESS}"), "f1": kept()}, asked(0), asked(1))
    assert (found.refusals, sums(found).masked) == ({}, 1)


def test_where_no_content_is_kept_nothing_was_run_and_that_is_told() -> None:
    unread: dict[str, Opened | Unread] = {"f1": "not_readable", "f2": "beyond", "f3": kept(cut=True), "f4": kept(request=b"{")}
    found, _ = rehearsed(guarded(PersonalGuard(action="refuse")), unread, *[asked(n) for n in range(5)])
    told = sums(found)
    assert (told.judged, told.not_kept, told.not_readable, told.beyond) == (0, 3, 1, 1)
    assert (found.refusals, found.total.after.requests) == ({}, 5)


def test_no_content_is_asked_for_where_the_same_guardrails_hold() -> None:
    same = guarded(PersonalGuard(action="refuse"))
    found, wanted = rehearsed(same, {}, asked(0), now=same)
    assert (wanted, found.guards) == ([], None)
    assert rehearsed(stand(), {}, asked(0))[0].guards is None


@pytest.mark.parametrize(
    ("where", "held"),
    [
        ({"routes": ("fast",)}, True),
        ({"routes": ("a",)}, True),
        ({"routes": ("b",)}, True),
        ({"routes": ("big",)}, False),
        ({"teams": ("company",)}, True),
        ({"teams": ("lab",)}, False),
        ({"assistants": ("handbook",)}, False),
    ],
)
def test_a_guardrail_is_run_where_it_would_hold(where: Any, held: bool) -> None:
    _, wanted = rehearsed(guarded(PersonalGuard(), **where), {}, asked(0))
    assert bool(wanted) is held


def test_an_assistants_guardrail_is_run_on_what_it_was_asked() -> None:
    candidate = guarded(PersonalGuard(), assistants=("handbook",))
    _, wanted = rehearsed(candidate, {}, asked(0, requested="assistant/handbook"), asked(1))
    assert wanted == ["f0"]


def test_what_a_guardrail_had_refused_passes_once_none_holds() -> None:
    refused = asked(0, model=None, refused=True, error="guardrail_refused", status=400, cost_nano_usd=None)
    now = guarded(PersonalGuard(action="refuse"))
    found, wanted = rehearsed(stand(), {}, refused, now=now)
    assert (wanted, found.admitted) == ([], 1)
    other = guarded(PersonalGuard(action="refuse", kinds=("IBAN_CODE",)))
    found, _ = rehearsed(other, {}, refused, now=now)
    assert (found.admitted, sums(found).not_kept) == (0, 1)


def test_guards_that_ask_others_are_left_out_and_named() -> None:
    own = HttpGuard(name="ours", url="http://127.0.0.1:9/judge")
    found, _ = rehearsed(guarded(own, SecretsGuard()), {"f0": kept()}, asked(0))
    assert (sums(found).left_out, sums(found).judged) == (["new/ours"], 1)


@pytest.mark.parametrize(("size", "refused"), [({"characters": 3}, 1), ({"tokens": 1}, 1), ({"messages": 1}, 0)])
def test_guards_on_size_are_run(size: dict[str, int], refused: int) -> None:
    found, _ = rehearsed(guarded(SizeGuard(**size)), {"f0": kept("Hello to you all")}, asked(0))
    assert sums(found).refused == refused
