"""/healthz and /readyz of a role that serves nothing else."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

_READ_TIMEOUT_S = 5.0
_HEAD_BYTES = 8192


@asynccontextmanager
async def serve_health(listener: socket.socket, not_ready: Callable[[], Sequence[str]]) -> AsyncGenerator[None]:
    """Answer on the socket while this is open. `not_ready` are the reasons why this role is not, none when it is."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_READ_TIMEOUT_S):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_answer(head, not_ready()))
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            return  # whoever asked so did not want to know
        finally:
            writer.close()

    server = await asyncio.start_server(answer, sock=listener, limit=_HEAD_BYTES)
    try:
        yield
    finally:
        server.close()


def _answer(head: bytes, reasons: Sequence[str]) -> bytes:
    method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    status, body = b"404 Not Found", dict[str, object](reasons=["There are /healthz and /readyz here."])
    if method in (b"GET", b"HEAD") and path == b"/healthz":
        status, body = b"200 OK", {"status": "alive"}
    elif method in (b"GET", b"HEAD") and path == b"/readyz":
        status = b"503 Service Unavailable" if reasons else b"200 OK"
        body = {"ready": not reasons, "reasons": list(reasons)}
    content = json.dumps(body).encode()
    lines = [
        b"HTTP/1.1 " + status,
        b"content-type: application/json",
        b"content-length: %d" % len(content),
        b"connection: close",
    ]
    return b"\r\n".join([*lines, b"", b"" if method == b"HEAD" else content])
