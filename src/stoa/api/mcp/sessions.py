"""Sessions of clients that shook hands: what each said of itself, what it watches, and a way to reach it.

A session lives in this process alone, is its owner's alone, and ends when the client says so or does nothing for a while. Its
id on another process, or after a restart, is not known: the client begins anew, as the protocol has it.
"""

import asyncio
import logging
import math
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.server.lowlevel import NotificationOptions, Server
from mcp.server.runner import serve_loop
from mcp.server.session import ServerSession
from mcp.server.streamable_http import StreamableHTTPServerTransport
from starlette.types import Message, Receive, Scope, Send

from stoa.api.access import Caller
from stoa.api.mcp.resuming import Events, Room
from stoa.api.mcp.watching import Watch
from stoa.errors import NotFound, NotReady

IDLE_S = 30 * 60.0
MOST = 2000
MOST_OF_ONE = 50
"""Of one key or person: the one that was used longest ago makes room."""

log = logging.getLogger("stoa.mcp")


@dataclass(eq=False, slots=True)
class Session:
    """`speaker` sends what is no answer, on the stream that the client listens on."""

    id: str
    owner: str
    transport: StreamableHTTPServerTransport
    events: Events
    watch: Watch = field(default_factory=Watch)
    remembered: dict[str, str] = field(default_factory=dict[str, str])
    speaker: ServerSession | None = None
    listening: bool = False
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when nobody listens any more."""

    def touch(self) -> None:
        """Something of it is going on beside its transport."""
        scope = self.transport.idle_scope
        if scope is not None and not scope.cancel_called and scope.deadline != math.inf:
            scope.deadline = anyio.current_time() + IDLE_S


class Sessions:
    """Those of this process, the one used last at the end."""

    def __init__(self, server: Server[Any]) -> None:  # Any: what its handlers share, which is nothing
        self._server = server
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = Room()

    def __len__(self) -> int:
        return len(self._sessions)

    def find(self, session_id: str, caller: Caller) -> Session:
        """Raises NotFound for one that is not known here or somebody else's: both are told the same."""
        session = self._sessions.get(session_id)
        if session is None or session.owner != caller.principal.id:
            raise NotFound(
                "This session is not known here: it ended, or it began before Stoa was restarted or in another process. "
                "Begin a new one with 'initialize'.", param="mcp-session-id", code="session",
            )  # fmt: skip
        self._sessions.move_to_end(session.id)
        return session

    async def begin(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request that shakes hands; where that fails there is no session. Raises NotReady at the limit."""
        session = await self._open(caller.principal.id)
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            status = message["status"] if message["type"] == "http.response.start" else status
            await send(message)

        try:
            await session.transport.handle_request(scope, receive, watched)
        finally:
            if status >= 400:
                await self.end(session)

    async def end(self, session: Session) -> None:
        self._sessions.pop(session.id, None)
        session.events.close()
        if not session.transport.is_terminated:
            with anyio.CancelScope(shield=True):
                await session.transport.terminate()

    async def close(self) -> None:
        for session in list(self._sessions.values()):
            await self.end(session)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _open(self, owner: str) -> Session:
        own = [each for each in self._sessions.values() if each.owner == owner]
        if len(own) >= MOST_OF_ONE:
            await self.end(own[0])
        elif len(self._sessions) >= MOST:
            raise NotReady(f"{MOST:,} sessions of MCP are open, which is the most; end some, or try again later.")
        session_id, events = uuid.uuid4().hex, Events(self._room)
        transport = StreamableHTTPServerTransport(session_id, event_store=events, idle_timeout=IDLE_S)
        session = Session(session_id, owner, transport, events)
        self._sessions[session_id] = session
        started = asyncio.Event()
        task = asyncio.create_task(self._serve(session, started))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await started.wait()
        return session

    async def _serve(self, session: Session, started: asyncio.Event) -> None:
        options = self._server.create_initialization_options(NotificationOptions(resources_changed=True))
        try:
            async with session.transport.connect() as (messages, answers):
                started.set()
                with session.transport.idle_scope or anyio.CancelScope():
                    await serve_loop(
                        self._server, messages, answers, lifespan_state={}, session_id=session.id, init_options=options
                    )
        except Exception:
            log.exception("session failed")
        finally:
            started.set()
            await self.end(session)
