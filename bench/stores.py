"""100,000 chunks in LanceDB and in Milvus Lite: what building costs, what it weighs, how long a filtered question takes.

`make bench-stores`. The chunks are those of `bench/index.py`. Rights lie as they do in an organisation: in folders, 2,000
of them, each open to three of 2,000 groups and six of ten to a whole team as well; a document has the rights of its folder.

LanceDB is written as a job writes it. Milvus Lite, a server in a process of its own, is filled from it by what
`stoa vectors migrate` does, which then compares both row by row; seconds are those that the writes and their indices took.
Questions go through the retriever, by meaning and by words together, without the embedding of the question. Memory is that of
the process that asks, and for Milvus of its server.

`--quick` takes 5,000 chunks. `--distinct` gives each document rights of its own, the worst for a store that numbers rights.
"""

import argparse
import asyncio
import multiprocessing
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, quantiles

import numpy as np
import numpy.typing as npt

import index
import retrieval
from report import Row, report
from stoa.adapters.engines.embedder import MiniLM
from stoa.adapters.vectors.lance import LanceIndex
from stoa.adapters.vectors.late import LateIndex
from stoa.adapters.vectors.milvus import MilvusIndex
from stoa.domain.vectors import IndexedChunk, VectorStore
from stoa.knowledge.indexes.moving import Moved, copy
from stoa.knowledge.indexes.sameness import Agreement, ask_both
from stoa.knowledge.retrieve import CANDIDATES, HybridRetriever

FOLDERS, QUESTIONS, QUICK = 2_000, 50, 5_000
PATIENCE_S = 300.0


@dataclass(frozen=True)
class Weight:
    """What a store took: seconds to write and to bring into its indices, MB on disk."""

    written_s: float
    tended_s: float
    disk_mb: float


@dataclass(frozen=True)
class Answers:
    """By caller, as `index.Asked`; and the most memory, in MB, of the process that asked."""

    asked: Mapping[str, index.Asked]
    memory_mb: float


class KnownEmbedder:
    """Vectors of questions that were embedded before."""

    def __init__(self, known: Mapping[str, Sequence[float]]) -> None:
        self._known = known

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        return [self._known[text] for text in texts]


class Timed(LateIndex):
    """A store that counts the seconds of its writes."""

    def __init__(self, store: VectorStore) -> None:
        super().__init__(lambda: store)
        self.written_s = self.tended_s = 0.0

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        started = time.perf_counter()
        await super().replace(collection, documents, chunks)
        self.written_s += time.perf_counter() - started

    async def tend(self, collection: str) -> None:
        started = time.perf_counter()
        await super().tend(collection)
        self.tended_s += time.perf_counter() - started


class Still:
    """CorpusLedger of a collection that nobody changes. What else it would say, copying does not ask."""

    async def version(self, collection: str) -> int:
        return 1


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--chunks", type=int, default=100_000)
    options.add_argument("--quick", action="store_true", help=f"{QUICK:,} chunks")
    options.add_argument("--distinct", action="store_true", help="each document has rights of its own")
    chosen = options.parse_args()
    count = QUICK if chosen.quick else chosen.chunks
    data = retrieval.beerqa() if (retrieval.DATA / "beerqa_passages.jsonl").is_file() else retrieval.handbook()
    questions = [question.text for question in [*data.single, *data.several]]
    questions = random.Random(5).sample(questions, min(QUESTIONS, len(questions)))
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
        model = MiniLM(Path(folder))
        made = index.make(data, model, count)
        if not chosen.distinct:
            made = replace(made, tags=[made.tags[number // 3 % FOLDERS * 3] for number in range(count)])
        known = {text: model.embed([text])[0].tolist() for text in questions}
        uri, lite = str(Path(folder) / "lance"), Path(folder) / "milvus"
        print(f"{count:,} chunks made; writing them into LanceDB", flush=True)
        lance = asyncio.run(build(uri, made))
        with milvus_lite(lite) as (url, pid):
            print(f"LanceDB built in {lance.written_s + lance.tended_s:.0f} s; moving it to Milvus Lite", flush=True)
            moved, moved_s, agreed, timed = asyncio.run(migrate(uri, url))
            print(f"moved and compared in {moved_s:.0f} s; asking", flush=True)
            milvus = Weight(timed.written_s, timed.tended_s, size(lite))
            answers = {"LanceDB": ask_apart(uri, known), "Milvus Lite": ask_apart(url, known)}
            server_mb = _peak_mb(pid)
    vectors = np.array(list(known.values()), dtype=np.float32)
    lite_mb = answers["Milvus Lite"].memory_mb
    stores = (("LanceDB", lance, answers["LanceDB"].memory_mb), ("Milvus Lite", milvus, server_mb + lite_mb))
    rows = [
        row(store, weight, answers[store], memory, caller, made, vectors)
        for store, weight, memory in stores
        for caller in callers()
    ]
    notes = [
        f"{count:,} chunks of {count // 3:,} documents of {data.name}, {len(set(made.tags)):,} different rights",
        f"{len(known)} questions a caller, by meaning and by words; the question's embedding is not in the time",
        f"migration from LanceDB: {moved.rows:,} rows of {moved.documents:,} documents compared, all the same, {moved_s:.0f} s",
        f"{agreed.questions} questions drawn from the rows: {agreed.dense:.1%} of the nearest ten in both the same by meaning",
        f"and {agreed.lexical:.1%} by words, whose rarity Milvus Lite counts in each of its segments",
        f"Milvus Lite's server {server_mb:.0f} MB, the process that asks it {lite_mb:.0f} MB",
    ]
    report("stores-quick" if chosen.quick else "stores-distinct" if chosen.distinct else "stores", rows, notes=notes)


async def build(uri: str, made: index.Made) -> Weight:
    written, tended = await index.build(uri, made)
    await index.settle(uri)
    return Weight(written, tended, size(Path(uri)))


async def migrate(uri: str, url: str) -> tuple[Moved, float, Agreement, Timed]:
    source, target = LanceIndex(uri), MilvusIndex(url, read_s=PATIENCE_S)
    timed, started = Timed(target), time.perf_counter()

    def say(collection: str, done: int, total: int) -> None:
        if done % 4_000 == 0:
            print(f"  {done:,} of {total:,} documents, {time.perf_counter() - started:.0f} s", flush=True)

    moved = await copy(source, timed, index.COLLECTION, Still(), say)  # pyright: ignore[reportArgumentType] - see Still
    took = time.perf_counter() - started
    agreed = await ask_both(source, target, index.COLLECTION, questions=30)
    await source.close()
    await target.close()
    return moved, took, agreed, timed


def callers() -> Mapping[str, frozenset[str]]:
    """Those of `index.py` who hold groups alone."""
    return {name: acl for name, acl in index.make_callers().items() if "team" not in name}


def ask_apart(place: str, known: Mapping[str, Sequence[float]]) -> Answers:
    """In a process of its own: what building left in memory is not what asking needs."""
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(_ask, place, known).result()


def _ask(place: str, known: Mapping[str, Sequence[float]]) -> Answers:
    async def run() -> dict[str, index.Asked]:
        return {name: await _ask_as(place, known, acl) for name, acl in callers().items()}

    asked = asyncio.run(run())
    return Answers(asked, _peak_mb())


async def _ask_as(place: str, known: Mapping[str, Sequence[float]], acl: frozenset[str]) -> index.Asked:
    store: VectorStore = MilvusIndex(place, read_s=PATIENCE_S) if place.startswith("http") else LanceIndex(place)
    embedder = KnownEmbedder(known)
    retriever = HybridRetriever(store, lambda _: embedder)
    first = next(iter(known))
    await retriever.retrieve(first, collections=[index.COLLECTION], acl=acl, limit=index.TEN, on_behalf_of="bench")
    spent, nearest = list[float](), list[Sequence[str]]()
    for question, vector in known.items():
        started = time.perf_counter()
        await retriever.retrieve(question, collections=[index.COLLECTION], acl=acl, limit=index.TEN, on_behalf_of="bench")
        spent.append((time.perf_counter() - started) * 1000)
        found = await store.dense(index.COLLECTION, vector, acl=acl, limit=CANDIDATES)
        nearest.append([hit.passage.id for hit in found[: index.TEN]])
    await store.close()
    return index.Asked(spent, nearest)


def row(
    store: str, weight: Weight, answers: Answers, memory_mb: float, caller: str, made: index.Made,
    questions: npt.NDArray[np.float32],
) -> Row:  # fmt: skip
    acl, asked = callers()[caller], answers.asked[caller]
    numbers = np.flatnonzero([not tags.isdisjoint(acl) for tags in made.tags])
    exact = [{str(numbers[n]) for n in np.argsort(-one)[: index.TEN]} for one in questions @ made.vectors[numbers].T]
    kept = [len(right & set(found)) / len(right) for right, found in zip(exact, asked.nearest, strict=True) if right]
    cuts = quantiles(asked.ms, n=20)
    return {
        "store": store, "caller": caller, "chunks open": len(numbers), "p50 ms": cuts[9], "p95 ms": cuts[18],
        "recall@10 of exact": mean(kept), "build s": weight.written_s + weight.tended_s, "memory MB": memory_mb,
        "disk MB": weight.disk_mb,
    }  # fmt: skip


@contextmanager
def milvus_lite(folder: Path) -> Generator[tuple[str, int]]:
    """Its server over the folder, as a process of its own: the URL and the process's number."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    command = [str(Path(sys.executable).with_name("milvus-lite")), "server", "--data-dir", str(folder)]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "the server ended at its start"
                assert time.monotonic() < until, "the server does not listen"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.kill()
        process.wait()


def size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def _peak_mb(pid: int | None = None) -> float:
    """The most memory that a process had until now."""
    status = Path(f"/proc/{pid or 'self'}/status").read_text()
    (peak,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1000


if __name__ == "__main__":
    main()
