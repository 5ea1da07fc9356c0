import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator

import pytest

from stoa.api.wire.handlers import HandlerApplication
from stoa.api.wire.messages import Request, Response
from stoa.domain.exchange import Exchange


async def echo(request: Request) -> Response:
    seen = {"method": request.method, "path": request.path, "query": request.query, "body": request.body.decode()}
    return Response(200, json.dumps(seen).encode(), {"content-type": "application/json"})


ECHO = HandlerApplication(echo, 1000)
GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"


def post(body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(line + b"\r\n" for line in headers)
    return b"POST /p?q=1 HTTP/1.1\r\nhost: a\r\n" + lines + b"content-length: %d\r\n\r\n" % len(body) + body


async def test_a_request_is_answered_and_the_connection_kept(start) -> None:
    client = await (await start(ECHO))()
    for body in (b"one", b"two"):
        status, _, answer = await client.exchange(post(body))
        assert status == 200
        assert json.loads(answer) == {"method": "POST", "path": "/p", "query": "q=1", "body": body.decode()}


async def test_a_request_may_come_byte_by_byte(start) -> None:
    client = await (await start(ECHO))()
    data = post(b"hello")
    status, _, answer = await client.exchange(*(data[i : i + 1] for i in range(len(data))))
    assert (status, json.loads(answer)["body"]) == (200, "hello")


async def test_pipelined_requests_are_answered_in_order(start) -> None:
    async def slower_first(request: Request) -> Response:
        await asyncio.sleep(0.05 / (1 + int(request.body)))
        return Response(200, request.body)

    client = await (await start(HandlerApplication(slower_first, 1000)))()
    await client.send(b"".join(post(b"%d" % n) for n in range(50)))
    assert [(await client.answer())[2] for _ in range(50)] == [b"%d" % n for n in range(50)]


async def test_thousands_of_pipelined_requests_do_not_exhaust_the_stack(start) -> None:
    class AnswerAtOnce:
        body_limit = 10

        def accept(self, exchange: Exchange) -> "AnswerAtOnce":
            exchange.send(204, b"", b"")
            return self

    client = await (await start(AnswerAtOnce()))()
    client.writer.write(GET * 5000)
    for _ in range(5000):
        assert (await client.answer())[0] == 204


async def test_a_chunked_body_is_joined(start) -> None:
    client = await (await start(ECHO))()
    head = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
    status, _, answer = await client.exchange(head, b"3\r\nabc\r\n", b"2;x=y\r\nde\r\n0\r\n", b"trailer: 1\r\n\r\n")
    assert (status, json.loads(answer)["body"]) == (200, "abcde")
    assert (await client.exchange(GET))[0] == 200


async def test_a_client_that_waits_for_leave_to_send_gets_it(start) -> None:
    client = await (await start(ECHO))()
    whole = post(b"abc", b"expect: 100-continue")
    await client.send(whole[:-3])
    assert (await client.answer())[0] == 100
    assert (await client.exchange(b"abc"))[0] == 200


async def test_no_leave_to_send_a_body_that_is_too_large(start) -> None:
    client = await (await start(ECHO))()
    status, headers, body = await client.exchange(
        b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 1001\r\n\r\n"
    )
    assert (status, headers["connection"]) == (413, "close")
    assert json.loads(body)["error"]["code"] == "too_large"
    assert await client.ended()


async def test_a_chunked_body_is_cut_off_at_the_limit(start) -> None:
    client = await (await start(ECHO))()
    chunks = b"64\r\n" + b"x" * 100 + b"\r\n"
    await client.send(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n", chunks * 11)
    assert (await client.answer())[0] == 413


async def test_a_head_that_is_too_large_is_refused(start) -> None:
    connect = await start(ECHO, header_bytes=1000)
    for head in (
        b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 1000 + b"\r\n\r\n",
        b"GET /" + b"y" * 1000 + b" HTTP/1.1\r\nhost: a\r\n\r\n",
    ):
        for pieces in ([head], [head[:500], head[500:800], head[800:1010], head[1010:]]):
            status, headers, _ = await (await connect()).exchange(*pieces)
            assert (status, headers["connection"]) == (431, "close")


async def test_a_head_that_never_ends_is_refused_at_the_limit(start) -> None:
    client = await (await start(ECHO, header_bytes=1000))()
    await client.send(b"GET / HTTP/1.1\r\nhost: a\r\nx: ", *([b"y" * 300] * 5))
    assert (await client.answer())[0] == 431


MALFORMED = {
    "no syntax": b"hello\r\n\r\n",
    "random bytes": b"\x16\x03\x01\x02\x00\x01\x00",
    "length and chunks": b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc",
    "a list of lengths": b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3, 3\r\n\r\nabc",
    "a signed length": b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: +3\r\n\r\nabc",
    "bare CR": b"GET / HTTP/1.1\r\nhost: a\r\nx: a\rb: c\r\n\r\n",
    "bare LF": b"GET / HTTP/1.1\nhost: a\n\n",
    "folded header": b"GET / HTTP/1.1\r\nhost: a\r\nx: a\r\n b\r\n\r\n",
    "space before colon": b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length : 3\r\n\r\nabc",
    "NUL": b"GET / HTTP/1.1\r\nhost: a\r\nx: a\x00b\r\n\r\n",
    "unknown coding": b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked not last": b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "chunked behind another": b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked in 1.0": b"POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "bad chunk size": b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    "bare LF in chunks": b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\nabc\n0\n\n",
    "two hosts": b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two credentials": b"GET / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "a tunnel": b"CONNECT a:443 HTTP/1.1\r\nhost: a\r\n\r\n",
    "another protocol": b"PLAY rtsp://a/ RTSP/1.0\r\nhost: a\r\n\r\n",
    "no path": b"OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n",
    "another expectation": b"GET / HTTP/1.1\r\nhost: a\r\nexpect: coffee\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_what_is_not_plain_http_is_refused_and_hung_up_on(start, name: str) -> None:
    client = await (await start(ECHO))()
    status, headers, body = await client.exchange(MALFORMED[name])
    assert status in (400, 405, 417, 501, 505)
    assert headers["connection"] == "close"
    assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}
    assert await client.ended()


async def test_a_method_that_is_not_served_is_told_those_that_are(start) -> None:
    client = await (await start(ECHO))()
    status, headers, _ = await client.exchange(b"TRACE / HTTP/1.1\r\nhost: a\r\n\r\n")
    assert (status, headers["allow"]) == (405, "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT")


async def test_nothing_that_follows_a_refused_request_is_taken_for_one(start) -> None:
    client = await (await start(ECHO))()
    await client.send(MALFORMED["length and chunks"] + GET + GET)
    assert (await client.answer())[0] == 400
    assert await client.ended()


async def test_garbage_behind_a_good_request_ends_the_connection_after_its_answer(start) -> None:
    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.05)
        return Response(200, b"fine")

    client = await (await start(HandlerApplication(slow, 10)))()
    status, headers, body = await client.exchange(GET + b"garbage\r\n\r\n")
    assert (status, headers["connection"], body) == (200, "close", b"fine")
    assert await client.ended()


async def test_an_upgrade_is_ignored_and_the_connection_ended(start) -> None:
    client = await (await start(ECHO))()
    status, _, _ = await client.exchange(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\nGET /b")
    assert status == 200
    assert await client.ended()


async def test_a_client_that_asks_to_close_is_closed_on(start) -> None:
    connect = await start(ECHO)
    for request in (b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"):
        client = await connect()
        status, headers, _ = await client.exchange(request + GET)
        assert (status, headers["connection"]) == (200, "close")
        assert await client.ended()


async def test_an_old_client_that_asks_is_kept(start) -> None:
    client = await (await start(ECHO))()
    for _ in range(2):
        status, headers, _ = await client.exchange(b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n")
        assert (status, headers["connection"]) == (200, "keep-alive")


async def test_a_head_request_gets_the_length_and_no_body(start) -> None:
    client = await (await start(ECHO))()
    await client.send(b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n")
    head = await client.reader.readuntil(b"\r\n\r\n")
    assert b"content-length: 5" in head
    assert (await client.exchange(GET))[0] == 200


async def test_an_absolute_target_is_brought_to_its_path(start) -> None:
    client = await (await start(ECHO))()
    _, _, body = await client.exchange(b"GET http://b/c?d HTTP/1.1\r\nhost: a\r\n\r\n")
    assert json.loads(body)["path"] == "/c"


async def test_a_request_that_dribbles_in_is_given_up(start) -> None:
    connect = await start(ECHO, read_timeout_s=0.1)
    for beginning in (b"GET / HT", post(b"abc")[:-1]):
        status, headers, body = await (await connect()).exchange(beginning)
        assert (status, headers["connection"]) == (408, "close")
        assert json.loads(body)["error"]["code"] == "request_timeout"


async def test_an_idle_connection_is_closed(start) -> None:
    connect = await start(ECHO, keep_alive_s=0.1)
    silent, once = await connect(), await connect()
    await once.exchange(GET)
    assert await silent.ended()
    assert await once.ended()


async def test_a_slow_answer_is_not_taken_for_a_slow_client(start) -> None:
    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.4)
        return Response(200, b"")

    client = await (await start(HandlerApplication(slow, 10), read_timeout_s=0.1, keep_alive_s=0.1))()
    assert (await client.exchange(GET))[0] == 200


async def test_too_many_connections_are_told_so(start) -> None:
    connect = await start(ECHO, max_connections=1)
    first = await connect()
    assert (await first.exchange(GET))[0] == 200
    status, _, body = await (await connect()).answer()
    assert (status, json.loads(body)["error"]["code"]) == (503, "too_many_connections")
    assert (await first.exchange(GET))[0] == 200


async def test_a_failure_of_the_application_is_a_plain_500(start) -> None:
    class Broken:
        def accept(self, exchange: Exchange) -> None:
            raise ZeroDivisionError("secret detail")

    client = await (await start(Broken()))()
    for _ in range(2):
        status, _, body = await client.exchange(GET)
        assert status == 500
        assert b"secret" not in body


async def test_connections_answer_without_delay(start) -> None:
    seen: list[int] = []

    class Look:
        body_limit = 0

        def accept(self, exchange: Exchange) -> "Look":
            transport = exchange._connection.transport  # type: ignore[attr-defined]
            raw = transport.get_extra_info("socket")
            seen.append(raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            exchange.send(204, b"", b"")
            return self

    await (await (await start(Look()))()).exchange(GET)
    assert seen[0] != 0


async def test_a_refused_upload_leaves_the_connection_in_order_when_it_is_small(start) -> None:
    class Refuse:
        body_limit = 10_000_000

        def accept(self, exchange: Exchange) -> "Refuse":
            exchange.send(401, b"", b"no")
            return self

    client = await (await start(Refuse()))()
    for _ in range(2):
        assert (await client.exchange(post(b"x" * 5000)))[2] == b"no"


async def test_a_refused_upload_that_is_large_is_hung_up_on_after_the_answer(start) -> None:
    class Refuse:
        body_limit = 10_000_000

        def accept(self, exchange: Exchange) -> "Refuse":
            exchange.send(401, b"", b"no")
            return self

    client = await (await start(Refuse()))()
    client.writer.write(post(b"x" * 1_000_000))
    assert (await client.answer())[2] == b"no"
    assert await client.ended()


async def test_a_stopping_server_answers_what_is_under_way_and_takes_no_more(start) -> None:
    async def slow(request: Request) -> Response:
        await asyncio.sleep(0.2)
        return Response(200, b"done")

    connect = await start(HandlerApplication(slow, 10), drain_s=5)
    idle, busy = await connect(), await connect()
    await busy.send(GET)
    draining = asyncio.create_task(connect.server.drain())
    assert await idle.ended()
    status, headers, body = await busy.answer()
    assert (status, headers["connection"], body) == (200, "close", b"done")
    await asyncio.wait_for(draining, 5)


async def test_a_request_that_was_on_its_way_when_the_server_stopped_is_answered_as_the_last(start) -> None:
    connect = await start(ECHO, drain_s=5)
    idle, fresh = await connect(), await connect()
    assert (await idle.exchange(post(b"a")))[0] == 200
    draining = asyncio.create_task(connect.server.drain())
    await asyncio.sleep(0)
    for client in (idle, fresh):
        status, headers, body = await client.exchange(post(b"b") + post(b"c"))
        assert (status, headers["connection"], json.loads(body)["body"]) == (200, "close", "b")
        assert await client.ended()
    await asyncio.wait_for(draining, 5)


async def test_a_stream_goes_on_while_the_server_stops_and_pieces_come_until_its_end(start) -> None:
    stopping = asyncio.Event()

    async def pieces() -> AsyncIterator[bytes]:
        yield b"first"
        await stopping.wait()
        await asyncio.sleep(0.4)  # longer than idle connections are kept
        yield b"last"

    async def answer(request: Request) -> Response:
        return Response(200, pieces())

    connect = await start(HandlerApplication(answer, 10), drain_s=5)
    client = await connect()
    await client.send(GET)
    await client.reader.readuntil(b"first")
    draining = asyncio.create_task(connect.server.drain())
    stopping.set()
    assert (await asyncio.wait_for(client.reader.read(), 5)).endswith(b"last\r\n0\r\n\r\n")
    await asyncio.wait_for(draining, 5)


async def test_a_stream_that_outlasts_the_drain_is_cut_without_an_end(start) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b"more"
            await asyncio.sleep(0.01)

    async def answer(request: Request) -> Response:
        return Response(200, pieces())

    connect = await start(HandlerApplication(answer, 10), drain_s=0.3)
    client = await connect()
    await client.send(GET)
    await client.reader.readuntil(b"more")
    await asyncio.wait_for(connect.server.drain(), 5)
    with contextlib.suppress(ConnectionResetError):
        assert not (await asyncio.wait_for(client.reader.read(), 5)).endswith(b"0\r\n\r\n")
    assert connect.server.connections == 0
