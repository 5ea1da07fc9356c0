"""Whether an index holds what the documents say: each with its chunks and its rights, and nothing of any other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from stoa.domain.documents import Document
from stoa.domain.vectors import CorpusLedger, IndexedChunk, PassageIndex, Searched, VectorStore
from stoa.knowledge.indexes.sameness import batches, of_document


@dataclass
class Faults:
    """By document id. `open_wrongly` have rights that are not theirs: repaired first, and said first."""

    documents: int = 0
    rows: int = 0
    open_wrongly: list[str] = field(default_factory=list[str])
    strangers: list[str] = field(default_factory=list[str])
    incomplete: list[str] = field(default_factory=list[str])

    @property
    def none(self) -> bool:
        return not (self.open_wrongly or self.strangers or self.incomplete)


async def check(index: VectorStore, corpus: CorpusLedger, searched: Searched) -> Faults:
    """What is being changed by a job just now is not looked at."""
    documents, found = await _indexed(corpus, searched.collection.name), Faults()
    there = await index.documents(searched.name)
    for some in batches(sorted({*there, *documents})):
        held = of_document(await index.rows(searched.name, some))
        now = await corpus.read(some)  # anew, so that a job which came between is not taken for a fault
        for key in some:
            rows, document = held.get(key, []), now.get(key)
            found.rows += len(rows)
            if document is None or document.state in ("removed", "failed"):
                if rows:
                    found.strangers.append(key)
            elif document.state == "indexed" and document.indexed_as is not None:
                found.documents += 1
                if any(row.rights != document.rights for row in rows):
                    found.open_wrongly.append(key)
                elif not _is_whole(document, rows):
                    found.incomplete.append(key)
    return found


async def repair(index: PassageIndex, corpus: CorpusLedger, searched: Searched, faults: Faults) -> None:
    """Set rights right, take strangers out, and leave the incomplete to the next sync."""
    rows = await corpus.read(faults.open_wrongly)
    await index.grant(searched.name, {key: row.rights for key, row in rows.items() if row.state != "removed"})
    if faults.strangers:
        await index.replace(searched.name, faults.strangers, [])
    await corpus.unknown(faults.incomplete)
    await corpus.raise_version(searched.collection.name)


async def _indexed(corpus: CorpusLedger, collection: str) -> dict[str, Document]:
    found, after = dict[str, Document](), ""
    while page := await corpus.documents(collection, after=after):
        found |= {document.id: document for document in page if document.state == "indexed"}
        after = page[-1].id
    return found


def _is_whole(document: Document, rows: Sequence[IndexedChunk]) -> bool:
    """Each chunk once, and as many as were made."""
    chunks = {row.chunk.id for row in rows}
    return len(chunks) == len(rows) and document.chunks in (None, len(chunks))
