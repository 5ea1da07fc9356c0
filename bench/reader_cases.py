"""Questions of BeerQA's development half with passages to read: what `bench/reader.py` measures and `tools/reader` fits on.

Each question comes with its gold passages among the 8 hardest others, by words and by meaning, best match first; once more
without the gold passages; and once with only the answering sentences cut out of them, which is a near miss. The questions of
`reader_questions.txt` are asked about the same passages, in other words or for what these do not tell.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from report import ROOT
from stoa.adapters.engines.embedder import MiniLM, Vectors
from stoa.adapters.engines.evidence import NumberedPassage
from stoa.adapters.engines.sentences import units

DATA = ROOT.parent / "shared" / "data"
QUESTIONS = Path(__file__).with_name("reader_questions.txt")
OTHERS = 8
OTHER_WORDS, NEAR_MISSES = "other words", ("another value", "another attribute")


@dataclass(frozen=True)
class Case:
    """`passages` are gold and others, `others` without gold, `gold` the numbers of the gold ones in `passages`.

    `kind` is empty for BeerQA's own questions, or else that of `reader_questions.txt`, whose `held_out` ones were not in view.
    """

    source: str
    question: str
    answers: Sequence[str]
    passages: Sequence[NumberedPassage]
    others: Sequence[NumberedPassage]
    gold: frozenset[int]
    kind: str = ""
    held_out: bool = False

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
    """BeerQA's own questions."""
    return _cases(model, _beerqa("questions_dev"))


def further_cases(model: MiniLM) -> Iterator[Case]:
    """Those of `reader_questions.txt`."""
    originals = {question["id"][:6]: question for question in _beerqa("questions_dev")}
    held_out = False
    asked: list[dict[str, Any]] = []
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        held_out = held_out or line == "## held out"
        if line and not line.startswith("#"):
            original, kind, question = line.split(" | ")
            asked.append({**originals[original], "question": question, "kind": kind, "held_out": held_out})
    return _cases(model, asked)


def _beerqa(part: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / f"beerqa_{part}.jsonl").read_text(encoding="utf-8").splitlines()]


def _cases(model: MiniLM, questions: Sequence[dict[str, Any]]) -> Iterator[Case]:
    passages = _beerqa("passages")
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
            question.get("kind", ""),
            question.get("held_out", False),
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
