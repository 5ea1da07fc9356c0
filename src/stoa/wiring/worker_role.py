"""The worker role, put together."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stoa.settings import Settings
from stoa.wiring.shared import files_of, now_ms

if TYPE_CHECKING:  # late: see the functions
    from stoa.batches.files import Files
    from stoa.domain.jobs import JobLedger, JobRunner
    from stoa.knowledge.ingest import Ingestion


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
    from stoa.adapters.gateway_client.complete import GatewayCompleter
    from stoa.adapters.gateway_client.lines import GatewayAsker, make_lines_client
    from stoa.adapters.graph.folder import FolderGraph
    from stoa.adapters.jobs.durable import DurableRunner
    from stoa.adapters.objects.store import ObjectFolder
    from stoa.adapters.parsers.process import ParserProcesses
    from stoa.adapters.parsers.splitting import TokenSplitter
    from stoa.adapters.processes.runfile import read_roles
    from stoa.adapters.secrets import Secrets
    from stoa.adapters.triples.folder import FolderLedgers
    from stoa.adapters.vectors.late import LateIndex
    from stoa.batches.run import KIND, BatchPorts, BatchWork
    from stoa.domain.behalf import Behalf, mint
    from stoa.knowledge.extract import ModelExtractor
    from stoa.knowledge.ingest import Ingestion, IngestionPorts
    from stoa.knowledge.linked import LinkedIndex
    from stoa.knowledge.stated import StatedIndex

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
            index=StatedIndex(
                LinkedIndex(index, FolderGraph(home.graph)),
                FolderLedgers(home.triples),
                ModelExtractor(GatewayCompleter(lines, token=speaks_for), Collections(database).get),
            ),
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
            files = files_of(settings, database, objects)
            yield Worker(jobs=ports.jobs, ingestion=ingestion, runner=runner, files=files)
        finally:
            await runner.close()
            await parser.close()
            await index.close()
            await database.close()
