"""One connection to an upstream: one request at a time, its answer handed on as it comes."""

from __future__ import annotations

import asyncio
import logging
import socket
from math import inf
from typing import TYPE_CHECKING, cast

import httptools

from stoa.adapters.providers.answer_head import AnswerHead
from stoa.adapters.providers.call import HttpCall
from stoa.adapters.providers.chunks import SIZES, payload_of
from stoa.domain.upstream import Failure

if TYPE_CHECKING:
    from stoa.adapters.providers.origin import HttpOrigin

log = logging.getLogger("stoa.upstream")

_HEAD_TOO_LARGE = Failure("malformed", "the head of its answer is longer than the 64 KiB or 256 lines that are taken")

_UPLOAD_BUFFER = 262_144
_HEAD_BYTES = 65_536  # of an answer, with the interim answers before it
_HEAD_LINES = 256
_SURELY_SMALL = 1024  # too few bytes for so many lines
_NO_HEAD = AnswerHead([], 0)

_NO_PARSER = cast("httptools.HttpResponseParser", None)  # cast: nothing is parsed any more


class UpstreamConnection(asyncio.Protocol):
    """The asyncio protocol of a connection to an upstream."""

    def __init__(self, origin: HttpOrigin) -> None:
        self._origin = origin
        self._idle, self._waiting = origin.idle, origin.waiting
        self._longest_s: float = origin.limits.longest_s
        self._first_byte_s: float = origin.limits.first_byte_timeout_s
        self._parser = httptools.HttpResponseParser(self)
        self._loop = asyncio.get_running_loop()
        self.transport = cast("asyncio.Transport", None)  # cast: set by connection_made, before any other call
        self.deadline = inf
        self._over_at = inf  # when the present answer must have ended
        self._call: HttpCall | None = None
        self._head = _NO_HEAD
        self._pieces: list[bytes] = []  # of the present answer, up to the end of its head
        self._interim = 0  # answers of status 1xx before it
        self._used = False  # has carried a whole exchange before
        self._heard = False  # a byte of the present answer has come
        self._feed = 0  # size of the piece being parsed
        self._head_fed = 0  # what came of the present answer before the piece in which its head ends
        self._in_body = False
        self._in_chunk = True  # until the end of one was seen; stays so in a body that has none
        self._between_chunks = False  # the next byte begins one
        self._pressure = origin.pressure
        self._resting = False
        self._taken: bytes | None = None  # of the body, from the piece being parsed
        self._more: list[bytes] = []  # and what of it comes in further chunks
        self._done = False  # the answer is whole; the rest of the feed must be empty
        self._dirty = False  # the connection cannot carry another request
        self._held = False
        self.stirred = False
        """More of the answer has come since the origin last looked after its connections."""
        self.writing_paused = False

    # --- called by the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # cast: a stream's transport both reads and writes
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.transport.set_write_buffer_limits(high=_UPLOAD_BUFFER)

    def data_received(self, data: bytes) -> None:
        call = self._call
        if call is None:
            self.transport.abort()  # nothing was asked
            return
        if self._between_chunks:
            line = data.find(b"\r\n", 1, 6)
            if SIZES.get(data[:line]) == len(data) - line - 4 and data.endswith(b"\r\n"):
                body: bytes | None = data[line + 2 : -2]  # one chunk, as it mostly is
            else:
                body = payload_of(data)
            if body is not None:  # the parser stands between two chunks before and after
                self.stirred = True
                receiver = call.receiver
                if receiver is None:
                    return
                try:
                    receiver.on_body(body)
                except Exception as error:  # noqa: BLE001 - one request may fail, the loop and its other connections may not
                    self._not_taken(error)
                pressure = self._pressure
                pressure.heard = True
                if pressure.full:
                    self._rest()
                return
        self._heard = True
        self._feed = len(data)
        if not self._in_body:
            self._pieces.append(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError as error:
            self._not_taken(error)
            return
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if not self._done:
                self._hand_on_taken()
                self._break(Failure("malformed", f"its answer is not valid HTTP: {error}"))
                return
            self._dirty = True
        if self._taken is not None:
            self._hand_on_taken()
        if self._done:
            self._complete()
        elif not self._in_body:  # the head must be whole before the deadline for the first byte, however it drips in
            self._head_fed += self._feed
            if self._head_fed > _HEAD_BYTES:
                self._break(_HEAD_TOO_LARGE)
        else:
            self._between_chunks = not self._in_chunk and data.endswith(b"\r\n")  # either a chunk's end, or in a new one
            if self._between_chunks:
                self._pressure.watch()
            self.stirred = True

    def connection_lost(self, exc: Exception | None) -> None:
        call, self._call = self._call, None
        self._origin.lost(self)
        self._parser = _NO_PARSER  # parser and connection hold each other: without this only the collector would free them
        if call is None or call.receiver is None:
            return
        if not self._heard:
            if self._used and not call.retried and call.body is not None:
                call.retried = True  # a kept connection that the other side had closed meanwhile
                call.connection = None
                self._origin.start(call, fresh=True)
                return
            call.fail(Failure("lost", "it closed the connection before it answered"))
        elif self._in_body and exc is None and not self._head.names(b"content-length", b"transfer-encoding"):
            self._end(call)  # an answer without framing ends with its connection
        elif self._in_body:
            call.fail(Failure("truncated", "it closed the connection in the middle of its answer"))
        else:
            call.fail(Failure("lost", "it closed the connection in the middle of its answer's head"))

    def pause_writing(self) -> None:
        self.writing_paused = True
        if self._call is not None:
            self._call.hold_upload(True)

    def resume_writing(self) -> None:
        self.writing_paused = False
        if self._call is not None:
            self.progressed()
            self._call.hold_upload(False)

    # --- called by the parser

    def on_message_begin(self) -> None:
        if self._done:
            self._dirty = True  # a second answer to one question: never taken for the next one's

    def on_headers_complete(self) -> None:
        call = self._call
        if self._done or call is None or call.receiver is None:
            return
        status = self._parser.get_status_code()
        if status < 200:
            self._interim += 1  # the true one follows
            return
        head = self._head = AnswerHead(self._pieces, self._interim)
        if self._head_fed + self._feed > _SURELY_SMALL and self._is_too_large(head):
            self._break(_HEAD_TOO_LARGE)
            return
        self._in_body = True
        call.receiver.on_head(status, head)
        if call.bodiless:
            self._done = self._dirty = True  # the parser would wait for the body that the headers describe

    def on_body(self, data: bytes) -> None:
        if self._done:
            return
        if self._taken is None:
            self._taken = data
        else:
            self._more.append(data)

    def on_chunk_header(self) -> None:
        self._in_chunk = True

    def on_chunk_complete(self) -> None:
        self._in_chunk = False

    def on_message_complete(self) -> None:
        if self._in_body:
            self._done = True
            if not self._parser.should_keep_alive():
                self._dirty = True

    # --- called by the call and by the origin

    def start(self, call: HttpCall) -> None:
        """Carry a request; the connection must be free."""
        self._call = call
        self._heard = self._in_body = self._done = self._between_chunks = self.stirred = False
        self._in_chunk = True
        self._head_fed = self._interim = 0
        self._pieces = []
        now = self._loop.time()
        self._over_at = now + self._longest_s
        self.deadline = now + self._first_byte_s
        call.begin(self)

    def await_answer(self) -> None:
        self.deadline = self._loop.time() + self._origin.limits.first_byte_timeout_s

    def progressed(self) -> None:
        """A piece of the body left, or could."""
        if not self._heard:
            self.deadline = self._loop.time() + self._origin.limits.idle_timeout_s

    def hold(self, hold: bool) -> None:
        """Stop or go on reading; meanwhile the upstream is not to blame for being slow."""
        if hold == self._held or self.transport.is_closing():
            return
        self._held = hold
        self.deadline = inf if hold else self._loop.time() + self._origin.limits.idle_timeout_s
        if self._resting:
            return  # it is not read from, and will be once neither holds it
        if hold:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def go_on(self) -> None:
        """For `Pressure`: the rest is over."""
        self._resting = False
        if not self._held and not self.transport.is_closing():
            self.transport.resume_reading()

    def put_off(self, now: float) -> None:
        """It was stirred: the time for the next piece begins anew."""
        self.stirred = False
        if self._call is not None and self._in_body and not self._held:
            self.deadline = min(now + self._origin.limits.idle_timeout_s, self._over_at)

    def expire(self) -> None:
        """The deadline is over."""
        if self._call is None:
            self.cut()
        elif self._in_body:
            limits = self._origin.limits
            ended = self._loop.time() >= self._over_at
            silent = f"it sent nothing for {limits.idle_timeout_s:g} s in the middle of its answer"
            self._break(Failure("timeout", f"it did not finish within {limits.longest_s:g} s" if ended else silent))
        else:
            self._break(Failure("timeout", f"it did not begin to answer within {self._origin.limits.first_byte_timeout_s:g} s"))

    def cut(self) -> None:
        self._call = None
        self._origin.lost(self)
        self.transport.abort()

    def _rest(self) -> None:
        if self._call is not None and not (self._resting or self._held or self.transport.is_closing()):
            self._resting = True
            self.transport.pause_reading()
            self._pressure.rest(self)

    def _hand_on_taken(self) -> None:
        """What one read brought, at once: many small pieces cost their receivers as much as one."""
        taken, self._taken = self._taken, None
        if self._more:
            taken, self._more = b"".join((taken or b"", *self._more)), []
        call = self._call
        if taken is None or call is None or call.receiver is None:
            return
        try:
            call.receiver.on_body(taken)
        except Exception as error:  # noqa: BLE001 - one request may fail, the loop and its other connections may not
            self._not_taken(error)

    def _not_taken(self, error: Exception) -> None:
        log.error("an answer could not be taken", exc_info=error)
        self._break(Failure("malformed", "its answer could not be taken"))

    def _is_too_large(self, head: AnswerHead) -> bool:
        return len(head) > _HEAD_LINES or self._head_fed + head.size() > _HEAD_BYTES

    def _complete(self) -> None:
        call, self._call = self._call, None
        if call is None or call.receiver is None:
            self.cut()
            return
        if self._held:
            self.hold(False)
        if self._dirty or not call.ended or self.transport.is_closing():
            self._origin.lost(self)
            self.transport.close()
        else:
            self._used = True
            self.deadline = self._loop.time() + self._origin.keep_s
            if self._waiting:
                self._origin.free(self)
            else:
                self._idle.append(self)
        receiver, call.receiver, call.connection = call.receiver, None, None
        receiver.on_end()

    def _break(self, failure: Failure) -> None:
        call = self._call
        self.cut()
        if call is not None:
            call.fail(failure)

    @staticmethod
    def _end(call: HttpCall) -> None:
        receiver, call.receiver, call.connection = call.receiver, None, None
        if receiver is not None:
            receiver.on_end()
