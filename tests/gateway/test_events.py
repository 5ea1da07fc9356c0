"""Events of a chat stream that carry content pass unread: nobody can tell, and their characters are counted all the same."""

import json
from collections.abc import Sequence
from itertools import cycle
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.piping import cut

from stoa.gateway.events import EventStream

FIELDS = st.sampled_from([("content",), ("reasoning_content",), ("reasoning_content", "content"), ("refusal",), ()])
MARKS = [
    '"content": "x"', 'content":"x', "\\", '\\"', '"error"', "[DONE]", '"prompt_tokens"', "\n\n", "\r\n", "data: x", "é",
    "漢字", "😀👍", "\u2028", "\x00", "\ud7ff", "\ue000", "u00e9", "\\u00e9",
]  # fmt: skip
TEXTS = st.text(max_size=20) | st.lists(st.sampled_from(MARKS), max_size=4).map("".join)
DELTAS = st.tuples(FIELDS, TEXTS).map(lambda drawn: dict.fromkeys(drawn[0], drawn[1]))
WRITTEN = st.fixed_dictionaries(
    {"ensure_ascii": st.booleans(), "separators": st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : "), (",", ":\t")])}
)
COMPACT: dict[str, Any] = {"ensure_ascii": False, "separators": (",", ":")}
DONE = b"data: [DONE]\n\n"


def event(delta: Any, *, ensure_ascii: bool = False, separators: tuple[str, str] = (",", ":"), **more: Any) -> bytes:
    body = {"id": "c1", "choices": [{"index": 0, "delta": delta, "finish_reason": None}], **more}
    return b"data: " + json.dumps(body, ensure_ascii=ensure_ascii, separators=separators).encode() + b"\n\n"


def words(*texts: str) -> list[bytes]:
    return [event({"content": text}) for text in texts]


def counted(deltas: Sequence[dict[str, str]]) -> int:
    return sum(len(delta.get(name, "")) for delta in deltas for name in ("content", "reasoning_content"))


class Watched(EventStream):
    """Counts the reads that did not pass at once."""

    looked_into = 0

    def _feed(self, data: bytes) -> bytes:
        self.looked_into += 1
        return super()._feed(data)


def stream(keep_bytes: int = 1_000_000, *, strip_usage: bool = False) -> Watched:
    return Watched(strip_usage=strip_usage, keep_bytes=keep_bytes)


def seen(pieces: Sequence[bytes], **options: Any) -> tuple[Any, ...]:
    """All that anybody can learn of a stream; blank lines between events are no matter."""
    watched = stream(**options)
    passed = b"".join([watched.feed(piece) for piece in pieces]).split(b"\n\n")
    error = msgspec.to_builtins(watched.error)
    told = (watched.content, watched.done, error, watched.usage, watched.count_characters())
    return [each.strip(b"\n") for each in passed if each.strip(b"\n")], *told, watched.whole(), watched.text()


@given(deltas=st.lists(DELTAS, max_size=8), written=WRITTEN, keep_bytes=st.sampled_from([0, 100, 500, 1_000_000]))
@example(deltas=[{"content": "😀"}], written={**COMPACT, "ensure_ascii": True}, keep_bytes=1_000_000)
@example(deltas=[{"content": "é", "reasoning_content": "\\u00e9"}], written=COMPACT, keep_bytes=0)
def test_characters_are_counted_as_if_each_event_had_been_parsed(
    deltas: list[dict[str, str]], written: Any, keep_bytes: int
) -> None:
    watched = stream(keep_bytes)
    for each in deltas:
        watched.feed(event(each, **written))
    assert watched.count_characters() == counted(deltas)
    assert watched.count_characters() == counted(deltas), "also when asked again"


@pytest.mark.parametrize(
    "quiet",
    [
        {"content": None},
        {"content": ""},
        {"role": "content"},
        {"tool_calls": [{"function": {"name": "f", "arguments": '{"content": "x"}'}}]},
        {"content": [{"type": "text"}]},
        {"content": {"content": 5}},
    ],
)
def test_what_only_looks_like_content_is_not_counted(quiet: dict[str, Any]) -> None:
    watched = stream()
    for data in (*words("four"), event(quiet), b": a comment\n\n", b'data: {"choices":[]}\n\n'):
        watched.feed(data)
    assert watched.count_characters() == 4


ODD = st.sampled_from(
    [
        *[b"\n", b"\n\n", b": comment\n\n", b"event: x\n", b"data: {}\n\n", b"data: x", DONE],
        *[b'data: {"error":{"message":"no"}}\n\n', b'data: {"object":"error"}\n\n'],
        *[event({}, usage={"prompt_tokens": 1}), b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n'],
        *[event({"content": "a"}).replace(b",", b",\ndata: ", 1), event({"content": "late"})[:-1]],
    ]
)
PIECES = st.lists(DELTAS.map(event) | ODD, max_size=8)


@given(
    pieces=PIECES,
    at=st.lists(st.integers(0, 5000), max_size=6),
    line_ends=st.lists(st.sampled_from([b"\n", b"\r\n", b"\r"]), min_size=1, max_size=3),
    strip_usage=st.booleans(),
)
def test_events_in_any_reads_are_as_those_that_came_byte_by_byte(
    pieces: list[bytes], at: list[int], line_ends: list[bytes], strip_usage: bool
) -> None:
    begun = [piece.replace(b"\n", end) for piece, end in zip([*words("first"), *pieces], cycle(line_ends), strict=False)]
    data = b"".join(begun)
    alone = [data[start : start + 1] for start in range(len(data))]
    told = try_seen(alone, strip_usage=strip_usage)
    assert try_seen(begun, strip_usage=strip_usage) == told
    assert try_seen(cut(data, at), strip_usage=strip_usage) == told


def try_seen(pieces: Sequence[bytes], **options: Any) -> Any:
    try:
        return seen(pieces, **options)
    except ValueError as error:
        return str(error)


def test_reads_of_whole_events_behind_the_first_content_pass_at_once() -> None:
    watched = stream()
    first, *more = words("first", *"abcdef")
    assert watched.feed(first) == first
    assert [watched.feed(data) for data in more] == more
    assert watched.feed(b"".join(more)) == b"".join(more)
    assert watched.looked_into == 1
    assert watched.count_characters() == 5 + 12


@pytest.mark.parametrize("apart", [1, 7, 30])
def test_an_event_in_two_reads_is_put_together_and_the_next_passes_at_once_again(apart: int) -> None:
    watched = stream()
    one, two, three, four = words(*"1234")
    passed = [watched.feed(data) for data in (one, two[:-apart], two[-apart:] + three, four)]
    assert passed == [one, b"", two + three, four]
    assert watched.looked_into == 3


@pytest.mark.parametrize("other", [b"\r\n", b"\r"])
def test_line_ends_of_two_kinds_pass_as_one(other: bytes) -> None:
    one, two, three = words(*"123")
    theirs = two.replace(b"\n", other)
    for reads in ([one, theirs + three], [theirs, one + three], [one + theirs[:-1], theirs[-1:] + three]):
        watched = stream()
        passed = b"".join([watched.feed(data) for data in reads])
        assert sorted(passed.split(b"\n\n")) == sorted([b"", one[:-2], two[:-2], three[:-2]])
        assert watched.count_characters() == 3


def test_a_line_end_in_two_reads_is_one() -> None:
    watched = stream()
    one, two = words(*"12")
    assert watched.feed(one.replace(b"\n", b"\r\n")[:-1]) == one
    assert watched.feed(b"\n" + two) == two


def test_what_matters_is_seen_wherever_in_a_read_it_stands() -> None:
    usage = event({}, usage={"prompt_tokens": 3, "completion_tokens": 4})
    for read in ([usage], [*words("a"), usage], [usage, *words("a")], [*words("a"), usage, *words("b"), DONE]):
        watched = stream()
        watched.feed(words("first")[0])
        assert watched.feed(b"".join(read)) == b"".join(read).removesuffix(DONE)
        assert watched.usage is not None
        assert (watched.usage.prompt_tokens, watched.done) == (3, read[-1] == DONE)


def test_after_the_end_or_an_error_nothing_passes() -> None:
    for end in (DONE, b'data: {"error":"no"}\n\n'):
        watched = stream()
        watched.feed(words("first")[0])
        assert watched.feed(words("a")[0] + end) == words("a")[0]
        assert [watched.feed(data) for data in words("b", "c")] == [b"", b""]
        assert watched.count_characters() == 6


@pytest.mark.parametrize("keep_bytes", [0, 50, 200, 1000])
def test_beyond_the_limit_nothing_is_kept_but_the_count(keep_bytes: int) -> None:
    watched = stream(keep_bytes)
    for data in words(*["éé\n"] * 100):
        assert watched.feed(data) == data
        assert len(watched._kept) <= keep_bytes
    assert watched.count_characters() == 300
    assert (watched.text(), watched.whole(), watched.parsed()) == (None, None, None)


def test_counting_junk_takes_no_longer_than_it_is_long() -> None:
    for junk in (b'content":"' * 50_000, b'content":"' + b"\\" * 400_001, b'content":' + b" " * 400_000, b'"' * 400_000):
        watched = stream(10_000_000)
        watched.feed(words("first")[0])
        watched.feed(junk + b"\n\n")
        assert watched.count_characters() >= 5


@pytest.mark.parametrize("first", [b": ping\n\n\n", b"\n\n\n", b'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n\n'])
def test_a_line_end_too_many_before_the_first_content_is_none(first: bytes) -> None:
    stream = EventStream(strip_usage=False, keep_bytes=1000)
    passed = stream.feed(first) + stream.feed(event({"content": "x"}))

    assert passed.strip(b"\n").endswith(event({"content": "x"}).strip(b"\n"))
    assert (stream.content, stream.count_characters()) == (True, 1)
