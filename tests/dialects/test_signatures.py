"""Google's thought signatures on their way through other dialects."""

import base64
import json
import re

from hypothesis import given
from hypothesis import strategies as st

from stoa.dialects.conversation import Conversation, Message, Text, ToolCall, ToolResult
from stoa.dialects.gemini import Gemini
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
