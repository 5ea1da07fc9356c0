"""A website on a socket of this machine, whose pages a test changes while it runs."""

import asyncio
import contextlib
import hashlib
import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from urllib.parse import unquote

from stoa.api.wire.handlers import HandlerApplication
from stoa.api.wire.limits import Limits
from stoa.api.wire.messages import Request, Response
from stoa.api.wire.server import Server


@dataclass
class Shown:
    """What is at an address. `status` 0 is an answer that never comes."""

    body: bytes
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass
class WebSite:
    """Pages by path with its query, unquoted. Each has an ETag, and is not sent to who has it, unless `tagged` is false."""

    url: str
    pages: dict[str, Shown] = field(default_factory=dict[str, Shown])
    next: dict[str, Shown] = field(default_factory=dict[str, Shown])
    """What takes a page's place once it has been asked for."""
    tagged: bool = True
    asked: list[str] = field(default_factory=list[str])
    agents: set[str] = field(default_factory=set[str])
    sent: int = 0

    def show(
        self, path: str, body: str | bytes, kind: str = "text/html; charset=utf-8", *, status: int = 200, **headers: str
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.pages[path] = Shown(data, kind, status, {name.replace("_", "-"): value for name, value in headers.items()})

    async def handle(self, request: Request) -> Response:
        path = unquote(request.path) + (f"?{request.query}" if request.query else "")
        self.asked.append(path)
        self.agents.add(request.headers.get("user-agent") or "")
        page = self.pages.get(path)
        if path in self.next:
            self.pages[path] = self.next.pop(path)
        if page is None:
            return Response(404, b"nothing here")
        if page.status == 0:
            await asyncio.Event().wait()
        tag = f'"{hashlib.sha256(page.body).hexdigest()[:16]}"'
        headers = {"content-type": page.kind, **page.headers, **({"etag": tag} if self.tagged else {})}
        if self.tagged and request.headers.get("if-none-match") == tag:
            return Response(304, b"", headers)
        self.sent += 1
        return Response(page.status, page.body, headers)


@contextlib.asynccontextmanager
async def website() -> AsyncGenerator[tuple[WebSite, Server]]:
    """The site and its server, which a test may drain before."""
    listening = socket.create_server(("127.0.0.1", 0))
    found = WebSite(f"http://127.0.0.1:{listening.getsockname()[1]}")
    server = Server(HandlerApplication(found.handle, 1_000_000), Limits(drain_s=0.1))
    await server.listen([listening])
    try:
        yield found, server
    finally:
        await server.drain()
