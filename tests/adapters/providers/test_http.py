import asyncio
import socket

import pytest

from stoa.adapters.providers.http import HttpFetch, HttpUpstreams
from stoa.domain.upstream import OriginLimits
from stoa.errors import ProviderError

LIMITS = OriginLimits(connect_timeout_s=1, first_byte_timeout_s=1, idle_timeout_s=1)
OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok"


def endpoint(upstreams: HttpUpstreams, url: str, limits: OriginLimits = LIMITS):
    return upstreams.origin(url + "/base", limits).endpoint("/chat", {"Authorization": "Bearer k"})


async def test_a_request_reaches_the_upstream_whole_and_its_answer_comes_back(
    upstreams, listen, recorder, read_request
) -> None:
    seen = []

    async def behave(reader, writer) -> None:
        while True:
            seen.append(await read_request(reader))
            writer.write(OK)

    post = endpoint(upstreams, await listen(behave)).post
    for _ in range(3):
        heard = recorder()
        post(b"hello", heard)
        await heard.wait()
        assert (heard.status, bytes(heard.body), heard.failure) == (200, b"ok", None)
    head, body = seen[0]
    assert head.startswith(b"POST /base/chat HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"\r\nauthorization: Bearer k\r\n" in head
    assert body == b"hello"


async def test_connections_are_kept_and_shared(upstreams, listen, recorder, read_request) -> None:
    accepted = 0

    async def behave(reader, writer) -> None:
        nonlocal accepted
        accepted += 1
        while True:
            await read_request(reader)
            writer.write(OK)

    target = endpoint(upstreams, await listen(behave))
    for _ in range(5):
        both = recorder(), recorder()
        for heard in both:
            target.post(b"", heard)
        for heard in both:
            await heard.wait()
    assert accepted == 2


async def test_a_connection_that_was_closed_while_idle_is_replaced(upstreams, listen, recorder, read_request) -> None:
    accepted = 0

    async def behave(reader, writer) -> None:
        nonlocal accepted
        accepted += 1
        await read_request(reader)
        writer.write(OK)
        if accepted == 1:
            await read_request(reader)  # the second request is read, but the connection closed without a byte of answer

    target = endpoint(upstreams, await listen(behave))
    for _ in range(2):
        heard = recorder()
        target.post(b"x", heard)
        assert (await heard.wait()).failure is None
    assert accepted == 2


async def test_a_fresh_connection_that_closes_without_an_answer_is_a_failure(upstreams, listen, recorder, read_request) -> None:
    async def behave(reader, writer) -> None:
        await read_request(reader)

    heard = recorder()
    endpoint(upstreams, await listen(behave)).post(b"x", heard)
    assert (await heard.wait()).failure.kind == "lost"


TRUNCATED = {
    "short of its length": b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
    "without the last chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "within a chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc",
}


@pytest.mark.parametrize("name", TRUNCATED)
async def test_an_answer_cut_short_is_not_taken_for_whole(upstreams, listen, recorder, read_request, name: str) -> None:
    async def behave(reader, writer) -> None:
        await read_request(reader)
        writer.write(TRUNCATED[name])

    heard = recorder()
    endpoint(upstreams, await listen(behave)).post(b"x", heard)
    assert (await heard.wait()).failure.kind == "truncated"
    assert bytes(heard.body) == b"abc"


async def test_an_answer_without_framing_ends_with_its_connection(upstreams, listen, recorder, read_request) -> None:
    async def behave(reader, writer) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nabc")

    heard = recorder()
    endpoint(upstreams, await listen(behave)).post(b"x", heard)
    await heard.wait()
    assert (heard.failure, bytes(heard.body)) == (None, b"abc")


MALFORMED = {
    "no HTTP": b"hello\r\n\r\n",
    "length and chunks": b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc",
    "bad chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_an_answer_that_is_not_http_is_a_failure(upstreams, listen, recorder, read_request, name: str) -> None:
    async def behave(reader, writer) -> None:
        await read_request(reader)
        writer.write(MALFORMED[name])
        await reader.read()

    heard = recorder()
    endpoint(upstreams, await listen(behave)).post(b"x", heard)
    assert (await heard.wait()).failure.kind in ("malformed", "lost")


async def test_interim_answers_are_passed_over(upstreams, listen, recorder, read_request) -> None:
    async def behave(reader, writer) -> None:
        while True:
            await read_request(reader)
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n" + OK)

    target = endpoint(upstreams, await listen(behave))
    for _ in range(2):
        heard = recorder()
        target.post(b"x", heard)
        await heard.wait()
        assert (heard.status, bytes(heard.body), heard.failure) == (200, b"ok", None)


async def test_a_second_answer_to_one_question_is_never_given_to_the_next(upstreams, listen, recorder, read_request) -> None:
    async def behave(reader, writer) -> None:
        await read_request(reader)
        writer.write(OK + OK.replace(b"ok", b"NO"))
        await read_request(reader)
        writer.write(OK.replace(b"ok", b"NO"))

    target = endpoint(upstreams, await listen(behave), OriginLimits(max_connections=1))
    both = recorder(), recorder()
    for heard in both:
        target.post(b"x", heard)
    for heard in both:
        await heard.wait()
        assert (heard.failure, bytes(heard.body)) == (None, b"ok")


async def test_nobody_listening_is_a_failure_to_connect(upstreams, recorder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    many = [recorder() for _ in range(5)]
    for heard in many:
        endpoint(upstreams, url, OriginLimits(max_connections=2)).post(b"x", heard)
    for heard in many:
        assert (await heard.wait()).failure.kind == "connect"


async def test_a_silent_upstream_is_given_up(upstreams, listen, recorder, read_request) -> None:
    async def behave(reader, writer) -> None:
        await read_request(reader)
        await reader.read()

    heard = recorder()
    limits = OriginLimits(first_byte_timeout_s=0.2)
    endpoint(upstreams, await listen(behave), limits).post(b"x", heard)
    assert (await heard.wait()).failure.kind == "timeout"


async def test_an_upstream_that_falls_silent_midway_is_given_up(upstreams, listen, recorder, read_request) -> None:
    async def behave(reader, writer) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        await reader.read()

    heard = recorder()
    endpoint(upstreams, await listen(behave), OriginLimits(idle_timeout_s=0.2)).post(b"x", heard)
    assert (await heard.wait()).failure.kind == "timeout"


async def test_requests_beyond_the_connections_wait_and_are_given_up_in_time(upstreams, listen, recorder, read_request) -> None:
    async def behave(reader, writer) -> None:
        await read_request(reader)
        await reader.read()

    target = endpoint(upstreams, await listen(behave), OriginLimits(connect_timeout_s=0.2, max_connections=1))
    first, second, third = recorder(), recorder(), recorder()
    for heard in (first, second, third):
        target.post(b"x", heard)
    for heard in (second, third):
        assert (await heard.wait()).failure.kind == "busy"
    assert not first.over.is_set()


async def test_cancelling_cuts_the_connection(upstreams, listen, recorder, read_request) -> None:
    gone = asyncio.Event()

    async def behave(reader, writer) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
        try:
            await reader.read()
        finally:
            gone.set()

    heard = recorder()
    call = endpoint(upstreams, await listen(behave)).post(b"x", heard)
    await asyncio.wait_for(heard.began.wait(), 5)
    call.cancel()
    await asyncio.wait_for(gone.wait(), 5)
    assert not heard.over.is_set()


async def test_a_paused_answer_holds_the_upstream_back(upstreams, listen, recorder, read_request) -> None:
    written = 0

    async def behave(reader, writer) -> None:
        nonlocal written
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 50000000\r\n\r\n")
        for _ in range(500):
            writer.write(b"x" * 100_000)
            await writer.drain()
            written += 100_000

    heard = recorder()
    call = endpoint(upstreams, await listen(behave)).post(b"x", heard)
    await asyncio.wait_for(heard.began.wait(), 5)
    call.pause()
    before = -1
    while before != written:
        before = written
        await asyncio.sleep(0.1)
    assert len(heard.body) < 5_000_000
    assert written < 20_000_000
    call.resume()
    await heard.wait()
    assert (heard.failure, len(heard.body)) == (None, 50_000_000)


async def test_a_body_may_follow_in_pieces(upstreams, listen, recorder) -> None:
    async def behave(reader, writer) -> None:
        assert b"transfer-encoding: chunked" in await reader.readuntil(b"\r\n\r\n")
        assert await reader.readuntil(b"0\r\n\r\n") == b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
        writer.write(OK)

    heard = recorder()
    origin = upstreams.origin(await listen(behave), LIMITS)
    call = origin.open(b"PUT", b"/file", [(b"x", b"y")], None, heard)
    call.write(b"abc")
    assert heard.uploads == ["pause"]
    await heard.uploaded(["pause", "resume"])
    call.write(b"de")
    call.finish()
    assert bytes((await heard.wait()).body) == b"ok"


async def test_an_upstream_that_does_not_read_pauses_the_upload(upstreams, listen, recorder) -> None:
    read = asyncio.Event()

    async def behave(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await read.wait()
        await reader.readexactly(30_000_000)
        writer.write(OK)

    heard = recorder()
    call = upstreams.origin(await listen(behave), OriginLimits()).open(b"PUT", b"/", [], 30_000_000, heard)
    for _ in range(300):
        call.write(b"x" * 100_000)
    await asyncio.sleep(0.2)
    assert heard.uploads == ["pause"]
    read.set()
    await heard.uploaded(["pause", "resume"])
    call.finish()
    assert bytes((await heard.wait()).body) == b"ok"


async def test_a_head_request_ends_with_its_head(upstreams, listen, recorder) -> None:
    async def behave(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")

    heard = recorder()
    upstreams.origin(await listen(behave), LIMITS).open(b"HEAD", b"/", [], 0, heard)
    await heard.wait()
    assert (heard.status, heard.failure) == (200, None)


async def test_a_line_break_in_a_header_is_refused(upstreams) -> None:
    with pytest.raises(ValueError, match="line break"):
        upstreams.origin("http://a", LIMITS).endpoint("/x", {"authorization": "Bearer a\r\nx: y"})


async def test_one_whole_request_can_be_awaited(upstreams, listen, read_request) -> None:
    async def behave(reader, writer) -> None:
        head, body = await read_request(reader)
        assert b"authorization: Bearer t" in head
        writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    origin = upstreams.origin(await listen(behave), LIMITS)
    fetch = HttpFetch(origin, {"authorization": "Bearer t"}, name="control", timeout_s=5)
    assert await fetch("POST", "/x", body=b"hello") == (201, b"hello")


async def test_a_request_that_fails_says_who_and_why(upstreams, listen, read_request) -> None:
    async def behave(reader, writer) -> None:
        await read_request(reader)

    fetch = HttpFetch(upstreams.origin(await listen(behave), LIMITS), {}, name="control", timeout_s=5)
    with pytest.raises(ProviderError, match="control did not answer GET /x: it closed the connection"):
        await fetch("GET", "/x")


@pytest.mark.parametrize("reads", [True, False], ids=["a client that reads", "a client that stops for a while"])
async def test_an_upstream_that_drips_for_good_is_given_up_when_its_time_is_over(
    upstreams, listen, recorder, read_request, reads: bool
) -> None:
    async def behave(reader, writer) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
        while True:
            writer.write(b":")
            await asyncio.sleep(0.02)

    heard = recorder()
    call = endpoint(upstreams, await listen(behave), OriginLimits(idle_timeout_s=5, longest_s=0.4)).post(b"x", heard)
    if not reads:
        await asyncio.wait_for(heard.began.wait(), 5)
        call.pause()
        await asyncio.sleep(0.6)
        assert not heard.over.is_set(), "a client that reads slowly is not the upstream's fault"
        call.resume()
    failure = (await heard.wait()).failure
    assert (failure.kind, failure.message) == ("timeout", "it did not finish within 0.4 s")
