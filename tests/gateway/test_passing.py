"""Streams that pass untouched: any cut of the bytes gives the same, and what is watched is what the stream says."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.upstreams import anthropic, openai_chat, openai_completions, openai_responses
from tests.upstreams.behaviours import Behaviour

from stoa.dialects.table import PASSING
from stoa.domain.operations import ClientForm
from stoa.gateway.events import EventStream
from stoa.gateway.passing import PassingStream
from stoa.gateway.watcher import Watcher

FORMS: dict[ClientForm, tuple[dict[str, Behaviour], bytes]] = {
    "chat": (
        openai_chat.BEHAVIOURS,
        b'{"messages":[{"role":"user","content":"good day"}],"tools":[{"function":{"name":"f"}}],',
    ),
    "completions": (openai_completions.BEHAVIOURS, b'{"prompt":"good day",'),
    "messages": (anthropic.BEHAVIOURS, b'{"messages":[{"role":"user","content":"good day"}],"tools":[{"name":"f"}],'),
    "responses": (openai_responses.BEHAVIOURS, b'{"input":"good day","tools":[{"name":"f"}],'),
}
STREAMS = ("stream", "tools_streamed", "thinking_streamed", "dies", "in_stream_error")
each_form = pytest.mark.parametrize("form", FORMS)
each_passing = pytest.mark.parametrize("form", PASSING)


def watcher(form: ClientForm, *, strip_usage: bool = False, keep_bytes: int = 1_000_000) -> Watcher:
    if form == "chat":
        return EventStream(strip_usage=strip_usage, keep_bytes=keep_bytes)
    return PassingStream(form, PASSING[form], strip_usage=strip_usage, keep_bytes=keep_bytes)


def data(form: ClientForm, name: str) -> bytes:
    behaviours, body = FORMS[form]
    return b"".join(behaviours[name](body + b'"stream_options":{"include_usage":true}}').pieces)


def seen(stream: Watcher, pieces: Sequence[bytes]) -> tuple[Any, ...]:
    """All that anybody can learn of a stream."""
    passed = b"".join([stream.feed(piece) for piece in pieces])
    last = stream.end(None) if stream.done else stream.fail(502, "upstream_truncated", "It broke.")
    told = (stream.content, stream.done, stream.error, stream.error_class, stream.usage)
    return passed, last, *told, stream.count_characters(), stream.text(), stream.whole()


def pieces_of(stream: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = [0, *sorted({cut % (len(stream) + 1) for cut in cuts}), len(stream)]
    return [stream[start:end] for start, end in pairwise(places)]


@each_form
@pytest.mark.parametrize("name", STREAMS)
@given(
    cuts=st.lists(st.integers(0, 20_000), max_size=20),
    line_end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    strip_usage=st.booleans(),
    keep_bytes=st.sampled_from([100, 1_000_000]),
)
def test_any_cut_of_the_bytes_gives_the_same_as_the_whole(
    form: ClientForm, name: str, cuts: list[int], line_end: bytes, strip_usage: bool, keep_bytes: int
) -> None:
    whole = b": hello\n\n" + data(form, name)
    together = seen(watcher(form, strip_usage=strip_usage, keep_bytes=1_000_000), [whole])
    cut = pieces_of(whole.replace(b"\n", line_end), cuts)
    apart = seen(watcher(form, strip_usage=strip_usage, keep_bytes=keep_bytes), cut)
    kept_less = 2 if keep_bytes == 100 else 0  # the text and the whole answer are kept only up to the limit
    assert apart[: len(apart) - kept_less] == together[: len(together) - kept_less]


@each_passing
@given(cuts=st.lists(st.integers(0, 20_000), max_size=20))
def test_blank_lines_between_events_are_never_a_matter(form: ClientForm, cuts: list[int]) -> None:
    whole = data(form, "stream")
    apart = seen(watcher(form), pieces_of(b"\n" + whole.replace(b"\n\n", b"\n\n\n\n"), cuts))
    assert [event for event in apart[0].split(b"\n\n") if event.strip()] == whole.split(b"\n\n")[:-2]
    assert apart[2:] == seen(watcher(form), [whole])[2:]


@each_form
@given(junk=st.binary(max_size=200), at=st.integers(0, 20_000))
def test_junk_ends_a_stream_in_words_or_passes_but_never_breaks(form: ClientForm, junk: bytes, at: int) -> None:
    whole = data(form, "stream")
    at %= len(whole) + 1
    stream = watcher(form)
    for piece in (whole[:at], junk, whole[at:]):
        try:
            stream.feed(piece)
        except ValueError:
            break
    stream.count_characters(), stream.text(), stream.whole()
    assert stream.fail(502, "upstream_malformed", "It broke.")
    if stream.done:
        assert stream.end(None)


@each_form
def test_a_stream_passes_as_it_is_and_its_end_is_kept_back(form: ClientForm) -> None:
    whole = data(form, "stream")
    stream = watcher(form)
    passed = stream.feed(whole)
    assert passed + stream.end(None) == whole
    assert stream.end(None) not in passed
    assert (stream.done, stream.content, stream.text(), stream.count_characters()) == (True, True, "You said: good day", 18)
    assert stream.usage is not None
    assert (stream.usage.prompt_tokens, stream.usage.completion_tokens) == (11, 7)
    assert stream.feed(b"data: more\n\n") == b""


@each_form
def test_content_is_what_somebody_reads_and_not_what_comes_before_it(form: ClientForm) -> None:
    stream = watcher(form)
    before: list[bytes] = []
    for event in data(form, "stream").split(b"\n\n"):
        stream.feed(event + b"\n\n")
        if stream.content:
            assert b"You " in event
            break
        before.append(event)
    assert len(before) == {"chat": 1, "completions": 0, "messages": 3, "responses": 4}[form]


@each_form
def test_a_call_of_a_tool_is_content(form: ClientForm) -> None:
    stream = watcher(form)
    stream.feed(data(form, "tools_streamed"))
    assert (stream.content, stream.done, stream.error) == (True, True, None)
    assert (stream.whole() is None) is (form in ("chat", "messages"))  # a response tells its calls whole; completions have none


@each_form
def test_usage_that_nobody_asked_for_is_left_out_where_it_was_the_gateway_that_asked(form: ClientForm) -> None:
    stream = watcher(form, strip_usage=True)
    passed = stream.feed(data(form, "stream")) + stream.end(None)
    left_out = form in ("chat", "completions")
    assert (b"11" in passed) is not left_out
    assert (passed == data(form, "stream")) is not left_out
    assert stream.usage is not None
    whole = stream.whole()
    assert whole is not None
    assert json.loads(whole)["usage"], "the answer that is kept has its usage all the same"


@each_form
def test_an_error_within_a_stream_is_told_and_nothing_after_it_passes(form: ClientForm) -> None:
    stream = watcher(form)
    passed = stream.feed(data(form, "in_stream_error"))
    assert stream.error is not None
    assert "verloaded" in stream.error.message
    assert b"verloaded" not in passed
    assert stream.error_class == (None if form == "chat" else "server_error")
    assert stream.feed(data(form, "stream")) == b""


@each_form
def test_words_of_the_text_are_no_marks_of_the_stream(form: ClientForm) -> None:
    words = '"message_stop" "error": [DONE] "prompt_tokens" response.completed event: error'
    whole = data(form, "stream").replace(b"good day", json.dumps(words)[1:-1].encode()).replace(b"good ", b"").replace(
        b'"day"', json.dumps(words).encode()
    )  # fmt: skip
    stream = watcher(form)
    assert stream.feed(whole) + stream.end(None) == whole
    assert stream.text() is not None
    assert stream.error is None


@each_form
def test_a_broken_stream_ends_with_an_error_of_its_form_and_no_mark_of_success(form: ClientForm) -> None:
    stream = watcher(form)
    stream.feed(data(form, "dies"))
    assert (stream.done, stream.closed()) == (False, False)
    events = [
        event.split(b"data: ")[1] for event in stream.fail(502, "upstream_truncated", "It broke.").split(b"\n\n") if event
    ]
    first = json.loads(events[0])
    assert first["error"]["message"] == "It broke."
    if form == "messages":
        assert first == {"type": "error", "error": {"type": "api_error", "message": "It broke."}}
    if form == "responses":
        last = json.loads(events[1])
        assert (first["type"], last["type"], last["response"]["status"]) == ("error", "response.failed", "failed")
        assert (first["sequence_number"], last["sequence_number"]) == (6, 7)
        assert last["response"]["id"] == "resp_scripted1"


@each_passing
def test_stoas_own_object_goes_into_the_last_event(form: ClientForm) -> None:
    stream = watcher(form)
    stream.feed(data(form, "stream"))
    *_, last = [event for event in stream.end({"citations": []}).split(b"\n\n") if b"stoa" in event]
    found = json.loads(last.partition(b"data: ")[2])
    assert (found["response"] if form == "responses" else found)["stoa"] == {"citations": []}


def test_what_begins_a_stream_of_messages_tells_usage_that_its_end_completes() -> None:
    stream = watcher("messages")
    start = {"type": "message_start", "message": {"usage": {"input_tokens": 3, "cache_read_input_tokens": 5}}}
    delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
    for event in (start, delta):
        stream.feed(b"data: " + json.dumps(event).encode() + b"\n\n")
    assert stream.usage is not None
    assert (stream.usage.prompt_tokens, stream.usage.completion_tokens) == (8, 9)
    assert stream.usage.prompt_tokens_details is not None
    assert stream.usage.prompt_tokens_details.cached_tokens == 5


@each_passing
def test_an_event_without_end_is_given_up(form: ClientForm) -> None:
    stream = watcher(form)
    with pytest.raises(ValueError, match="longer than"):
        for _ in range(30):
            stream.feed(b"x" * 1_000_000)
