"""Ingest a public set of passages through the whole pipeline, in this process, and ask its questions of the index.

The passages and questions are the development half of BeerQA in ../shared/data: single-passage questions (SQuAD) and two-hop
questions (HotpotQA). Without that data the example handbook is ingested and its questions are asked instead: what counts
there is that the source document is found.

Reported for each search by itself and for both fused, as the gateway uses them: how often a right passage comes first or
among ten, the mean reciprocal rank, how often all passages of a two-hop question are among ten, and the time of a query,
embedding included.
"""

import asyncio
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, quantiles

import yaml

from report import ROOT, Row, report, wilson
from stoa.adapters.database import Database
from stoa.adapters.database.ledgers import DocumentRecords, JobRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.migrate import migrate
from stoa.adapters.engines.embedder import MiniLM
from stoa.adapters.engines.tokenizer import minilm_tokenizer
from stoa.adapters.jobs.memory import MemoryRunner
from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.parsers.process import ParserProcesses
from stoa.adapters.parsers.splitting import TokenSplitter
from stoa.adapters.vectors.lance import LanceIndex
from stoa.domain.documents import raw_name
from stoa.domain.jobs import Job
from stoa.domain.resources import Collection
from stoa.domain.vectors import Hit
from stoa.knowledge import intake
from stoa.knowledge.fuse import fuse
from stoa.knowledge.ingest import Ingestion, IngestionPorts
from stoa.knowledge.retrieve import CANDIDATES
from stoa.settings import Settings

DATA = ROOT.parent / "shared" / "data"
HANDBOOK = ROOT / "examples" / "handbook"
COLLECTION = Collection(name="bench", team="bench")
ACL = frozenset({"team:bench"})
TEN = 10


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


class LocalEmbedder:
    """The built-in model in this process."""

    def __init__(self, model: MiniLM) -> None:
        self._model = model

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        return list(await asyncio.to_thread(self._model.embed, texts))


async def main() -> None:
    data = beerqa() if (DATA / "beerqa_passages.jsonl").is_file() else handbook()
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
        settings = Settings(home=folder)
        settings.home_folder.prepare()
        embedder = LocalEmbedder(MiniLM(settings.home_folder.models))
        index = LanceIndex(str(settings.home_folder.vectors))
        started = time.perf_counter()
        job = await ingest(settings, data.files, embedder, index)
        seconds = time.perf_counter() - started
        size = sum(file.stat().st_size for file in settings.home_folder.vectors.rglob("*") if file.is_file())
        rows = await measure(data, embedder, index)
        await index.close()
    questions = f"{len(data.single)} questions with one source, {len(data.several)} with several"
    notes = [
        f"{data.name}: {job.done} documents, {job.chunks} chunks, {job.failed} failed; {questions}",
        f"ingested in {seconds:.1f} s: {job.chunks / seconds:.1f} chunks/s, parsing, cutting, embedding and indexing included",
        f"index on disk: {size / 1e6:.1f} MB",
    ]
    report("retrieval", rows, notes=notes)


async def ingest(settings: Settings, files: Mapping[str, bytes], embedder: LocalEmbedder, index: LanceIndex) -> Job:
    """Through the store of objects, the database and the ingestion job, as the worker does it."""
    await migrate(settings.database_url, settings.home_folder)
    database = Database.open(settings.database_url)
    objects = ObjectFolder.local(settings.home_folder.objects)
    parser = ParserProcesses()

    async def collection(_name: str) -> Collection:
        return COLLECTION

    ports = IngestionPorts(
        documents=DocumentRecords(database), jobs=JobRecords(database), objects=objects, parser=parser,
        splitter=TokenSplitter(minilm_tokenizer()), index=index, embedder_of=lambda _: embedder, collection_of=collection,
    )  # fmt: skip
    kept = [intake.File(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in files.items()]
    for file in kept:
        await objects.put(raw_name(file.digest), files[file.path])
    async with database.write() as connection:
        queued = await intake.upload(
            DatabaseLibrary(connection), kept, collection=COLLECTION.name, source="bench", acl=ACL, by="bench", now_ms=1
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


async def measure(data: Set, embedder: LocalEmbedder, index: LanceIndex) -> list[Row]:
    """One row a search. The time of the fused row is that of a whole query; the others leave out the other search."""
    ways = ("dense", "lexical", "fused")
    ranks: dict[str, dict[Question, list[str]]] = {way: {} for way in ways}
    times: dict[str, list[float]] = {way: [] for way in ways}
    await _search(data.single[0], embedder, index)  # the first opens the table
    for question in (*data.single, *data.several):
        found, spent = await _search(question, embedder, index)
        for way in ways:
            ranks[way][question] = found[way]
            times[way].append(spent[way] * 1000)
    return [_row(way, data, ranks[way], times[way]) for way in ways]


async def _search(
    question: Question, embedder: LocalEmbedder, index: LanceIndex
) -> tuple[dict[str, list[str]], dict[str, float]]:
    started = time.perf_counter()
    (vector,) = await embedder.embed([question.text], team="bench")
    dense = await index.dense(COLLECTION.name, vector, acl=ACL, limit=CANDIDATES)
    searched = time.perf_counter()
    lexical = await index.lexical(COLLECTION.name, question.text, vector, acl=ACL, limit=CANDIDATES)
    both = time.perf_counter()
    fused = fuse([*dense, *lexical], limit=CANDIDATES)
    ended = time.perf_counter()
    found = {"dense": _paths(dense), "lexical": _paths(lexical), "fused": list(dict.fromkeys(p.path for p in fused))}
    spent = {"dense": searched - started, "lexical": both - searched, "fused": ended - started}
    return found, spent


def _paths(hits: Sequence[Hit]) -> list[str]:
    return list(dict.fromkeys(hit.passage.path for hit in hits))


def _row(way: str, data: Set, found: Mapping[Question, Sequence[str]], times: Sequence[float]) -> Row:
    first = [_rank(question, found[question]) for question in data.single]
    at_1, at_10 = sum(rank == 1 for rank in first), sum(rank is not None and rank <= TEN for rank in first)
    whole = sum(question.right <= set(found[question][:TEN]) for question in data.several)
    cuts = quantiles(times, n=20)
    return {
        "search": way,
        "recall@1": at_1 / len(first), "95 % @1": _interval(at_1, len(first)),
        "recall@10": at_10 / len(first), "95 % @10": _interval(at_10, len(first)),
        "MRR": mean(1 / rank if rank else 0.0 for rank in first),
        "several, all in 10": whole / len(data.several), "95 % all": _interval(whole, len(data.several)),
        "p50 ms": cuts[9], "p95 ms": cuts[18],
    }  # fmt: skip


def _rank(question: Question, found: Sequence[str]) -> int | None:
    return next((rank for rank, path in enumerate(found, 1) if path in question.right), None)


def _interval(successes: int, trials: int) -> str:
    low, high = wilson(successes, trials)
    return f"{low:.3f}-{high:.3f}"


def beerqa() -> Set:
    """Each passage as a Markdown file with its title in front."""
    files = {
        f"{passage['id']}.md": f"---\ntitle: {json.dumps(passage['title'])}\n---\n\n{passage['text']}\n".encode()
        for passage in _lines(DATA / "beerqa_passages.jsonl")
    }
    asked = {"squad": list[Question](), "hotpotqa": list[Question]()}
    for line in _lines(DATA / "beerqa_questions_dev.jsonl"):
        right = frozenset(f"{number}.md" for number in line["passages"])
        asked[str(line["source"])].append(Question(str(line["question"]), right))
    return Set("BeerQA dev", files, asked["squad"], asked["hotpotqa"])


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


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    if sys.argv[1:] == ["--handbook"]:
        DATA = Path(os.devnull)
    asyncio.run(main())
