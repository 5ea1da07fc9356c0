"""What is kept in the cache, copied to a shadow, found in documents and told of in numbers, with guardrails."""

from typing import Any

import pytest
from tests.gateway.forms import behaving, read_stream, read_whole
from tests.gateway.guarding.conftest import ADDRESS, MASKED

from stoa.domain.resources import Assistant, Collection, Route, Shadow, Target
from stoa.domain.snapshot import Access

each_stream = pytest.mark.parametrize("stream", [False, True])


@each_stream
@pytest.mark.parametrize("again", [False, True])
async def test_a_kept_answer_is_the_judged_one(guarded, guards, stream: bool, again: bool) -> None:
    here = guarded(behaving("stream" if stream else "plain"), guards.words("green dragon", on=("output",), action="mask"))
    await here.chat("chat", "a green dragon", temperature=0, stream=stream)
    reply = await here.chat("chat", "a green dragon", temperature=0, stream=again)
    assert reply.named["x-stoa-cache"] == "hit"
    assert b"dragon" not in reply.body
    text = read_stream("chat", reply.body).text if again else reply.json["choices"][0]["message"]["content"]
    assert text == "You said: a [DENIED]"
    assert len(here.upstreams.sent) == 1


@each_stream
async def test_an_answer_with_originals_is_kept_for_nobody(guarded, guards, stream: bool) -> None:
    here = guarded(behaving("stream" if stream else "plain"), guards.personal(action="tokenise"))
    for address in (ADDRESS, "bob@example.com"):
        reply = await here.chat("chat", f"I am {address}", temperature=0, stream=stream)
        assert reply.named["x-stoa-cache"] != "hit"
        assert f"I am {address}" in (
            read_stream("chat", reply.body).text if stream else reply.json["choices"][0]["message"]["content"]
        )


@each_stream
async def test_a_refused_answer_is_not_kept(guarded, guards, stream: bool) -> None:
    here = guarded(behaving("stream" if stream else "plain"), guards.words("green dragon", on=("output",)))
    for _ in range(2):
        reply = await here.chat("chat", "a green dragon", temperature=0, stream=stream)
        assert reply.named.get("x-stoa-cache") != "hit"
    assert len(here.upstreams.sent) == 2


async def test_a_shadow_gets_the_masked_request(guarded, guards) -> None:
    route = Route(name="both", targets=(Target(model="chat"),), shadow=Shadow(model="messages"))
    names = frozenset({"both", "chat"})
    here = guarded(
        behaving("plain"), guards.personal(on=("input",)), routes={"both": route}, access=(Access(True, names, names),)
    )
    await here.chat("both", f"I am {ADDRESS}")
    assert len(here.upstreams.sent) == 2
    assert all(ADDRESS.encode() not in sent.body and MASKED.encode() in sent.body for sent in here.upstreams.sent)


def assistant(guarded: Any, make: Any, *guards: Any, behaviour: str = "plain") -> Any:
    here = guarded(
        behaving(behaviour),
        *guards,
        assistants={"desk": Assistant(name="desk", route="chat", collections=("handbook",))},
        access=(Access(True, frozenset({"assistant/desk"}), frozenset()),),
        collections={"handbook": Collection(name="handbook", team="company")},
    )
    here.documents.passages = [make.passage(1, f"The desk is reached at {ADDRESS}.")]
    return here


@each_stream
async def test_passages_are_judged_before_they_go_into_a_prompt(guarded, guards, make, stream: bool) -> None:
    here = assistant(guarded, make, guards.personal(on=("input",)), behaviour="stream" if stream else "plain")
    reply = await here.chat("assistant/desk", "where is the desk? [1]", stream=stream)
    assert reply.status == 200
    (sent,) = here.upstreams.sent
    assert MASKED.encode() in sent.body
    assert ADDRESS.encode() not in sent.body
    assert ADDRESS.encode() in reply.body, "who asked may read the passage"


async def test_citations_are_shown_as_answers_are(guarded, guards, make) -> None:
    here = assistant(guarded, make, guards.personal(on=("output",)))
    reply = await here.chat("assistant/desk", "where is the desk? [1]")
    (citation,) = reply.json["stoa"]["citations"]
    assert citation["passage"] == f"The desk is reached at {MASKED}."
    assert ADDRESS.encode() not in reply.body


@each_stream
async def test_sentences_are_held_against_passages_as_the_client_sees_both(guarded, guards, make, stream: bool) -> None:
    """Neither does a range miss its sentence, nor does what was masked come out as a missing word."""
    behaviour = "stream" if stream else "plain"
    restored = guards.personal(action="tokenise", on=("input",))
    for guard, shown in ((guards.personal(on=("output",)), MASKED), (restored, ADDRESS)):
        here = assistant(guarded, make, guard, behaviour=behaviour)
        reply = await here.chat(
            "assistant/desk", f"The desk is reached at {ADDRESS} [1]. Call Larsen at {ADDRESS} [1].", stream=stream
        )
        got = (read_stream if stream else read_whole)("chat", reply.body)
        checks = [(got.text[each["start"] : each["end"]], each["state"]) for each in got.stoa["verification"]]
        assert checks == [
            (f"You said: The desk is reached at {shown} [1].", "supported"),
            (f"Call Larsen at {shown} [1].", "unsupported"),
        ]
        assert (ADDRESS.encode() in reply.body) is (shown == ADDRESS)


async def test_a_passage_that_is_refused_is_refused(guarded, guards, make) -> None:
    here = assistant(guarded, make, guards.words("the desk is", on=("input",)))
    reply = await here.chat("assistant/desk", "where?")
    assert (reply.status, reply.error["code"]) == (400, "guardrail_refused")
    assert here.upstreams.sent == []


async def test_what_guards_did_is_counted(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal())
    await here.chat("chat", f"I am {ADDRESS}")
    await here.chat("chat", "good day")
    numbers = here.gateway.sheet().numbers["stoa_guard_total"]
    assert numbers == {
        ("everywhere", "personal", "mask"): 1,
        ("everywhere", "personal", "pass"): 3,
    }


async def test_a_guardrail_on_streams_really_runs(guarded, guards) -> None:
    """What others were blamed for: guards skipped on streams while their log told of success."""
    for stream in (False, True):
        here = guarded(behaving("stream" if stream else "plain"), guards.words("good day", on=("output",)))
        reply = await here.chat("chat", "good day", stream=stream)
        assert b"good day" not in reply.body
        (verdict,) = reply.intake.verdicts
        assert (verdict.stage, verdict.action, verdict.kinds) == ("output", "refuse", {"DENIED": 1})
        assert here.facts[0].error == "guardrail_refused"


async def test_a_line_of_a_batch_is_judged_as_any_request(guarded, guards) -> None:
    here = guarded(behaving("plain"), guards.personal(on=("input",)))
    body = {"model": "chat", "messages": [{"role": "user", "content": f"I am {ADDRESS}"}]}
    reply = await here.ask("/v1/chat/completions", body, x_stoa_lane="batch")
    assert reply.status == 200
    assert here.facts[0].lane == "batch"
    assert MASKED.encode() in here.upstreams.sent[0].body


async def test_nothing_of_the_content_is_logged(guarded, guards, caplog: pytest.LogCaptureFixture) -> None:
    here = guarded(behaving("plain"), guards.words("green dragon"), log_requests="all")
    await here.chat("chat", "the green dragon")
    assert "dragon" not in caplog.text
