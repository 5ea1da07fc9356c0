"""Google's thought signatures on their way through other dialects."""

import base64
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams import gemini

from stoa.dialects.conversation import Conversation, Message, Text, ToolCall, ToolResult
from stoa.dialects.gemini.form import Gemini
from stoa.dialects.openai.chat import ChatClient
from stoa.dialects.signatures import (
    call_id,
    googles_id,
    mark,
    marked,
    signature_of_call,
    without_signature,
    without_signatures,
)
from stoa.domain.upstream import Facts

signatures = st.one_of(st.binary(min_size=1).map(lambda data: base64.b64encode(data).decode()), st.text(min_size=1))
googles = st.one_of(st.none(), st.from_regex(r"[A-Za-z0-9_-]{0,60}", fullmatch=True))


@given(googles, signatures, st.text())
def test_a_signature_comes_back_out_of_the_calls_id(own: str | None, signature: str, seed: str) -> None:
    try:
        signature.encode()
    except UnicodeEncodeError:
        return
    known = call_id(own, signature, seed.encode("utf-8", "replace"))
    assert re.fullmatch(r"[A-Za-z0-9_-]+", known)
    assert signature_of_call(known) == signature
    assert without_signature(known) == call_id(own, None, seed.encode("utf-8", "replace"))
    assert googles_id(known) in (own or None, None)


@given(st.text())
def test_ids_of_others_are_left_alone(other: str) -> None:
    assert signature_of_call(other) is None
    assert without_signature(other) == other
    assert googles_id(other) is None or other.startswith("gcall_")


def test_ids_follow_from_the_answer_and_differ_within_it() -> None:
    assert call_id(None, None, "r1", 0, 0) == call_id(None, None, "r1", 0, 0)
    assert call_id(None, None, "r1", 0, 0) != call_id(None, None, "r1", 0, 1)


def test_a_cut_signature_is_none() -> None:
    assert signature_of_call("gcall_a__sigt_" + base64.urlsafe_b64encode("ö".encode()).decode()[:2]) is None


def test_a_whole_request_loses_its_signatures_and_nothing_else() -> None:
    known = call_id(None, "AAEC", "seed")
    body = json.dumps(
        {"messages": [{"tool_calls": [{"id": known}]}, {"tool_call_id": known, "content": f"about {known}"}]}
    ).encode()
    bare = without_signature(known)
    expected = {"messages": [{"tool_calls": [{"id": bare}]}, {"tool_call_id": bare, "content": f"about {known}"}]}
    assert json.loads(without_signatures(body)) == expected
    assert without_signatures(b'{"a":"__sig"}') == b'{"a":"__sig"}'


def test_a_mark_tells_whose_a_signature_is() -> None:
    assert marked(mark("abc")) == "abc"
    assert marked("EuYB") is None
    assert marked(None) is None


def test_a_signed_call_goes_round_with_its_result() -> None:
    wire = {"functionCall": {"name": "clock", "args": {"zone": "utc"}, "id": "fc-1"}, "thoughtSignature": "AAEC/w=="}
    body = json.dumps({"candidates": [{"content": {"parts": [wire]}, "finishReason": "STOP"}], "responseId": "r"}).encode()
    answer = Gemini().read_answer(body, model="gemini-3-pro-preview")
    call = answer.choices[0].content[0]
    assert isinstance(call, ToolCall)
    request = Conversation(
        model="m",
        messages=[
            Message(role="assistant", content=[call]),
            Message(role="user", content=[ToolResult(call_id=call.id, content=[Text(text="12:00")])]),
        ],
    )
    contents = json.loads(Gemini().write(request, model="gemini-3-pro-preview", facts=Facts()))["contents"]
    assert contents[0]["parts"] == [wire]
    assert contents[1]["parts"][0]["functionResponse"] == {"name": "clock", "id": "fc-1", "response": {"output": "12:00"}}


def chat_turn(streamed: bool) -> dict[str, Any]:
    """An assistant's message with two calls, as a client of OpenAI's chat gets it from a signing Google."""
    request = Conversation(model="m", messages=[], stream=streamed)
    asked = b'{"contents":[],"tools":[{"functionDeclarations":[{"name":"weather"}]}]}'
    if not streamed:
        answer = Gemini().read_answer(b"".join(gemini.tools(asked).pieces), model="m")
        return json.loads(ChatClient().write_answer(answer, request))["choices"][0]["message"]
    reader = Gemini().stream_reader(model="m")
    writer = ChatClient().stream_writer(request, answer_id="a", model="m", created_s=1)
    data = b"".join(writer.write(reader.feed(piece)) for piece in gemini.tools_streamed(asked).pieces)
    calls: list[dict[str, Any]] = []
    for line in data.splitlines():
        for choice in json.loads(line.removeprefix(b"data: "))["choices"] if line.startswith(b"data: {") else []:
            for call in choice["delta"].get("tool_calls", []):
                if "id" in call:
                    calls.append({"id": call["id"], "type": "function", "function": dict(call["function"])})
                else:
                    calls[call["index"]]["function"]["arguments"] += call["function"]["arguments"]
    return {"role": "assistant", "content": None, "tool_calls": calls}


@pytest.mark.parametrize("streamed", [False, True])
def test_a_client_of_openais_chat_returns_the_signature_without_knowing_of_it(streamed: bool) -> None:
    turn = chat_turn(streamed)
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "rain"} for call in turn["tool_calls"]]
    fields = ("role", "content", "tool_calls")
    body = {"model": "m", "messages": [{name: turn[name] for name in fields}, *reversed(results)]}
    request = ChatClient().read(json.dumps(body).encode())
    contents = json.loads(Gemini().write(request, model="gemini-3-pro-preview", facts=Facts()))["contents"]
    assert [part.get("thoughtSignature") for part in contents[0]["parts"]] == [gemini.SIGNATURE, None]
    assert [part["functionCall"]["args"] for part in contents[0]["parts"]] == [{"town": "Bonn"}, {"town": "Kiel"}]
    assert all("id" not in part[kind] for content, kind in zip(contents, KINDS, strict=True) for part in content["parts"])


KINDS = ("functionCall", "functionResponse")
