"""How well each sentence of some passages answers a question: late interaction of token vectors, words, and kind of answer.

Alignment is ColBERT's MaxSim (Khattab and Zaharia, 2020) on MiniLM: for each token of the question the closest token of the
sentence, its title, its heading and what it points back to read along with it. It is on an absolute scale, so it also tells
when nothing answers. Of many sentences only those are read that a first look finds worth it, so reading takes bounded time.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
import numpy.typing as npt

from stoa.adapters.engines.cosines import cosines
from stoa.adapters.engines.embedder import MAX_TOKENS, MiniLM, Vectors
from stoa.adapters.engines.expectation import expectation, fulfilment
from stoa.adapters.engines.glance import AROUND, EARLY, READ_TOKENS, Glance, worth_reading
from stoa.adapters.engines.importance import importance
from stoa.adapters.engines.judgement import Signals, answers, fits
from stoa.adapters.engines.question import Part, parts
from stoa.adapters.engines.sentences import Unit, units
from stoa.adapters.engines.words import Rarity, coverage, stems

CACHED_TOKENS = 24_000
"""Token vectors kept for passages that come again, as float16: 18 MB."""

KEPT_PASSAGES, KEPT_CHARACTERS = 256, 4_000
"""So many passages are kept cut into units, unless they are longer: ten megabytes, and a tenth of a question's time."""


@dataclass(frozen=True, slots=True)
class NumberedPassage:
    """A passage under the number that a citation gives; `title` is the document's, with the path of headings."""

    number: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One unit of one passage, weighed for one part of the question. `aligned` has one cosine for each token of the whole."""

    passage: NumberedPassage
    unit: Unit
    aligned: Vectors
    signals: Signals

    @property
    def score(self) -> float:
        """Which of several sentences fits best."""
        return fits(self.signals)

    @property
    def probability(self) -> float:
        """That it answers at all."""
        return answers(self.signals)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The units that were read for `asked`, one part of the question, best first. `importance` of its tokens sums to 1."""

    asked: str
    evidence: list[Evidence]
    importance: Vectors


@dataclass(frozen=True, slots=True)
class _Found:
    """A unit, the title and heading that it is read under, and the stems of itself and its surroundings."""

    passage: NumberedPassage
    unit: Unit
    under: str
    around: frozenset[str]
    early: float

    @property
    def read(self) -> str:
        """What the model reads."""
        return f"{self.under}{self.unit.before} {self.unit.text}" if self.unit.before else self.under + self.unit.text


class Weigher:
    """Weighs passages against a question. Thread-safe; remembers passages and the token vectors of sentences it has met."""

    def __init__(self, model: MiniLM, *, cached_tokens: int = CACHED_TOKENS, read_tokens: int = READ_TOKENS) -> None:
        self._model = model
        self._glance = Glance(model)
        self._read_tokens = read_tokens
        self._cached_tokens = cached_tokens
        self._rarity = Rarity(model.tokenizer)
        self._known: OrderedDict[str, npt.NDArray[np.float16]] = OrderedDict()
        self._known_tokens = 0
        self._cut_again = lru_cache(maxsize=KEPT_PASSAGES)(_cut)
        self._lock = Lock()

    def weigh(self, question: str, passages: Sequence[NumberedPassage]) -> list[Ranking]:
        """A ranking of the units worth reading for each part of the question; ties in the order given."""
        found = [one for place, passage in enumerate(passages) for one in self._units(passage, place)]
        ids = self._model.encode([question])[0]
        asked = self._tokens([question], [ids])[0].astype(np.float32)
        if not found or not asked.size:
            return []
        asks = parts(question)
        wanted = [(part, importance(question, part, asks, self._rarity)) for part in asks]
        found, rows = self._worth_reading(ids, wanted, found)
        aligned = self._align(asked, found, rows)
        known = frozenset(stems(question))
        rankings: list[Ranking] = []
        for part, weight in wanted:
            content, expected = self._rarity.content(part.text), expectation(part.text)
            evidence = [
                Evidence(
                    one.passage,
                    one.unit,
                    row,
                    Signals(
                        alignment=float(row @ weight),
                        around=coverage(content, one.around),
                        kind=fulfilment(expected, one.unit.text, known),
                    ),
                )
                for one, row in zip(found, aligned, strict=True)
            ]
            rankings.append(Ranking(part.text, sorted(evidence, key=lambda one: -one.score), weight))
        return rankings

    def _units(self, passage: NumberedPassage, place: int) -> Iterator[_Found]:
        """Each unit of one passage, which stands at `place` among them."""
        cut = self._cut_again if len(passage.text) <= KEPT_CHARACTERS else _cut
        for unit, under, around in cut(passage.title, passage.text):
            yield _Found(passage, unit, under, around, 1 / (1 + place))

    def _worth_reading(
        self, asked: list[int], wanted: Sequence[tuple[Part, Vectors]], found: list[_Found]
    ) -> tuple[list[_Found], list[list[int]]]:
        """Those that are read, and the ids of their tokens."""
        texts = self._model.encode([one.read for one in found])
        matched = self._glance.match(asked[: MAX_TOKENS - 2], texts)
        looks: list[list[float]] = []
        for part, weight in wanted:
            content = self._rarity.content(part.text)
            looks.append(
                [
                    float(row @ weight) + AROUND * coverage(content, one.around) + EARLY * one.early
                    for one, row in zip(found, matched, strict=True)
                ]
            )
        chosen = worth_reading(looks, [len(text) for text in texts], tokens=self._read_tokens)
        return [found[at] for at in chosen], [texts[at] for at in chosen]

    def _align(self, asked: Vectors, found: Sequence[_Found], rows: Sequence[list[int]]) -> Vectors:
        """MaxSim: for each unit and each token of the question the cosine of the unit's closest token, (units, tokens).

        What a unit points back to is read along but does not count: it is a unit itself, which shall not lose to this one.
        """
        tokens = self._tokens([one.read for one in found], rows)
        for at, one in enumerate(found):
            if one.unit.before:
                title, before = (len(ids) for ids in self._model.encode([one.under, one.unit.before]))
                own = np.concatenate([tokens[at][:title], tokens[at][title + before :]])
                tokens[at] = own if own.size else tokens[at]
        starts = np.cumsum([0, *map(len, tokens[:-1])])
        return np.maximum.reduceat(cosines(np.concatenate(tokens).astype(np.float32), asked), starts, axis=0)

    def _tokens(self, texts: Sequence[str], rows: Sequence[list[int]]) -> list[npt.NDArray[np.float16]]:
        """Of each text the vectors; `rows` are the ids of the same texts."""
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
            for text in found:
                self._known.move_to_end(text)
        new = {text: ids for text, ids in zip(texts, rows, strict=True) if text not in found}
        vectors = self._model.embed_each_token(list(new.values()))
        made = {text: row.astype(np.float16) for text, row in zip(new, vectors, strict=True)}
        with self._lock:
            for text, row in made.items():
                self._known_tokens += len(row) - len(self._known.pop(text, ()))
                self._known[text] = row
            while self._known_tokens > self._cached_tokens:
                self._known_tokens -= len(self._known.popitem(last=False)[1])
        return [found[text] if text in found else made[text] for text in texts]


def _cut(title: str, text: str) -> tuple[tuple[Unit, str, frozenset[str]], ...]:
    """Each unit with what it is read under, and the stems of itself with its neighbours and its headings."""
    found = units(text)
    own = [frozenset(stems(unit.text)) for unit in found]
    titled = frozenset(stems(title))
    return tuple(
        (unit, _under(title, unit.context), titled.union(stems(f"{unit.context} {unit.before}"), *own[max(0, at - 1) : at + 2]))
        for at, unit in enumerate(found)
    )


def _under(title: str, context: str) -> str:
    """Title and heading as the model reads them in front of a unit."""
    if context and not title.endswith(context):
        title = f"{title} > {context}" if title else context
    return f"{title}: " if title else ""
