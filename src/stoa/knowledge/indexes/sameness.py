"""Whether two stores hold the same: every row by its digest, and questions drawn from the rows by what they find."""

import hashlib
import random
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from stoa.domain.identity import opening
from stoa.domain.vectors import Hit, IndexedChunk, PassageSearch, VectorStore

DOCUMENTS = 200
"""Documents whose rows are read at once."""

NEAREST = 10
_WORDS = 12


@dataclass
class Difference:
    """What one store holds that another does not, by document: to be written there, and to be taken out there."""

    documents: int = 0
    rows: int = 0
    changed: list[str] = field(default_factory=list[str])
    extra: list[str] = field(default_factory=list[str])

    @property
    def none(self) -> bool:
        return not self.changed and not self.extra


@dataclass(frozen=True)
class Agreement:
    """Of questions asked in both stores, the share of the nearest ten that is the same, by meaning and by words."""

    questions: int
    dense: float
    lexical: float


def digest(rows: Sequence[IndexedChunk]) -> bytes:
    """Of the rows of a document, in whatever order: their passages, contexts, rights and vectors."""
    each = sorted(_row(row) for row in rows)
    return hashlib.sha256(b"".join(each)).digest()


def batches(documents: Sequence[str]) -> Iterator[Sequence[str]]:
    """Documents whose rows are read together."""
    return (documents[n : n + DOCUMENTS] for n in range(0, len(documents), DOCUMENTS))


async def compare(source: VectorStore, other: VectorStore, collection: str) -> Difference:
    """Row by row. Both may be written meanwhile; what is then said holds for some moment of each document."""
    here, there = await source.documents(collection), frozenset(await other.documents(collection))
    found = Difference(documents=len(here), extra=sorted(there - set(here)))
    for some in batches(here):
        mine = of_document(await source.rows(collection, some))
        known = [document for document in some if document in there]
        theirs = of_document(await other.rows(collection, known) if known else [])
        for document in some:
            rows = mine.get(document, [])
            found.rows += len(rows)
            if digest(rows) != digest(theirs.get(document, [])):
                found.changed.append(document)
    return found


async def ask_both(source: VectorStore, other: PassageSearch, collection: str, *, questions: int, seed: int = 1) -> Agreement:
    """Ask both for what lies near rows drawn from the source, as somebody who holds what opens them."""
    draw = random.Random(seed)  # noqa: S311 - which rows are asked for is no secret
    documents = await source.documents(collection)
    rows = await source.rows(collection, draw.sample(list(documents), min(questions, len(documents))))
    drawn = [draw.choice(some) for some in of_document(rows).values()]
    dense, lexical = list[float](), list[float]()
    for row in drawn:
        acl = opening(row.acl) - row.deny
        words = " ".join(draw.sample(row.chunk.text.split(), min(_WORDS, len(row.chunk.text.split()))))
        nearest = [await each.dense(collection, row.vector, acl=acl, limit=NEAREST) for each in (source, other)]
        by_words = [await each.lexical(collection, words, row.vector, acl=acl, limit=NEAREST) for each in (source, other)]
        dense.append(_shared(*nearest))
        lexical.append(_shared(*by_words))
    return Agreement(len(drawn), _mean(dense), _mean(lexical))


def of_document(rows: Sequence[IndexedChunk]) -> Mapping[str, list[IndexedChunk]]:
    found: dict[str, list[IndexedChunk]] = {}
    for row in rows:
        found.setdefault(row.chunk.document_id, []).append(row)
    return found


def _row(row: IndexedChunk) -> bytes:
    said = msgspec.msgpack.encode((row.chunk, sorted(row.acl), sorted(row.deny)))
    return hashlib.sha256(said + array("f", row.vector).tobytes()).digest()


def _shared(ours: Sequence[Hit], theirs: Sequence[Hit]) -> float:
    """The share of ours that is among theirs. Those as near as the last of theirs count: which of them is given is chance."""
    if not ours:
        return 1.0
    found = {hit.passage.id for hit in theirs}
    last = min((hit.similarity for hit in theirs), default=1.0)
    tied = [hit for hit in ours if hit.passage.id in found or (len(theirs) >= len(ours) and abs(hit.similarity - last) < 1e-5)]
    return len(tied) / len(ours)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 1.0
