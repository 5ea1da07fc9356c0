"""Streams of servers that are nearly OpenAI's: calls without numbers, with one number for all, in one piece, without a role."""

import json
from typing import Any

import pytest

from stoa.dialects.answer import Ended, Event, Failed, Finished, TextPiece, ToolCallPiece, ToolCallStarted
from stoa.dialects.openai.chat_read import read
from stoa.dialects.openai.chat_reader import ChatReader
from stoa.dialects.openai.chat_writer import ChatWriter

ASKED = b'{"model":"m","messages":[{"role":"user","content":"hi"}],"tools":[{"type":"function","function":{"name":"f"}}]}'


def events(*deltas: dict[str, Any], finish: str = "tool_calls") -> list[Event]:
    reader = ChatReader(model="m")
    chunks = [{"id": "c1", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    data = b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks) + b"data: [DONE]\n\n"
    return reader.feed(data)


def calls(found: list[Event]) -> list[tuple[str, str, str]]:
    """Id, name and arguments of each call."""
    started = [event for event in found if isinstance(event, ToolCallStarted)]
    return [
        (
            call.id,
            call.name,
            "".join(e.arguments for e in found if isinstance(e, ToolCallPiece) and e.number == call.number),
        )
        for call in started
    ]


def call(arguments: str, *, name: str | None = None, **fields: Any) -> dict[str, Any]:
    function = {"arguments": arguments} if name is None else {"name": name, "arguments": arguments}
    return {"tool_calls": [{"type": "function", "function": function, **fields}]}


BOTH = [("a", "f", '{"x":1}'), ("b", "g", '{"y":2}')]
BROKEN: dict[str, list[dict[str, Any]]] = {
    "whole calls in one piece without numbers": [
        {"tool_calls": call('{"x":1}', name="f", id="a")["tool_calls"] + call('{"y":2}', name="g", id="b")["tool_calls"]},
    ],
    "one number for all calls": [call('{"x":1}', name="f", id="a", index=0), call('{"y":2}', name="g", id="b", index=0)],
    "no numbers, and the id with each piece": [
        call('{"x"', name="f", id="a"),
        call(":1}", id="a"),
        call('{"y"', name="g", id="b"),
        call(":2}", id="b"),
    ],
    "no numbers, and the id only at first": [
        call("", name="f", id="a"),
        call('{"x":1}'),
        call("", name="g", id="b"),
        call('{"y":2}'),
    ],
    "numbers from 1": [call('{"x":1}', name="f", id="a", index=1), call('{"y":2}', name="g", id="b", index=2)],
    "pieces that come mixed": [
        call('{"x"', name="f", id="a", index=0),
        call('{"y"', name="g", id="b", index=1),
        call(":1}", index=0),
        call(":2}", index=1),
    ],
    "the id and the name with every piece": [
        call('{"x"', name="f", id="a", index=0),
        call(":1}", name="f", id="a", index=0),
        call('{"y":2}', name="g", id="b", index=1),
    ],
}


@pytest.mark.parametrize("name", BROKEN)
def test_two_calls_are_two_calls_however_they_are_numbered(name: str) -> None:
    found = events(*BROKEN[name])
    assert calls(found) == BOTH
    assert [event for event in found if isinstance(event, Finished)] == [Finished("tool_calls")]


@pytest.mark.parametrize("name", BROKEN)
def test_a_client_gets_them_numbered_from_0_with_id_type_and_name_at_first_and_a_role(name: str) -> None:
    writer = ChatWriter(read(ASKED), answer_id="a1", model="m", created_s=1)
    written = writer.write(events(*BROKEN[name])).decode()
    deltas = [json.loads(line[6:])["choices"][0]["delta"] for line in written.split("\n\n") if line]
    assert deltas[0] == {"role": "assistant", "content": "", "refusal": None}
    pieces = [piece for delta in deltas for piece in delta.get("tool_calls", ())]
    assert {piece["index"] for piece in pieces} == {0, 1}
    for number, (id_, called, _) in enumerate(BOTH):
        first, *rest = [piece for piece in pieces if piece["index"] == number]
        assert (first["id"], first["type"], first["function"]["name"]) == (id_, "function", called)
        assert all(piece.keys() == {"index", "function"} for piece in rest)


def test_arguments_that_come_as_an_object_become_text() -> None:
    found = events({"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {"x": 1}}}]})
    assert calls(found) == [("a", "f", '{"x":1}')]


def test_a_call_that_ends_with_stop_is_a_call_all_the_same() -> None:
    assert Finished("tool_calls") in events(call("{}", name="f", id="a", index=0), finish="stop")


def test_a_stream_without_a_role_is_an_answer() -> None:
    found = events({"content": "Hello"}, finish="stop")
    assert [event.text for event in found if isinstance(event, TextPiece)] == ["Hello"]
    assert isinstance(found[-1], Ended)


def test_an_upstream_that_gives_up_has_failed() -> None:
    assert isinstance(events({"content": "Hel"}, finish="error")[-1], Failed)
