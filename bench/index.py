"""100,000 chunks in LanceDB: what building costs, what it weighs, and how long a question under rights takes.

The chunks are made, since no public set of that size lies beside the checkout: three to six sentences of BeerQA's passages (or
of the example handbook's), drawn at random, with the mean of the sentences' own vectors at unit length. Texts, words and
vectors are like real ones, but without the neighbourhoods that real subjects make, which is harder on an index of vectors.
Three chunks are a document. Each document is open to three of 2,000 groups, six of ten to a whole team as well.

Questions are BeerQA's own, each asked once by callers with few and many groups, of an index opened anew, in a process of its
own. The time is that of the whole query, embedding included; recall is that of the search by meaning against all vectors
compared.
"""

import argparse
import asyncio
import hashlib
import multiprocessing
import random
import re
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import mean, quantiles

import lancedb
import numpy as np
import numpy.typing as npt

import retrieval
from report import ROOT, Row, report
from stoa.adapters.engines.embedder import MiniLM
from stoa.adapters.vectors.lance import LanceIndex
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.knowledge.retrieve import CANDIDATES, HybridRetriever

COLLECTION = "bench"
SENTENCES, GROUPS, QUESTIONS, PART = 3_000, 2_000, 100, 5_000
TEAM = "team:bench"
TEN = 10


@dataclass(frozen=True)
class Made:
    """Chunks by number: their sentences, the vectors (n, 384), and the tags of each."""

    sentences: Sequence[tuple[str, str]]
    drawn: Sequence[Sequence[int]]
    vectors: npt.NDArray[np.float32]
    tags: Sequence[frozenset[str]]

    def rows(self, numbers: Sequence[int]) -> list[IndexedChunk]:
        return [IndexedChunk(self._chunk(n), self.vectors[n].tolist(), self.tags[n]) for n in numbers]

    def _chunk(self, number: int) -> Chunk:
        title = self.sentences[self.drawn[number][0]][0]
        text = " ".join(self.sentences[one][1] for one in self.drawn[number])
        document = f"d{number // 3}"
        return Chunk(
            id=str(number), document_id=document, title=title, path=f"{document}.md", heading=(), page=None, start=0,
            end=len(text), context=title, text=text,
        )  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What one caller's questions took, in ms, and the ids that the search by meaning found for each."""

    ms: Sequence[float]
    nearest: Sequence[Sequence[str]]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--chunks", type=int, default=100_000)
    count = options.parse_args().chunks
    data = retrieval.beerqa() if (retrieval.DATA / "beerqa_passages.jsonl").is_file() else retrieval.handbook()
    questions = [question.text for question in random.Random(5).sample([*data.single, *data.several], QUESTIONS)]
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
        model = MiniLM(Path(folder))
        made = make(data, model, count)
        uri = str(Path(folder) / "vectors")
        added, tended = asyncio.run(build(uri, made))
        size = _size(uri)
        callers = make_callers()
        context = multiprocessing.get_context("spawn")  # what building left in memory is not what asking needs
        with ProcessPoolExecutor(max_workers=1, mp_context=context) as process:
            asked, loaded, most = process.submit(ask, uri, folder, questions, callers).result()
        asyncio.run(settle(uri))
        settled = _size(uri)
        vectors = np.stack([model.embed([question])[0] for question in questions])
    rows = [row(caller, made, callers[caller], vectors, asked[caller]) for caller in callers]
    per = 100_000 / count
    notes = [
        f"{count:,} chunks made of {len(made.sentences):,} sentences of {data.name}; {len(questions)} questions a caller",
        f"built in {added + tended:.1f} s: rows written {added:.1f} s, indices of words, vectors and rights {tended:.1f} s",
        f"on disk: {size * per / 1e6:.0f} MB per 100,000 chunks, {settled * per / 1e6:.0f} MB once old versions are gone",
        f"memory of the process that asks: {loaded:.0f} MB with the model loaded, {most:.0f} MB at most while it asked",
    ]
    report("index", rows, notes=notes)


def make(data: retrieval.Set, model: MiniLM, count: int) -> Made:
    """Sentences embedded, and chunks drawn from them. Always the same."""
    draw = random.Random(3)
    known = list(dict.fromkeys(_sentences(data.files)))
    sentences = draw.sample(known, min(SENTENCES, len(known)))
    embedded = _embedded(model, [sentence for _, sentence in sentences])
    drawn = [draw.sample(range(len(sentences)), draw.randint(3, 6)) for _ in range(count)]
    vectors = np.stack([embedded[some].mean(axis=0) for some in drawn])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    documents = [
        frozenset({*(f"group:{n}" for n in draw.sample(range(GROUPS), 3)), *([TEAM] if draw.random() < 0.6 else [])})
        for _ in range(count // 3 + 1)
    ]
    return Made(sentences, drawn, vectors, [documents[number // 3] for number in range(count)])


def _embedded(model: MiniLM, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Their vectors, kept for the next run of any benchmark that draws the same."""
    kept = ROOT / ".build" / "bench" / f"{hashlib.sha256(chr(0).join(texts).encode()).hexdigest()[:16]}.npy"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        vectors = np.stack(model.embed(texts))
        whole = kept.with_suffix(".new.npy")
        np.save(whole, vectors)
        whole.replace(kept)
    return np.load(kept)


def _sentences(files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Each with the title of its file, where it says one."""
    for name, content in files.items():
        text = content.decode("utf-8", errors="ignore")
        title = re.search(r'^title: "?(.*?)"?$', text, re.MULTILINE)
        for sentence in re.split(r"(?<=[.!?])\s+", text.split("---")[-1].strip()):
            if 20 < len(sentence) < 400:
                yield title[1] if title else name, " ".join(sentence.split())


async def build(uri: str, made: Made) -> tuple[float, float]:
    """Seconds of writing the rows, the making of rows as Arrow included, and of tending."""
    index = LanceIndex(uri)
    started = time.perf_counter()
    for first in range(0, len(made.drawn), PART):
        await index.replace(COLLECTION, [], made.rows(range(first, min(first + PART, len(made.drawn)))))
    written = time.perf_counter()
    await index.tend(COLLECTION)
    ended = time.perf_counter()
    await index.close()
    return written - started, ended - written


async def settle(uri: str) -> None:
    """Delete the old versions, which are else kept for some minutes."""
    database = await lancedb.connect_async(uri)
    with warnings.catch_warnings(action="ignore"):  # that others may be reading them
        await (await database.open_table(COLLECTION)).optimize(cleanup_older_than=timedelta(0))


def make_callers() -> dict[str, frozenset[str]]:
    """Those with the team see most; the others what their groups open."""
    draw = random.Random(11)
    groups = {n: frozenset(f"group:{g}" for g in draw.sample(range(GROUPS), n)) for n in (1, 10, 100, 1_000)}
    few = {f"{n:,} group{'s' if n > 1 else ''}": some for n, some in groups.items()}
    return {"the team": frozenset({TEAM}), **few, "the team and 1,000 groups": groups[1_000] | {TEAM}}


def ask(
    uri: str, models: str, questions: Sequence[str], callers: Mapping[str, frozenset[str]]
) -> tuple[dict[str, Asked], float, float]:
    """Each caller's questions; the memory of this process in MB before the first, and at most."""
    embedder = retrieval.LocalEmbedder(MiniLM(Path(models)))
    loaded = _most_mb()

    async def all_callers() -> dict[str, Asked]:
        return {name: await _ask(uri, embedder, questions, acl) for name, acl in callers.items()}

    return asyncio.run(all_callers()), loaded, _most_mb()


async def _ask(uri: str, embedder: retrieval.LocalEmbedder, questions: Sequence[str], acl: frozenset[str]) -> Asked:
    index = LanceIndex(uri)
    retriever = HybridRetriever(index, lambda _: embedder)
    await retriever.retrieve("The first opens the table.", collections=[COLLECTION], acl=acl, limit=TEN, on_behalf_of="bench")
    spent, nearest = list[float](), list[Sequence[str]]()
    for question in questions:
        started = time.perf_counter()
        await retriever.retrieve(question, collections=[COLLECTION], acl=acl, limit=TEN, on_behalf_of="bench")
        spent.append((time.perf_counter() - started) * 1000)
        (vector,) = await embedder.embed([question], team="bench")
        found = await index.dense(COLLECTION, vector, acl=acl, limit=CANDIDATES)
        nearest.append([hit.passage.id for hit in found[:TEN]])
    await index.close()
    return Asked(spent, nearest)


def row(caller: str, made: Made, acl: frozenset[str], questions: npt.NDArray[np.float32], asked: Asked) -> Row:
    may = np.array([not tags.isdisjoint(acl) for tags in made.tags])
    numbers = np.flatnonzero(may)
    similar = questions @ made.vectors[numbers].T
    exact = [{str(numbers[n]) for n in np.argsort(-one)[:TEN]} for one in similar]
    kept = [len(right & set(found)) / len(right) for right, found in zip(exact, asked.nearest, strict=True)]
    cuts = quantiles(asked.ms, n=20)
    return {
        "caller": caller, "tags": len(acl), "chunks open to them": int(may.sum()),
        "p50 ms": cuts[9], "p95 ms": cuts[18], "recall@10 of exact": mean(kept),
    }  # fmt: skip


def _size(uri: str) -> int:
    return sum(file.stat().st_size for file in Path(uri).rglob("*") if file.is_file())


def _most_mb() -> float:
    """The most memory that this process had until now."""
    (peak,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) / 1000


if __name__ == "__main__":
    main()
