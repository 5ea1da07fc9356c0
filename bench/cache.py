"""How often two questions share an answer in the semantic cache, how often rightly, and what looking one up costs.

The questions are the development half of Quora's pairs in ../shared/data, 37 % of them labelled as meaning the same; without
that file nothing is measured. The labels are taken as they are, wrong ones and all. The rules were written looking at one half
of the file (by hash of the pair) and corrected once after a look at the other, so the halves are told apart at the threshold
that is shipped.

Reported for the cosine alone and for the judgement that the gateway uses, at each threshold: hits, the share of them that is
labelled the same (precision) and the share of all pairs labelled the same that is hit, with 95 % intervals. Errors are printed
and not kept, for the texts are Quora's.
"""

import hashlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from report import ROOT, Row, report, wilson
from stoa.adapters.engines.embedder import MiniLM
from stoa.gateway.likeness.judgement import NEAR, judge
from stoa.gateway.likeness.reading import read
from stoa.gateway.likeness.store import Questions

PAIRS = ROOT.parent / "shared" / "data" / "question_pairs_dev.jsonl"
THRESHOLDS = (0.99, 0.98, 0.97, 0.96, 0.95, 0.94, 0.92, 0.9, 0.88, 0.85, 0.8)
LOWEST = min(THRESHOLDS)
STORED = 10_000
BATCH = 256

T = TypeVar("T")


@dataclass(frozen=True)
class Pair:
    """Two questions, whether they are labelled as the same, how near their vectors are, and what the judgement says."""

    one: str
    other: str
    same: bool
    cosine: float
    judged: bool
    because: str

    @property
    def looked_at(self) -> bool:
        """Whether it is of the half that was looked at while the rules were written."""
        return hashlib.sha256(f"{self.one}\n{self.other}".encode()).digest()[0] % 2 == 0


def main() -> None:
    if not PAIRS.is_file():
        print(f"Skipped: {PAIRS} is not there.")
        return
    lines = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    texts = list(dict.fromkeys(line[side] for line in lines for side in ("text_a", "text_b")))
    with tempfile.TemporaryDirectory() as models:
        model = MiniLM(Path(models))
        vectors = np.concatenate([model.embed(texts[at : at + BATCH]) for at in range(0, len(texts), BATCH)])
        embedding = _times(lambda text: model.embed([text]), texts[:300], clock=time.process_time)
    pairs = list(_judged(lines, dict(zip(texts, vectors, strict=True))))
    rows = [
        *(_row("cosine alone", pairs, near, lambda pair: True) for near in THRESHOLDS),
        *(_row("judged", pairs, near, lambda pair: pair.judged) for near in THRESHOLDS),
        _row("judged, the half looked at", [pair for pair in pairs if pair.looked_at], NEAR, lambda pair: pair.judged),
        _row("judged, the other half", [pair for pair in pairs if not pair.looked_at], NEAR, lambda pair: pair.judged),
    ]
    refused = Counter(pair.because for pair in pairs if pair.same and not pair.judged and pair.cosine >= NEAR)
    reasons = ", ".join(f"{because} {count}" for because, count in refused.most_common())
    notes = [
        f"{len(pairs)} pairs, {sum(pair.same for pair in pairs)} labelled the same; shipped threshold {NEAR}",
        f"labelled the same and at {NEAR} or nearer, but not judged the same, for: {reasons}",
        f"one lookup among {STORED:,} questions (read, look up, judge), time of the processor: {_shown(_lookups(texts))}",
        f"embedding one question, only when another may be the same, time of the processor: {_shown(embedding)}",
    ]
    report("cache", rows, notes=notes)
    print(f"\nJudged the same at {NEAR}, labelled otherwise:\n")
    for pair in sorted(pairs, key=lambda pair: -pair.cosine):
        if pair.judged and not pair.same and pair.cosine >= NEAR:
            print(f"- {pair.cosine:.3f}  {pair.one}  |  {pair.other}")


def _judged(lines: Sequence[dict[str, str]], vectors: dict[str, npt.NDArray[np.float32]]) -> Iterator[Pair]:
    for line in lines:
        one, other = line["text_a"], line["text_b"]
        cosine = float(vectors[one] @ vectors[other])
        verdict = judge(read(one), read(other), cosine, near=LOWEST)
        yield Pair(one, other, bool(line["label"]), cosine, verdict.same, verdict.because)


def _row(name: str, pairs: Sequence[Pair], near: float, counts: Callable[[Pair], bool]) -> Row:
    hits = [pair for pair in pairs if pair.cosine >= near and counts(pair)]
    right, same = sum(pair.same for pair in hits), sum(pair.same for pair in pairs)
    precision, found = wilson(right, len(hits)), wilson(right, same)
    return {
        "method": name,
        "threshold": near,
        "hits": len(hits),
        "wrong": len(hits) - right,
        "precision": right / len(hits),
        "95 % precision": f"{precision[0]:.3f}-{precision[1]:.3f}",
        "of the same": right / same,
        "95 % of the same": f"{found[0]:.3f}-{found[1]:.3f}",
    }


def _lookups(texts: Sequence[str]) -> list[float]:
    """Milliseconds of the processor for each of some questions, asked again in a store that is full of them."""
    questions = Questions(max_bytes=1 << 30, max_entries=STORED)
    for number in range(STORED):
        text = texts[number % len(texts)]
        found = read(text)
        if found is not None:
            scope = b"%d" % (number // len(texts))
            questions.put(scope, text, found, answer=b"%d" % number)

    def look_up(text: str) -> None:
        asked = read(text)
        if asked is not None:
            for known in questions.alike(b"0", asked):
                judge(asked, read(known.text), 1.0)

    return _times(look_up, texts[:2_000], clock=time.thread_time)


def _times(call: Callable[[T], object], over: Sequence[T], *, clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Milliseconds of each call."""
    spent: list[float] = []
    for one in over:
        started = clock()
        call(one)
        spent.append((clock() - started) * 1000)
    return spent


def _shown(times: Sequence[float]) -> str:
    cuts = quantiles(times, n=20)
    return f"median {cuts[9]:.3f} ms, 95 % within {cuts[18]:.3f} ms"


if __name__ == "__main__":
    main()
