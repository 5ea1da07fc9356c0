"""Upstreams that lie, drip or flood: each call ends exactly once, with what came or with why not."""

import gc
import math
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.piping import Pipe, cut

from stoa.adapters.providers.connection import HttpCall, UpstreamConnection
from stoa.adapters.providers.http import HttpUpstreams
from stoa.domain.upstream import Failure, Headers, OriginLimits

SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
LIMITS = OriginLimits(first_byte_timeout_s=50, idle_timeout_s=20)


class Heard:
    """A receiver that holds its caller to the order of the port."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.body = bytearray()
        self.ended = False
        self.failure: Failure | None = None
        self.reused = False

    def on_head(self, status: int, headers: Headers) -> None:
        assert self.status is None and not self.over
        assert status >= 200
        assert sum(len(name) + len(value) for name, value in headers) <= 65_536
        self.status = status

    def on_body(self, data: bytes) -> None:
        assert self.status is not None and not self.over
        self.body += data

    def on_end(self) -> None:
        assert self.status is not None and not self.over
        self.ended = True

    def on_failure(self, failure: Failure) -> None:
        assert not self.over
        self.failure = failure

    def on_upload_pause(self) -> None: ...

    def on_upload_resume(self) -> None: ...

    @property
    def over(self) -> bool:
        return self.ended or self.failure is not None


def hear(pieces: list[bytes], *, method: bytes = b"POST") -> Heard:
    """Ask, be answered with these pieces until we hang up, then the upstream closes."""

    async def run() -> Heard:
        upstreams, heard, pipe = HttpUpstreams(), Heard(), Pipe()
        connection = UpstreamConnection(upstreams.origin("http://a", LIMITS))
        connection.connection_made(pipe)
        connection.start(HttpCall(upstreams.origin("http://a", LIMITS), method + b" / HTTP/1.1\r\n\r\n", b"", heard))
        for piece in pieces:
            if pipe.closing:
                break
            connection.data_received(piece)
        heard.reused = heard.ended and not pipe.closing
        connection.connection_lost(None)
        upstreams.close()
        return heard

    return uvloop.run(run())


LIES = {
    "shorter than its length": (OK + b"content-length: 5\r\n\r\nab", "truncated"),
    "two lengths": (OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\nabc", "malformed"),
    "length and chunks": (OK + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", "malformed"),
    "chunks and length": (OK + b"transfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\nab\r\n0\r\n\r\n", "malformed"),
    "a negative length": (OK + b"content-length: -1\r\n\r\nab", "malformed"),
    "a length beyond 64 bits": (OK + b"content-length: 18446744073709551616\r\n\r\nab", "malformed"),
    "a length that is no number": (OK + b"content-length: many\r\n\r\nab", "malformed"),
    "a chunk size beyond 64 bits": (CHUNKED + b"1" + b"0" * 16 + b"\r\nab", "malformed"),
    "a chunk size that is no number": (CHUNKED + b"zz\r\nab", "malformed"),
    "a huge chunk that ends early": (CHUNKED + b"ffffffffffffff\r\nab", "truncated"),
    "chunks without a last one": (CHUNKED + b"2\r\nab\r\n", "truncated"),
    "a chunk longer than it says": (CHUNKED + b"1\r\nab\r\n0\r\n\r\n", "malformed"),
    "an endless header": (OK + b"x: " + b"y" * 70_000, "malformed"),
    "endless headers": (OK + b"x: y\r\n" * 20_000, "malformed"),
    "an endless reason": (b"HTTP/1.1 200 " + b"O" * 70_000, "malformed"),
    "too many headers": (OK + b"x: y\r\n" * 300 + b"content-length: 0\r\n\r\n", "malformed"),
    "a head over the limit": (OK + b"".join(b"x%d: %s\r\n" % (n, b"y" * 700) for n in range(100)) + b"\r\n", "malformed"),
    "interim answers without end": (b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * 3000, "malformed"),
    "HTTP/0.9": (b"hello there", "malformed"),
    "another protocol": (b"\x15\x03\x01\x00\x02\x02\x28", "malformed"),
    "a switch of protocols": (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", None),
    "nothing": (b"", "lost"),
    "half a head": (b"HTTP/1.1 200 OK\r\ncontent-le", "lost"),
    "an interim answer alone": (b"HTTP/1.1 100 Continue\r\n\r\n", "lost"),
    "a status that is none": (b"HTTP/1.1 99999 X\r\n\r\n", "malformed"),
    "a folded header": (OK + b"x: a\r\n transfer-encoding: chunked\r\ncontent-length: 0\r\n\r\n", "malformed"),
    "a NUL in a header": (OK + b"x: a\x00b\r\ncontent-length: 0\r\n\r\n", "malformed"),
    "bare LF": (b"HTTP/1.1 200 OK\ncontent-length: 0\n\n", "malformed"),
}


@pytest.mark.parametrize("size", [1, 37, 8192, 1 << 20])
@pytest.mark.parametrize("name", LIES)
def test_an_answer_that_lies_is_a_failure_however_it_comes(name: str, size: int) -> None:
    data, kind = LIES[name]
    if size == 1 and len(data) > 4096:
        size = 509
    heard = hear([data[start : start + size] for start in range(0, len(data), size)])
    assert heard.failure is not None
    assert kind is None or heard.failure.kind == kind, heard.failure
    assert not heard.reused


EXTRA = {
    "longer than its length": OK + b"content-length: 2\r\n\r\nabGARBAGE",
    "garbage after the last chunk": CHUNKED + b"2\r\nab\r\n0\r\n\r\nGARBAGE",
    "a second answer": OK + b"content-length: 2\r\n\r\nab" + OK + b"content-length: 4\r\n\r\nevil",
    "a body where there is none": OK.replace(b"200 OK", b"204 No Content") + b"\r\nab",
}


@pytest.mark.parametrize("size", [1, 5, 1 << 20])
@pytest.mark.parametrize("name", EXTRA)
def test_what_follows_an_answer_is_nobodys_and_ends_the_connection(name: str, size: int) -> None:
    data = EXTRA[name]
    heard = hear([data[start : start + size] for start in range(0, len(data), size)])
    assert heard.ended
    assert bytes(heard.body) == (b"" if "none" in name else b"ab")


def test_a_head_that_drips_in_has_no_longer_than_a_first_byte() -> None:
    async def story() -> tuple[float, float]:
        upstreams, pipe = HttpUpstreams(), Pipe()
        connection = UpstreamConnection(upstreams.origin("http://a", LIMITS))
        connection.connection_made(pipe)
        connection.start(HttpCall(upstreams.origin("http://a", LIMITS), b"POST / HTTP/1.1\r\n\r\n", b"", Heard()))
        before = connection.deadline
        for piece in (b"HTTP/1.1 1", b"03 x\r\n\r\n", b"HTTP/1.1 200 OK\r\n", b"x", b"y"):
            connection.data_received(piece)
        after = connection.deadline
        connection.connection_lost(None)
        upstreams.close()
        return before, after

    before, after = uvloop.run(story())
    assert before == after < math.inf


@st.composite
def answers(draw: Any) -> tuple[bytes, int, bytes]:
    """A valid answer, its status and its body."""
    status, body = draw(st.sampled_from([200, 201, 400, 429, 500, 503])), draw(st.binary(max_size=300))
    head = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" * draw(st.integers(0, 2)) + b"HTTP/1.1 %d X\r\n" % status
    head += b"x-long: " + b"y" * draw(st.integers(0, 500)) + b"\r\n"
    match draw(st.sampled_from(["length", "chunks", "close"])):
        case "length":
            return head + b"content-length: %d\r\n\r\n" % len(body) + body, status, body
        case "chunks":
            chunks = [piece for piece in cut(body, draw(st.lists(st.integers(0, 300), max_size=4))) if piece]
            framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in chunks) + b"0\r\n\r\n"
            return head + b"transfer-encoding: chunked\r\n\r\n" + framed, status, body
        case _:
            return head + b"\r\n" + body, status, body


@pytest.mark.slow
@SETTINGS
@given(answer=answers(), at=st.lists(st.integers(0, 2000), max_size=20))
def test_valid_answers_in_any_pieces_come_whole(answer: tuple[bytes, int, bytes], at: list[int]) -> None:
    data, status, body = answer
    heard = hear(cut(data, at))
    assert (heard.failure, heard.status, bytes(heard.body), heard.ended) == (None, status, body, True)


@pytest.mark.slow
@SETTINGS
@given(pieces=st.lists(st.binary(min_size=1, max_size=200), max_size=8))
def test_random_bytes_are_a_failure(pieces: list[bytes]) -> None:
    assert hear(pieces).failure is not None


@pytest.mark.slow
@SETTINGS
@given(
    answer=answers(),
    changes=st.lists(st.tuples(st.integers(0, 1000), st.binary(max_size=3), st.integers(0, 3)), min_size=1, max_size=4),
    at=st.lists(st.integers(0, 1000), max_size=8),
    end=st.integers(0, 2000),
    method=st.sampled_from([b"POST", b"HEAD"]),
)
def test_damaged_answers_end_exactly_once(
    answer: tuple[bytes, int, bytes], changes: list[tuple[int, bytes, int]], at: list[int], end: int, method: bytes
) -> None:
    data = answer[0]
    for position, inserted, removed in changes:
        position %= len(data) + 1
        data = data[:position] + inserted + data[position + removed :]
    assert hear(cut(data[: end or len(data)], at), method=method).over


def test_connections_leave_nothing_behind() -> None:
    gc.collect()
    before = sum(isinstance(each, UpstreamConnection | HttpCall) for each in gc.get_objects())
    for data, _ in LIES.values():
        hear([data])
    gc.collect()
    assert sum(isinstance(each, UpstreamConnection | HttpCall) for each in gc.get_objects()) == before
