"""Runs the gateway: the entry that everybody comes through."""

import gc
import logging
import socket

from stoa.api.wire.limits import Limits
from stoa.api.wire.server import serve_application
from stoa.kit.logs import configure_logging
from stoa.settings import GatewaySettings, Settings
from stoa.wiring import gateway

log = logging.getLogger("stoa.gateway")


def run(settings: Settings, listener: socket.socket) -> None:
    """Serve on the socket until SIGTERM or SIGINT, answer what is under way, and return."""
    import uvloop

    configure_logging("gateway", settings.log_level)
    uvloop.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    async with gateway(settings) as application:
        # What is there now stays: the collector need not look at it again. Requests make few cycles, so it may come seldom.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        log.info("the gateway serves on %s", settings.url)
        await serve_application(application, sockets=[listener], limits=_limits(settings.gateway))


def _limits(settings: GatewaySettings) -> Limits:
    return Limits(
        header_bytes=settings.header_bytes,
        body_bytes=settings.body_bytes,
        read_timeout_s=settings.read_timeout_s,
        keep_alive_s=settings.keep_alive_s,
        drain_s=settings.drain_s,
        max_connections=settings.max_connections,
    )
