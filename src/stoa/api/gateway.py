"""Runs a gateway worker: the entry that everybody comes through."""

import gc
import logging
import socket
import sys

from stoa.api.wire.entry import Entry
from stoa.api.wire.limits import Limits
from stoa.api.wire.peers import Proxies
from stoa.api.wire.server import Server, serve_application
from stoa.kit.compiled import State, told
from stoa.kit.logs import configure_logging
from stoa.settings import GatewaySettings, Settings
from stoa.wiring import gateway

log = logging.getLogger("stoa.gateway")

_GIVE_WAY_S = 0.0005
"""How long a thread that writes a file may keep requests waiting. Python's own 5 ms is most of what an answer takes."""


def run(
    settings: Settings, listener: socket.socket, hot_path: State, *, own: socket.socket | None = None, worker: int = 1
) -> None:
    """Serve on the sockets until SIGTERM or SIGINT, answer what is under way, and return.

    `own` is for Stoa's own roles: plain HTTP, whatever the entry speaks.
    """
    import uvloop

    configure_logging("gateway" if worker == 1 else f"gateway-{worker}", settings.log_level)
    uvloop.run(_serve(settings, listener, hot_path, own, worker))


async def _serve(settings: Settings, listener: socket.socket, hot_path: State, own: socket.socket | None, worker: int) -> None:
    entries = _entries(settings.gateway, listener)
    sockets = [each for each in (None if entries else listener, own) if each is not None]
    proxies = Proxies(settings.gateway.trusted_proxies) if settings.gateway.trusted_proxies else None
    async with gateway(settings, worker=worker) as application:
        # What is there now stays: the collector need not look at it again. Requests make few cycles, so it may come seldom.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        sys.setswitchinterval(_GIVE_WAY_S)
        log.info("the gateway serves on %s; its hot path: %s", settings.url, told(hot_path))
        if settings.gateway.workers > 1 and worker == 1:
            log.warning(
                "%d workers share the entry: limits and budgets are counted together; each keeps cached answers for itself, "
                "and max_parallel of a model holds in each of them",
                settings.gateway.workers,
            )

        def listens(server: Server) -> None:
            application.connections = lambda: server.connections

        await serve_application(
            application,
            sockets=sockets,
            limits=_limits(settings.gateway),
            entries=entries,
            proxies=proxies,
            on_listen=listens,
            on_drain=application.listeners.end,
        )


def _entries(settings: GatewaySettings, listener: socket.socket) -> list[Entry]:
    """The entry, where its connections begin with something other than HTTP."""
    if settings.tls_certificate is None and not settings.proxy_protocol:
        return []
    contexts = None
    if settings.tls_certificate is not None:
        from stoa.api.wire.certificate import server_contexts  # late: a plain entry does without OpenSSL

        contexts = server_contexts(settings.tls_certificate, settings.tls_key, settings.tls_client_ca)
    announcing = Proxies(settings.trusted_proxies) if settings.proxy_protocol else None
    return [Entry(listener, tls=contexts, announcing=announcing)]


def _limits(settings: GatewaySettings) -> Limits:
    return Limits(
        header_bytes=settings.header_bytes,
        body_bytes=settings.body_bytes,
        read_timeout_s=settings.read_timeout_s,
        keep_alive_s=settings.keep_alive_s,
        drain_s=settings.drain_s,
        max_connections=settings.max_connections,
    )
