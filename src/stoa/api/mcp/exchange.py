"""What a request of the protocol carries beside its message, the time that it may take, and how its errors are said."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from starlette.requests import Request

from stoa.api.mcp.scope import SESSION
from stoa.api.mcp.sessions import Session
from stoa.errors import CallerError, InvalidRequest, NotFound, StoaError

Context = ServerRequestContext[Any, Any]  # Any: the library's own; nothing is kept in the first, the second is the request

_NOT_FOUND = -32002


def request_of(context: Context) -> Request:
    request: Request | None = context.request
    assert request is not None, "a transport that gives no request"
    return request


def session_of(context: Context) -> Session | None:
    return request_of(context).scope.get(SESSION)


class CallLimit:
    """Implements `catalog.Limit`."""

    def __init__(self) -> None:
        self._timeout: asyncio.Timeout | None = None

    def running(self, seconds: float) -> asyncio.Timeout:
        self._timeout = asyncio.timeout(seconds)
        return self._timeout

    @contextmanager
    def held(self) -> Generator[None]:
        timeout = self._timeout
        until = timeout.when() if timeout is not None else None
        if timeout is None or until is None:
            yield
            return
        now = asyncio.get_running_loop().time
        left = until - now()
        timeout.reschedule(None)
        try:
            yield
        finally:
            timeout.reschedule(now() + left)


def refused(error: StoaError) -> MCPError:
    match error:
        case NotFound():
            return MCPError(_NOT_FOUND, error.message)
        case InvalidRequest():
            return MCPError(types.INVALID_PARAMS, error.message)
        case CallerError():
            return MCPError(types.INVALID_REQUEST, error.message)
        case _:
            return MCPError(types.INTERNAL_ERROR, error.message)
