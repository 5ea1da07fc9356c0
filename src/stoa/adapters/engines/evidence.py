"""How well each sentence of some passages answers a question: late interaction of token vectors, words, and kind of answer.

Alignment is ColBERT's MaxSim (Khattab and Zaharia, 2020) on MiniLM: for each token of the question the closest token of the
sentence, its title and heading read along with it. It is on an absolute scale, so it also tells when nothing answers.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
import numpy.typing as npt

from stoa.adapters.engines.embedder import MAX_TOKENS, MiniLM, Vectors
from stoa.adapters.engines.expectation import expectation, fulfilment
from stoa.adapters.engines.question import Part, parts
from stoa.adapters.engines.sentences import Unit, units
from stoa.adapters.engines.words import Rarity, coverage, stems

WEIGHTS = (1.0, 0.14, 0.18, 0.17)
"""Of alignment, own words, words around, kind of answer. A conditional logit over the sentences of each question, L2 of 3,
two-hop questions at weight .2, fitted on BeerQA's development half. Five-fold cross-validation there, SQuAD part: the best
sentence holds the answer in .844 and the best two in .913 of the questions; alignment alone .837 and .913, the cosine of
sentence and question .702 and .827."""

BACKGROUND = 0.1
"""What a token counts that belongs to another part of the question, or to what is told before it."""

CACHED_TOKENS = 24_000
"""Token vectors kept for passages that come again, as float16: 18 MB."""


@dataclass(frozen=True, slots=True)
class NumberedPassage:
    """A passage under the number that a citation gives; `title` is the document's, with the path of headings."""

    number: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One unit of one passage, weighed for one part of the question.

    `aligned` has one cosine for each token of the whole question; `features` are alignment, own words, words around, kind.
    """

    passage: NumberedPassage
    unit: Unit
    aligned: Vectors
    features: tuple[float, float, float, float]

    @property
    def alignment(self) -> float:
        return self.features[0]

    @property
    def score(self) -> float:
        return sum(weight * feature for weight, feature in zip(WEIGHTS, self.features, strict=True))


@dataclass(frozen=True, slots=True)
class Ranking:
    """All units for one part of the question, best first. `importance` of the question's tokens for the part sums to 1."""

    evidence: list[Evidence]
    importance: Vectors


class Weigher:
    """Weighs passages against a question. Thread-safe; remembers the token vectors of sentences it has met."""

    def __init__(self, model: MiniLM, *, cached_tokens: int = CACHED_TOKENS) -> None:
        self._model = model
        self._cached_tokens = cached_tokens
        self._rarity = Rarity(model.tokenizer)
        self._known: OrderedDict[str, npt.NDArray[np.float16]] = OrderedDict()
        self._known_tokens = 0
        self._lock = Lock()

    def weigh(self, question: str, passages: Sequence[NumberedPassage]) -> list[Ranking]:
        """A ranking of every unit of every passage for each part of the question; ties in the order given."""
        found = [(passage, unit, around) for passage in passages for unit, around in _with_surroundings(passage)]
        asked = self._tokens([question])[0].astype(np.float32)
        if not found or not asked.size:
            return []
        aligned = self._align(asked, [_read(passage, unit) for passage, unit, _ in found])
        known = frozenset(stems(question))
        rankings: list[Ranking] = []
        for part in parts(question):
            content, expected = self._rarity.content(part.text), expectation(part.text)
            importance = self._importance(question, part)
            evidence = [
                Evidence(
                    passage,
                    unit,
                    row,
                    (
                        float(row @ importance),
                        coverage(content, set(stems(unit.text))),
                        coverage(content, around),
                        fulfilment(expected, unit.text, known),
                    ),
                )
                for (passage, unit, around), row in zip(found, aligned, strict=True)
            ]
            rankings.append(Ranking(sorted(evidence, key=lambda one: -one.score), importance))
        return rankings

    def _importance(self, question: str, part: Part) -> Vectors:
        offsets = self._model.tokenizer.encode(question, add_special_tokens=False).offsets[: MAX_TOKENS - 2]
        weights = np.array([1.0 if part.start <= start < part.end else BACKGROUND for start, _ in offsets], dtype=np.float32)
        return weights / weights.sum()

    def _align(self, asked: Vectors, texts: Sequence[str]) -> Vectors:
        """MaxSim: for each text and each token of the question the cosine of the text's closest token, (texts, tokens)."""
        tokens = self._tokens(texts)
        starts = np.cumsum([0, *map(len, tokens[:-1])])
        return np.maximum.reduceat(np.concatenate(tokens).astype(np.float32) @ asked.T, starts, axis=0)

    def _tokens(self, texts: Sequence[str]) -> list[npt.NDArray[np.float16]]:
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
            for text in found:
                self._known.move_to_end(text)
        new = list(dict.fromkeys(text for text in texts if text not in found))
        made = {text: row.astype(np.float16) for text, row in zip(new, self._model.embed_each_token(new), strict=True)}
        with self._lock:
            for text, row in made.items():
                self._known_tokens += len(row) - len(self._known.pop(text, ()))
                self._known[text] = row
            while self._known_tokens > self._cached_tokens:
                self._known_tokens -= len(self._known.popitem(last=False)[1])
        return [found[text] if text in found else made[text] for text in texts]


def _with_surroundings(passage: NumberedPassage) -> Iterator[tuple[Unit, set[str]]]:
    """Each unit with the stems of itself, its neighbours and its headings."""
    found = units(passage.text)
    own = [set(stems(unit.text)) for unit in found]
    title = set(stems(passage.title))
    for at, unit in enumerate(found):
        yield unit, title.union(stems(unit.context), *own[max(0, at - 1) : at + 2])


def _read(passage: NumberedPassage, unit: Unit) -> str:
    """What the model reads: the unit under its title and heading, which say what `it` and `they` are."""
    title = passage.title
    if unit.context and not title.endswith(unit.context):
        title = f"{title} > {unit.context}" if title else unit.context
    return f"{title}: {unit.text}" if title else unit.text
