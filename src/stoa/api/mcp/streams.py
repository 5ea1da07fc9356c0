"""What `/mcp` answers with: one request's answer, the rest of one that broke off, and what changes in a session."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fastapi import Response
from starlette.types import Message, Receive, Scope, Send

from stoa.api.access import Caller
from stoa.api.mcp.scope import GONE, STREAM
from stoa.api.refusals import answer
from stoa.errors import LimitReached
from stoa.wiring import Control

if TYPE_CHECKING:  # late: the protocol's library is heavy
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from stoa.api.mcp.catalog import Held
    from stoa.api.mcp.resuming import Stream
    from stoa.api.mcp.server import Messages
    from stoa.api.mcp.sessions import Session, Sessions

_LETS_GO_S = 5.0
"""A connection that somebody else takes up is waited for so long."""


@dataclass(frozen=True, slots=True)
class Served:
    """`alone` answers each request by itself; `sessions` those of clients that shook hands."""

    answers: "Messages"
    alone: "StreamableHTTPSessionManager"
    sessions: "Sessions"


class Answered(Response):
    """What the protocol's library answers, streamed as it likes. `body` was read to see what it is, and is given again."""

    def __init__(self, served: Served, caller: Caller, body: bytes, session: "Session | None", *, begins: bool) -> None:
        super().__init__()
        self._served, self._caller, self._body, self._session, self._begins = served, caller, body, session, begins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": self._body, "more_body": False}

        try:
            if self._begins:
                await self._served.sessions.begin(self._caller, scope, again, send)
            elif self._session is not None:
                await self._session.transport.handle_request(scope, again, send)
            else:
                await self._served.alone.handle_request(scope, again, send)
        finally:
            if self._session is not None and (stream := scope.get(STREAM)) is not None:
                self._session.events.left(stream, 0)
            else:
                scope[GONE].set()


class Resumed(Response):
    """The rest of an answer whose connection broke off, as the caller may read it now."""

    def __init__(
        self, served: Served, session: "Session", parts: Control, caller: Caller, stream: "Stream", after: int
    ) -> None:
        super().__init__()
        self._served, self._session, self._parts = served, session, parts
        self._caller, self._stream, self._after = caller, stream, after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from sse_starlette import EventSourceResponse

        events, reader = self._session.events, self._session.events.take_up(self._stream)
        self._session.transport.close_sse_stream(self._stream.name)  # nothing is told on two connections
        headers = {"cache-control": "no-cache, no-transform", "mcp-session-id": self._session.id}
        try:
            await EventSourceResponse(self._told(reader), headers=headers)(scope, receive, send)
        finally:
            self._session.touch()
            events.left(self._stream, reader)

    async def _told(self, reader: int) -> AsyncGenerator[dict[str, str]]:
        async for event_id, data in self._session.events.follow(self._stream, self._after, reader, self._may_read):
            self._session.touch()
            yield {"event": "message", "id": event_id, "data": data}

    async def _may_read(self, held: "Held") -> bool:
        from stoa.api.mcp.watching import ENDS, as_now

        try:
            caller = await as_now(self._parts, self._caller)
        except ENDS:
            return False
        return await self._served.answers.resources.may_read(self._parts, caller, held)


class Listening(Response):
    """The stream on which a session is told what changes, until the client leaves or may listen no more.

    `after` is the last event that it came to know on an earlier one, which this one takes the place of.
    """

    def __init__(self, served: Served, session: "Session", parts: Control, caller: Caller, *, after: str | None = None) -> None:
        super().__init__()
        self._served, self._session, self._parts, self._caller = served, session, parts, caller
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = self._session
        if self._after is not None:
            await self._take_up(self._after)
            headers = [(name, value) for name, value in scope["headers"] if name != b"last-event-id"]
            scope = {**scope, "headers": headers}  # what was missed is known: the library is to begin anew
        if session.listening:  # there is one stream a session: the library says so
            await session.transport.handle_request(scope, receive, send)
            return
        try:
            with self._served.answers.changes.streams.one(session.owner):
                await self._listen(scope, receive, send)
        except LimitReached as error:
            await answer(error)(scope, receive, send)

    async def _take_up(self, after: str) -> None:
        session = self._session
        if session.listening:
            session.transport.close_standalone_sse_stream()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LETS_GO_S):
                    await session.silent.wait()
        session.watch.tell_again(session.events.missed(after))

    async def _listen(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._session.listening = True
        self._session.silent.clear()
        following = asyncio.create_task(self._follow())
        try:
            await self._session.transport.handle_request(scope, receive, send)
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            self._session.listening = False
            self._session.silent.set()

    async def _follow(self) -> None:
        from stoa.api.mcp.watching import ENDS

        try:
            await self._served.answers.changes.follow(self._session, self._parts, replace(self._caller, action="document:read"))
        except ENDS:
            await self._served.sessions.end(self._session)
        finally:
            self._session.transport.close_standalone_sse_stream()
