"""How well stoa-reader chooses sentences, and whether it stays silent when nothing answers.

On BeerQA's development half, which lies beside the checkout and never in it: each question with its gold passages among the 8
hardest others, by words and by meaning; once more without the gold passages, and once with the answering sentences cut out of
them, which is a near miss. On the example company: each question with the 8 passages that retrieval finds for it.
"""

import asyncio
import json
import math
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import yaml

from report import ROOT, Row, report, wilson
from stoa.adapters.engines.embedder import MiniLM, Vectors
from stoa.adapters.engines.evidence import Evidence, NumberedPassage, Weigher
from stoa.adapters.engines.reader import Reader
from stoa.adapters.engines.sentences import units
from stoa.adapters.parsers.read import read
from stoa.adapters.parsers.splitting import TokenSplitter
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.passages import Passage
from stoa.domain.vectors import IndexedChunk
from stoa.knowledge.chunk import chunk
from stoa.knowledge.retrieve import HybridRetriever

DATA = ROOT.parent / "shared" / "data"
HANDBOOK = ROOT / "examples" / "handbook"
OTHERS = 8


@dataclass(frozen=True)
class Case:
    """One question of BeerQA with its passages: `gold` and the hardest `others`, best match first."""

    source: str
    question: str
    answers: Sequence[str]
    passages: Sequence[NumberedPassage]
    others: Sequence[NumberedPassage]

    def answered_by(self, text: str) -> bool:
        return any(f" {_plain(answer)} " in f" {_plain(text)} " for answer in self.answers)

    @property
    def near_miss(self) -> list[NumberedPassage]:
        return [
            NumberedPassage(p.number, p.title, " ".join(u.text for u in units(p.text) if not self.answered_by(u.text)))
            for p in self.passages
        ]


def main() -> None:
    with tempfile.TemporaryDirectory() as models:
        model = MiniLM(Path(models), threads=1)
        rows: list[Row] = []
        notes: list[str] = []
        if (DATA / "beerqa_passages.jsonl").is_file():
            rows += _beerqa(model, notes)
        else:
            notes.append("BeerQA's development half is not beside the checkout (../shared/data), so it was left out.")
        if (HANDBOOK / "questions.yaml").is_file():
            rows += _handbook(model)
        else:
            notes.append("examples/handbook is not there, so it was left out.")
    report("reader", rows, notes=notes)


def _beerqa(model: MiniLM, notes: list[str]) -> list[Row]:
    cases = list(_cases(model))
    weigher = Weigher(model, cached_tokens=2_000_000)
    reader = Reader(weigher)
    rows: list[Row] = []
    best: list[tuple[Case, list[Evidence]]] = []
    seconds: list[float] = []
    for case in cases:
        started = time.perf_counter()
        rankings = weigher.weigh(case.question, case.passages)
        seconds.append(time.perf_counter() - started)
        best.append((case, rankings[0].evidence))
    single = [(case, ranked) for case, ranked in best if case.source == "squad"]
    for count, name in ((1, "best sentence holds the answer"), (2, "best two hold the answer")):
        hits = sum(any(case.answered_by(one.unit.text) for one in ranked[:count]) for case, ranked in single)
        rows.append(_share("BeerQA, SQuAD part", name, hits, len(single)))
    for name, chosen in (("SQuAD part", [c for c in cases if c.source == "squad"]), ("all", cases)):
        kept = sum(bool(reader.read(c.question, c.passages)) for c in chosen)
        rows.append(_share(f"BeerQA, {name}", "answered, gold passages there", kept, len(chosen)))
        silent = sum(not reader.read(c.question, c.others) for c in chosen)
        rows.append(_share(f"BeerQA, {name}", "refused, gold passages removed", silent, len(chosen)))
    near = [case for case, _ in single]
    silent = sum(not reader.read(case.question, case.near_miss) for case in near)
    rows.append(_share("BeerQA, SQuAD part", "refused, only the answering sentences removed", silent, len(near)))
    notes.append(f"weighing passages in which sentences may be known: median {median(seconds) * 1000:.0f} ms on one core")
    return rows


def _handbook(model: MiniLM) -> list[Row]:
    reader = Reader(Weigher(model))
    questions: list[dict[str, Any]] = yaml.safe_load((HANDBOOK / "questions.yaml").read_text(encoding="utf-8"))
    found = asyncio.run(_retrieved(questions, model))
    there = cited = answerable = refused = unanswerable = 0
    for question, passages in zip(questions, found, strict=True):
        numbered = [NumberedPassage(n, " > ".join((p.title, *p.heading)), p.text) for n, p in enumerate(passages, 1)]
        quotes = reader.read(question["question"], numbered)
        if question["expect"] == "refuse":
            unanswerable += 1
            refused += not quotes
            continue
        answerable += 1
        there += any(_holds(passage, source) for passage in passages for source in question["sources"])
        cited += any(_holds(passages[q.number - 1], source) for q in quotes for source in question["sources"])
    return [
        _share("Handbook", "a right passage is among the 8 retrieved", there, answerable),
        _share("Handbook", "a right passage is cited", cited, answerable),
        _share("Handbook", "refused, not answerable or not for the asker", refused, unanswerable),
    ]


async def _retrieved(questions: Sequence[dict[str, Any]], model: MiniLM) -> list[Sequence[Passage]]:
    embedder = _Embedder(model)
    index, splitter = MemoryIndex(), TokenSplitter(model.tokenizer)
    documents = HANDBOOK / "documents"
    for file in sorted(path for path in documents.rglob("*") if path.is_file()):
        path = file.relative_to(documents).as_posix()
        chunks = chunk(read(file.read_bytes(), path), splitter, tokens=200, document_id=path, path=path)
        vectors = model.embed([one.contextual_text for one in chunks]).tolist()
        acl = frozenset([path.split("/")[0]])
        await index.replace("handbook", [path], [IndexedChunk(*pair, acl) for pair in zip(chunks, vectors, strict=True)])
    retriever = HybridRetriever(index, lambda _collection: embedder)
    return [
        await retriever.retrieve(
            question["question"],
            collections=["handbook"],
            acl=frozenset(["company", *question["asked_by"]]),
            limit=OTHERS,
            on_behalf_of="company",
        )
        for question in questions
    ]


class _Embedder:
    def __init__(self, model: MiniLM) -> None:
        self._model = model

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        return self._model.embed(texts).tolist()


def _holds(passage: Passage, source: dict[str, str]) -> bool:
    """A table's row is written in several ways, so nine in ten of the source's words are enough."""
    wanted = set(_plain(source["passage"]).split())
    return passage.path == source["path"] and len(wanted & set(_plain(passage.text).split())) >= 0.9 * len(wanted)


def _cases(model: MiniLM) -> Iterator[Case]:
    passages = [json.loads(line) for line in (DATA / "beerqa_passages.jsonl").read_text(encoding="utf-8").splitlines()]
    questions = [json.loads(line) for line in (DATA / "beerqa_questions_dev.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = [f"{passage['title']}\n{passage['text']}" for passage in passages]
    meaning = model.embed([q["question"] for q in questions]) @ model.embed(texts).T
    words = _bm25(texts, [q["question"] for q in questions])
    for at, question in enumerate(questions):
        match = meaning[at] + 0.5 * words[at] / max(float(words[at].max()), 1e-9)
        order = [int(i) for i in np.argsort(-match, kind="stable")]
        gold = set(question["passages"])
        others = [i for i in order if i not in gold][:OTHERS]
        both = [i for i in order if i in gold or i in others]

        def numbered(chosen: Sequence[int]) -> list[NumberedPassage]:
            return [NumberedPassage(n, passages[i]["title"], passages[i]["text"]) for n, i in enumerate(chosen, 1)]

        yield Case(question["source"], question["question"], question["answers"], numbered(both), numbered(others))


def _bm25(texts: Sequence[str], questions: Sequence[str]) -> Vectors:
    counts = [Counter(_plain(text).split()) for text in texts]
    frequency = Counter(word for count in counts for word in count)
    lengths = np.array([count.total() for count in counts], dtype=np.float32)
    norm = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
    scores = np.zeros((len(questions), len(texts)), dtype=np.float32)
    for at, question in enumerate(questions):
        for word in set(_plain(question).split()) & frequency.keys():
            times = np.array([count[word] for count in counts], dtype=np.float32)
            rarity = math.log(1 + (len(texts) - frequency[word] + 0.5) / (frequency[word] + 0.5))
            scores[at] += rarity * times * 2.2 / (times + norm)
    return scores


def _share(on: str, what: str, hits: int, of: int) -> Row:
    low, high = wilson(hits, of)
    return {"on": on, "what": what, "share": round(hits / of, 3), "low": round(low, 3), "high": round(high, 3), "of": of}


def _plain(text: str) -> str:
    words = re.sub(r"[^\w\s]", " ", text.lower()).split()
    return " ".join(word for word in words if word not in ("a", "an", "the"))


if __name__ == "__main__":
    main()
