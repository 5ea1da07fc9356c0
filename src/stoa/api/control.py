"""The control role: `/api`, `/internal` and the web page, on FastAPI and uvicorn."""

import asyncio
import signal
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import Annotated, Any

import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI, Request

from stoa import __version__
from stoa.api import (
    assistants,
    batches,
    budgets,
    catalog,
    citations,
    collections,
    consultations,
    contents,
    conversations,
    dataset_items,
    datasets,
    datastores,
    documents,
    evaluation,
    feedback,
    files,
    graphs,
    groups,
    guardrails,
    indexes,
    internal,
    jobs,
    keys,
    page,
    passages,
    playground,
    prices,
    provenance,
    pushes,
    refusals,
    replays,
    requests,
    resources,
    routes,
    scores,
    search,
    sessions,
    sources,
    status,
    syncs,
    targets,
    teams,
    traces,
    turns,
    usage,
    users,
    versions,
)
from stoa.api.access import Caller, allow
from stoa.api.attempts import Attempts
from stoa.api.description import describe
from stoa.api.mcp import endpoint as mcp
from stoa.api.mcp.endpoint import Mcp
from stoa.api.shields import BodyLimit, SecurityHeaders
from stoa.api.vector_stores import files as store_files
from stoa.api.vector_stores import serving as file_search
from stoa.api.vector_stores import stores
from stoa.api.vector_stores.keeping import expire_forever
from stoa.kit.logs import configure_logging
from stoa.settings import Settings
from stoa.wiring import Control, control

ROUTERS: tuple[APIRouter, ...] = (
    sessions.router,
    users.router,
    teams.router,
    prices.router,
    groups.router,
    keys.router,
    resources.router,
    versions.router,
    targets.router,
    routes.router,
    assistants.router,
    guardrails.router,
    datastores.router,
    catalog.router,
    collections.router,
    indexes.router,
    documents.router,
    provenance.router,
    citations.router,
    search.router,
    passages.router,
    graphs.router,
    consultations.router,
    evaluation.router,
    scores.router,
    syncs.router,
    sources.router,
    sources.tests,
    pushes.router,
    jobs.router,
    conversations.router,
    turns.router,
    feedback.router,
    usage.router,
    budgets.router,
    requests.router,
    traces.router,
    contents.router,
    datasets.router,
    dataset_items.router,
    replays.router,
    playground.router,
    status.router,
    files.router,
    batches.router,
    stores.router,
    store_files.router,
    mcp.router,
    file_search.router,
    internal.router,
)
"""Every noun's routes."""

_DRAIN_S = 10


def create_app(settings: Settings, open_parts: Callable[[Settings], AbstractAsyncContextManager[Control]] = control) -> FastAPI:
    """The application; its parts are opened and closed with it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with open_parts(settings) as parts:
            app.state.parts = parts
            app.state.mcp = Mcp()
            expiring = asyncio.create_task(expire_forever(parts))
            yield
            expiring.cancel()
            await app.state.mcp.close()

    app = FastAPI(title="Stoa", version=__version__, lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.attempts = Attempts()
    refusals.install(app, ROUTERS)
    limits = settings.gateway
    app.add_middleware(BodyLimit, json_bytes=limits.body_bytes, upload_bytes=limits.upload_bytes)
    app.add_middleware(SecurityHeaders)
    for router in every_router():
        app.router.routes.extend(router.routes)  # as they are: `include_router` would build every route a second time
    return app


def every_router() -> tuple[APIRouter, ...]:
    """All routes of this role. The page comes last: it takes every path that is left."""
    return (*ROUTERS, _description, page.router)


_description = APIRouter(include_in_schema=False)


@_description.get("/api/openapi.json")
async def read_description(request: Request, caller: Annotated[Caller, allow("openapi:read")]) -> dict[str, Any]:
    """The OpenAPI document."""
    return describe(request.app)


def run(settings: Settings, listener: socket.socket) -> None:
    """Serve on a socket that was bound before, until SIGTERM or SIGINT. Raises OperatorError when it cannot start."""
    configure_logging("control", settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    async with control(settings) as parts:
        config = uvicorn.Config(
            create_app(settings, lambda _: nullcontext(parts)),
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips="127.0.0.1",
            timeout_graceful_shutdown=_DRAIN_S,
        )
        await _Server(config, parts).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends with exit code 0 after a drain, and lets go of those who wait for the next snapshot."""

    def __init__(self, config: uvicorn.Config, parts: Control) -> None:
        super().__init__(config)
        self._parts = parts

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._parts.feed.close()
        await super().shutdown(sockets)
