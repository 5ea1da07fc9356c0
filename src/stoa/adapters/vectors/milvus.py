"""The index in Milvus, or in Milvus Lite's server: one table a collection, searched under an alias by several processes.

Rights are a number in each row (see `numbers`): inside every search the filter names those that are open to the caller. What
is read by id is compared with them here, before it is given on. A document's rows are written in one call, and its old ones are
taken out before, so that readers find a document as it was, not at all, or as it is.
"""

import asyncio
import time
from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from stoa.adapters.vectors.milvus_rows import (
    PASSAGE,
    WHOLE,
    any_of,
    as_chunk,
    as_passage,
    as_row,
    literal,
    passages_indices,
    passages_schema,
    rights_indices,
    rights_schema,
    whole_documents,
)
from stoa.adapters.vectors.milvus_server import READ_S, Milvus, MilvusError, Values
from stoa.adapters.vectors.names import (
    from_rights_in_milvus,
    generation_in_milvus,
    generation_of,
    in_milvus,
    rights_in_milvus,
)
from stoa.adapters.vectors.numbers import Entry, Numbers, entries_of, number_of
from stoa.adapters.vectors.words import stems
from stoa.domain.identity import AccessTag, Rights
from stoa.domain.passages import Passage
from stoa.domain.vectors import Hit, IndexedChunk
from stoa.errors import InternalError

LEARN_EVERY_S = 1.0
"""How old what a reader knows of the numbers may be. It is the longest that new rights take to open anything."""

EF = 400
"""Neighbours that a search by meaning looks at, at least."""

_ROWS = 2_000
"""Rows written in one call; more if one document has more."""

_IDS = 1_000
"""Documents named in one filter."""


class MilvusIndex:
    """VectorStore over a Milvus server. `token` is `user:password` or a key; a read takes `read_s` at most."""

    def __init__(self, url: str, token: str | None = None, *, read_s: float = READ_S) -> None:
        self._server = Milvus(url, token, read_s=read_s)
        self._numbers: dict[str, Numbers] = {}
        self._learnt_at: dict[str, float] = {}
        self._writing = asyncio.Lock()  # Milvus Lite takes one write at a time

    async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
        table = in_milvus(collection)
        async with self._writing:
            if not await self._server.has(table):
                if not chunks:
                    return
                await self._make(collection, generation=1, width=len(chunks[0].vector))
                await self._server.point(table, generation_in_milvus(collection, 1))
            await self._teach(collection, {row.rights for row in chunks})
            rows = await asyncio.to_thread(_rows, chunks)
            for some in _parts(documents, _IDS):
                await self._server.delete(table, any_of("document_id", some))
            for part in whole_documents(rows, most=_ROWS):
                await self._server.upsert(table, part)

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        table = in_milvus(collection)
        async with self._writing:
            if not rights or not await self._server.has(table):
                return
            await self._teach(collection, set(rights.values()))
            for some in _parts(list(rights), _IDS):
                found = await self._server.query(table, any_of("document_id", some), ["id", "document_id"])
                rows = [
                    {"id": row["id"], "document_id": row["document_id"], "rights": number_of(rights[row["document_id"]])}
                    for row in found
                ]
                for part in whole_documents(rows, most=_ROWS):
                    await self._server.upsert(table, part, partial=True)

    async def tend(self, collection: str) -> None:
        async with self._writing:
            if await self._server.has(in_milvus(collection)):
                await self._server.flush(in_milvus(collection))

    async def dense(self, collection: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int) -> Sequence[Hit]:
        numbers = await self._open(collection, acl)
        ef = max(EF, limit)
        found = await self._search(collection, "vector", vector, numbers, limit=limit, fields=PASSAGE, ef=ef)
        return [Hit(self._passage(collection, row), float(row["distance"]), None) for row in found]

    async def lexical(
        self, collection: str, question: str, vector: Sequence[float], *, acl: frozenset[AccessTag], limit: int
    ) -> Sequence[Hit]:
        words = stems(question)
        numbers = await self._open(collection, acl) if words else ()
        found = await self._search(collection, "terms", words, numbers, limit=limit, fields=[*PASSAGE, "vector"])
        # Milvus says a score that is larger for what is better, Milvus Lite the same below zero.
        hits = [self._hit(collection, row, vector, abs(row["distance"])) for row in found]
        return sorted(hits, key=lambda hit: -(hit.lexical or 0.0))

    async def fetch(
        self, collection: str, ids: Sequence[str], vector: Sequence[float], *, acl: frozenset[AccessTag]
    ) -> Sequence[Hit]:
        rows = await self._read(collection, any_of("id", ids), [*PASSAGE, "vector"], acl=acl) if ids else []
        return [self._hit(collection, row, vector, None) for row in rows]

    async def of_document(self, collection: str, document_id: str, *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        rows = await self._read(collection, f"document_id == {literal(document_id)}", PASSAGE, acl=acl)
        return sorted((self._passage(collection, row) for row in rows), key=lambda passage: passage.start)

    async def of_ids(self, collection: str, ids: Sequence[str], *, acl: frozenset[AccessTag]) -> Sequence[Passage]:
        rows = await self._read(collection, any_of("id", ids), PASSAGE, acl=acl) if ids else []
        return [self._passage(collection, row) for row in rows]

    async def collections(self) -> Sequence[str]:
        names = await self._server.tables()
        found = [collection for name in names if (collection := from_rights_in_milvus(name)) is not None]
        return sorted([collection for collection in found if await self._server.has(in_milvus(collection))])

    async def outdated(self) -> Sequence[str]:
        return []  # there has been one form

    async def documents(self, collection: str) -> Sequence[str]:
        table = in_milvus(collection)
        if not await self._server.has(table):
            return []
        found: set[str] = set()
        async for page in self._server.pages(table, "id", ["id", "document_id"]):
            found |= {row["document_id"] for row in page}
        return sorted(found)

    async def rows(self, collection: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
        table = in_milvus(collection)
        if not documents or not await self._server.has(table):
            return []
        found: list[Values] = []
        for some in _parts(documents, _IDS):
            found += await self._server.query(table, any_of("document_id", some), WHOLE)
        await self._learn(collection, {row["rights"] for row in found})
        return [as_chunk(row, self._rights(collection, row)) for row in found]

    async def rebuild(self, collection: str, parts: AsyncIterable[Sequence[IndexedChunk]]) -> None:
        alias = in_milvus(collection)
        async with self._writing:
            before = await self._server.pointed(alias)
            generation = generation_of(before) + 1 if before else 1
            name = generation_in_milvus(collection, generation)
            if await self._server.has(name):  # what a crash left of an earlier try
                await self._server.drop(name)
            made = False
            async for part in parts:
                if part and not made:
                    await self._make(collection, generation=generation, width=len(part[0].vector))
                    made = True
                await self._teach(collection, {row.rights for row in part})
                for some in _parts(await asyncio.to_thread(_rows, part), _ROWS):
                    await self._server.upsert(name, some)
            if made:
                await self._server.flush(name)
                await self._server.point(alias, name)
            elif before:
                await self._server.drop_alias(alias)
            if before:
                await self._server.drop(before)

    async def drop(self, collection: str) -> None:
        alias = in_milvus(collection)
        async with self._writing:
            if (name := await self._server.pointed(alias)) is not None:
                await self._server.drop_alias(alias)
                await self._server.drop(name)
            if await self._server.has(rights_in_milvus(collection)):
                await self._server.drop(rights_in_milvus(collection))
            self._numbers.pop(collection, None)
            self._learnt_at.pop(collection, None)

    async def close(self) -> None:
        await self._server.close()

    async def _make(self, collection: str, *, generation: int, width: int) -> None:
        """The table of numbers first: what has an alias has one."""
        await self._server.create(rights_in_milvus(collection), rights_schema(), rights_indices())
        indices = passages_indices(lite=await self._server.is_lite())
        await self._server.create(generation_in_milvus(collection, generation), passages_schema(width), indices)

    async def _teach(self, collection: str, rights: Iterable[Rights]) -> None:
        """Write down what the numbers of these mean, before any row has them."""
        numbers = self._numbers.setdefault(collection, Numbers())
        new = [each for each in rights if numbers.rights(number_of(each)) != each]
        entries = [entry for each in new for entry in entries_of(each)]
        rows = [{"key": one.key, "number": one.number, "text": one.text, "nothing": [0.0, 0.0]} for one in entries]
        for some in _parts(rows, _ROWS):
            await self._server.upsert(rights_in_milvus(collection), some)
        for each in new:
            numbers.know(number_of(each), each)

    async def _learn(self, collection: str, wanted: Iterable[int] | None = None) -> Numbers:
        """What the numbers mean, read again when it is old, or when one of those wanted is not known."""
        numbers = self._numbers.setdefault(collection, Numbers())
        at = self._learnt_at.get(collection)
        late = at is None or time.monotonic() - at > LEARN_EVERY_S
        if late if wanted is None else any(number not in numbers for number in wanted):
            now = time.monotonic()
            entries: list[Entry] = []
            try:
                async for page in self._server.pages(rights_in_milvus(collection), "key", ["key", "number", "text"]):
                    entries += [Entry(row["key"], row["number"], row["text"]) for row in page]
            except MilvusError as error:
                if not error.absent:
                    raise
            else:
                numbers.learn(entries)
                self._learnt_at[collection] = now
        return numbers

    async def _open(self, collection: str, acl: frozenset[AccessTag]) -> Sequence[int]:
        return (await self._learn(collection)).open_to(acl) if acl else ()

    async def _search(
        self, collection: str, field: str, asked: Any, numbers: Sequence[int], *, limit: int, fields: Sequence[str], **how: int
    ) -> Sequence[Values]:  # Any: a vector or words
        if not numbers:
            return []
        condition = f"rights in [{','.join(map(str, numbers))}]"
        try:
            return await self._server.search(
                in_milvus(collection), field, asked, condition=condition, limit=limit, fields=fields, **how
            )
        except MilvusError as error:
            if error.absent:
                return []
            raise

    async def _read(
        self, collection: str, condition: str, fields: Sequence[str], *, acl: frozenset[AccessTag]
    ) -> Sequence[Values]:
        """Rows by what names them, those alone that are open to the caller."""
        if not acl:
            return []
        try:
            rows = await self._server.query(in_milvus(collection), condition, fields)
        except MilvusError as error:
            if error.absent:
                return []
            raise
        numbers = await self._learn(collection, {row["rights"] for row in rows})
        return [row for row in rows if numbers.is_open(row["rights"], acl)]

    def _passage(self, collection: str, row: Values) -> Passage:
        return as_passage(collection, row, personal=self._numbers[collection].personal(row["rights"]))

    def _hit(self, collection: str, row: Values, vector: Sequence[float], lexical: float | None) -> Hit:
        cosine = float(np.asarray(row["vector"], dtype=np.float32) @ np.asarray(vector, dtype=np.float32))
        return Hit(self._passage(collection, row), cosine, lexical)

    def _rights(self, collection: str, row: Values) -> Rights:
        found = self._numbers[collection].rights(row["rights"])
        if found is None:
            raise InternalError(
                f"Passage {row['id']!r} of {collection!r} has the rights number {row['rights']}, which means nothing. "
                "Nobody is shown it. Index its document again."
            )
        return found


def _rows(chunks: Sequence[IndexedChunk]) -> list[Values]:
    return [as_row(row, number_of(row.rights)) for row in chunks]


def _parts(values: Sequence[Any], most: int) -> Iterable[list[Any]]:  # Any: whatever is cut
    return (list(values[n : n + most]) for n in range(0, len(values), most))
