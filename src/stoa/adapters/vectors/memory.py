"""The index in memory: exact cosine and BM25 over a dict. For tests and for reading what the port means."""

import math
import re
from collections import Counter
from collections.abc import AsyncIterable, Mapping, Sequence

from stoa.domain.identity import AccessTag, Rights
from stoa.domain.passages import Passage
from stoa.domain.vectors import Hit, IndexedChunk

_K1, _B = 1.2, 0.75


class MemoryIndex:
    """VectorStore over a dict by collection and document."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, list[IndexedChunk]]] = {}

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        rows = self._rows.setdefault(collection, {})
        for document in documents:
            rows[document] = [row for row in chunks if row.chunk.document_id == document]

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        rows = self._rows.get(collection, {})
        for document, each in rights.items():
            rows[document] = [IndexedChunk(row.chunk, row.vector, each.allow, each.deny) for row in rows.get(document, [])]

    async def tend(self, collection: str) -> None:
        """Nothing to do: there are no indices beside the rows."""

    async def drop(self, collection: str) -> None:
        self._rows.pop(collection, None)

    async def dense(self, collection: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int) -> Sequence[Hit]:
        rows = [row for row in self._all(collection) if row.rights.open_to(acl)]
        hits = [_hit(collection, row, vector, None) for row in rows]
        return sorted(hits, key=lambda hit: -hit.similarity)[:limit]

    async def lexical(
        self, collection: str, question: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int
    ) -> Sequence[Hit]:
        rows = self._all(collection)
        scores = _bm25([_words(row.chunk.contextual_text) for row in rows], set(_words(question)))
        found = [(row, score) for row, score in zip(rows, scores, strict=True) if score > 0 and row.rights.open_to(acl)]
        found.sort(key=lambda pair: -pair[1])
        return [_hit(collection, row, vector, score) for row, score in found[:limit]]

    async def of_document(self, collection: str, document_id: str, *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        rows = [row for row in self._rows.get(collection, {}).get(document_id, []) if row.rights.open_to(acl)]
        return sorted((_passage(collection, row) for row in rows), key=lambda passage: passage.start)

    async def of_ids(self, collection: str, ids: Sequence[str], *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        wanted = set(ids)
        rows = [row for row in self._all(collection) if row.chunk.id in wanted and row.rights.open_to(acl)]
        return [_passage(collection, row) for row in rows]

    async def fetch(
        self, collection: str, ids: Sequence[str], vector: Sequence[float], *, acl: frozenset[AccessTag]
    ) -> Sequence[Hit]:
        wanted = set(ids)
        return [
            _hit(collection, row, vector, None)
            for row in self._all(collection)
            if row.chunk.id in wanted and row.rights.open_to(acl)
        ]

    async def collections(self) -> Sequence[str]:
        return sorted(self._rows)

    async def outdated(self) -> Sequence[str]:
        return []

    async def documents(self, collection: str) -> Sequence[str]:
        return sorted(document for document, rows in self._rows.get(collection, {}).items() if rows)

    async def rows(self, collection: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        wanted = set(documents)
        return [row for row in self._all(collection) if row.chunk.document_id in wanted]

    async def rebuild(self, collection: str, parts: AsyncIterable[Sequence[IndexedChunk]]) -> None:
        rows: dict[str, list[IndexedChunk]] = {}
        async for part in parts:
            for row in part:
                rows.setdefault(row.chunk.document_id, []).append(row)
        self._rows[collection] = rows

    async def close(self) -> None:
        """Nothing to give back."""

    def _all(self, collection: str) -> list[IndexedChunk]:
        return [row for rows in self._rows.get(collection, {}).values() for row in rows]


def _hit(collection: str, row: IndexedChunk, vector: Sequence[float], lexical: float | None) -> Hit:
    return Hit(_passage(collection, row), sum(a * b for a, b in zip(row.vector, vector, strict=True)), lexical)


def _passage(collection: str, row: IndexedChunk) -> Passage:
    chunk = row.chunk
    return Passage(
        id=chunk.id, document_id=chunk.document_id, collection=collection, title=chunk.title, path=chunk.path,
        heading=chunk.heading, page=chunk.page, start=chunk.start, end=chunk.end, text=chunk.text, score=0.0,
        personal=row.rights.personal,
    )  # fmt: skip


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _bm25(documents: Sequence[Sequence[str]], wanted: set[str]) -> list[float]:
    counts = [Counter(words) for words in documents]
    mean = sum(map(len, documents)) / max(len(documents), 1) or 1.0
    frequency = {word: sum(word in count for count in counts) for word in wanted}
    weight = {word: math.log(1 + (len(documents) - n + 0.5) / (n + 0.5)) for word, n in frequency.items()}
    return [
        sum(
            weight[word] * count[word] * (_K1 + 1) / (count[word] + _K1 * (1 - _B + _B * len(words) / mean))
            for word in wanted
            if word in count
        )
        for count, words in zip(counts, documents, strict=True)
    ]
