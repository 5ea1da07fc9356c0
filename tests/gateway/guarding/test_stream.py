"""Nothing of a stream leaves before it is judged, wherever its text and its bytes are cut."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.forms import PATHS, read_stream
from tests.upstreams import anthropic, openai_chat, openai_completions, openai_responses

from stoa.dialects.table import PASSING
from stoa.domain.guards import RequestFacts
from stoa.domain.operations import ClientForm
from stoa.gateway.events import EventStream
from stoa.gateway.guarding.judging import Judge
from stoa.gateway.guarding.rules import Check
from stoa.gateway.guarding.stream import GuardedStream
from stoa.gateway.passing import PassingStream
from stoa.guards.finding import Finding
from stoa.guards.personal.masking import Placeholders

SECRET = "persimmon"
SERVERS: dict[ClientForm, Any] = {
    "chat": openai_chat, "completions": openai_completions, "messages": anthropic, "responses": openai_responses,
}  # fmt: skip
each_form = pytest.mark.parametrize("form", PATHS)


class Word:
    """A detector of one word, whose reach is the word's length."""

    reach = len(SECRET) + 1

    def find(self, text: str) -> Sequence[Finding]:
        found: list[Finding] = []
        at = text.lower().find(SECRET)
        while at >= 0:
            found.append(Finding("FRUIT", at, at + len(SECRET)))
            at = text.lower().find(SECRET, at + len(SECRET))
        return found


class Whole(Word):
    reach = 0


def facts() -> RequestFacts:
    return RequestFacts(request_id="r", team="t", model="m", path="/")


def stream(form: ClientForm, *, action: Any = "mask", whole: bool = False, placeholders: Any = None) -> GuardedStream:
    check = Check(
        guardrail="fruit", guard="words", action=action, open=False, stream="window", detector=Whole() if whole else Word()
    )
    inner = (
        EventStream(strip_usage=False, keep_bytes=1_000_000)
        if form == "chat"
        else PassingStream(form, PASSING[form], strip_usage=False, keep_bytes=1_000_000)
    )
    judge = Judge("output", (check,), facts, placeholders)
    return GuardedStream(inner, form, judge, placeholders, whole=whole, acting=action != "warn")


def pieces_of(form: ClientForm, text: str) -> list[bytes]:
    """The stream of a server of that form which says this, a character in each event."""
    body: dict[str, Any] = {"model": "m", "stream": True, "max_tokens": 9, "stream_options": {"include_usage": True}}
    body |= {"messages": [{"role": "user", "content": "MARK"}], "input": "MARK", "prompt": "MARK"}
    events = b"".join(SERVERS[form].stream(json.dumps(body).encode()).pieces).split(b"\n\n")[:-1]
    said: list[bytes] = []
    for event in events:
        if b"MARK" in event and (b".delta" in event or b"_delta" in event or form in ("chat", "completions")):
            said += [event.replace(b"MARK", json.dumps(character)[1:-1].encode()) for character in text]
        else:
            said.append(event.replace(b"MARK", json.dumps(text)[1:-1].encode()))
    if form == "responses":
        said = _numbered(said)
    return [event + b"\n\n" for event in said]


def _numbered(events: list[bytes]) -> list[bytes]:
    found: list[bytes] = []
    for number, event in enumerate(events):
        head, _, data = event.partition(b"data: ")
        found.append(head + b"data: " + json.dumps(json.loads(data) | {"sequence_number": number}).encode())
    return found


def played(guarded: GuardedStream, pieces: Sequence[bytes]) -> list[bytes]:
    left = [guarded.feed(piece) for piece in pieces]
    assert guarded.done
    left.append(guarded.fail(400, "guardrail_refused", "no") if guarded.refused else guarded.end(None))
    return left


TEXTS = st.lists(
    st.sampled_from([SECRET, "per", "sim", "mon", "PerSim", " ", "plum ", "x" * 12, "ü", "\n", '"', "\\"]), max_size=12
)


@each_form
@given(TEXTS.map("".join))
def test_a_stream_says_what_the_whole_would(form: ClientForm, text: str) -> None:
    got = read_stream(form, b"".join(played(stream(form), pieces_of(form, text))))
    wanted = text
    for found in reversed(Word().find(text)):
        wanted = wanted[: found.start] + "[FRUIT]" + wanted[found.end :]
    assert got.text == f"You said: {wanted}"
    assert got.whole
    assert SECRET not in got.text.lower()


@each_form
@given(st.data())
def test_no_cut_of_the_bytes_lets_a_character_out(form: ClientForm, data: st.DataObject) -> None:
    whole = b"".join(pieces_of(form, f"one {SECRET} two"))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=20)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    so_far = ""
    guarded = stream(form)
    for left in played(guarded, pieces):
        so_far += "".join(_texts(left))
        assert "pers" not in so_far
        assert SECRET[-4:] not in so_far
    assert "one [FRUIT] two" in so_far


def _texts(left: bytes) -> list[str]:
    """Every string under the names that pieces have, in order."""
    found: list[str] = []
    for line in left.split(b"\n"):
        if line.startswith(b"data: {"):
            event = json.loads(line[6:])
            for choice in event.get("choices") or ():
                found.append(choice.get("text") or (choice.get("delta") or {}).get("content") or "")
            delta = event.get("delta")
            found.append(delta if isinstance(delta, str) else (delta or {}).get("text") or "")
    return found


@each_form
@pytest.mark.parametrize("whole", [False, True])
def test_a_refused_stream_says_nothing_of_what_was_found(form: ClientForm, whole: bool) -> None:
    guarded = stream(form, action="refuse", whole=whole)
    body = b"".join(played(guarded, pieces_of(form, f"a clean beginning of it, then {SECRET} and the rest")))
    got = read_stream(form, body)
    assert guarded.refused is not None
    assert (got.whole, bool(got.error)) == (False, True)
    assert "pers" not in got.text
    assert b"rest" not in body
    assert ("a clean beginning" in got.text) is not whole


@each_form
def test_what_only_warns_changes_nothing_and_is_seen(form: ClientForm) -> None:
    guarded = stream(form, action="warn")
    got = read_stream(form, b"".join(played(guarded, pieces_of(form, f"a {SECRET}"))))
    assert got.text == f"You said: a {SECRET}"
    (verdict,) = guarded.judge.verdicts()
    assert (verdict.action, verdict.kinds) == ("warn", {"FRUIT": 1})


def test_what_only_warns_holds_nothing_back() -> None:
    guarded = stream("chat", action="warn", whole=True)
    calls = [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in ('{"a": "', SECRET, '"}')]
    pieces = [b"data: " + json.dumps({"choices": [{"index": 0, "delta": each}]}).encode() + b"\n\n" for each in calls]
    assert [len(guarded.feed(piece)) > 0 for piece in pieces] == [True, True, True]
    end = b"data: " + json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}).encode() + b"\n\n"
    guarded.feed(end + b"data: [DONE]\n\n")
    (verdict,) = guarded.judge.verdicts()
    assert (verdict.action, verdict.kinds) == ("warn", {"FRUIT": 1})


@each_form
def test_a_verdict_counts_what_was_masked_once(form: ClientForm) -> None:
    guarded = stream(form)
    played(guarded, pieces_of(form, f"{SECRET} and {SECRET}"))
    (verdict,) = guarded.judge.verdicts()
    assert (verdict.action, verdict.kinds) == ("mask", {"FRUIT": 2})


@each_form
def test_what_is_kept_is_as_the_client_got_it(form: ClientForm) -> None:
    guarded = stream(form)
    played(guarded, pieces_of(form, f"a {SECRET}"))
    kept = guarded.whole()
    assert kept is not None
    assert SECRET.encode() not in kept
    assert b"[FRUIT]" in kept


@each_form
@given(st.integers(0, 30))
def test_a_placeholder_cut_anywhere_comes_back(form: ClientForm, at: int) -> None:
    placeholders = Placeholders()
    assert placeholders.tokenise("Zoë", [Finding("NAME", 0, 3)]) == "<NAME_1>"
    guarded = stream(form, placeholders=placeholders)
    text = f"{'x' * at}<NAME_1> < <NAME_2> end"
    got = read_stream(form, b"".join(played(guarded, pieces_of(form, text))))
    assert got.text == f"You said: {'x' * at}Zoë < <NAME_2> end"
    assert guarded.whole() is None, "what holds originals is not kept for others"


def test_two_answers_at_once_are_two_texts() -> None:
    def chunk(index: int, text: str, finish: str | None = None) -> bytes:
        choice = {"index": index, "delta": {"content": text}, "finish_reason": finish}
        return b"data: " + json.dumps({"id": "c", "choices": [choice]}).encode() + b"\n\n"

    halves = [("per", "sim"), ("sim", "mon"), ("mon", " plum")]
    pieces = [chunk(index, pair[index]) for pair in halves for index in (0, 1)]
    ends = [chunk(0, "", "stop"), chunk(1, "", "stop"), b"data: [DONE]\n\n"]
    said = {0: "", 1: ""}
    for left in played(stream("chat"), [*pieces, *ends]):
        for line in left.split(b"\n\n"):
            if line.startswith(b"data: {"):
                for choice in json.loads(line[6:])["choices"]:
                    said[choice["index"]] += choice["delta"].get("content") or ""
    assert said == {0: "[FRUIT]", 1: "simmon plum"}


def test_text_in_the_last_event_is_judged() -> None:
    """Some servers finish with the last word in the same event."""
    choice = {"index": 0, "delta": {"content": "immon"}, "finish_reason": "stop"}
    first = {"index": 0, "delta": {"role": "assistant", "content": "a pers"}, "finish_reason": None}
    pieces = [b"data: " + json.dumps({"id": "c", "choices": [each]}).encode() + b"\n\n" for each in (first, choice)]
    got = b"".join(played(stream("chat"), [*pieces, b"data: [DONE]\n\n"]))
    said = [json.loads(line[6:])["choices"][0] for line in got.split(b"\n\n") if line.startswith(b"data: {")]
    assert "".join(each["delta"]["content"] for each in said) == "a [FRUIT]"
    assert said[-1]["finish_reason"] == "stop"


def test_a_field_that_nobody_knows_is_judged_as_its_own_text() -> None:
    deltas = [{"role": "assistant", "murmur": "a pers"}, {"murmur": "immon falls"}]
    pieces = [b"data: " + json.dumps({"choices": [{"index": 0, "delta": each}]}).encode() + b"\n\n" for each in deltas]
    end = b"data: " + json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}).encode() + b"\n\n"
    got = b"".join(played(stream("chat"), [*pieces, end, b"data: [DONE]\n\n"]))
    said = [json.loads(line[6:])["choices"][0]["delta"] for line in got.split(b"\n\n") if line.startswith(b"data: {")]
    assert "".join(each.get("murmur", "") for each in said) == "a [FRUIT] falls"
