"""The control role, put together."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from stoa.kit.files import write_atomic
from stoa.settings import Settings, environment
from stoa.wiring.graphs import open_graphs
from stoa.wiring.processing import open_objects
from stoa.wiring.shared import PATIENCE_S, SETTLED_S, connectors_of, files_of, now_ms

if TYPE_CHECKING:  # late: see the functions
    from stoa.adapters.database import Database
    from stoa.adapters.secrets import Secrets
    from stoa.adapters.secrets.contents import ContentSeals
    from stoa.batches.files import Files
    from stoa.control.feed import SnapshotFeed
    from stoa.control.targets import TargetBoard
    from stoa.control.turns import Turns
    from stoa.domain.chat import ChatClient
    from stoa.domain.datastores import QueryRunner
    from stoa.domain.documents import Objects, TokenCounter
    from stoa.domain.files import Blobs
    from stoa.domain.guards import Trier, Warden
    from stoa.domain.ledger import UsageRecorder
    from stoa.domain.passages import PassageFinder
    from stoa.domain.playground import ModelApi
    from stoa.domain.prices import PriceList
    from stoa.domain.sources import Connectors
    from stoa.domain.stores import Stores
    from stoa.domain.targets import Explainer
    from stoa.domain.triples import GraphQueries
    from stoa.ledger.contents import Readings
    from stoa.ledger.retention import Sweeper
    from stoa.policy.decide import Policy


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
    usage: "UsageRecorder"
    prices: "PriceList"
    turns: "Turns"
    targets: "TargetBoard"
    explainer: "Explainer"
    trier: "Trier"
    warden: "Warden"
    finder: "PassageFinder"
    counter: "TokenCounter"
    model_api: "ModelApi"
    objects: "Objects"
    connectors: "Connectors"
    blobs: "Blobs"
    files: "Files"
    sweeper: "Sweeper"
    seals: "ContentSeals"
    readings: "Readings"
    graphs: "GraphQueries"
    engine_url: str
    runner: "QueryRunner"


@asynccontextmanager
async def control(settings: Settings) -> "AsyncGenerator[Control]":
    """The control role, with what belongs to a first start done, and its snapshot kept fresh while this is open."""
    from stoa.adapters.database import Database
    from stoa.adapters.database.facts import FactRecords
    from stoa.adapters.database.migrate import check
    from stoa.adapters.database.opening import opener
    from stoa.adapters.database.retention import RetentionTable
    from stoa.adapters.database.revision import current
    from stoa.adapters.database.stores import DatabaseStores
    from stoa.adapters.datastores.runner import DatabaseRunner
    from stoa.adapters.engines.counting import LateCounter
    from stoa.adapters.gateway_client.explain import GatewayExplainer
    from stoa.adapters.gateway_client.guards import GatewayTrier, GatewayWarden
    from stoa.adapters.gateway_client.http import GatewayChat, make_client
    from stoa.adapters.gateway_client.search import GatewayFinder
    from stoa.adapters.gateway_client.wire import GatewayWire
    from stoa.adapters.policy import CedarPolicy
    from stoa.adapters.prices.genai import GenaiPrices
    from stoa.adapters.processes.runfile import read_roles
    from stoa.adapters.secrets import Secrets
    from stoa.adapters.secrets.contents import ContentSeals
    from stoa.control.feed import SnapshotFeed
    from stoa.control.snapshot import compile_snapshot
    from stoa.control.targets import TargetBoard
    from stoa.domain.behalf import Behalf, mint
    from stoa.ledger.contents import LoggedReadings
    from stoa.ledger.retention import Sweeper

    await check(settings.database_url, rows=False)
    roles, policy = read_roles(settings.home_folder), CedarPolicy.default()
    limit = settings.gateway.requests_per_minute
    objects = open_objects(settings)
    database = Database.open(settings.database_url, pool_size=settings.database.pool_size)
    read, write = opener(database.read, DatabaseStores), opener(database.write, DatabaseStores)
    prices = GenaiPrices()
    compile_state = partial(compile_snapshot, policy=policy, prices=prices, requests_per_minute=limit)
    secrets = Secrets.load(settings.home_folder)

    def token(user_id: str) -> str:
        return token_of(Behalf(user=user_id))

    def token_of(behalf: Behalf) -> str:
        return mint(behalf, key=secrets.behalf_key, now_s=time.time())

    try:
        async with (
            make_client(roles.gateway.url) as gateway,
            _turns(database, GatewayChat(gateway, token=token)) as turns,
            open_graphs(settings) as graphs,
        ):
            parts = Control(
                settings=settings,
                database=database,
                secrets=secrets,
                policy=policy,
                feed=SnapshotFeed(
                    read, compile_state, revision=partial(database.look, current), engine_url=roles.engine.url, write=write
                ),
                read=read,
                write=write,
                prices=prices,
                usage=FactRecords(database),
                turns=turns,
                targets=TargetBoard(time.monotonic),
                explainer=GatewayExplainer(gateway, token=token_of),
                trier=GatewayTrier(gateway, token=token_of),
                warden=GatewayWarden(gateway, token=token_of),
                finder=GatewayFinder(gateway, token=token_of),
                counter=LateCounter(),
                model_api=GatewayWire(gateway, token=token),
                objects=objects,
                blobs=objects,
                connectors=connectors_of(settings),
                files=files_of(settings, database, objects),
                sweeper=Sweeper(
                    opener(database.write, RetentionTable),
                    usage_days=settings.ledger.usage_days,
                    trace_days=settings.ledger.trace_days,
                    job_days=settings.ledger.job_days,
                    version_days=settings.ledger.version_days,
                    now_ms=now_ms,
                ),
                seals=ContentSeals(secrets),
                readings=LoggedReadings(),
                graphs=graphs,
                engine_url=roles.engine.url,
                runner=DatabaseRunner(folders=settings.worker.folders),
            )
            await _begin(parts)
            keeping_fresh = asyncio.create_task(parts.feed.run())
            loading = asyncio.create_task(_settled(prices.load))
            sweeping = asyncio.create_task(parts.sweeper.run(after_s=SETTLED_S * 12))
            try:
                yield parts
            finally:
                await parts.feed.close()
                await asyncio.wait([keeping_fresh], timeout=PATIENCE_S)
                for task in (keeping_fresh, loading, sweeping):
                    task.cancel()
    finally:
        await database.close()


async def _settled(work: Callable[[], None]) -> None:
    """Do what the first request would otherwise wait for, once the start is over."""
    await asyncio.sleep(SETTLED_S)
    await asyncio.to_thread(work)


@asynccontextmanager
async def _turns(database: "Database", chat: "ChatClient") -> "AsyncGenerator[Turns]":
    """The turns of conversations: what a crash left unfinished is marked first, what is under way at the end is kept."""
    from stoa.adapters.database.conversations import ConversationTables
    from stoa.adapters.database.opening import opener
    from stoa.control.turns import Turns

    turns = Turns(write=opener(database.write, ConversationTables), chat=chat, now_ms=now_ms)
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
