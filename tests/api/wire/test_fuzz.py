"""Whatever bytes come in whatever pieces: the server answers what was asked, or refuses, and never hangs or fails."""

import asyncio
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.piping import Pipe, cut

from stoa.api.wire.connection import Connection
from stoa.api.wire.handlers import HandlerApplication
from stoa.api.wire.limits import Limits
from stoa.api.wire.messages import Request, Response
from stoa.api.wire.server import Server

pytestmark = pytest.mark.slow
SETTINGS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


INNER = b"POST /inner HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
NAMES = st.sampled_from(
    [b"content-length", b"Content-Length", b"transfer-encoding", b"Transfer-Encoding", b"te", b"connection"]
)
BEFORE = st.sampled_from([b":", b": ", b":\t", b" : ", b"\t:", b":\r\n ", b"\x00:", b":\x0b", b"\r:"])
VALUES = st.sampled_from(
    [
        b"0",
        b"%d" % len(INNER),
        b"+0",
        b"-0",
        b"0,0",
        b"00",
        b"0x0",
        b" 0",
        b"chunked",
        b"Chunked ",
        b"chunked,",
        b"identity",
        b"x",
    ]
)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\r\n", b"\x00\r\n", b";\r\n"])


async def _echo(request: Request) -> Response:
    await asyncio.sleep(0)
    return Response(200, request.method.encode() + b" " + request.path.encode() + b" " + request.body)


def converse(pieces: list[bytes]) -> Pipe:
    """Feed the pieces, each when the server wants to read, and let it come to rest."""

    async def run() -> Pipe:
        server = Server(HandlerApplication(_echo, 10_000), Limits(header_bytes=2000, drain_s=0.01))
        connection, pipe = Connection(server), Pipe()
        connection.connection_made(pipe)
        for piece in pieces:
            for _ in range(1000):
                if not pipe.paused:
                    break
                await asyncio.sleep(0)
            assert not pipe.paused, "the server stopped reading for good"
            if pipe.closing:
                break
            connection.data_received(piece)
        for _ in range(20):
            await asyncio.sleep(0)
        if not pipe.closing:
            connection.eof_received()
        connection.connection_lost(None)
        assert server.connections == 0
        await server.drain()
        return pipe

    return uvloop.run(run())


BODIES = st.binary(max_size=300)
PATHS = st.text(st.sampled_from("abc/-_.~%20?=&"), max_size=20).map(lambda text: "/" + text)


@st.composite
def requests(draw: Any) -> tuple[bytes, bytes]:
    """A valid request, and the body of its answer."""
    path, body = draw(PATHS), draw(BODIES)
    method = draw(st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]))
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\n".encode()
    if draw(st.booleans()):
        head += b"X-Long: " + b"y" * draw(st.integers(0, 500)) + b"\r\n"
    if draw(st.booleans()):
        data = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    else:
        chunks = [piece for piece in cut(body, draw(st.lists(st.integers(0, 300), max_size=4))) if piece]
        framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in chunks) + b"0\r\n\r\n"
        data = head + b"Transfer-Encoding: chunked\r\n\r\n" + framed
    return data, f"{method} {path.partition('?')[0]} ".encode() + body


def answers(written: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    while written:
        head, _, rest = written.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        found.append((int(head.split()[1]), rest[:length]))
        written = rest[length:]
    return found


@SETTINGS
@given(asked=st.lists(requests(), min_size=1, max_size=6), at=st.lists(st.integers(0, 5000), max_size=30))
def test_valid_requests_in_any_pieces_are_answered_in_order(asked: list[tuple[bytes, bytes]], at: list[int]) -> None:
    pipe = converse(cut(b"".join(data for data, _ in asked), at))
    assert answers(bytes(pipe.written)) == [(200, expected) for _, expected in asked]


@SETTINGS
@given(pieces=st.lists(st.binary(min_size=1, max_size=200), max_size=8))
def test_random_bytes_are_refused(pieces: list[bytes]) -> None:
    for status, _ in answers(bytes(converse(pieces).written)):
        assert 400 <= status < 600


@SETTINGS
@given(
    asked=requests(),
    changes=st.lists(st.tuples(st.integers(0, 1000), st.binary(max_size=3), st.integers(0, 3)), min_size=1, max_size=4),
    at=st.lists(st.integers(0, 1000), max_size=8),
)
def test_damaged_requests_are_answered_or_refused(
    asked: tuple[bytes, bytes], changes: list[tuple[int, bytes, int]], at: list[int]
) -> None:
    data = asked[0]
    for position, inserted, removed in changes:
        position %= len(data) + 1
        data = data[:position] + inserted + data[position + removed :]
    pipe = converse(cut(data, at))
    for status, _ in answers(bytes(pipe.written)):
        assert status == 100 or 200 <= status < 600


@SETTINGS
@given(
    lines=st.lists(st.tuples(NAMES, BEFORE, VALUES, ENDS), min_size=1, max_size=4),
    before=st.sampled_from([b"", b"0\r\n\r\n"]),
    at=st.lists(st.integers(0, 400), max_size=6),
)
def test_a_request_inside_another_is_found_only_where_one_plain_header_says_so(
    lines: list[tuple[bytes, ...]], before: bytes, at: list[int]
) -> None:
    framing = [b"".join(line) for line in lines]
    pipe = converse(cut(b"POST /outer HTTP/1.1\r\nHost: a\r\n" + b"".join(framing) + b"\r\n" + before + INNER, at))
    told = [line for line in lines if line[0].lower() in (b"content-length", b"transfer-encoding")]
    plain = [(b"transfer-encoding", b"chunked")] if before else [(b"content-length", b"0"), (b"content-length", b"00")]
    allowed = not before and not told
    if len(told) == 1:
        name, colon, value, end = told[0]
        allowed = (name.lower(), value.strip().lower()) in plain and colon.strip() == colon[:1] == b":" and end == b"\r\n"
    if any(body == b"POST /inner " for _, body in answers(bytes(pipe.written))):
        assert allowed, framing
