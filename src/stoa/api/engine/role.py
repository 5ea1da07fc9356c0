"""Runs the engine: the port answers at once, the models load beside it."""

import asyncio
import logging
import socket

from stoa.api.engine.lanes import Lanes
from stoa.api.engine.routes import Routes
from stoa.api.wire.server import serve
from stoa.errors import StoaError
from stoa.kit.logs import configure_logging
from stoa.settings import Settings
from stoa.wiring import engine

log = logging.getLogger("stoa.engine")


def run(settings: Settings, listener: socket.socket) -> None:
    """Serve on the socket until SIGTERM or SIGINT, answer what is under way, and return."""
    import uvloop

    configure_logging("engine", settings.log_level)
    uvloop.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    with Lanes() as lanes:
        routes = Routes(lanes)
        loading = asyncio.create_task(_load(settings, routes))
        try:
            await serve(routes.handle, sockets=[listener])
        finally:
            loading.cancel()


async def _load(settings: Settings, routes: Routes) -> None:
    try:
        routes.ready(await asyncio.to_thread(engine, settings))
    except StoaError as error:
        log.error("the models cannot be loaded: %s", error.message)
        routes.failed(error.message)
    except Exception as error:
        log.exception("the models cannot be loaded")
        routes.failed(f"The models cannot be loaded: {error}")
    else:
        log.info("the models are loaded")
