"""Server-sent events, cut anywhere."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.dialects.event_lines import EventLines

STREAM = (
    "event: a\r\ndata: eins\r\ndata: zwö\r\n\r\n: comment\n\ndata:x\nid: 4\n\n"
    "event: lost\n\ndata: {}\r\rdata\n\ndata: unfinished"
)
EVENTS = [("a", "eins\nzwö".encode()), ("", b"x"), ("", b"{}"), ("", b"")]


@given(st.lists(st.integers(0, len(STREAM.encode()))))
def test_events_are_the_same_however_the_stream_is_cut(cuts: list[int]) -> None:
    data = STREAM.encode()
    places = [0, *sorted(cuts), len(data)]
    lines = EventLines()
    assert [event for start, end in pairwise(places) for event in lines.feed(data[start:end])] == EVENTS


def test_an_event_that_never_ends_is_refused() -> None:
    lines = EventLines(limit=100)
    for _ in range(9):
        assert lines.feed(b"data: 12345\ndata: 12345\n\n") == [("", b"12345\n12345")]
    with pytest.raises(ValueError, match="100 bytes"):
        for _ in range(40):
            lines.feed(b"data: 123\n")


def test_a_line_that_never_ends_is_refused() -> None:
    lines = EventLines(limit=100)
    with pytest.raises(ValueError, match="100 bytes"):
        for _ in range(20):
            lines.feed(b"data: 123")
