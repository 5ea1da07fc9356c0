"""Ingest a public set of passages through the whole pipeline, in this process, and ask its questions of the retriever.

The passages and questions are the development half of BeerQA in ../shared/data: single-passage questions (SQuAD) and two-hop
questions (HotpotQA). They are ingested twice: with the titles of the passages, and as files that have none and are called by a
number. Without that data the example handbook is ingested and its questions are asked instead: what counts there is that the
source document is found.

Reported for each search by itself, for dense and lexical fused, for the walk over the graph by itself and for all together, as
the gateway uses them: how often a right passage comes first or among ten, the mean reciprocal rank, how often all passages of a
two-hop question are among ten, the share of all right passages among those a component brought, and its time. That of the last
row is of a whole query, embedding included. LlamaIndex and Haystack are asked the same of the same passages, in an environment
of their own and with the same embedder; `--no-peers` leaves them out.
"""

import asyncio
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, quantiles
from typing import Any, TypeVar

import yaml

from peers_retrieval import ask_peers
from report import ROOT, Row, report, wilson
from stoa.adapters.database import Database
from stoa.adapters.database.ledgers import DocumentRecords, JobRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.migrate import migrate
from stoa.adapters.engines.embedder import MiniLM
from stoa.adapters.engines.tokenizer import minilm_tokenizer
from stoa.adapters.graph.folder import FolderGraph
from stoa.adapters.jobs.memory import MemoryRunner
from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.parsers.process import ParserProcesses
from stoa.adapters.parsers.splitting import TokenSplitter
from stoa.adapters.vectors.lance import LanceIndex
from stoa.domain.documents import raw_name
from stoa.domain.identity import Rights
from stoa.domain.jobs import Job
from stoa.domain.resources import Collection
from stoa.domain.vectors import Hit, PassageIndex
from stoa.knowledge import intake
from stoa.knowledge.fuse import fuse
from stoa.knowledge.ingest import Ingestion, IngestionPorts
from stoa.knowledge.linked import LinkedIndex
from stoa.knowledge.process import Pipeline
from stoa.knowledge.retrieve import CANDIDATES, HybridRetriever
from stoa.settings import Settings

DATA = ROOT.parent / "shared" / "data"
HANDBOOK = ROOT / "examples" / "handbook"
COLLECTION = Collection(name="bench", team="bench")
ACL = frozenset({"team:bench"})
TEN = 10
WIDTH = 384

Found = TypeVar("Found")


@dataclass(frozen=True)
class Question:
    """What is asked, and the paths of the documents that answer it together."""

    text: str
    right: frozenset[str]


@dataclass(frozen=True)
class Set:
    """Files by path, and questions: those that one document answers and those that need several."""

    name: str
    files: Mapping[str, bytes]
    single: Sequence[Question]
    several: Sequence[Question]

    @property
    def questions(self) -> Sequence[Question]:
        return [*self.single, *self.several]


class LocalEmbedder:
    """The built-in model in this process."""

    def __init__(self, model: MiniLM) -> None:
        self._model = model

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        return list(await asyncio.to_thread(self._model.embed, texts))


class Watched:
    """The index and the graph, with what each brought for the last question and the milliseconds it took."""

    def __init__(self, index: LanceIndex, graph: FolderGraph) -> None:
        self._index, self._graph = index, graph
        self.hits: dict[str, Sequence[Hit]] = {}
        self.walked: Mapping[str, float] = {}
        self.spent: dict[str, float] = {}

    async def dense(self, collection: str, vector: Sequence[float], *, acl: frozenset[str], limit: int) -> Sequence[Hit]:
        self.hits["dense"] = await self._timed("dense", self._index.dense(collection, vector, acl=acl, limit=limit))
        return self.hits["dense"]

    async def lexical(
        self, collection: str, question: str, vector: Sequence[float], *, acl: frozenset[str], limit: int
    ) -> Sequence[Hit]:
        searching = self._index.lexical(collection, question, vector, acl=acl, limit=limit)
        self.hits["lexical"] = await self._timed("lexical", searching)
        return self.hits["lexical"]

    async def fetch(
        self, collection: str, ids: Sequence[str], vector: Sequence[float], *, acl: frozenset[str]
    ) -> Sequence[Hit]:
        return await self._timed("fetch", self._index.fetch(collection, ids, vector, acl=acl))

    async def walk(
        self, collection: str, seeds: Mapping[str, float], *, acl: frozenset[str], limit: int
    ) -> Mapping[str, float]:
        self.walked = await self._timed("graph", self._graph.walk(collection, seeds, acl=acl, limit=limit))
        return self.walked

    async def _timed(self, way: str, doing: Awaitable[Found]) -> Found:
        started = time.perf_counter()
        found = await doing
        self.spent[way] = (time.perf_counter() - started) * 1000
        return found


async def main() -> None:
    sets = [beerqa(), beerqa(titles=False)] if (DATA / "beerqa_passages.jsonl").is_file() else [handbook()]
    rows, notes = list[Row](), list[str]()
    for data in sets:
        with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
            settings = Settings(home=folder)
            settings.home_folder.prepare()
            embedder = LocalEmbedder(MiniLM(settings.home_folder.models))
            index, graph = LanceIndex(str(settings.home_folder.vectors)), FolderGraph(settings.home_folder.graph)
            started = time.perf_counter()
            job = await ingest(settings, data.files, embedder, LinkedIndex(index, graph))
            seconds = time.perf_counter() - started
            rows += [{"documents": data.name, **row} for row in await measure(data, embedder, index, graph)]
            await graph.close()
            await index.close()
            if data is sets[0] and "--no-peers" not in sys.argv:
                answers, beside = ask_peers(data.files, [q.text for q in data.questions], models=settings.home_folder.models)
                for one in answers:
                    row = _row(one.way, data, dict(zip(data.questions, one.found, strict=True)), one.ms)
                    rows.append({"documents": data.name, **row})
                notes += beside
            on_disk = " and ".join(
                f"{_size(f):.1f} MB {f.name}" for f in (settings.home_folder.vectors, settings.home_folder.graph)
            )
        asked = f"{len(data.single)} questions with one source, {len(data.several)} with several"
        notes += [
            f"{data.name}: {job.done} documents, {job.chunks} chunks, {job.failed} failed; {asked}",
            f"ingested in {seconds:.1f} s, {job.chunks / seconds:.1f} chunks/s: parsed, cut, embedded, indexed and linked",
            f"on disk: {on_disk}",
        ]
    report("retrieval", rows, notes=notes)


async def ingest(settings: Settings, files: Mapping[str, bytes], embedder: LocalEmbedder, index: PassageIndex) -> Job:
    """Through the store of objects, the database and the ingestion job, as the worker does it."""
    await migrate(settings.database_url, settings.home_folder)
    database = Database.open(settings.database_url)
    objects = ObjectFolder.local(settings.home_folder.objects)
    parser = ParserProcesses()

    async def collection(_name: str) -> Collection:
        return COLLECTION

    ports = IngestionPorts(
        documents=DocumentRecords(database),
        jobs=JobRecords(database),
        objects=objects,
        processor=Pipeline(objects=objects, parser=parser, splitter=TokenSplitter(minilm_tokenizer())),
        index=index,
        embedder_of=lambda _: embedder,
        collection_of=collection,
    )
    kept = [intake.File(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in files.items()]
    for file in kept:
        await objects.put(raw_name(file.digest), files[file.path])
    async with database.write() as connection:
        queued = await intake.upload(
            DatabaseLibrary(connection),
            kept,
            collection=COLLECTION.name,
            source="bench",
            rights=Rights(ACL),
            by="bench",
            now_ms=1,
        )
    runner = MemoryRunner({"ingest": Ingestion(ports)})
    await runner.submit("ingest", queued.job.id, lane="bench")
    await runner.drained()
    job = await ports.jobs.get(queued.job.id)
    await parser.close()
    await database.close()
    assert job is not None
    assert job.state == "succeeded", job.message
    return job


async def measure(data: Set, embedder: LocalEmbedder, index: LanceIndex, graph: FolderGraph) -> list[Row]:
    """One row a component, one for dense and lexical fused, and one for all."""
    ways = ("dense", "lexical", "fused", "graph", "fused + graph")
    ranks: dict[str, dict[Question, list[str]]] = {way: {} for way in ways}
    times: dict[str, list[float]] = {way: [] for way in ways}
    watched = Watched(index, graph)
    retriever = HybridRetriever(watched, lambda _: embedder, graph=watched)
    wanted: dict[str, Any] = {"collections": [COLLECTION.name], "acl": ACL, "limit": 2 * TEN, "on_behalf_of": "bench"}
    await retriever.retrieve(data.single[0].text, **wanted)  # the first opens table and graph
    for question in (*data.single, *data.several):
        started = time.perf_counter()
        passages = await retriever.retrieve(question.text, **wanted)
        times["fused + graph"].append((time.perf_counter() - started) * 1000)
        for way in ("dense", "lexical", "graph"):
            times[way].append(watched.spent[way])
        dense, lexical = watched.hits["dense"], watched.hits["lexical"]
        fetched = await index.fetch(COLLECTION.name, list(watched.walked), [0.0] * WIDTH, acl=ACL)
        walked = sorted((hit.passage for hit in fetched), key=lambda passage: -watched.walked[passage.id])
        found = {
            "dense": [hit.passage for hit in dense], "lexical": [hit.passage for hit in lexical], "graph": walked,
            "fused": fuse([*dense, *lexical], limit=2 * CANDIDATES), "fused + graph": passages,
        }  # fmt: skip
        for way in ways:
            ranks[way][question] = list(dict.fromkeys(passage.path for passage in found[way]))
    return [_row(way, data, ranks[way], times[way]) for way in ways]


def _row(way: str, data: Set, found: Mapping[Question, Sequence[str]], times: Sequence[float]) -> Row:
    first = [_rank(question, found[question]) for question in data.single]
    at_1, at_10 = sum(rank == 1 for rank in first), sum(rank is not None and rank <= TEN for rank in first)
    whole = sum(question.right <= set(found[question][:TEN]) for question in data.several)
    brought = sum(len(question.right.intersection(paths)) for question, paths in found.items())
    cuts = quantiles(times, n=20) if times else None
    return {
        "search": way,
        "recall@1": at_1 / len(first), "95 % @1": _interval(at_1, len(first)),
        "recall@10": at_10 / len(first), "95 % @10": _interval(at_10, len(first)),
        "MRR": mean(1 / rank if rank else 0.0 for rank in first),
        "several, all in 10": whole / len(data.several), "95 % all": _interval(whole, len(data.several)),
        "brought": brought / sum(len(question.right) for question in found),
        "p50 ms": cuts[9] if cuts else None, "p95 ms": cuts[18] if cuts else None,
    }  # fmt: skip


def _rank(question: Question, found: Sequence[str]) -> int | None:
    return next((rank for rank, path in enumerate(found, 1) if path in question.right), None)


def _interval(successes: int, trials: int) -> str:
    low, high = wilson(successes, trials)
    return f"{low:.3f}-{high:.3f}"


def beerqa(*, titles: bool = True) -> Set:
    """Each passage as a Markdown file, with its title in front or without one."""
    files = {
        f"{passage['id']}.md": f"{_front(passage['title']) if titles else ''}{passage['text']}\n".encode()
        for passage in _lines(DATA / "beerqa_passages.jsonl")
    }
    asked = {"squad": list[Question](), "hotpotqa": list[Question]()}
    for line in _lines(DATA / "beerqa_questions_dev.jsonl"):
        right = frozenset(f"{number}.md" for number in line["passages"])
        asked[str(line["source"])].append(Question(str(line["question"]), right))
    return Set(f"BeerQA dev, {'with' if titles else 'without'} titles", files, asked["squad"], asked["hotpotqa"])


def _front(title: object) -> str:
    return f"---\ntitle: {json.dumps(title)}\n---\n\n"


def handbook() -> Set:
    """The example company: all its documents as one group, its answerable questions."""
    folder = HANDBOOK / "documents"
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    read = yaml.safe_load((HANDBOOK / "questions.yaml").read_text(encoding="utf-8"))
    asked = [line for line in (read["questions"] if isinstance(read, dict) else read) if line["sources"]]
    questions = [
        Question(line["question"], frozenset(_file(source["path"], files) for source in line["sources"])) for line in asked
    ]
    return Set(
        "example handbook", files, [q for q in questions if len(q.right) == 1], [q for q in questions if len(q.right) > 1]
    )


def _file(path: str, files: Mapping[str, bytes]) -> str:
    return next((known for known in files if known == path or known.endswith("/" + path)), path)


def _size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    if "--handbook" in sys.argv:
        DATA = Path(os.devnull)
    asyncio.run(main())
