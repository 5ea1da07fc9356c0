"""Request smuggling: whatever a proxy in front may take for one request, Stoa never finds another one inside it."""

import asyncio
import logging

import pytest
import uvloop
from tests.piping import Pipe

from stoa.api.wire.connection import Connection
from stoa.api.wire.handlers import HandlerApplication
from stoa.api.wire.limits import Limits
from stoa.api.wire.messages import Request, Response
from stoa.api.wire.server import Server

INNER = b"GET /inner HTTP/1.1\r\nhost: a\r\n\r\n"
POST = b"POST /outer HTTP/1.1\r\nhost: a\r\n"
CHUNKED = POST + b"transfer-encoding: chunked\r\n\r\n"


def served(sent: bytes) -> tuple[list[tuple[str, bytes]], bytes]:
    """Path and body of each request that reached the application, and what was answered."""
    seen: list[tuple[str, bytes]] = []

    async def note(request: Request) -> Response:
        seen.append((request.path, request.body))
        return Response(200, b"")

    async def run() -> bytes:
        server = Server(HandlerApplication(note, 10_000), Limits(drain_s=0.01))
        connection, pipe = Connection(server), Pipe()
        connection.connection_made(pipe)
        connection.data_received(sent)
        for _ in range(20):
            await asyncio.sleep(0)
        connection.connection_lost(None)
        assert server.connections == 0
        await server.drain()
        return bytes(pipe.written)

    return seen, uvloop.run(run())


REFUSED = {
    "CL.TE": POST + b"content-length: %d\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(INNER)) + INNER,
    "TE.CL": POST + b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n%x\r\n" % len(INNER) + INNER + b"\r\n0\r\n\r\n",
    "TE.TE, two lines": POST + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n" + INNER,
    "TE.TE, chunked twice": POST + b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE with a tab inside": POST + b"transfer-encoding: chunked\t, x\r\n\r\n0\r\n\r\n" + INNER,
    "TE misspelt": POST + b"transfer-encoding: chunke\r\n\r\n0\r\n\r\n" + INNER,
    "TE quoted": POST + b'transfer-encoding: "chunked"\r\n\r\n0\r\n\r\n' + INNER,
    "TE with a parameter": POST + b"transfer-encoding: chunked;q=1\r\n\r\n0\r\n\r\n" + INNER,
    "TE in HTTP/1.0": b"POST /outer HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "CL.CL, different": POST + b"content-length: 0\r\ncontent-length: %d\r\n\r\n" % len(INNER) + INNER,
    "CL.CL, the same": POST + b"content-length: 0\r\ncontent-length: 0\r\n\r\n" + INNER,
    "CL as a list": POST + b"content-length: 0, %d\r\n\r\n" % len(INNER) + INNER,
    "CL signed": POST + b"content-length: +0\r\n\r\n" + INNER,
    "CL negative": POST + b"content-length: -1\r\n\r\n" + INNER,
    "CL in hexadecimal": POST + b"content-length: 0x0\r\n\r\n" + INNER,
    "CL with an underscore": POST + b"content-length: 1_0\r\n\r\n" + INNER,
    "CL beyond 64 bits": POST + b"content-length: 18446744073709551616\r\n\r\n" + INNER,
    "CL empty": POST + b"content-length:\r\n\r\n" + INNER,
    "folded header": POST + b"x: a\r\n transfer-encoding: chunked\r\n\r\n" + INNER,
    "folded TE": POST + b"transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + INNER,
    "fold before the first header": b"GET /outer HTTP/1.1\r\n host: a\r\n\r\n" + INNER,
    "space before the colon": POST + b"transfer-encoding : chunked\r\n\r\n0\r\n\r\n" + INNER,
    "tab before the colon": POST + b"content-length\t: 0\r\n\r\n" + INNER,
    "no name": POST + b": chunked\r\n\r\n" + INNER,
    "no colon": POST + b"transfer-encoding\r\n\r\n" + INNER,
    "NUL in a name": POST + b"transfer\x00-encoding: chunked\r\n\r\n" + INNER,
    "NUL in a value": POST + b"transfer-encoding: chunked\x00\r\n\r\n0\r\n\r\n" + INNER,
    "NUL in the target": b"GET /outer\x00 HTTP/1.1\r\nhost: a\r\n\r\n" + INNER,
    "control character in a value": POST + b"x: \x0b\x01\r\n\r\n" + INNER,
    "bare LF ends a line": b"POST /outer HTTP/1.1\r\nhost: a\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "bare LF ends the head": b"GET /outer HTTP/1.1\r\nhost: a\r\n\n" + INNER,
    "bare CR ends a line": b"POST /outer HTTP/1.1\r\nhost: a\rtransfer-encoding: chunked\r\n\r\n" + INNER,
    "bare CR in a value": POST + b"x: a\r\rb\r\n\r\n" + INNER,
    "bare CR in the request line": b"GET /outer\rHTTP/1.1\r\nhost: a\r\n\r\n" + INNER,
    "chunk size with 0x": CHUNKED + b"0x0\r\n\r\n" + INNER,
    "chunk size signed": CHUNKED + b"-1\r\n\r\n" + INNER,
    "chunk size with a space": CHUNKED + b" 0\r\n\r\n" + INNER,
    "chunk size empty": CHUNKED + b"\r\n\r\n" + INNER,
    "chunk size beyond 64 bits": CHUNKED + b"1%s\r\n" % (b"0" * 16) + INNER,
    "chunk size with an underscore": CHUNKED + b"1_0\r\n" + INNER,
    "chunk extension ended by bare LF": CHUNKED + b"2;\nxx\r\n0\r\n\r\n" + INNER,
    "chunk extension with bare CR": CHUNKED + b"2;a\rb\r\nxx\r\n0\r\n\r\n" + INNER,
    "chunk without its end": CHUNKED + b"2\r\nxx0\r\n\r\n" + INNER,
    "chunk ended by bare LF": CHUNKED + b"2\r\nxx\n0\r\n\r\n" + INNER,
    "chunk longer than it says": CHUNKED + b"1\r\nxx\r\n0\r\n\r\n" + INNER,
    "last chunk ended by bare LF": CHUNKED + b"0\n\n" + INNER,
    "trailer that is a length": CHUNKED + b"0\r\ncontent-length: 99\r\n\r\n" + INNER,
    "trailer without a name": CHUNKED + b"0\r\n: x\r\n\r\n" + INNER,
    "authority form": b"CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n" + INNER,
    "authority form of another method": b"GET a:443 HTTP/1.1\r\nhost: a\r\n\r\n" + INNER,
    "another scheme": b"GET ftp://a/outer HTTP/1.1\r\nhost: a\r\n\r\n" + INNER,
    "a target with a space": b"GET /outer x HTTP/1.1\r\nhost: a\r\n\r\n" + INNER,
    "two hosts": b"GET /outer HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n" + INNER,
    "HTTP/1.1 misspelt": b"GET /outer HTTP/1.1x\r\nhost: a\r\n\r\n" + INNER,
    "HTTP/1.10": b"GET /outer HTTP/1.10\r\nhost: a\r\n\r\n" + INNER,
    "HTTP/0.9": b"GET /outer\r\n" + INNER,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + INNER,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_two_readers_could_read_differently_is_refused_whole(name: str) -> None:
    seen, written = served(REFUSED[name])
    assert [path for path, _ in seen if path == "/inner"] == [], written
    assert b" 4" in written[:12] or b" 5" in written[:12], written
    assert written.count(b"connection: close") == 1


TAKEN = {
    "a body that looks like a request": (POST + b"content-length: %d\r\n\r\n" % len(INNER) + INNER, [("/outer", INNER)]),
    "a chunk that looks like a request": (
        CHUNKED + b"%x\r\n" % len(INNER) + INNER + b"\r\n0\r\n\r\n",
        [("/outer", INNER)],
    ),
    "a GET with a body": (
        b"GET /outer HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n" % len(INNER) + INNER,
        [("/outer", INNER)],
    ),
    "an upper case coding": (POST + b"Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n" + INNER, [("/outer", b""), ("/inner", b"")]),
    "a trailer": (CHUNKED + b"0\r\nhost: b\r\nx: y\r\n\r\n" + INNER, [("/outer", b""), ("/inner", b"")]),
    "a chunk extension that looks like a chunk": (
        CHUNKED + b'1;a="0"\r\nx\r\n0\r\n\r\n' + INNER,
        [("/outer", b"x"), ("/inner", b"")],
    ),
    "an absolute target of another host": (b"GET http://b/outer HTTP/1.1\r\nhost: a\r\n\r\n", [("/outer", b"")]),
    "a nested absolute target": (b"GET http://b/http://c/outer HTTP/1.1\r\nhost: a\r\n\r\n", [("/http://c/outer", b"")]),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_all_read_alike_is_taken_as_it_stands(name: str) -> None:
    sent, expected = TAKEN[name]
    assert served(sent)[0] == expected


def test_nothing_here_is_a_failure_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        for sent in REFUSED.values():
            served(sent)
    assert caplog.records == []
