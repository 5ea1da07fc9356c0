"""The gateway role, put together: one of its workers."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from math import inf
from pathlib import Path
from platform import node
from random import random
from typing import TYPE_CHECKING

from stoa.settings import Settings
from stoa.wiring.counting import open_counting
from stoa.wiring.shared import SETTLED_S

if TYPE_CHECKING:  # late: see the functions
    from stoa.adapters.vectors.late import LateIndex
    from stoa.gateway.pipeline import Gateway


_LONGEST_QUERY_S = 75.0
"""For the longest query that there may be, and its way to control and back."""


@asynccontextmanager
async def gateway(settings: Settings, *, worker: int = 1) -> "AsyncGenerator[Gateway]":
    """One worker of the gateway role, its snapshot followed and its usage shipped while this is open.

    The first one also ships what workers have left that there are no more.
    """
    from stoa.adapters.datastores.control import ControlLookups
    from stoa.adapters.graph.folder import FolderGraph
    from stoa.adapters.guards.http import HttpGuards
    from stoa.adapters.guards.presidio import Presidio
    from stoa.adapters.processes.runfile import read_roles
    from stoa.adapters.providers.egress import Egress
    from stoa.adapters.providers.http import HttpFetch, HttpUpstreams
    from stoa.adapters.providers.table import ProviderTable
    from stoa.adapters.redis.client import open_redis
    from stoa.adapters.secrets import Secrets
    from stoa.adapters.secrets.contents import ContentSeals
    from stoa.adapters.telemetry.board import FileBoard, keep_posted
    from stoa.adapters.telemetry.opening import open_tracer
    from stoa.adapters.vectors.opening import open_index
    from stoa.adapters.vocabularies.table import TokenizerTable
    from stoa.adapters.wal.contents import DiskContents
    from stoa.adapters.wal.left import ship_left
    from stoa.adapters.wal.log import DiskLog
    from stoa.adapters.wal.sink import HttpUsageSink
    from stoa.domain.targets import WorkerReport
    from stoa.domain.upstream import OriginLimits
    from stoa.gateway.contents import ship_contents
    from stoa.gateway.pipeline import Gateway
    from stoa.gateway.ports import Ports
    from stoa.gateway.probes import Probes
    from stoa.gateway.reporting import report_forever
    from stoa.gateway.shipping import ship_forever
    from stoa.gateway.snapshots import follow, read_copy
    from stoa.knowledge.decompose import decompose
    from stoa.knowledge.retrieve import HybridRetriever
    from stoa.knowledge.rewrite import rewrite

    home = settings.home_folder
    secrets = Secrets.load(home)
    roles = read_roles(home) if settings.gateway.control is None else None  # else it is alone here
    control_url = settings.gateway.control or (roles.control.url if roles is not None else "")
    own = [control_url, roles.engine.url] if roles is not None else [control_url]
    upstreams = HttpUpstreams(Egress(settings.gateway.egress_allow, own=own))
    usage, graph = DiskLog(home.wal_of(worker)), FolderGraph(home.graph)
    index = open_index(settings.vectors, home.vectors, searched=True)
    internal = HttpFetch(
        upstreams.origin(control_url, OriginLimits(max_connections=4)),
        {"authorization": f"Bearer {secrets.internal_token}"},
        name="control",
    )
    queries = HttpFetch(
        upstreams.origin(control_url, OriginLimits(max_connections=16, first_byte_timeout_s=_LONGEST_QUERY_S)),
        {"authorization": f"Bearer {secrets.internal_token}"},
        name="control",
        timeout_s=_LONGEST_QUERY_S,
    )
    contents = DiskContents(home.contents_of(worker), ContentSeals(secrets))
    providers, workers = ProviderTable(upstreams), settings.gateway.workers
    redis, answers = open_redis(settings.redis), None
    if redis is not None:
        from stoa.adapters.cache.redis import RedisAnswers

        answers = RedisAnswers(redis, secrets.answers)
    name = f"gateway-{worker}"
    counting = await open_counting(settings, worker=worker, waited_s=answers.waited_s if answers is not None else float)
    if answers is not None and counting is not None:
        answers.spares = counting.failed_lately
    tracer = open_tracer(settings.telemetry, instance=name)
    board = FileBoard(home.metrics, name, run=roles.began_ms) if roles is not None and workers > 1 else None
    ports = Ports(
        providers=providers,
        # Progress of jobs and turns of conversations may be silent for long.
        control=upstreams.origin(control_url, OriginLimits(first_byte_timeout_s=300, idle_timeout_s=600, longest_s=inf)),
        unsealer=secrets,
        log=usage,
        behalf_key=secrets.behalf_key,
        retriever=partial(HybridRetriever, index, graph=graph),
        passages=index,
        links=graph,
        rewrite=rewrite,
        decompose=decompose,
        tokenizers=TokenizerTable(Path(settings.gateway.tokenizers or home.tokenizers)),
        counter=counting.counter if counting is not None else None,
        answers=answers,
        name=name,
        log_requests=settings.telemetry.log_requests,
        tracer=tracer,
        guards=HttpGuards(upstreams),
        presidio=Presidio,
        contents=contents,
        decisions=settings.telemetry.decision_share,
        ask_control=HttpFetch(upstreams.origin(control_url, OriginLimits(max_connections=64)), {}, name="control"),
        board=board,
        lookups=ControlLookups(queries),
    )
    application = Gateway(ports, settings.gateway)
    probes = Probes(application.states, draw=random)
    application.on_plan = probes.follow
    kept = read_copy(home.snapshot)
    if kept is not None:
        application.swap(kept)

    def report() -> WorkerReport:
        machine = node() or "gateway"
        name = machine if roles is not None else f"{machine}:{settings.port}"
        return WorkerReport(gateway=name, worker=worker, targets=tuple(application.reports()))

    tasks = [
        asyncio.create_task(
            follow(internal, home.snapshot, kept.version if kept else None, application.swap, heard=application.heard)
        ),
        asyncio.create_task(report_forever(internal, report)),
        asyncio.create_task(ship_forever(usage, HttpUsageSink(internal), application.shipped, lambda: application.ledger.asks)),
        asyncio.create_task(ship_contents(contents, internal)),
        asyncio.create_task(ship_left(home.left_wals(workers) if worker == 1 else (), HttpUsageSink(internal))),
        asyncio.create_task(_warm(application, index)),
        asyncio.create_task(probes.run()),
        *([asyncio.create_task(keep_posted(board, application.sheet))] if board is not None else ()),
    ]
    if redis is not None:
        redis.start()
    if counting is not None:
        tasks.append(asyncio.create_task(counting.run()))
    try:
        yield application
    finally:
        application.close()
        if board is not None:
            board.post(application.sheet())
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        if answers is not None:
            await answers.close()
        if redis is not None:
            await redis.close()
        await index.close()
        await graph.close()
        providers.close()
        upstreams.close()
        usage.close()
        if counting is not None:
            await counting.close()
        await asyncio.to_thread(contents.close)
        if tracer is not None:
            await asyncio.to_thread(tracer.close)


async def _warm(application: "Gateway", index: "LateIndex") -> None:
    """Load the index before the first question asks for it, once there is something to find and the start is over."""
    await asyncio.sleep(SETTLED_S)
    while not application.has_documents:  # noqa: ASYNC110 - looked at once a second, by one task, until it is so
        await asyncio.sleep(1)
    await index.load()
