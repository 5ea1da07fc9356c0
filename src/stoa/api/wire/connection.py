"""One client connection: bytes in, requests out, one at a time and in order.

httptools (llhttp, strict) reads the syntax and refuses what smuggling needs: two lengths, length beside chunks, bare CR or LF,
folded headers. This file adds the limits, the timeouts, the order of pipelined requests and the flow control.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, cast

import httptools

from stoa.api.wire.answer import WireExchange
from stoa.api.wire.early_ends import LINGER_S, EarlyEnds
from stoa.api.wire.head import Problem, problem_of
from stoa.api.wire.kept_head import KeptHead
from stoa.api.wire.peers import FarEnd

if TYPE_CHECKING:
    from stoa.api.wire.server import Server

_DISCARD = 65_536  # rest of a body that is dropped to keep the connection; a longer rest costs the connection
_FRAMING = 1_048_576  # bytes that a chunked body may spend on chunk sizes, extensions and trailers
_BODY_RATE = 16_384  # bytes a second at which a long body must at least arrive, once the read timeout is over

_NO_PARSER = cast("httptools.HttpRequestParser", None)  # cast: nothing is parsed any more


class Connection(EarlyEnds, asyncio.Protocol):
    """The asyncio protocol of a client connection."""

    def __init__(self, server: Server, told_peer: str | None = None, *, secure: bool = False) -> None:
        super().__init__(server.limits.header_bytes)
        self._server = server
        self.far = FarEnd(server.proxies, told_peer, secure=secure)
        self._parser = httptools.HttpRequestParser(self)
        self.deadline = inf
        self._framing = 0
        self._pumping = False
        self._kept = KeptHead()
        self._hold_body = False
        self._writing_paused = False

    # --- called by the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # cast: a stream's transport both reads and writes
        self.far.transport = transport
        if self._server.join(self):
            self.transport.set_write_buffer_limits(high=self._server.limits.write_buffer_bytes)
            self.deadline = self._server.now + self._server.limits.keep_alive_s
        else:
            self._refuse(Problem(503, "too_many_connections", "Stoa has all the connections it takes. Try again later."))

    def data_received(self, data: bytes) -> None:
        if self._deaf or self._last:
            return
        busy = self.head_open or self._writing_paused or self._waiting or self._reading or self._server.draining
        if self._current is None and not busy:
            body = self._kept.find(data)
            if body is not None:  # the parser stands between two requests before and after
                self._take_again(body)
                return
        self._feed = len(data)
        if self.head_open:
            self._fed += self._feed
        if self._chunked:
            self._framing += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._take_no_more()  # an upgrade is not offered: the request is answered as an ordinary one, the last
        except httptools.HttpParserCallbackError:
            raise
        except httptools.HttpParserError as error:
            self._broken(Problem(400, "malformed_request", f"The request is not valid HTTP/1.1: {error}."))
        self._kept.forget_read()
        if self.head_open and self.head_overflows:
            self._broken(self.too_long())
        elif self._chunked and self._framing > _FRAMING:
            self._broken(
                Problem(400, "malformed_request", "The chunked body spends too much on sizes, extensions or trailers.")
            )

    def eof_received(self) -> None:
        """A client that closes its side has gone: returning None closes the transport."""

    def pause_writing(self) -> None:
        self._writing_paused = True
        self._rearm()
        self._steer()
        if self._current is not None and self._current.intake is not None:
            self._current.intake.on_pause()

    def resume_writing(self) -> None:
        self._writing_paused = False
        self._rearm()
        if self._deaf:
            return
        if self._current is None:
            self._next()
        elif self._current.intake is not None:
            self._current.intake.on_resume()
        self._steer()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._deaf = True
        self._server.leave(self)
        self._drop_all()
        self._parser = _NO_PARSER  # parser and connection hold each other: without this only the collector would free them

    # --- called by the parser

    def on_message_begin(self) -> None:
        self.begin_head()
        if self._current is None:
            self.deadline = self._server.now + self._server.limits.read_timeout_s

    def on_headers_complete(self) -> None:
        self.head_open = False
        if self._deaf or self._last:
            return
        parser, headers = self._parser, self.headers
        # Kept alive unasked: only 1.1 is. Asking the parser makes a string each time.
        keep_alive = parser.should_keep_alive() and not self._server.draining
        version = "1.1" if keep_alive and b"connection" not in headers else parser.get_http_version()
        exchange = self._reading = WireExchange(self, parser.get_method(), self.target, headers, keep_alive, version == "1.0")
        self._chunked = b"transfer-encoding" in headers
        self._framing = 0
        problem: Problem | None
        if (self._fed or self._feed > self._limit) and self.is_too_long():
            problem = self.too_long()
        else:
            problem = problem_of(exchange, version, repeated=self.repeated)
        if problem is not None:
            self._broken(problem)
        elif self._current is None and not self._writing_paused:
            self._open(exchange)
        else:
            exchange.parts = []
            self._waiting.append(exchange)
            self._steer()

    def on_body(self, data: bytes) -> None:
        exchange = self._reading
        if exchange is None or self._deaf:
            return
        size = len(data)
        exchange.size += size
        if self._chunked:
            self._framing -= size
        if exchange.parts is not None:
            exchange.parts.append(data)  # at most what one read brought: reading is paused meanwhile
        else:
            self.deadline += size / _BODY_RATE
            self._deliver(exchange, data)

    def on_message_complete(self) -> None:
        exchange, self._reading = self._reading, None
        self._chunked = False
        if exchange is None or self._deaf:
            return
        exchange.received = True
        if not exchange.keep_alive:
            self._last = True
        if exchange.parts is None:
            self._kept.keep(exchange, self.headers)
            self._complete(exchange)

    # --- called by the exchange and by the server

    def answered(self, exchange: WireExchange) -> None:
        """The current exchange's answer is whole."""
        if self._hold_body:
            self.hold_body(False)
        if not exchange.keep_alive:
            if exchange.received:
                self._deaf = True
                self.transport.close()
            else:
                self._linger()
        elif exchange.received:
            self._next()
        elif exchange.length > _DISCARD:
            self._linger()

    def hold_body(self, hold: bool) -> None:
        """Stop or go on reading the body of the request at hand; meanwhile the client is not to blame for being slow."""
        self._hold_body = hold
        self._rearm()
        self._steer()

    def drain(self) -> None:
        """The server stops: the answers at hand say that they are the last. A request may be on its way already, so wait."""
        final = self._waiting[-1] if self._waiting else self._current
        if final is not None and not final.started:
            final.keep_alive = False
            self._last = self._last or final.received

    def part(self) -> None:
        """Nothing more is waited for: hang up unless a request is at hand."""
        if self._current is None and not self._waiting and not self.head_open and not self._deaf:
            self._deaf = True
            self.transport.close()

    def expire(self) -> None:
        """The deadline is over."""
        if self._writing_paused or self._deaf:
            self.transport.abort()
        elif self.head_open or self._reading is not None:
            self._broken(Problem(408, "request_timeout", "The request did not arrive in time."))
        else:
            self.transport.close()

    # --- the story of a request

    def _open(self, exchange: WireExchange) -> None:
        self._current = exchange
        try:
            intake = self._server.application.accept(exchange)
        except Exception as error:  # noqa: BLE001 - one request may fail, its connection and the server may not
            self._failed(exchange, error)
            return
        if exchange.answered:
            return
        exchange.intake = intake
        headers = exchange.headers
        length = headers.get(b"content-length")
        if length is not None:
            exchange.length = int(length)
            if exchange.length > intake.body_limit:
                self._too_large(exchange, intake.body_limit)
                return
        if b"expect" in headers and not exchange.old and exchange.size == 0:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _take_again(self, body: bytes) -> None:
        """A whole request whose head was taken before: `_open`, `_deliver` and `_complete` in one."""
        head = self._kept
        exchange = self._current = WireExchange(self, head.method, head.target, head.headers, True, False)
        exchange.length = exchange.size = size = len(body)
        exchange.known = head.known
        self.deadline = inf
        try:
            intake = self._server.application.accept(exchange)
            head.known = exchange.known
            if exchange.answered:
                pass
            elif size > intake.body_limit:
                exchange.intake = intake
                self._too_large(exchange, intake.body_limit)
            else:
                exchange.intake, exchange.received = intake, True
                if size:
                    intake.on_body(body)
                if not exchange.answered:
                    intake.on_end()
        except Exception as error:  # noqa: BLE001 - one request may fail, its connection and the server may not
            self._failed(exchange, error)
        if exchange.answered and not exchange.received and not self._deaf:  # at its head, and the body was here already
            exchange.received = True
            self._next()

    def _deliver(self, exchange: WireExchange, data: bytes) -> None:
        intake = exchange.intake
        if intake is None:  # answered before its body was read
            if exchange.size > _DISCARD:
                self._linger()
        elif exchange.size > intake.body_limit:
            self._too_large(exchange, intake.body_limit)
        else:
            try:
                intake.on_body(data)
            except Exception as error:  # noqa: BLE001 - one request may fail, its connection and the server may not
                self._failed(exchange, error)

    def _complete(self, exchange: WireExchange) -> None:
        self.deadline = inf
        if exchange.answered:
            self._next()
        elif exchange.intake is not None:
            try:
                exchange.intake.on_end()
            except Exception as error:  # noqa: BLE001 - one request may fail, its connection and the server may not
                self._failed(exchange, error)

    def _free(self) -> bool:
        """A look of its own: where `_next` set the field to None, the compiler takes it for None from then on."""
        return self._current is None

    def _next(self) -> None:
        """Go on with the request that waits, else be idle. A loop and not a recursion: thousands may wait."""
        self._current = None
        if self._pumping:
            return
        self._pumping = True
        while self._waiting and self._free() and not self._writing_paused and not self._deaf:
            exchange = self._waiting.popleft()
            parts, exchange.parts = exchange.parts or [], None
            received, exchange.received = exchange.received, False
            self._open(exchange)
            for part in parts:
                if not self._deaf:
                    self._deliver(exchange, part)
            exchange.received = received
            if received and not self._deaf:
                self._complete(exchange)
        self._pumping = False
        if self._deaf:
            return
        idle = self._free() and not self._waiting and not self.head_open
        if idle and (self._server.parting or self._last):
            self.part()
        elif idle and not self._reading_paused and not self._writing_paused and self._reading is None:
            self.deadline = self._server.now + self._server.limits.keep_alive_s  # what the two below come to
        else:
            self._rearm()
            self._steer()

    def _rearm(self) -> None:
        """Set the deadline that fits what is being waited for."""
        limits, wait = self._server.limits, inf
        if self._writing_paused:
            wait = limits.stall_s
        elif self._deaf:
            wait = LINGER_S
        elif self._hold_body:
            pass  # it is not the client that is slow
        elif self._current is None or self._current is self._reading:
            wait = limits.read_timeout_s if self.head_open or self._reading is not None else limits.keep_alive_s
        self.deadline = self._server.now + wait

    def _steer(self) -> None:
        """Read from the client only while there is room for what it sends."""
        pause = self._hold_body or self._writing_paused or bool(self._waiting)
        if pause != self._reading_paused and not self.transport.is_closing():
            self._reading_paused = pause
            if pause:
                self.transport.pause_reading()
            else:
                self.transport.resume_reading()
