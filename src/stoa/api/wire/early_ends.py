"""What a connection has at hand, and the ways in which it ends before its time."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections import deque
from typing import cast

from stoa.api.wire.answer import WireExchange
from stoa.api.wire.head import HeadReader, Problem

log = logging.getLogger("stoa.wire")

LINGER_S = 2.0  # how long the other side may go on sending after it was refused, so that it can read why


class EarlyEnds(HeadReader, ABC):
    """The part of a connection that refuses, fails and hangs up."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.transport = cast("asyncio.Transport", None)  # cast: set by connection_made, before any other call
        self._current: WireExchange | None = None  # being answered
        self._reading: WireExchange | None = None  # its body is being read
        self._waiting: deque[WireExchange] = deque()  # pipelined behind the current one
        self._chunked = False
        self._last = False  # no request will be taken after those at hand
        self._deaf = False  # refused: what still comes is dropped
        self._reading_paused = False

    @abstractmethod
    def _rearm(self) -> None:
        """Set the deadline that fits what is being waited for."""

    def _take_no_more(self) -> None:
        if self._deaf:
            return
        self._last = True
        final = self._waiting[-1] if self._waiting else self._current
        if final is not None and not final.started:
            final.keep_alive = False
        elif final is None:
            self._linger()

    def _broken(self, problem: Problem) -> None:
        """What is being read cannot be taken: refuse it, or hang up after the requests that came before it."""
        if self._deaf or self._last:
            return
        culprit, self._reading = self._reading, None
        self.head_open = self._chunked = False
        if self._current is not None and self._current is not culprit:
            if culprit is not None and culprit in self._waiting:
                self._waiting.remove(culprit)
            self._take_no_more()
        elif culprit is not None and culprit.started and not culprit.answered:
            self.transport.abort()
        else:
            self._drop_all()
            self._refuse(problem)

    def _refuse(self, problem: Problem) -> None:
        """Answer outside any exchange and hang up."""
        self.transport.write(problem.answer())
        self._linger()

    def _too_large(self, exchange: WireExchange, limit: int) -> None:
        intake, exchange.intake = exchange.intake, None
        if intake is not None:
            intake.on_gone()
        if exchange.started:
            self.transport.abort()
            return
        exchange.keep_alive = False
        exchange.refuse(413, "too_large", f"The body is larger than the {limit} bytes that are taken here.")

    def _failed(self, exchange: WireExchange, error: Exception) -> None:
        log.error("a request failed inside the server", exc_info=error)
        if exchange.started:
            self.transport.abort()
        else:
            exchange.refuse(500, "internal_error", "Stoa failed to answer; its log says why.")

    def _drop_all(self) -> None:
        current, self._current = self._current, None
        self._waiting.clear()
        if current is not None:
            intake = current.forget()
            if intake is not None:
                intake.on_gone()

    def _linger(self) -> None:
        """Hang up without losing the answer: a close with unread input would reset the connection under it."""
        self._deaf = True
        self._drop_all()
        self._rearm()
        if not self.transport.is_closing():
            self._reading_paused = False
            self.transport.resume_reading()
            if self.transport.can_write_eof():  # TLS has no half of a connection: there it ends with the deadline
                self.transport.write_eof()
