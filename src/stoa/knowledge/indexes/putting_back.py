"""Putting rows in the place of an index, such that nothing comes back that was taken away since they were made.

What the database says holds. Of each document the rows that are given, if they were made from the bytes and in the way that
hold now, under the rights that hold now; of the others what the index holds. Documents that were removed stay away. Writes wait
(see `gate`), and readers find the index as it was until all is in place.
"""

from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from stoa.domain.documents import Document
from stoa.domain.identity import Rights
from stoa.domain.vectors import CorpusLedger, IndexedChunk, Searched, VectorStore
from stoa.knowledge.fingerprint import fingerprint, same_content
from stoa.knowledge.indexes.gate import IndexGate
from stoa.knowledge.indexes.sameness import batches, of_document


@dataclass(frozen=True)
class PutBack:
    """What became of the documents: from what was given, as they were in the index, and those that must be indexed again."""

    restored: int
    kept: int
    missing: Sequence[str]
    rows: int


async def renew(index: VectorStore, corpus: CorpusLedger, gate: IndexGate, searched: Searched) -> PutBack:
    """Write the rows of an index anew, as one of an earlier version's form needs it."""

    async def none() -> AsyncIterator[Sequence[IndexedChunk]]:
        for nothing in ():
            yield nothing

    return await put_back(index, corpus, gate, searched, {}, none())


async def put_back(
    index: VectorStore, corpus: CorpusLedger, gate: IndexGate, searched: Searched, contents: Mapping[str, str],
    given: AsyncIterable[Sequence[IndexedChunk]],
) -> PutBack:  # fmt: skip
    """Make the rows that are given the index. `contents` says by document what they were made from, as `fingerprint` does.

    An error, of the rows too, leaves the index as it was.
    """
    await gate.close(searched.name)
    try:
        return await _put_back(index, corpus, gate, searched, contents, given)
    finally:
        await gate.open(searched.name)


async def _put_back(
    index: VectorStore, corpus: CorpusLedger, gate: IndexGate, searched: Searched, contents: Mapping[str, str],
    given: AsyncIterable[Sequence[IndexedChunk]],
) -> PutBack:  # fmt: skip
    name, collection = searched.name, searched.collection
    documents = await _documents(corpus, collection.name)
    wanted = {key: fingerprint(document, collection) for key, document in documents.items()}
    living = {key for key, document in documents.items() if document.state in ("indexed", "queued")}
    back = {key for key in living if same_content(contents.get(key), wanted[key])}
    seen, rows = dict[str, Rights](), 0

    async def all_rows() -> AsyncIterator[Sequence[IndexedChunk]]:
        nonlocal rows
        async for part in given:
            await gate.close(name)
            taken = [_under(row, documents[row.chunk.document_id].rights) for row in part if row.chunk.document_id in back]
            seen.update({row.chunk.document_id: row.rights for row in taken})
            rows += len(taken)
            yield taken
        for some in batches(sorted(living - back)):
            await gate.close(name)
            held = of_document(await index.rows(name, some))
            kept = [row for key, found in held.items() for row in _as_now(found, documents[key], wanted[key])]
            seen.update({row.chunk.document_id: row.rights for row in kept})
            rows += len(kept)
            yield kept

    await index.rebuild(name, all_rows())
    await _catch_up(index, corpus, searched, seen)
    await index.tend(name)
    missing = sorted(key for key in living - set(seen) if documents[key].chunks != 0)
    await corpus.unknown(missing)
    await corpus.raise_version(collection.name)
    restored = len(back & set(seen))
    return PutBack(restored, len(seen) - restored, missing, rows)


async def _catch_up(index: VectorStore, corpus: CorpusLedger, searched: Searched, seen: Mapping[str, Rights]) -> None:
    """Rights that changed, and removals that happened, meanwhile: jobs that bring them wait at the gate."""
    now = await _documents(corpus, searched.collection.name)
    if gone := sorted(set(seen) - set(now)):
        await index.replace(searched.name, gone, [])
    moved = {key: now[key].rights for key, rights in seen.items() if key in now and now[key].rights != rights}
    if moved:
        await index.grant(searched.name, moved)


async def _documents(corpus: CorpusLedger, collection: str) -> dict[str, Document]:
    found, after = dict[str, Document](), ""
    while page := await corpus.documents(collection, after=after):
        found |= {document.id: document for document in page}
        after = page[-1].id
    return found


def _as_now(rows: Sequence[IndexedChunk], document: Document, wanted: str) -> Sequence[IndexedChunk]:
    """What the index holds of a document, under the rights of now; old text goes to nobody whom it was not for."""
    if same_content(document.indexed_as, wanted):
        return [_under(row, document.rights) for row in rows]
    return [row for row in rows if row.rights == document.rights]


def _under(row: IndexedChunk, rights: Rights) -> IndexedChunk:
    return IndexedChunk(row.chunk, row.vector, rights.allow, rights.deny)
