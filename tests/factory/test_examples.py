"""What an example has to be, and how it goes in and out as a line."""

import json
from typing import Any

import pytest

from stoa.domain.datasets import MOST_BYTES, Body, Item, Origin
from stoa.errors import InvalidRequest
from stoa.factory.examples import body_of, body_of_request, expected_of, holds
from stoa.factory.lines import MOST_FAULTS, line_of, read_lines

ASKED = {"role": "user", "content": "What?"}
SAID = {"role": "assistant", "content": "This."}
CALL = {"role": "assistant", "tool_calls": [{"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}]}
FOUND = {"role": "tool", "tool_call_id": "c", "content": "That."}
ITEM = Item(
    id="ex_1", since=1, until=None, origin=Origin(source="given"), key_id="k", expires_at=None, has_expected=False, by="u",
    at=1, sealed=b"",
)  # fmt: skip


def test_a_last_answer_of_a_file_is_the_expected_one() -> None:
    body = body_of({"messages": [ASKED, SAID]})
    assert (body.messages, body.answer, body.expected) == ([ASKED], None, SAID)
    body = body_of({"messages": [ASKED, CALL, FOUND, SAID], "tools": [{"type": "function"}], "parallel_tool_calls": False})
    assert (len(body.messages), body.expected, body.parallel_tool_calls) == (3, SAID, False)


def test_an_answer_that_is_named_leaves_the_messages_as_they_are() -> None:
    body = body_of({"messages": [ASKED, SAID], "answer": "A.", "expected": CALL})
    assert (body.messages, body.answer, body.expected) == (
        [ASKED, SAID], {"role": "assistant", "content": "A."}, CALL,
    )  # fmt: skip
    assert expected_of("  ") is None


def test_the_answer_of_a_request_is_what_was_given() -> None:
    assert body_of_request([ASKED, SAID], tools=[]) == Body(messages=[ASKED], answer=SAID)
    assert body_of_request([ASKED], tools=None) == Body(messages=[ASKED])


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ([], None),
        ({}, "messages"),
        ({"messages": "What?"}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{"role": "judge", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "assistant"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0].type"),
        ({"messages": [ASKED, {"role": "tool", "content": "x"}]}, "messages[1].tool_call_id"),
        ({"messages": [SAID]}, "messages"),
        ({"messages": [{"role": "system", "content": "Be kind."}, SAID]}, "messages"),
        ({"messages": [ASKED], "expected": ASKED}, "expected.role"),
        ({"messages": [ASKED], "answer": 7}, "answer"),
        ({"messages": [ASKED], "tools": {}}, "tools"),
        ({"messages": [ASKED], "parallel_tool_calls": 1}, "parallel_tool_calls"),
        ({"messages": [ASKED], "notes": "x" * 10_001}, "notes"),
        ({"messages": [ASKED], "label": "good"}, "label"),
        ({"messages": [{"role": "user", "content": "x" * MOST_BYTES}]}, "messages"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(sent: Any, param: str | None) -> None:
    with pytest.raises(InvalidRequest) as refused:
        body_of(sent)
    assert refused.value.param == param


def test_an_example_is_found_by_whatever_it_says() -> None:
    parts = {"role": "user", "content": [{"type": "text", "text": "Straße"}]}
    body = Body(messages=[parts], answer=SAID, notes="Seen by Ann")
    assert all(holds(body, each) for each in ("straße", "THIS", "ann"))
    assert not holds(body, "role")


def test_lines_are_counted_as_an_editor_shows_them_and_a_file_of_mistakes_is_given_up() -> None:
    found, faults = read_lines(b"\xef\xbb\xbf" + json.dumps({"messages": [ASKED, SAID]}).encode() + b"\r\n\n{\n\xff\n")
    assert (len(found), [each.line for each in faults]) == (1, [3, 4])
    assert len(read_lines(b"{\n" * 1000)[1]) == MOST_FAULTS


def test_a_line_lacks_nothing_that_its_form_needs() -> None:
    both = Body(
        messages=[ASKED], answer=SAID, expected={"role": "assistant", "content": "Better."}, tools=[{"type": "function"}]
    )
    line = json.loads(line_of(ITEM, both, form="preference", told="best") or b"")
    assert line["input"] == {"messages": [ASKED], "tools": [{"type": "function"}]}
    for body in (Body(messages=[ASKED]), Body(messages=[ASKED], answer=SAID, expected=SAID)):
        assert line_of(ITEM, body, form="preference", told="best") is None
    assert line_of(ITEM, Body(messages=[ASKED]), form="chat", told="best") is None
    assert line_of(ITEM, Body(messages=[ASKED], answer=SAID), form="chat", told="expected") is None


def test_whatever_goes_out_whole_comes_in_the_same() -> None:
    for body in (
        Body(messages=[ASKED]),
        Body(messages=[ASKED, CALL, FOUND], answer=SAID, notes="n"),
        Body(messages=[ASKED], expected=CALL, tools=[{"type": "function"}], parallel_tool_calls=True),
    ):
        assert read_lines(line_of(ITEM, body, form="whole", told="best") or b"") == ([body], [])
