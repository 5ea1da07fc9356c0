"""What becomes of the calls on a connection whose answers pass in chunks: their ends, their failures and their time."""

import asyncio
import logging

import pytest
from tests.adapters.providers.answering import ACTIVE, HEAD, LAST, Heard, Upstream, chunk, on_connection

from stoa.domain.upstream import Failure


def test_chunks_that_come_whole_pass_the_parser_by() -> None:
    async def story(upstream: Upstream) -> None:
        heard, connection = Heard(), upstream.connection
        upstream.ask(heard)
        upstream.read(HEAD, chunk(b"one"))
        parser, connection._parser = connection._parser, None  # type: ignore[assignment]
        upstream.read(chunk(b"two"), chunk(b"three") + chunk(b"four"))
        connection._parser = parser
        upstream.read(chunk(b"five") + LAST)
        assert (heard.body, heard.ends) == (b"onetwothreefourfive", [None])

    on_connection(story)


def test_the_last_chunk_ends_the_answer_and_the_connection_carries_the_next() -> None:
    async def story(upstream: Upstream) -> None:
        for last in (LAST, chunk(b"three") + LAST, b"0\r\nx: y\r\n\r\n"):
            heard = Heard()
            upstream.ask(heard)
            upstream.read(*ACTIVE, last)
            assert (heard.body[:6], heard.ends) == (b"onetwo", [None])
            assert upstream.origin.idle.pop() is upstream.connection
        plain = Heard()
        upstream.ask(plain)
        upstream.read(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n", b"3\r\nabc\r\n")  # looks like a chunk, and is none
        assert (plain.body, plain.ends) == (b"3\r\nabc\r\n", [None])

    on_connection(story)


def test_a_chunk_is_no_answer_to_the_next_question() -> None:
    async def story(upstream: Upstream) -> None:
        upstream.ask(Heard())
        upstream.read(*ACTIVE, LAST)
        heard = Heard()
        upstream.ask(heard)
        upstream.read(chunk(b"evil"))
        assert heard.body == b""
        assert [failure.kind for failure in heard.ends if failure] == ["malformed"]

    on_connection(story)


def test_a_chunk_of_an_answer_that_is_over_cuts_the_connection() -> None:
    async def story(upstream: Upstream) -> None:
        heard = Heard()
        upstream.ask(heard)
        upstream.read(*ACTIVE, LAST, chunk(b"late"))
        assert (heard.body, heard.ends, upstream.pipe.closing) == (b"onetwo", [None], True)

    on_connection(story)


def test_what_one_read_brings_reaches_the_receiver_at_once() -> None:
    async def story(upstream: Upstream) -> None:
        heard = Heard()
        upstream.ask(heard)
        many = chunk(b"a") * 100
        upstream.read(HEAD + many, many, many + b"5\r\nhe", b"llo\r\n" + many, many + LAST)
        assert heard.pieces == [b"a" * 100, b"a" * 100, b"a" * 100 + b"he", b"llo" + b"a" * 100, b"a" * 100]
        assert heard.ends == [None]

    on_connection(story)


@pytest.mark.parametrize("broken", [chunk(b"three"), chunk(b"th") + chunk(b"ree"), b"05\r\nthree\r\n", chunk(b"three") + LAST])
def test_a_receiver_that_fails_fails_its_own_call_only(broken: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def story(upstream: Upstream) -> None:
        other = Upstream()
        failing, well = Heard(dislikes=b"three"), Heard()
        for each, heard in ((upstream, failing), (other, well)):
            each.ask(heard)
            each.read(*ACTIVE, broken, chunk(b"four"))
        assert failing.body == b"onetwo"
        assert failing.ends == [Failure("malformed", "its answer could not be taken")]
        assert upstream.pipe.closing
        assert well.body.startswith(b"onetwothree")
        other.close()

    with caplog.at_level(logging.ERROR, "stoa.upstream"):
        on_connection(story)
    assert [record.message for record in caplog.records] == ["an answer could not be taken"]


def test_a_call_that_was_given_up_hears_no_more() -> None:
    async def story(upstream: Upstream) -> None:
        heard = Heard()
        call = upstream.ask(heard)
        upstream.read(*ACTIVE)
        call.cancel()
        upstream.connection.data_received(chunk(b"three"))
        assert (heard.body, heard.ends, upstream.pipe.closing) == (b"onetwo", [], True)

    on_connection(story)


def test_a_stream_that_stops_is_given_up_an_idle_time_after_the_sweep_that_saw_it_move() -> None:
    async def story(upstream: Upstream) -> None:
        heard, now = Heard(), asyncio.get_running_loop().time()
        upstream.ask(heard)
        upstream.read(*ACTIVE)
        upstream.sweep(now + 0.25)
        assert upstream.connection.deadline == now + 20.25
        upstream.sweep(now + 20.2)
        upstream.read(chunk(b"three"))
        upstream.sweep(now + 20.3)  # it is over its deadline, but has been heard since
        assert heard.ends == []
        upstream.sweep(now + 40.2)
        assert heard.ends == []
        upstream.sweep(now + 40.4)
        assert heard.ends == [Failure("timeout", "it sent nothing for 20 s in the middle of its answer")]
        assert upstream.pipe.closing

    on_connection(story)


def test_a_stream_that_never_stops_is_given_up_when_its_time_is_over() -> None:
    async def story(upstream: Upstream) -> None:
        heard, now = Heard(), asyncio.get_running_loop().time()
        upstream.ask(heard)
        upstream.read(*ACTIVE)
        for second in range(102):
            assert heard.ends == []
            upstream.read(chunk(b"more"))
            upstream.sweep(now + second)
        assert [failure.kind for failure in heard.ends if failure] == ["timeout"]

    on_connection(story)


def test_while_the_receiver_holds_it_a_stream_is_not_to_blame() -> None:
    async def story(upstream: Upstream) -> None:
        heard, now = Heard(), asyncio.get_running_loop().time()
        call = upstream.ask(heard)
        upstream.read(*ACTIVE)
        call.pause()
        for later in (0.25, 30, 60):
            upstream.sweep(now + later)
        assert heard.ends == []
        call.resume()
        assert upstream.connection.deadline == pytest.approx(now + 20, abs=5)

    on_connection(story)
