"""How well stoa-reader chooses sentences, and whether it stays silent when nothing answers.

On BeerQA's development half, which lies beside the checkout and never in it: the cases of `reader_cases.py`. On the example
company: each question with the 8 passages that retrieval finds for it; `--show` prints what is answered there.
"""

import asyncio
import importlib
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from reader_cases import NEAR_MISSES, OTHER_WORDS, OTHERS, Case, cases, further_cases, plain, there
from report import ROOT, Row, report, wilson
from stoa.adapters.engines.embedder import MiniLM
from stoa.adapters.engines.evidence import Evidence, NumberedPassage, Weigher
from stoa.adapters.engines.reader import Reader
from stoa.adapters.engines.writing import written
from stoa.adapters.parsers.read import read
from stoa.adapters.parsers.splitting import TokenSplitter
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.passages import Passage
from stoa.domain.vectors import IndexedChunk
from stoa.knowledge.chunk import chunk
from stoa.knowledge.retrieve import HybridRetriever

HANDBOOK = ROOT / "examples" / "handbook"


def main() -> None:
    with tempfile.TemporaryDirectory() as models:
        model = MiniLM(Path(models), threads=1)
        rows: list[Row] = []
        notes: list[str] = []
        if there():
            rows += _beerqa(model, notes)
        else:
            notes.append("BeerQA's development half is not beside the checkout (../shared/data), so it was left out.")
        if (HANDBOOK / "questions.yaml").is_file():
            rows += _handbook(model, show="--show" in sys.argv)
        else:
            notes.append("examples/handbook is not there, so it was left out.")
    report("reader", rows, notes=notes)


def _beerqa(model: MiniLM, notes: list[str]) -> list[Row]:
    asked = list(cases(model))
    weigher = Weigher(model, cached_tokens=2_000_000)
    reader = Reader(weigher)
    rows: list[Row] = []
    ranked: list[list[Evidence]] = []
    seconds: list[float] = []
    for case in asked:
        fresh = Weigher(model)
        started = time.process_time()
        fresh.weigh(case.question, case.passages[:OTHERS])
        seconds.append(time.process_time() - started)
        ranked.append(weigher.weigh(case.question, case.passages)[0].evidence)
    single = [(case, found) for case, found in zip(asked, ranked, strict=True) if case.source == "squad"]
    for count, name in ((1, "best sentence holds the answer"), (2, "best two hold the answer")):
        hits = sum(any(case.answered_by(one.unit.text) for one in found[:count]) for case, found in single)
        rows.append(_share("BeerQA, SQuAD part", name, hits, len(single)))
    for name, chosen in (("SQuAD part", [case for case, _ in single]), ("all", asked)):
        kept = sum(bool(reader.read(c.question, c.passages)) for c in chosen)
        rows.append(_share(f"BeerQA, {name}", "answered, gold passages there", kept, len(chosen)))
        silent = sum(not reader.read(c.question, c.others) for c in chosen)
        rows.append(_share(f"BeerQA, {name}", "refused, gold passages removed", silent, len(chosen)))
    silent = sum(not reader.read(case.question, case.near_miss) for case, _ in single)
    rows.append(_share("BeerQA, SQuAD part", "refused, only the answering sentences removed", silent, len(single)))
    rows += _two_hop(reader, [case for case in asked if case.source != "squad"])
    rows += _further(reader, list(further_cases(model)))
    notes.append(
        f"reading {OTHERS} passages never met before: median {median(seconds) * 1000:.0f} ms, p95 "
        f"{sorted(seconds)[int(0.95 * len(seconds))] * 1000:.0f} ms of one core"
    )
    notes += _crossed(asked, weigher)
    return rows


def _further(reader: Reader, asked: Sequence[Case]) -> list[Row]:
    """Near misses that somebody thought of, and questions in words that the passages do not use."""
    rows: list[Row] = []
    for held_out, on in ((False, "Questions to BeerQA's passages"), (True, "the same, held out")):
        block = [(case, reader.read(case.question, case.passages)) for case in asked if case.held_out == held_out]
        for kind in NEAR_MISSES:
            found = [quotes for case, quotes in block if case.kind == kind]
            rows.append(_share(on, f"refused, {kind} asked for", sum(not quotes for quotes in found), len(found)))
        reworded = [(case, quotes) for case, quotes in block if case.kind == OTHER_WORDS]
        cited = sum(any(quote.number in case.gold for quote in quotes) for case, quotes in reworded)
        rows.append(_share(on, "right passage cited, asked in other words", cited, len(reworded)))
        wrong = sum(bool(quotes) and all(q.number not in case.gold for q in quotes) for case, quotes in reworded)
        rows.append(_share(on, "only wrong passages cited, asked in other words", wrong, len(reworded)))
    return rows


def _crossed(asked: Sequence[Case], weigher: Weigher) -> list[str]:
    """What the tool that fits the weights says of weights that were fitted without the question they judge."""
    sys.path.insert(0, str(ROOT / "tools" / "reader"))
    fit: Any = importlib.import_module("fit")  # Any: a tool is no part of the types that are checked
    return fit.crossed(list(fit.weighed(asked, weigher)))


def _two_hop(reader: Reader, asked: Sequence[Case]) -> list[Row]:
    """What is cited of questions that need two passages."""
    cited = [{quote.number for quote in reader.read(case.question, case.passages)} for case in asked]
    both = sum(len(numbers & case.gold) >= 2 for numbers, case in zip(cited, asked, strict=True))
    right = sum(len(numbers & case.gold) for numbers, case in zip(cited, asked, strict=True))
    return [
        _share("BeerQA, two-hop part", "two gold passages are cited", both, len(asked)),
        _share("BeerQA, two-hop part", "of the passages cited, gold ones", right, sum(map(len, cited))),
    ]


def _handbook(model: MiniLM, *, show: bool) -> list[Row]:
    reader = Reader(Weigher(model))
    questions: list[dict[str, Any]] = yaml.safe_load((HANDBOOK / "questions.yaml").read_text(encoding="utf-8"))
    reworded = [
        {**question, "question": question["in_other_words"]} for question in questions if question["expect"] == "answer"
    ]
    found = asyncio.run(_retrieved([*questions, *reworded], model))
    refused: dict[str, list[bool]] = {"unanswerable": [], "near_miss": [], "restricted": []}
    rows: list[Row] = []
    for name, asked in (("Handbook", questions), ("Handbook, in other words", reworded)):
        there = cited = answerable = 0
        for question in asked:
            passages = found.pop(0)
            numbered = [NumberedPassage(n, " > ".join((p.title, *p.heading)), p.text) for n, p in enumerate(passages, 1)]
            quotes = reader.read(question["question"], numbered)
            if show:
                print(f"- {question['question']}\n  {written(quotes)}")
            if question["expect"] == "refuse":
                refused[question["kind"]].append(not quotes)
                continue
            answerable += 1
            there += any(_holds(passage, source) for passage in passages for source in question["sources"])
            cited += any(_holds(passages[q.number - 1], source) for q in quotes for source in question["sources"])
        rows.append(_share(name, "a right passage is among the 8 retrieved", there, answerable))
        rows.append(_share(name, "a right passage is cited", cited, answerable))
    for kind, what in (("unanswerable", "not answerable"), ("near_miss", "near misses"), ("restricted", "not for the asker")):
        rows.append(_share("Handbook", f"refused, {what}", sum(refused[kind]), len(refused[kind])))
    return rows


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
    wanted = set(plain(source["passage"]).split())
    return passage.path == source["path"] and len(wanted & set(plain(passage.text).split())) >= 0.9 * len(wanted)


def _share(on: str, what: str, hits: int, of: int) -> Row:
    low, high = wilson(hits, of)
    return {"on": on, "what": what, "share": round(hits / of, 3), "low": round(low, 3), "high": round(high, 3), "of": of}


if __name__ == "__main__":
    main()
