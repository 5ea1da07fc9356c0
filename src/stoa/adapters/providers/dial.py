"""New connections to one upstream: looked up, held to the egress list, and made to the very address that was looked at."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from stoa.adapters.providers.egress import Egress
from stoa.adapters.providers.tls import TlsContexts
from stoa.domain.upstream import TlsOptions
from stoa.kit.tls import reason

if TYPE_CHECKING:
    from stoa.adapters.providers.connection import UpstreamConnection


class NoConnection(Exception):
    """Why there is none."""


class Dialer:
    """`tls` is None for an origin that is called without."""

    def __init__(self, host: str, port: int, *, tls: TlsOptions | None, contexts: TlsContexts, egress: Egress) -> None:
        self._host = host
        self._port = port
        self._tls = tls
        self._contexts = contexts
        self._egress = egress

    async def connect(self, make: Callable[[], UpstreamConnection]) -> UpstreamConnection:
        """Try the host's addresses in turn. Raises NoConnection."""
        context = self._context()
        failure: Exception | None = None
        for address in await self._addresses():
            try:
                return await self._open(make, address, context)
            except OSError as error:  # ssl.SSLError is one
                failure = failure or error
        raise NoConnection(f"no connection: {_why(failure)}")

    async def _open(
        self, make: Callable[[], UpstreamConnection], address: str, context: ssl.SSLContext | None
    ) -> UpstreamConnection:
        name = None
        if context is not None:
            name = (self._tls and self._tls.server_name) or self._host
        # An address is no name: it is not looked up again.
        _, connection = await asyncio.get_running_loop().create_connection(
            make, address, self._port, ssl=context, server_hostname=name
        )
        if connection.transport.is_closing():
            raise ConnectionResetError("it was closed at once")
        return connection

    async def _addresses(self) -> Sequence[str]:
        """Those that may be called, in the resolver's order."""
        refused = self._egress.refuses_host(self._host)
        if refused is not None:
            raise NoConnection(f"Stoa may not call it: {refused}")
        try:
            found = await asyncio.get_running_loop().getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise NoConnection(f"no connection: {self._host!r} is not found ({_why(error)})") from None
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        reasons = {each: self._egress.refuses_address(self._host, self._port, each) for each in addresses}
        allowed = [each for each in addresses if reasons[each] is None]
        if not allowed:
            raise NoConnection(f"Stoa may not call it: {next(filter(None, reasons.values()), 'it has no address')}")
        return allowed

    def _context(self) -> ssl.SSLContext | None:
        if self._tls is None:
            return None
        try:
            return self._contexts.of(self._tls)
        except (OSError, ValueError) as error:
            raise NoConnection(f"no connection: its TLS files cannot be used ({reason(error)})") from None


def _why(error: Exception | None) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
