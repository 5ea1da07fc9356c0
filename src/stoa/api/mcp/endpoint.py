"""`/mcp`: the protocol over HTTP, as "streamable HTTP", for whoever brings a key.

A client that shakes hands has a session from then on; newer ones send all that there is to know with each request, and so may
older ones that want to be asked and told nothing: those requests may go to any process. Browsers are let in from Stoa's own
origin alone: a page of somebody else's that reaches this address under a name of its own (DNS rebinding) says so in `Origin`.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response

from stoa.api.access import Allow, Caller, Parts, presented_by
from stoa.api.mcp.scope import CALLER, GONE, ORIGIN, SESSION
from stoa.api.mcp.streams import Answered, Listening, Resumed, Served
from stoa.errors import Forbidden, Unauthenticated
from stoa.settings import Settings

if TYPE_CHECKING:  # late: see the class
    from stoa.api.mcp.catalog import Catalog

router = APIRouter(tags=["mcp"])

_HOW = (
    "A client of MCP sends a key of Stoa with every request, as the header 'Authorization: Bearer sk-stoa-...'; there is no "
    "sign-in by OAuth."
)
_MAKE_ONE = "Make a key with `stoa key create NAME`, or ask whoever runs this Stoa for one."
_SESSION_HEADER, _LAST_EVENT_HEADER = "mcp-session-id", "last-event-id"


class _AllowMcp(Allow):
    """Says to clients that know nothing of Stoa where a key belongs: they show it to whoever set them up."""

    async def __call__(self, request: Request) -> Caller:
        try:
            return await super().__call__(request)
        except Unauthenticated as error:
            raise Unauthenticated(self._why(request, error), code=error.code) from None

    def _why(self, request: Request, error: Unauthenticated) -> str:
        if presented_by(request).bearer:
            return f"{error.message} {_HOW}"
        if "authorization" in request.headers:
            return f"The header 'Authorization' holds no bearer token. {_HOW} {_MAKE_ONE}"
        if "x-api-key" in request.headers:
            return f"No key is looked for in 'x-api-key' here. {_HOW} {_MAKE_ONE}"
        return f"No key was sent. {_HOW} {_MAKE_ONE}"


_Caller = Annotated[Caller, Depends(_AllowMcp("mcp:use"))]


class Mcp:
    """The server behind the endpoint, made when somebody first asks: its library takes most of a second to load."""

    def __init__(self, catalog: "Callable[[], Catalog] | None" = None) -> None:
        self._catalog = catalog or _everything
        self._server: Served | None = None
        self._opening = asyncio.Lock()
        self._closing = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def server(self) -> "Served":
        async with self._opening:
            if self._server is None:
                server = await asyncio.to_thread(_load, self._catalog)
                started = asyncio.Event()
                self._running = asyncio.create_task(self._run(server, started))
                await started.wait()
                self._server = server
            return self._server

    async def close(self) -> None:
        self._closing.set()
        if self._running is not None:
            await self._running

    async def _run(self, server: "Served", started: asyncio.Event) -> None:
        """In a task of its own, since what it opens must be closed by the task that opened it."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(server.alone.run())
            started.set()
            await self._closing.wait()
            await server.sessions.close()


@router.post("/mcp", response_class=Response, openapi_extra={"requestBody": {"content": {"application/json": {"schema": {}}}}})
async def speak(request: Request, caller: _Caller, parts: Parts) -> Response:
    """One message of the Model Context Protocol, and its answer: JSON, or a stream of events."""
    served = await _served(request, caller, parts.settings)
    body, named = await request.body(), request.headers.get(_SESSION_HEADER)
    session = served.sessions.find(named, caller) if named is not None else None
    request.scope[SESSION], request.scope[GONE] = session, asyncio.Event()
    return Answered(served, caller, body, session, begins=session is None and _shakes_hands(body))


@router.get("/mcp", response_class=Response)
async def listen(request: Request, caller: _Caller, parts: Parts) -> Response:
    """What changes among what a session of the Model Context Protocol watches; by `Last-Event-ID`, the rest of an answer."""
    named = request.headers.get(_SESSION_HEADER)
    if named is None:
        return Response(status_code=405, headers={"allow": "POST"})
    served = await _served(request, caller, parts.settings)
    session, after = served.sessions.find(named, caller), request.headers.get(_LAST_EVENT_HEADER)
    if after and not session.events.is_of_changes(after):
        return Resumed(served, session, parts, caller, *session.events.after(after))
    return Listening(served, session, parts, caller, after=after or None)


@router.delete("/mcp", response_class=Response, status_code=204)
async def end(request: Request, caller: _Caller, parts: Parts) -> Response:
    """End a session of the Model Context Protocol."""
    served = await _served(request, caller, parts.settings)
    await served.sessions.end(served.sessions.find(request.headers.get(_SESSION_HEADER, ""), caller))
    return Response(status_code=204)


async def _served(request: Request, caller: Caller, settings: Settings) -> Served:
    require_own_origin(request.headers.get("origin"), settings)
    mcp: Mcp = request.app.state.mcp
    request.scope[CALLER] = caller
    request.scope[ORIGIN] = page_of(request, settings)
    return await mcp.server()


def _shakes_hands(body: bytes) -> bool:
    if b"initialize" not in body:
        return False
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and cast("dict[str, object]", message).get("method") == "initialize"  # cast: JSON objects


_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def require_own_origin(origin: str | None, settings: Settings) -> None:
    """Raises Forbidden for a browser that is on a page of somebody else's."""
    if origin is None:
        return
    sent, own = urlsplit(origin), urlsplit(settings.url)
    if (sent.scheme, sent.netloc) == (own.scheme, own.netloc) or {sent.hostname, own.hostname} <= _LOOPBACK:
        return
    raise Forbidden(
        f"The page at {origin[:200]!r} may not ask here: browsers are let in from {settings.url} alone (public_url).",
        code="origin",
    )


def page_of(request: Request, settings: Settings) -> str:
    """Where people open the page: as set, or as they came."""
    if settings.public_url is not None:
        return settings.public_url.rstrip("/")
    headers = request.headers
    host = headers.get("x-forwarded-host") or headers.get("host") or "localhost"
    return f"{headers.get('x-forwarded-proto', 'http')}://{host}"


def _load(catalog: "Callable[[], Catalog]") -> Served:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings

    from stoa.api.mcp.server import Messages, make_server
    from stoa.api.mcp.sessions import Sessions

    checked_here = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    answers = Messages(catalog())
    server = make_server(answers)
    alone = StreamableHTTPSessionManager(server, stateless=True, security_settings=checked_here)
    return Served(answers, alone, Sessions(server))


def _everything() -> "Catalog":
    from stoa.api.mcp.catalog import Catalog
    from stoa.api.mcp.documents import DocumentResources
    from stoa.api.mcp.prompts import PROMPTS
    from stoa.api.mcp.tools import TOOLS

    return Catalog(tools=TOOLS, resources=DocumentResources(), prompts=PROMPTS)
