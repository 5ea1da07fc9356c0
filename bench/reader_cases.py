"""Questions of BeerQA's development half with passages to read: what `bench/reader.py` measures and `tools/reader` fits on.

Each question comes with its gold passages among the 8 hardest others, by words and by meaning, best match first; once more
without the gold passages; and once with only the answering sentences cut out of them, which is a near miss.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from report import ROOT
from stoa.adapters.engines.embedder import MiniLM, Vectors
from stoa.adapters.engines.evidence import NumberedPassage
from stoa.adapters.engines.sentences import units

DATA = ROOT.parent / "shared" / "data"
OTHERS = 8


@dataclass(frozen=True)
class Case:
    """`passages` are gold and others, `others` without gold, `gold` the numbers of the gold ones in `passages`."""

    source: str
    question: str
    answers: Sequence[str]
    passages: Sequence[NumberedPassage]
    others: Sequence[NumberedPassage]
    gold: frozenset[int]

    def answered_by(self, text: str) -> bool:
        return any(f" {plain(answer)} " in f" {plain(text)} " for answer in self.answers)

    @property
    def near_miss(self) -> list[NumberedPassage]:
        return [
            NumberedPassage(p.number, p.title, " ".join(u.text for u in units(p.text) if not self.answered_by(u.text)))
            for p in self.passages
        ]


def there() -> bool:
    """Whether the data lie beside the checkout; they are never in it."""
    return (DATA / "beerqa_passages.jsonl").is_file()


def cases(model: MiniLM) -> Iterator[Case]:
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

        yield Case(
            question["source"],
            question["question"],
            question["answers"],
            numbered(both),
            numbered(others),
            frozenset(n for n, i in enumerate(both, 1) if i in gold),
        )


def _bm25(texts: Sequence[str], questions: Sequence[str]) -> Vectors:
    counts = [Counter(plain(text).split()) for text in texts]
    frequency = Counter(word for count in counts for word in count)
    lengths = np.array([count.total() for count in counts], dtype=np.float32)
    norm = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
    scores = np.zeros((len(questions), len(texts)), dtype=np.float32)
    for at, question in enumerate(questions):
        for word in set(plain(question).split()) & frequency.keys():
            times = np.array([count[word] for count in counts], dtype=np.float32)
            rarity = math.log(1 + (len(texts) - frequency[word] + 0.5) / (frequency[word] + 0.5))
            scores[at] += rarity * times * 2.2 / (times + norm)
    return scores


def plain(text: str) -> str:
    words = re.sub(r"[^\w\s]", " ", text.lower()).split()
    return " ".join(word for word in words if word not in ("a", "an", "the"))
