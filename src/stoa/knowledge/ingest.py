"""The ingestion job: what the documents of a job are, against what the index holds of them, made equal.

Everything here may run again: what a document should be is in its row, what the index holds of it is in `indexed_as`, and only
the difference is worked on. Rights and removals come first, at once and without embedding; then the rest, in parts of some
documents each, so that a batch for the embedder spans documents and a crash costs one part.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from stoa.domain.documents import Document, DocumentLedger, Objects, Outcome
from stoa.domain.identity import Rights
from stoa.domain.indexes import Index, IndexLedger
from stoa.domain.jobs import JobLedger
from stoa.domain.passages import Embedder, Spent
from stoa.domain.processing import Item, Processed, Processor, Recipe
from stoa.domain.resources import Collection
from stoa.domain.vectors import IndexedChunk, PassageIndex
from stoa.knowledge.beside import Behind
from stoa.knowledge.embedding import Cancelled, Patience, PatientEmbedding
from stoa.knowledge.fingerprint import fingerprint, same_content, same_rights, to_be_read_anew
from stoa.knowledge.forget import forget
from stoa.knowledge.parts import PART_DOCUMENTS, Processors, read_part
from stoa.knowledge.provenance import with_traits

__all__ = ["NOT_INDEXED", "PART_DOCUMENTS", "Cancelled", "Ingestion", "IngestionPorts", "Patience"]

RIGHTS = "rights"
"""The name of the part that brings rights and removals into the index."""

NOT_INDEXED = "Not indexed: "
"""How the reason begins where nothing was wrong with the document itself."""

PAGE = 1_000
"""Rows of documents looked at together, however many a job has."""


@dataclass(frozen=True)
class IngestionPorts:
    """What ingestion needs from outside. `embedder_of` gives the embedder of a collection; `collection_of` the resource."""

    documents: DocumentLedger
    jobs: JobLedger
    objects: Objects
    processor: Processor
    index: PassageIndex
    embedder_of: Callable[[Collection], Embedder]
    collection_of: Callable[[str], Awaitable[Collection | None]]
    indexes: IndexLedger | None = None
    """Which indexes a collection has; None where each has one and no more."""
    partitioned: Processor | None = None
    """For jobs of many documents; None where all are processed as few are."""
    many: int = 300
    """Documents from which on a job is one of many."""
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class _Live:
    """The indexes of a collection: the one that is searched, as stores call it, and those that rights and removals hold in too.

    `version` is that of the first, None where there are no versions.
    """

    name: str
    others: tuple[str, ...] = ()
    version: int | None = None


@dataclass(frozen=True, slots=True)
class _Embedded:
    """Documents, the vectors of each one's chunks, and what these took."""

    processed: Sequence[Processed]
    vectors: Sequence[Sequence[Sequence[float]]]
    spent: Spent


class Ingestion:
    """Work of the kind `ingest`. New text goes into the index that is searched; the others catch up by a job of their own."""

    def __init__(self, ports: IngestionPorts) -> None:
        self._ports = ports
        self._processors = Processors(ports.processor, ports.partitioned, ports.many)
        self._embedding = PatientEmbedding(ports.jobs, ports.patience)

    async def plan(self, job_id: str) -> Sequence[str]:
        """Rights and removals, then the ids of documents to read, some at a time: partitions where there are many."""
        if not await self._ports.jobs.start(job_id):
            return [RIGHTS]
        waiting = [(d.id, d.bytes) async for some in self._of_job(job_id) for d in some if d.state == "queued"]
        return [RIGHTS, *self._processors.parts(waiting)]

    async def part(self, job_id: str, part: str) -> None:
        """One part of the plan. Raises ProviderError when the embedding model stays away, Cancelled when nobody wants it."""
        if part == RIGHTS:
            await self.rights(job_id)
            return
        ids, large, tending, said = read_part(part)
        if said is not None:
            await self._ports.jobs.say(job_id, said)
        collection, live = await self._collection(job_id)
        await self._embedding.not_cancelled(job_id)
        rows = await self._ports.documents.read(ids)
        mine = {row.id: row for row in rows.values() if row.job_id == job_id and row.state == "queued"}

        items = [
            Item(one.id, one.path, one.digest, refusal=one.error, anew=to_be_read_anew(one.indexed_as)) for one in mine.values()
        ]
        async with Behind() as behind:

            async def taken(some: Sequence[Processed]) -> None:
                embedded = await self._embedded(job_id, collection, some)
                await behind.do(self._index(job_id, collection, live, mine, embedded))

            await self._processors.process(
                items, Recipe(collection.embedding_model, collection.chunk_tokens), team=collection.team, large=large,
                jobs=self._ports.jobs, job_id=job_id, taken=taken,
            )  # fmt: skip
        if tending:
            await self._ports.index.tend(live.name)

    async def rights(self, job_id: str) -> None:
        """Bring changed rights and removals into the index. Needs no embedding, so it need not wait for its turn.

        A row never says that the index holds more than it does: it takes back what it says before the index changes.
        """
        async for some in self._of_job(job_id):
            await self._rights(job_id, some)

    async def _rights(self, job_id: str, documents: Sequence[Document]) -> None:
        ports = self._ports
        name = documents[0].collection
        resource = await ports.collection_of(name)
        resource, live = await self._as_searched(name, resource)
        removed = [document for document in documents if document.state == "removed"]
        queued = [document for document in documents if document.state == "queued"] if resource else []
        wanted = {document.id: fingerprint(document, resource) for document in queued if resource}
        same = [document for document in queued if same_content(document.indexed_as, wanted[document.id])]
        moved = [document for document in same if not same_rights(document.indexed_as, document.rights)]
        # Old text with other rights than the new one may go to neither; a crash may have left text that no row tells of.
        hidden = [d for d in queued if d not in same and not same_rights(d.indexed_as, d.rights)]
        await ports.documents.claim(job_id, [document.id for document in hidden])
        await ports.documents.claim(job_id, [document.id for document in moved], moved=True)
        if gone := [document.id for document in (*removed, *hidden)]:
            await self._take_out(live, gone)
        if moved:
            await self._grant(live, {document.id: document.rights for document in moved})
        outcomes = [Outcome(document_id=document.id, state="removed") for document in removed]
        outcomes += [
            Outcome(document_id=d.id, state="indexed", chunks=d.chunks, indexed_as=wanted[d.id], version=live.version)
            for d in same
        ]
        if outcomes or hidden:
            await ports.documents.record(job_id, name, outcomes)
            await forget(ports.documents, ports.objects, [(document.digest, document.path) for document in removed])

    async def finish(self, job_id: str, error: str | None) -> None:
        """Compact the index and end the job. A document that was not come to is out of the index and says why."""
        ports = self._ports
        job = await ports.jobs.get(job_id)
        if job is None or job.collection is None:
            return
        _, live = await self._as_searched(job.collection, None)
        async for some in self._of_job(job_id):
            if left := [document for document in some if document.state == "queued"]:
                reason = f"{NOT_INDEXED}{error or 'the job was cancelled.'}"
                await ports.documents.claim(job_id, [document.id for document in left])
                await self._take_out(live, [document.id for document in left])
                outcomes = [Outcome(document_id=document.id, state="failed", error=reason) for document in left]
                await ports.documents.record(job_id, job.collection, outcomes)
        await ports.index.tend(live.name)
        await ports.jobs.end(job_id, error=error)

    async def _embedded(self, job_id: str, collection: Collection, processed: Sequence[Processed]) -> _Embedded:
        embedder = self._ports.embedder_of(collection)
        return _Embedded(processed, *await self._embedding.vectors(job_id, embedder, processed, team=collection.team))

    async def _index(
        self, job_id: str, collection: Collection, live: _Live, mine: Mapping[str, Document], made: _Embedded
    ) -> None:
        """Bring what was made of some documents into the index and into their rows; other indexes lose what they had."""
        ports = self._ports
        processed = [(mine[each.id], each) for each in made.processed]
        rights = {document.id: document.rights for document, _ in processed}
        claimed = await ports.documents.claim(job_id, list(rights))
        indexed = [
            IndexedChunk(one, vector, document.rights.allow, document.rights.deny)
            for (document, each), own in zip(processed, made.vectors, strict=True)
            if document.id in claimed
            for one, vector in zip(each.chunks, own, strict=True)
        ]
        for other in live.others:
            await ports.index.replace(other, sorted(claimed), [])
        await ports.index.replace(live.name, sorted(claimed), indexed)
        written = await self._as_it_is_now(live, {one: rights[one] for one in sorted(claimed)})
        outcomes = [_outcome(each, fingerprint(row, collection, written.get(row.id)), live.version) for row, each in processed]
        outcomes = await with_traits(ports.documents, collection, outcomes, made.processed)
        await ports.documents.record(job_id, collection.name, outcomes, spent=made.spent)

    async def _as_it_is_now(self, live: _Live, written: dict[str, Rights]) -> dict[str, Rights]:
        """Rights that changed, and removals that happened, while the chunks were on their way into the index."""
        rows = await self._ports.documents.read(list(written))
        gone = [document for document in written if document not in rows or rows[document].state == "removed"]
        if gone:
            await self._take_out(live, gone)
        moved = {row.id: row.rights for row in rows.values() if row.state != "removed" and row.rights != written[row.id]}
        if moved:
            await self._grant(live, moved)
        return {**written, **moved}

    async def _take_out(self, live: _Live, documents: Sequence[str]) -> None:
        for name in (live.name, *live.others):
            await self._ports.index.replace(name, documents, [])

    async def _grant(self, live: _Live, rights: Mapping[str, Rights]) -> None:
        for name in (live.name, *live.others):
            await self._ports.index.grant(name, rights)

    async def _collection(self, job_id: str) -> tuple[Collection, _Live]:
        """The collection of a job, as its index is made. Raises Cancelled when it is not there any more."""
        job = await self._ports.jobs.get(job_id)
        name = job.collection if job and job.collection else ""
        found = await self._ports.collection_of(name)
        if found is None:
            raise Cancelled(f"There is no collection {name!r} any more.")
        if self._ports.indexes is not None:
            await self._ports.indexes.ensure(name, Recipe(found.embedding_model, found.chunk_tokens))
        served, live = await self._as_searched(name, found)
        return served or found, live

    async def _as_searched(self, name: str, resource: Collection | None) -> tuple[Collection | None, _Live]:
        """The resource with the model and the size of chunks that the searched index was made with, and the indexes."""
        found: Sequence[Index] = await self._ports.indexes.of(name) if self._ports.indexes is not None else ()
        serving = next((each for each in found if each.state == "serving"), None)
        if serving is None:
            return resource, _Live(name, tuple(each.name for each in found))
        live = _Live(serving.name, tuple(each.name for each in found if each is not serving), serving.version)
        return as_made(resource, serving) if resource is not None else None, live

    async def _of_job(self, job_id: str) -> AsyncGenerator[Sequence[Document]]:
        """The documents of a job, a page at a time: there may be more than fit into memory. Pages are never empty."""
        after: str | None = None
        while some := await self._ports.documents.of_job(job_id, after=after, limit=PAGE):
            yield some
            after = some[-1].id


def as_made(resource: Collection, index: Index) -> Collection:
    """A collection as one of its indexes is made of it: the resource may say otherwise by now."""
    return msgspec.structs.replace(resource, embedding_model=index.embedding_model, chunk_tokens=index.chunk_tokens)


def _outcome(each: Processed, indexed_as: str, version: int | None) -> Outcome:
    if each.failure is not None:
        return Outcome(document_id=each.id, state="failed", error=each.failure)
    return Outcome(
        document_id=each.id, state="indexed", title=each.title, pages=each.pages, chunks=len(each.chunks),
        indexed_as=indexed_as, version=version,
    )  # fmt: skip
