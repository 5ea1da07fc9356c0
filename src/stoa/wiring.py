"""Where adapters meet features: one function a role, and nothing else knows both sides.

Each function imports late what its role alone needs, so that no role pays for another's libraries.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from random import random
from typing import TYPE_CHECKING

from stoa.kit.files import write_atomic
from stoa.settings import Settings, environment

if TYPE_CHECKING:  # late: see the functions
    from stoa.adapters.database import Database
    from stoa.adapters.engines.builtin import BuiltIn
    from stoa.adapters.secrets import Secrets
    from stoa.adapters.vectors.late import LateIndex
    from stoa.batches.files import Files
    from stoa.control.feed import SnapshotFeed
    from stoa.control.turns import Turns
    from stoa.domain.documents import Objects
    from stoa.domain.files import Blobs
    from stoa.domain.jobs import JobLedger, JobRunner
    from stoa.domain.ledger import UsageStore
    from stoa.domain.stores import Stores
    from stoa.gateway.pipeline import Gateway
    from stoa.knowledge.ingest import Ingestion
    from stoa.policy.decide import Policy

_SETTLED_S = 5
"""How long after its start a role does what can wait."""
_PATIENCE_S = 5
"""How long a role that ends waits for what it has in hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What the control role is made of, for its routes.

    `read` and `write` open one transaction over identity and desired state; `write` commits at its end.
    """

    settings: Settings
    database: "Database"
    secrets: "Secrets"
    policy: "Policy"
    feed: "SnapshotFeed"
    read: "Callable[[], AbstractAsyncContextManager[Stores]]"
    write: "Callable[[], AbstractAsyncContextManager[Stores]]"
    write_usage: "Callable[[], AbstractAsyncContextManager[UsageStore]]"
    turns: "Turns"
    objects: "Objects"
    blobs: "Blobs"
    files: "Files"
    engine_url: str


@asynccontextmanager
async def control(settings: Settings) -> "AsyncGenerator[Control]":
    """The control role, with what belongs to a first start done, and its snapshot kept fresh while this is open."""
    from stoa.adapters.database import Database
    from stoa.adapters.database.migrate import check
    from stoa.adapters.database.opening import opener
    from stoa.adapters.database.stores import DatabaseStores
    from stoa.adapters.database.usage import UsageTable
    from stoa.adapters.objects.store import ObjectFolder
    from stoa.adapters.policy import CedarPolicy
    from stoa.adapters.prices.genai import GenaiPrices
    from stoa.adapters.processes.runfile import read_roles
    from stoa.adapters.secrets import Secrets
    from stoa.control.feed import SnapshotFeed
    from stoa.control.snapshot import compile_snapshot

    await check(settings.database_url, rows=False)
    engine_url, policy = read_roles(settings.home_folder).engine.url, CedarPolicy.default()
    limit = settings.gateway.requests_per_minute
    objects = ObjectFolder.local(settings.home_folder.objects)
    database = Database.open(settings.database_url, pool_size=settings.database.pool_size)
    read, write = opener(database.read, DatabaseStores), opener(database.write, DatabaseStores)
    prices = GenaiPrices()
    compile_state = partial(compile_snapshot, policy=policy, prices=prices, requests_per_minute=limit)
    secrets = Secrets.load(settings.home_folder)
    try:
        async with _turns(settings, database, secrets) as turns:
            parts = Control(
                settings=settings,
                database=database,
                secrets=secrets,
                policy=policy,
                feed=SnapshotFeed(read, compile_state, engine_url=engine_url),
                read=read,
                write=write,
                write_usage=opener(database.write, UsageTable),
                turns=turns,
                objects=objects,
                blobs=objects,
                files=_files(settings, database, objects),
                engine_url=engine_url,
            )
            await _begin(parts)
            keeping_fresh = asyncio.create_task(parts.feed.run())
            loading = asyncio.create_task(_settled(prices.load))
            try:
                yield parts
            finally:
                await parts.feed.close()
                await asyncio.wait([keeping_fresh], timeout=_PATIENCE_S)
                keeping_fresh.cancel()
                loading.cancel()
    finally:
        await database.close()


async def _settled(work: Callable[[], None]) -> None:
    """Do what the first request would otherwise wait for, once the start is over."""
    await asyncio.sleep(_SETTLED_S)
    await asyncio.to_thread(work)


@asynccontextmanager
async def _turns(settings: Settings, database: "Database", secrets: "Secrets") -> "AsyncGenerator[Turns]":
    """The turns of conversations: what a crash left unfinished is marked first, what is under way at the end is kept."""
    from stoa.adapters.database.conversations import ConversationTables
    from stoa.adapters.database.opening import opener
    from stoa.adapters.gateway_client.http import GatewayChat, make_client
    from stoa.adapters.processes.runfile import read_roles
    from stoa.control.turns import Turns
    from stoa.domain.behalf import Behalf, mint

    def token(user_id: str) -> str:
        return mint(Behalf(user=user_id), key=secrets.behalf_key, now_s=time.time())

    async with make_client(read_roles(settings.home_folder).gateway.url) as gateway:
        turns = Turns(write=opener(database.write, ConversationTables), chat=GatewayChat(gateway, token=token), now_ms=now_ms)
        await turns.recover(alone=database.engine.dialect.name == "sqlite")
        try:
            yield turns
        finally:
            await turns.close()


async def _begin(parts: Control) -> None:
    """What is to be there before the first request: a first user, a key for this machine, a snapshot of this start."""
    from stoa.adapters.discovery.http import HttpModelLister
    from stoa.control.bootstrap import ensure_local_key, first_start, is_first_start
    from stoa.control.discovery import discover
    from stoa.domain.resources import Resource

    found: list[Resource] = []
    async with parts.read() as stores:
        first = await is_first_start(stores)
    if first and parts.settings.discover:
        found = await discover(environment(), HttpModelLister())
    key_file = parts.settings.home_folder.secrets / "cli.key"
    async with parts.write() as stores:
        # The engine may listen elsewhere than before, so what gateways have kept of an earlier start is old. This also lets
        # other starters wait for their turn, so the key file is read after it.
        await stores.revision.advance(now_ms=now_ms())
        if first:
            await first_start(stores, found, engine_url=parts.engine_url, sealer=parts.secrets, now_ms=now_ms())
        present = key_file.read_text(encoding="utf-8").strip() if key_file.exists() else None
        await ensure_local_key(
            stores, present=present, keep=lambda key: write_atomic(key_file, f"{key}\n".encode()), now_ms=now_ms()
        )
    await parts.feed.refresh()


def _files(settings: Settings, database: "Database", blobs: "Blobs") -> "Files":
    from stoa.adapters.database.files import FileTable
    from stoa.adapters.database.opening import opener
    from stoa.batches.files import Files

    return Files(write=opener(database.write, FileTable), blobs=blobs, most_bytes=settings.gateway.upload_bytes, now_ms=now_ms)


def now_ms() -> int:
    """UTC milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def engine(settings: Settings) -> "BuiltIn":
    """The built-in models, loaded. Blocks; raises MissingExtra without their weights."""
    from stoa.adapters.engines.builtin import load

    return load(settings.home_folder.models, threads=settings.engine.threads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What the worker role is made of."""

    jobs: "JobLedger"
    ingestion: "Ingestion"
    runner: "JobRunner"
    files: "Files"


@asynccontextmanager
async def worker(settings: Settings) -> "AsyncGenerator[Worker]":
    """The worker role, with what an earlier process left under way taken up again."""
    from stoa.adapters.database import Database
    from stoa.adapters.database.batches import BatchRecords
    from stoa.adapters.database.ledgers import Collections, DocumentRecords, JobRecords
    from stoa.adapters.database.migrate import check
    from stoa.adapters.embedders.openai import EndpointEmbedder, make_client
    from stoa.adapters.engines.tokenizer import minilm_tokenizer
    from stoa.adapters.gateway_client.lines import GatewayAsker, make_lines_client
    from stoa.adapters.jobs.durable import DurableRunner
    from stoa.adapters.objects.store import ObjectFolder
    from stoa.adapters.parsers.process import ParserProcesses
    from stoa.adapters.parsers.splitting import TokenSplitter
    from stoa.adapters.processes.runfile import read_roles
    from stoa.adapters.secrets import Secrets
    from stoa.adapters.vectors.late import LateIndex
    from stoa.batches.run import KIND, BatchPorts, BatchWork
    from stoa.domain.behalf import Behalf, mint
    from stoa.knowledge.ingest import Ingestion, IngestionPorts

    await check(settings.database_url, rows=False)
    home, limits = settings.home_folder, settings.worker
    secrets = Secrets.load(home)
    gateway_url = read_roles(home).gateway.url
    url = f"{gateway_url}/v1/embeddings"

    def speaks_for(behalf: Behalf) -> str:
        return mint(behalf, key=secrets.behalf_key, now_s=time.time())

    def token(team: str) -> str:
        return speaks_for(Behalf(team=team))

    database = Database.open(settings.database_url, pool_size=settings.database.pool_size)
    parser = ParserProcesses(timeout_s=limits.parse_timeout_s, most_bytes=limits.document_bytes)
    index = LateIndex(str(home.vectors))
    objects = ObjectFolder.local(home.objects)
    async with make_client() as client, make_lines_client(gateway_url, at_once=limits.batch_parallel) as lines:
        ports = IngestionPorts(
            documents=DocumentRecords(database),
            jobs=JobRecords(database),
            objects=objects,
            parser=parser,
            splitter=TokenSplitter(minilm_tokenizer()),
            index=index,
            embedder_of=lambda collection: EndpointEmbedder(client, url=url, model=collection.embedding_model, token=token),
            collection_of=Collections(database).get,
        )
        ingestion = Ingestion(ports)
        batches = BatchWork(
            BatchPorts(
                ledger=BatchRecords(database), blobs=objects, asker=GatewayAsker(lines, token=speaks_for), now_ms=now_ms,
                parallel=limits.batch_parallel, most_bytes=settings.gateway.body_bytes,
            )
        )  # fmt: skip
        runner = DurableRunner(settings.jobs_database_url, {"ingest": ingestion, KIND: batches})
        await runner.start()
        try:
            files = _files(settings, database, objects)
            yield Worker(jobs=ports.jobs, ingestion=ingestion, runner=runner, files=files)
        finally:
            await runner.close()
            await parser.close()
            await index.close()
            await database.close()


@asynccontextmanager
async def gateway(settings: Settings, *, worker: int = 1) -> "AsyncGenerator[Gateway]":
    """One worker of the gateway role, its snapshot followed and its usage shipped while this is open.

    The first one also ships what workers have left that there are no more.
    """
    from stoa.adapters.limits.shared import MachineLimits
    from stoa.adapters.processes.runfile import read_roles
    from stoa.adapters.providers.egress import Egress
    from stoa.adapters.providers.http import HttpFetch, HttpUpstreams
    from stoa.adapters.providers.table import ProviderTable
    from stoa.adapters.secrets import Secrets
    from stoa.adapters.telemetry.board import FileBoard, keep_posted
    from stoa.adapters.telemetry.opening import open_tracer
    from stoa.adapters.vectors.late import LateIndex
    from stoa.adapters.wal.left import ship_left
    from stoa.adapters.wal.log import DiskLog
    from stoa.adapters.wal.sink import HttpUsageSink
    from stoa.domain.upstream import OriginLimits
    from stoa.gateway.pipeline import Gateway, Ports
    from stoa.gateway.probes import Probes
    from stoa.gateway.shipping import ship_forever
    from stoa.gateway.snapshots import follow, read_copy
    from stoa.knowledge.retrieve import HybridRetriever
    from stoa.knowledge.rewrite import rewrite

    home = settings.home_folder
    secrets, roles = Secrets.load(home), read_roles(home)
    control_url = roles.control.url
    upstreams = HttpUpstreams(Egress(settings.gateway.egress_allow, own=[control_url, roles.engine.url]))
    usage, index = DiskLog(home.wal_of(worker)), LateIndex(str(home.vectors))
    internal = HttpFetch(
        upstreams.origin(control_url, OriginLimits(max_connections=4)),
        {"authorization": f"Bearer {secrets.internal_token}"},
        name="control",
    )
    providers, workers = ProviderTable(upstreams), settings.gateway.workers
    shared = MachineLimits(home.limits, worker=worker, workers=workers) if workers > 1 else None
    name = f"gateway-{worker}"
    tracer = open_tracer(settings.telemetry, instance=name)
    board = FileBoard(home.metrics, name, run=roles.began_ms) if workers > 1 else None
    ports = Ports(
        providers=providers,
        # Progress of jobs and turns of conversations may be silent for long.
        control=upstreams.origin(control_url, OriginLimits(first_byte_timeout_s=300, idle_timeout_s=600, longest_s=inf)),
        unsealer=secrets,
        log=usage,
        behalf_key=secrets.behalf_key,
        retriever=partial(HybridRetriever, index),
        rewrite=rewrite,
        shared=shared,
        name=name,
        log_requests=settings.telemetry.log_requests,
        tracer=tracer,
        board=board,
    )
    application = Gateway(ports, settings.gateway)
    probes = Probes(application.states, draw=random)
    application.on_plan = probes.follow
    kept = read_copy(home.snapshot)
    if kept is not None:
        application.swap(kept)
    tasks = [
        asyncio.create_task(
            follow(internal, home.snapshot, kept.version if kept else None, application.swap, heard=application.heard)
        ),
        asyncio.create_task(ship_forever(usage, HttpUsageSink(internal), application.shipped)),
        asyncio.create_task(ship_left(home.left_wals(workers) if worker == 1 else (), HttpUsageSink(internal))),
        asyncio.create_task(_warm(application, index)),
        asyncio.create_task(probes.run()),
        *([asyncio.create_task(keep_posted(board, application.sheet))] if board is not None else ()),
    ]
    if shared is not None:
        tasks.append(asyncio.create_task(shared.give_back()))
    try:
        yield application
    finally:
        application.close()
        if board is not None:
            board.post(application.sheet())
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await index.close()
        providers.close()
        upstreams.close()
        usage.close()
        if shared is not None:
            shared.close()
        if tracer is not None:
            await asyncio.to_thread(tracer.close)


async def _warm(application: "Gateway", index: "LateIndex") -> None:
    """Load the index before the first question asks for it, once there is something to find and the start is over."""
    await asyncio.sleep(_SETTLED_S)
    while not application.has_documents:  # noqa: ASYNC110 - looked at once a second, by one task, until it is so
        await asyncio.sleep(1)
    await index.load()
