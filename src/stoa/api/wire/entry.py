"""An entry whose connections begin with something other than HTTP: a PROXY header, a TLS handshake, or both in this order.

Connections are accepted here instead of by the loop, so that the header is off before the handshake begins and every handshake
takes the newest certificate. Limits: a plain entry without PROXY headers does not need this, and does not pay for it.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from typing import TYPE_CHECKING

from stoa.api.wire.connection import Connection
from stoa.api.wire.peers import Proxies, believed
from stoa.api.wire.preface import Malformed, take_client

if TYPE_CHECKING:
    from stoa.api.wire.server import Server
    from stoa.kit.tls import Contexts

log = logging.getLogger("stoa.wire")

_AT_ONCE = 64  # accepted in one turn of the loop
_OUT_OF_FILES_S = 1.0
_BEGIN_S = 10.0
"""How long header and handshake may take together."""


class Entry:
    """One listening socket. `tls` gives the context of each connection; `announcing` are the proxies that send headers."""

    def __init__(
        self,
        listening: socket.socket,
        *,
        tls: Contexts | None = None,
        announcing: Proxies | None = None,
        begin_s: float = _BEGIN_S,
    ) -> None:
        self._listening = listening
        self._tls = tls
        self._announcing = announcing
        self._begin_s = begin_s
        self._beginning: set[asyncio.Task[None]] = set()
        self._paused: asyncio.TimerHandle | None = None

    @property
    def beginning(self) -> int:
        """Connections that are not yet at their first request."""
        return len(self._beginning)

    def open(self, server: Server) -> None:
        self._listening.setblocking(False)
        if self._listening.family in (socket.AF_INET, socket.AF_INET6):
            self._listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        asyncio.get_running_loop().add_reader(self._listening, self._accept, server)

    def close(self) -> None:
        if self._paused is not None:
            self._paused.cancel()
        asyncio.get_running_loop().remove_reader(self._listening)
        self._listening.close()
        for task in self._beginning:
            task.cancel()

    async def wait_closed(self) -> None:
        """Until what had not begun is given up."""
        await asyncio.gather(*self._beginning, return_exceptions=True)

    def _accept(self, server: Server) -> None:
        for _ in range(_AT_ONCE):
            try:
                accepted, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._wait(server, error)
                return
            if not server.has_room_for(len(self._beginning) + 1):
                accepted.close()
                continue
            task = asyncio.get_running_loop().create_task(self._begin(server, accepted, address[0]))
            self._beginning.add(task)
            task.add_done_callback(self._beginning.discard)

    def _wait(self, server: Server, error: OSError) -> None:
        """Without files to open, trying again at once would take the whole core."""
        if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
            raise error
        log.error("no connection can be accepted for a second: %s", error)
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listening)
        self._paused = loop.call_later(_OUT_OF_FILES_S, self.open, server)

    async def _begin(self, server: Server, accepted: socket.socket, peer: str) -> None:
        try:
            accepted.setblocking(False)
            async with asyncio.timeout(self._begin_s):
                told = await self._told(accepted, peer)
                await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: Connection(server, told, secure=self._tls is not None),
                    accepted,
                    ssl=self._tls() if self._tls is not None else None,
                )
        except (OSError, Malformed) as error:  # TimeoutError and ssl.SSLError are among them
            log.debug("a connection from %s did not begin: %s", peer, error or "in time")
            accepted.close()
        except asyncio.CancelledError:
            accepted.close()
            raise

    async def _told(self, accepted: socket.socket, peer: str) -> str | None:
        """Who is at the far end, where a proxy tells it."""
        if self._announcing is None or not self._announcing.trusts(peer):
            return None
        client = await take_client(accepted)
        return None if client is None else believed(client, teller=peer)
