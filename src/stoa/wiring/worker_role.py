"""The worker role, put together."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stoa.settings import Settings
from stoa.wiring.comparing import comparing
from stoa.wiring.processing import open_objects, partitioned, pipeline
from stoa.wiring.shared import connectors_of, files_of, now_ms
from stoa.wiring.vectors import renew_outdated

if TYPE_CHECKING:  # late: see the functions
    from stoa.adapters.database import Database
    from stoa.adapters.database.keeping import IndexKeeper
    from stoa.adapters.secrets import Secrets
    from stoa.adapters.sources.watching import FolderWatch
    from stoa.batches.files import Files
    from stoa.domain.documents import Objects
    from stoa.domain.jobs import JobLedger, JobRunner
    from stoa.knowledge.ingest import Ingestion
    from stoa.knowledge.sources.schedule import Schedule
    from stoa.knowledge.sources.work import SyncWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What the worker role is made of."""

    jobs: "JobLedger"
    ingestion: "Ingestion"
    runner: "JobRunner"
    files: "Files"
    keeper: "IndexKeeper"
    schedule: "Schedule"
    watch: "FolderWatch"
    job_days: int
    """Days that the runner keeps how jobs went."""


@asynccontextmanager
async def worker(settings: Settings) -> "AsyncGenerator[Worker]":
    """The worker role, with what an earlier process left under way taken up again."""
    from stoa.adapters.database import Database
    from stoa.adapters.database.batches import BatchRecords
    from stoa.adapters.database.corpus import CorpusRecords
    from stoa.adapters.database.indexes import IndexRecords
    from stoa.adapters.database.keeping import IndexKeeper
    from stoa.adapters.database.ledgers import Collections, DocumentRecords, JobRecords
    from stoa.adapters.database.migrate import check
    from stoa.adapters.embedders.openai import EndpointEmbedder, make_client
    from stoa.adapters.gateway_client.complete import GatewayCompleter
    from stoa.adapters.gateway_client.http import make_client as make_gateway_client
    from stoa.adapters.gateway_client.lines import GatewayAsker, make_lines_client
    from stoa.adapters.gateway_client.search import GatewayFinder
    from stoa.adapters.graph.folder import FolderGraph
    from stoa.adapters.jobs.durable import DurableRunner
    from stoa.adapters.parsers.process import ParserProcesses
    from stoa.adapters.parsers.recognition import find_recognition
    from stoa.adapters.processes.runfile import read_roles
    from stoa.adapters.secrets import Secrets
    from stoa.adapters.sources.watching import FolderWatch
    from stoa.adapters.triples.folder import FolderLedgers
    from stoa.adapters.vectors.opening import open_index, place_of
    from stoa.batches.run import KIND, BatchPorts, BatchWork
    from stoa.domain.behalf import Behalf, mint
    from stoa.knowledge.indexes import beside
    from stoa.knowledge.indexes.gate import GatedIndex, IndexGate
    from stoa.knowledge.indexes.rebuild import Rebuild, RebuildPorts
    from stoa.knowledge.ingest import Ingestion, IngestionPorts
    from stoa.knowledge.linked import LinkedIndex
    from stoa.knowledge.sources.beginning import KIND as SYNC
    from stoa.knowledge.stating.extract import ModelExtractor
    from stoa.knowledge.stating.stated import StatedIndex

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
    parser = ParserProcesses(
        timeout_s=limits.parse_timeout_s, most_bytes=limits.document_bytes, recognition=find_recognition(limits.ocr_languages)
    )
    index = open_index(settings.vectors, home.vectors)
    objects = open_objects(settings)
    place = place_of(settings.vectors, home.vectors)
    gate = IndexGate(objects, store=place, now_ms=now_ms)
    collections = Collections(database)
    await renew_outdated(index, place, CorpusRecords(database), gate, collections, IndexRecords(database), objects)
    async with (
        make_client() as client,
        make_lines_client(gateway_url, at_once=limits.batch_parallel) as lines,
        make_gateway_client(gateway_url) as gateway,
    ):
        indexes, parts = IndexRecords(database), partitioned(settings, token=token)
        ports = IngestionPorts(
            documents=DocumentRecords(database),
            jobs=JobRecords(database),
            objects=objects,
            processor=pipeline(objects, parser),
            partitioned=parts,
            many=limits.partition_from,
            index=StatedIndex(
                LinkedIndex(GatedIndex(index, gate), FolderGraph(home.graph)),
                FolderLedgers(home.triples),
                ModelExtractor(GatewayCompleter(lines, token=speaks_for), collections.get),
            ),
            indexes=indexes,
            embedder_of=lambda collection: EndpointEmbedder(client, url=url, model=collection.embedding_model, token=token),
            collection_of=collections.get,
        )
        ingestion = Ingestion(ports)
        rebuild = Rebuild(
            RebuildPorts(
                documents=ports.documents, jobs=ports.jobs, indexes=indexes, processor=ports.processor, index=ports.index,
                embedder_of=ports.embedder_of, collection_of=ports.collection_of, partitioned=parts, many=ports.many,
                compare=comparing(database, GatewayFinder(gateway, token=speaks_for)).compare,
            )
        )  # fmt: skip
        batches = BatchWork(
            BatchPorts(
                ledger=BatchRecords(database), blobs=objects, asker=GatewayAsker(lines, token=speaks_for), now_ms=now_ms,
                parallel=limits.batch_parallel, most_bytes=settings.gateway.body_bytes,
            )
        )  # fmt: skip
        syncing, schedule = _syncing(settings, database, objects, ingestion, secrets)
        watch = FolderWatch(folders=limits.folders)
        works = {"ingest": ingestion, KIND: batches, beside.KIND: rebuild, SYNC: syncing}
        runner = DurableRunner(settings.jobs_database_url, works)
        await runner.start()
        try:
            files = files_of(settings, database, objects)
            keeper = IndexKeeper(database, ports.index, kind=beside.KIND, keep_up=beside.keep_up, now_ms=now_ms)
            yield Worker(
                jobs=ports.jobs, ingestion=ingestion, runner=runner, files=files, keeper=keeper, schedule=schedule, watch=watch,
                job_days=settings.ledger.job_days,
            )  # fmt: skip
        finally:
            await watch.close()
            await runner.close()
            await syncing.close()
            await parser.close()
            await index.close()
            await database.close()


def _syncing(
    settings: Settings, database: "Database", objects: "Objects", ingestion: "Ingestion", secrets: "Secrets"
) -> "tuple[SyncWork, Schedule]":
    """Syncs of sources, and what begins them."""
    from stoa.adapters.database.ledgers import DocumentRecords, JobRecords
    from stoa.adapters.database.opening import opener
    from stoa.adapters.database.syncs import SourceRecords, SyncTables
    from stoa.knowledge.sources.ports import SyncPorts
    from stoa.knowledge.sources.schedule import Schedule
    from stoa.knowledge.sources.work import SyncWork

    sources = SourceRecords(database)
    read, write = opener(database.read, SyncTables), opener(database.write, SyncTables)
    ports = SyncPorts(
        read=read, write=write, jobs=JobRecords(database), documents=DocumentRecords(database), objects=objects,
        sources=sources, connectors=connectors_of(settings), unseal=secrets.open, rights=ingestion.rights, now_ms=now_ms,
        most_bytes=settings.worker.document_bytes,
    )  # fmt: skip
    return SyncWork(ports), Schedule(read, write, sources, now_ms)
