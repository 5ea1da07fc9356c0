"""What Stoa's own roles ask of a gateway beside requests to models: a body in, an answer that takes a while, nothing kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from stoa.domain.exchange import Exchange
from stoa.domain.refusal import refusal_of
from stoa.errors import InternalError, StoaError

log = logging.getLogger("stoa.gateway")

Work = Callable[[bytes], Awaitable[bytes]]
"""The body of a request to the body of its answer, both JSON. Raises StoaError."""


class Errand:
    """Implements `domain.exchange.Intake`. `what` is said of it where it fails for a reason that nobody foresaw."""

    def __init__(self, exchange: Exchange, work: Work, lines: bytes, *, request_id: str, limit: int, what: str) -> None:
        self.body_limit = limit
        self._exchange = exchange
        self._work = work
        self._lines = lines
        self._request_id = request_id
        self._what = what
        self._body = bytearray()
        self._task: asyncio.Task[None] | None = None

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_end(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._answer())

    def on_gone(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def on_pause(self) -> None: ...

    def on_resume(self) -> None: ...

    async def _answer(self) -> None:
        try:
            answer = await self._work(bytes(self._body))
        except StoaError as error:
            self._exchange.send(error.status, self._lines, refusal_of(error))
        except Exception:
            log.exception("%s failed", self._what, extra={"request_id": self._request_id})
            error = InternalError(f"{self._what.capitalize()} failed; Stoa's log says why.")
            self._exchange.send(error.status, self._lines, refusal_of(error))
        else:
            self._exchange.send(200, self._lines, answer)
