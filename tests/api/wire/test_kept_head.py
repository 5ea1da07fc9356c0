"""A head that comes again is not parsed again: neither the application nor the client can tell."""

import asyncio
import logging
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.api.wire.retaking import BODY_LIMIT, INNER, Wire, on_wire, one_by_one, outcome, post
from tests.piping import cut
from tests.thoroughness import examples

SIZES = [b"x" * size for size in (0, 1, 2, 9, 10, BODY_LIMIT)]
BODIES = [*SIZES, b"fail", b"early", b"\r\n", INNER, b"3\r\nabc\r\n0\r\n\r\n"]
LINES = [
    b"authorization: Bearer b", b"connection: close", b"connection: keep-alive", b"expect: 100-continue", b"upgrade: h2c",
    b"transfer-encoding: chunked", b"content-length: 3",
]  # fmt: skip
SAID = ["+%d", " %d", "0%d", "%d ", "%d,%d", "0x%d", "-%d", "000000000%d", "%d\r", "1%d", ""]
PATHS = [b"/other", b"/refused", b"/broken", b"http://b/p"]
ODD = [
    *(post(body, line) for body in BODIES for line in LINES),
    *(post(body, said=said.replace("%d", str(len(body))).encode()) for body in BODIES for said in SAID),
    *(post(body, said=b"%d" % (len(body) + more)) for body in BODIES for more in (1, 2, 60, -1) if body),
    *(post(body, path=path) for body in BODIES for path in PATHS),
    *[post(b"x" * (BODY_LIMIT + 1)), b"\r\n", b"\n", INNER, b"GET / HTTP/1.0\r\n\r\n", b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n"],
]
SEQUENCES = st.lists(
    st.sampled_from([post(body) for body in BODIES] * (4 * len(ODD) // len(BODIES)) + ODD), min_size=3, max_size=8
)
"""Mostly the same head with another body; now and then one that is new, or wrong."""
JOINED = st.lists(st.sampled_from([False, False, False, True]), min_size=8, max_size=8)


def reads_of(asked: list[bytes], joined: list[bool], at: list[int]) -> list[bytes]:
    """A read for each request, or for a few at once, and some of them cut."""
    reads: list[bytes] = []
    for request, join in zip(asked, joined, strict=False):
        if join and reads:
            reads[-1] += request
        else:
            reads.append(request)
    for place in at:
        index = place % len(reads)
        reads[index : index + 1] = cut(reads[index], [place])
    return reads


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "stoa.wire")  # the application fails on purpose


@settings(max_examples=examples(300))
@given(asked=SEQUENCES, joined=JOINED, at=st.lists(st.integers(0, 10_000), max_size=2))
def test_requests_in_any_reads_are_taken_and_answered_as_byte_by_byte(
    asked: list[bytes], joined: list[bool], at: list[int]
) -> None:
    plain, again = outcome(one_by_one(b"".join(asked)))
    assert again == 0
    assert outcome(reads_of(asked, joined, at))[0] == plain


@given(asked=SEQUENCES, joined=JOINED, at=st.lists(st.integers(0, 10_000), max_size=2), turns=st.integers(1, 3))
def test_requests_that_are_answered_later_are_taken_as_if_each_had_been_parsed(
    asked: list[bytes], joined: list[bool], at: list[int], turns: int
) -> None:
    async def story(wire: Wire) -> Any:
        await wire.send_when_read(*reads_of(asked, joined, at))
        return wire.outcome

    assert on_wire(story, turns=turns) == on_wire(story, turns=turns, parsed=True)


def test_a_head_that_comes_again_is_not_parsed_again_and_says_its_own_length() -> None:
    async def story(wire: Wire) -> None:
        bodies = [b"one", b"three", b"", b"12", b"12", b"x" * BODY_LIMIT, b"0123456789"]
        wire.send(*map(post, bodies))
        assert wire.again == len(bodies) - 1
        assert wire.notes.told == [
            (b"POST", b"/p?q=1", {b"host": b"a", b"content-length": b"%d" % len(body), b"x": b"y"}, body, "whole")
            for body in bodies
        ], "and what the first ones were told has not changed since"

    on_wire(story)


@pytest.mark.parametrize("end", ["at once", "in two reads"])
def test_a_request_behind_one_that_is_not_answered_yet_waits_for_its_turn(end: str) -> None:
    async def story(wire: Wire) -> None:
        await wire.send_when_read(post(b"1"))
        wire.send(post(b"2"))
        assert wire.again == 1
        wire.send(*([post(b"3")] if end == "at once" else cut(post(b"3"), [50])))
        assert [noted.body for noted in wire.notes.noted] == [b"1", b"2"]
        await wire.send_when_read()
        await wire.send_when_read(post(b"4"))
        assert [noted.body for noted in wire.notes.noted] == [b"1", b"2", b"3", b"4"]
        assert wire.pipe.written.count(b"HTTP/1.1 200") == 4
        assert wire.again == 2

    on_wire(story, turns=2)


def test_a_body_over_the_limit_is_refused_and_the_connection_ended() -> None:
    def story(wire: Wire) -> None:
        wire.send(post(b"1"), post(b"2"), post(b"x" * (BODY_LIMIT + 1)))
        assert wire.again == 2
        assert wire.pipe.written.count(b"HTTP/1.1 413") == wire.pipe.written.count(b"connection: close\r\n") == 1
        assert [noted.end for noted in wire.notes.noted] == ["whole", "whole", "gone"]
        assert wire.notes.noted[-1].body == b"", "nothing of it reached the application"
        assert wire.pipe.closing or wire.pipe.ended
        before = bytes(wire.pipe.written)
        wire.send(post(b"3"))
        assert (len(wire.notes.noted), bytes(wire.pipe.written)) == (3, before)

    on_wire(story)


def test_one_that_fails_is_told_so_and_the_next_is_served() -> None:
    def story(wire: Wire) -> None:
        wire.send(post(b"1"), post(b"fail"), post(b"2"))
        assert wire.again == 2
        assert [int(part[:3]) for part in bytes(wire.pipe.written).split(b"HTTP/1.1 ")[1:]] == [200, 500, 200]

    on_wire(story)


@pytest.mark.parametrize(("path", "status"), [(b"/refused", 401), (b"/broken", 500)])
def test_one_that_is_answered_at_its_head_leaves_room_for_the_next(path: bytes, status: int) -> None:
    def story(wire: Wire) -> None:
        wire.send(*[post(b"1", path=path)] * 3)
        assert wire.again == 2
        assert [int(part[:3]) for part in bytes(wire.pipe.written).split(b"HTTP/1.1 ")[1:]] == [status] * 3

    on_wire(story)


def test_headers_that_the_application_put_in_their_place_are_not_the_next_request_s() -> None:
    def story(wire: Wire) -> None:
        accept = wire.notes.accept

        def replacing(exchange: Any) -> Any:
            noted = accept(exchange)
            seen.append(dict(exchange.headers))
            exchange.headers = {b"authorization": b"Bearer another"}
            return noted

        seen: list[dict[bytes, bytes]] = []
        wire.notes.accept = replacing  # type: ignore[method-assign]
        wire.send(post(b"1"), post(b"2"), post(b"3"))
        assert wire.again == 2
        assert seen == [{b"host": b"a", b"content-length": b"1", b"x": b"y"}] * 3

    on_wire(story)


def test_a_request_that_comes_while_the_server_stops_is_parsed_and_told_that_it_is_the_last() -> None:
    async def story(wire: Wire) -> None:
        wire.send(post(b"1"), post(b"2"))
        draining = asyncio.create_task(wire.server.drain())
        wire.server.draining = True
        wire.send(post(b"3"), post(b"4"))
        assert wire.again == 1
        assert [noted.body for noted in wire.notes.noted] == [b"1", b"2", b"3"]
        assert wire.pipe.written.count(b"connection: close\r\n") == 1
        assert wire.pipe.closing
        await draining

    on_wire(story)


def test_one_under_way_when_the_server_stops_is_told_that_it_is_the_last() -> None:
    async def story(wire: Wire) -> None:
        await wire.send_when_read(post(b"1"))
        wire.send(post(b"2"))
        assert (wire.again, len(wire.notes.noted)) == (1, 2)
        wire.connection.drain()
        await wire.send_when_read(post(b"3"))
        assert [noted.body for noted in wire.notes.noted] == [b"1", b"2"]
        assert bytes(wire.pipe.written).partition(b"POST 1")[2].count(b"connection: close\r\n") == 1
        assert wire.pipe.closing

    on_wire(story, turns=2)


def test_a_connection_that_was_served_again_is_idle_and_its_time_runs() -> None:
    async def story(wire: Wire) -> None:
        await wire.send_when_read(post(b"1"))
        wire.send(post(b"2"))
        assert wire.connection.deadline > wire.server.now + 1e9, "whoever is being answered is not slow"
        await wire.send_when_read()
        assert wire.connection.deadline == wire.server.now + 75
        wire.server.parting = True
        wire.connection.part()
        assert wire.pipe.closing

    on_wire(story, turns=2)


def test_comparing_is_given_up_where_every_head_is_new() -> None:
    def heads(*names: bytes) -> int:
        return outcome([post(b"b", b"id: " + name) for name in names])[1]

    assert heads(b"1", b"2", b"2") == 1
    assert heads(b"1", b"2", b"3", b"3") == 1, "two misses in a row are none too many"
    assert heads(b"1", b"2", b"2", b"3", b"4", b"4") == 2, "a hit forgives them"
    assert heads(b"1", b"2", b"3", b"4", *[b"4"] * 5) == 0
    assert heads(b"1", b"2", b"3", b"4", b"3") == 0


ONCE = {
    "connection: close": post(b"1", b"connection: close"),
    "connection: keep-alive": post(b"1", b"connection: keep-alive"),
    "expect": post(b"1", b"expect: 100-continue"),
    "upgrade": post(b"1", b"upgrade: h2c"),
    "HTTP/1.0": post(b"1", b"connection: keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0"),
    "chunks": b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    "no length": INNER,
    "a length with a space behind it": post(b"1", said=b"1 "),
    "a length of ten digits": post(b"1", said=b"0000000001"),
    "empty lines before it": b"\r\n\r\n" + post(b"1"),
    "two at once": post(b"1") * 2,
    "a longer body": post(b"1") + b"\r\n",
    "a head of more than four KiB": post(b"1", b"long: " + b"y" * 4096),
}


@pytest.mark.parametrize("name", ONCE)
def test_a_head_that_holds_but_once_or_cannot_be_compared_is_parsed_each_time(name: str) -> None:
    result, again = outcome([ONCE[name]] * 3)
    assert again == 0
    assert result == outcome(one_by_one(ONCE[name] * 3))[0]


@pytest.mark.parametrize("name", ONCE)
def test_such_a_head_takes_the_place_of_the_one_that_was_kept(name: str) -> None:
    reads = [post(b"1"), post(b"2"), ONCE[name], post(b"3")]
    result, again = outcome(reads)
    assert again == 1
    assert result == outcome(one_by_one(b"".join(reads)))[0]


DIGITS = [
    b"", b" ", b"+5", b"-5", b"-0", b" 5", b"5 ", b"05", b"5,5", b"5;", b"5.0", b"5e0", b"0x5", b"0b5", b"5_0", b"5\x00",
    b"\xb2", b"5\x0b", b"5\n", b"5\r", b"5\r\n ", "５".encode(), "٥".encode(), b"000000005", b"0000000005", b"999999999",
    b"9999999999", b"18446744073709551621", b"5\r\ncontent-length: 6", b"5\r\ntransfer-encoding: chunked",
    b"5\r\nexpect: 100-continue", b"5\r\nconnection: close", b"5\r\n\r\n", b"5\r\nx: y\r\nhost: b",
    b"0\r\nx: y\r\n\r\nabcdePOST / HTTP/1.1\r\nhost: a",
]  # fmt: skip


@pytest.mark.parametrize("digits", DIGITS)
@pytest.mark.parametrize("body", [b"abcde", b"", INNER, b"abcde" + INNER, b"0\r\n\r\n" + INNER])
def test_nothing_rides_in_on_a_head_that_was_kept(digits: bytes, body: bytes) -> None:
    reads = [post(b"1"), post(b"2"), post(body, said=digits), post(b"3")]
    result, again = outcome(reads)
    assert again >= 1
    assert result == outcome(one_by_one(b"".join(reads)))[0]


WITHIN = {
    "a request line": b"GET /",
    "a head": b"GET / HTTP/1.1\r\nhost: a\r\n",
    "a header": b"GET / HTTP/1.1\r\nhost: a\r\nz: ",
    "a body": post(b"", said=b"59"),
    "a body that is too large": post(b"", said=b"100"),
    "a body that was refused": post(b"", said=b"59", path=b"/refused"),
    "a chunk": b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3b\r\n",
    "the trailers": b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
}


@pytest.mark.parametrize("name", WITHIN)
def test_what_looks_like_a_head_is_none_where_no_request_can_begin(name: str) -> None:
    same = post(b"1")
    assert len(same) == 59
    reads = [same, same, WITHIN[name], same, same]
    result, again = outcome(reads)
    assert again >= 1
    assert result == outcome(one_by_one(b"".join(reads)))[0]


@pytest.mark.parametrize(
    "read", [b"\r\n" * 50_000, post(b"x", said=b"60000"), post(b"x" * 3), post(b"", b"long: " + b"y" * 8000)]
)
def test_of_a_read_no_more_is_held_than_a_head(read: bytes) -> None:
    def story(wire: Wire) -> None:
        wire.send(post(b"1"))
        data = bytes(bytearray(read))
        before = sys.getrefcount(data)
        wire.send(data)
        assert sys.getrefcount(data) == before

    on_wire(story)
