"""`/mcp`: the protocol over HTTP, as "streamable HTTP" without sessions, for whoever brings a key.

Browsers are let in from Stoa's own origin alone: a page of somebody else's that reaches this address under a name of its own
(DNS rebinding) says so in `Origin`.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from starlette.types import Receive, Scope, Send

from stoa.api.access import Caller, Parts, allow
from stoa.errors import Forbidden
from stoa.settings import Settings

if TYPE_CHECKING:  # late: see the class
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from stoa.api.mcp.catalog import Catalog

router = APIRouter(tags=["mcp"])

CALLER, ORIGIN = "stoa.caller", "stoa.origin"
"""Where a request's scope says who asks, and where people open the page."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Mcp:
    """The server behind the endpoint, made when somebody first asks: its library takes most of a second to load."""

    def __init__(self, catalog: "Callable[[], Catalog] | None" = None) -> None:
        self._catalog = catalog or _everything
        self._manager: StreamableHTTPSessionManager | None = None
        self._opening = asyncio.Lock()
        self._closing = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def manager(self) -> "StreamableHTTPSessionManager":
        async with self._opening:
            if self._manager is None:
                manager = await asyncio.to_thread(_load, self._catalog)
                started = asyncio.Event()
                self._running = asyncio.create_task(self._run(manager, started))
                await started.wait()
                self._manager = manager
            return self._manager

    async def close(self) -> None:
        self._closing.set()
        if self._running is not None:
            await self._running

    async def _run(self, manager: "StreamableHTTPSessionManager", started: asyncio.Event) -> None:
        """In a task of its own, since what it opens must be closed by the task that opened it."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(manager.run())
            started.set()
            await self._closing.wait()


class _Answer(Response):
    """What the protocol's library answers, streamed as it likes."""

    def __init__(self, manager: "StreamableHTTPSessionManager") -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


@router.post("/mcp", response_class=Response, openapi_extra={"requestBody": {"content": {"application/json": {"schema": {}}}}})
async def speak(request: Request, caller: Annotated[Caller, allow("mcp:use")], parts: Parts) -> Response:
    """One message of the Model Context Protocol, and its answer: JSON, or a stream of events."""
    return await _speak(request, caller, parts.settings)


@router.get("/mcp", response_class=Response, status_code=405)
async def listen(request: Request, caller: Annotated[Caller, allow("mcp:use")]) -> Response:
    """There are no messages beside the answers to one's own, so there is nothing to listen to."""
    return Response(status_code=405, headers={"allow": "POST"})


async def _speak(request: Request, caller: Caller, settings: Settings) -> Response:
    require_own_origin(request.headers.get("origin"), settings)
    mcp: Mcp = request.app.state.mcp
    request.scope[CALLER] = caller
    request.scope[ORIGIN] = page_of(request, settings)
    return _Answer(await mcp.manager())


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


def _load(catalog: "Callable[[], Catalog]") -> "StreamableHTTPSessionManager":
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings

    from stoa.api.mcp.server import make_server

    checked_here = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    return StreamableHTTPSessionManager(make_server(catalog()), stateless=True, security_settings=checked_here)


def _everything() -> "Catalog":
    from stoa.api.mcp.catalog import Catalog
    from stoa.api.mcp.documents import DocumentResources
    from stoa.api.mcp.prompts import PROMPTS
    from stoa.api.mcp.tools import TOOLS

    return Catalog(tools=TOOLS, resources=DocumentResources(), prompts=PROMPTS)
