"""The ingestion job: what the documents of a job are, against what the index holds of them, made equal.

Everything here may run again: what a document should be is in its row, what the index holds of it is in `indexed_as`, and only
the difference is worked on. Rights and removals come first, at once and without embedding; then the rest, in parts of some
documents each, so that a batch for the embedder spans documents and a crash costs one part.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar

from stoa.domain.documents import Document, DocumentLedger, Objects, Outcome
from stoa.domain.identity import Rights
from stoa.domain.jobs import JobLedger
from stoa.domain.passages import Embedder, Metered, Spent
from stoa.domain.processing import Item, Processed, Processor, Recipe
from stoa.domain.resources import Collection
from stoa.domain.vectors import IndexedChunk, PassageIndex
from stoa.errors import ProcessingError, ProviderError, StoaError
from stoa.knowledge.fingerprint import fingerprint, same_content, same_rights
from stoa.knowledge.forget import forget
from stoa.knowledge.process import EMBED_AT_ONCE, EMBED_TEXTS, unpack

RIGHTS = "rights"
"""The name of the part that brings rights and removals into the index."""

PART_DOCUMENTS = 16
PART_BYTES = 4_000_000
"""Of a part that is processed here."""

PARTITION_DOCUMENTS = 512
PARTITION_BYTES = 256_000_000
"""Of a part of a large job, which is processed in partitions."""

TEND_EVERY = 400
"""Documents between two rounds of compaction within a long job."""

PAGE = 1_000
"""Rows of documents looked at together, however many a job has."""

_SAY_EVERY_S = 2.0
_T = TypeVar("_T")


class Cancelled(StoaError):
    """The job was cancelled while it ran."""


@dataclass(frozen=True)
class Patience:
    """How long an embedding model that does not answer is waited for: pauses that double, up to a longest, for a total."""

    first_s: float = 0.5
    longest_s: float = 20.0
    total_s: float = 600.0


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
    partitioned: Processor | None = None
    """For jobs of many documents; None where all are processed as few are."""
    many: int = 300
    """Documents from which on a job is one of many."""
    patience: Patience = field(default_factory=Patience)


class Ingestion:
    """Work of the kind `ingest`."""

    def __init__(self, ports: IngestionPorts) -> None:
        self._ports = ports

    async def plan(self, job_id: str) -> Sequence[str]:
        """Rights and removals, then the ids of documents to read, some at a time: partitions where there are many."""
        if not await self._ports.jobs.start(job_id):
            return [RIGHTS]
        waiting = [(d.id, d.bytes) async for some in self._of_job(job_id) for d in some if d.state == "queued"]
        many = self._ports.partitioned is not None and len(waiting) >= self._ports.many
        most = (PARTITION_DOCUMENTS, PARTITION_BYTES) if many else (PART_DOCUMENTS, PART_BYTES)
        return [RIGHTS, *_parts(waiting, *most)]

    async def part(self, job_id: str, part: str) -> None:
        """One part of the plan. Raises ProviderError when the embedding model stays away, Cancelled when nobody wants it."""
        if part == RIGHTS:
            await self.rights(job_id)
            return
        listed, _, before = part.partition("#")
        ids = listed.split(",")
        collection = await self._collection(job_id)
        await self._not_cancelled(job_id)
        rows = await self._ports.documents.read(ids)
        mine = {row.id: row for row in rows.values() if row.job_id == job_id and row.state == "queued"}
        items = [Item(id=one.id, path=one.path, digest=one.digest, refusal=one.error) for one in mine.values()]
        recipe, waiting = Recipe(collection.embedding_model, collection.chunk_tokens), {item.id: item for item in items}

        async def through(processor: Processor) -> None:
            found = processor.process(list(waiting.values()), recipe, team=collection.team)
            async with aclosing(_ahead(found)) as batches:
                async for some in batches:
                    await self._index(job_id, collection, [(mine[each.id], each) for each in some])
                    for each in some:
                        waiting.pop(each.id)

        try:
            many = self._ports.partitioned if len(ids) > PART_DOCUMENTS else None
            await through(many or self._ports.processor)
        except ProcessingError as error:
            await self._ports.jobs.say(job_id, f"{error.message} What is left of this part is processed here.")
            await through(self._ports.processor)
        if int(before) // TEND_EVERY != (int(before) + len(ids)) // TEND_EVERY:
            await self._ports.index.tend(collection.name)

    async def rights(self, job_id: str) -> None:
        """Bring changed rights and removals into the index. Needs no embedding, so it need not wait for its turn.

        A row never says that the index holds more than it does: it takes back what it says before the index changes.
        """
        async for some in self._of_job(job_id):
            await self._rights(job_id, some)

    async def _rights(self, job_id: str, documents: Sequence[Document]) -> None:
        ports = self._ports
        collection = documents[0].collection
        resource = await ports.collection_of(collection)
        removed = [document for document in documents if document.state == "removed"]
        queued = [document for document in documents if document.state == "queued"] if resource else []
        wanted = {document.id: fingerprint(document, resource) for document in queued if resource}
        same = [document for document in queued if same_content(document.indexed_as, wanted[document.id])]
        moved = [document for document in same if not same_rights(document.indexed_as, document.rights)]
        # Old text with other rights than the new one may go to neither; a crash may have left text that no row tells of.
        hidden = [d for d in queued if d not in same and not same_rights(d.indexed_as, d.rights)]
        await ports.documents.claim(job_id, [document.id for document in (*moved, *hidden)])
        if gone := [document.id for document in (*removed, *hidden)]:
            await ports.index.replace(collection, gone, [])
        if moved:
            await ports.index.grant(collection, {document.id: document.rights for document in moved})
        outcomes = [Outcome(document_id=document.id, state="removed") for document in removed]
        outcomes += [Outcome(document_id=d.id, state="indexed", indexed_as=wanted[d.id]) for d in same]
        if outcomes or hidden:
            await ports.documents.record(job_id, collection, outcomes)
            await forget(ports.documents, ports.objects, [(document.digest, document.path) for document in removed])

    async def finish(self, job_id: str, error: str | None) -> None:
        """Compact the index and end the job. A document that was not come to is out of the index and says why."""
        ports = self._ports
        job = await ports.jobs.get(job_id)
        if job is None or job.collection is None:
            return
        async for some in self._of_job(job_id):
            if left := [document for document in some if document.state == "queued"]:
                reason = f"Not indexed: {error or 'the job was cancelled.'}"
                await ports.index.replace(job.collection, [document.id for document in left], [])
                outcomes = [Outcome(document_id=document.id, state="failed", error=reason) for document in left]
                await ports.documents.record(job_id, job.collection, outcomes)
        await ports.index.tend(job.collection)
        await ports.jobs.end(job_id, error=error)

    async def _index(self, job_id: str, collection: Collection, processed: Sequence[tuple[Document, Processed]]) -> None:
        """Bring what was made of some documents into the index and into their rows."""
        ports = self._ports
        rights = {document.id: document.rights for document, _ in processed}
        vectors, spent = await self._vectors(job_id, collection, [each for _, each in processed])
        claimed = await ports.documents.claim(job_id, list(rights))
        indexed = [
            IndexedChunk(one, vector, document.rights.allow, document.rights.deny)
            for (document, each), own in zip(processed, vectors, strict=True)
            if document.id in claimed
            for one, vector in zip(each.chunks, own, strict=True)
        ]
        await ports.index.replace(collection.name, sorted(claimed), indexed)
        written = await self._as_it_is_now(collection.name, {one: rights[one] for one in sorted(claimed)})
        outcomes = [_outcome(each, fingerprint(row, collection, written.get(row.id))) for row, each in processed]
        await ports.documents.record(job_id, collection.name, outcomes, spent=spent)

    async def _as_it_is_now(self, collection: str, written: dict[str, Rights]) -> dict[str, Rights]:
        """Rights that changed, and removals that happened, while the chunks were on their way into the index."""
        rows = await self._ports.documents.read(list(written))
        gone = [document for document in written if document not in rows or rows[document].state == "removed"]
        if gone:
            await self._ports.index.replace(collection, gone, [])
        moved = {row.id: row.rights for row in rows.values() if row.state != "removed" and row.rights != written[row.id]}
        if moved:
            await self._ports.index.grant(collection, moved)
        return {**written, **moved}

    async def _vectors(
        self, job_id: str, collection: Collection, processed: Sequence[Processed]
    ) -> tuple[list[Sequence[Sequence[float]]], Spent]:
        """The vectors of each document's chunks; those that did not come along are made here. And what all of them took."""
        found = [unpack(each) for each in processed]
        lacking = [each for each, vectors in zip(processed, found, strict=True) if vectors is None]
        texts = [chunk.contextual_text for each in lacking for chunk in each.chunks]
        embedder = self._ports.embedder_of(collection)
        before = embedder.spent if isinstance(embedder, Metered) else Spent()
        made = iter(await self._embed(job_id, embedder, texts, collection.team))
        vectors: list[Sequence[Sequence[float]]] = [
            [next(made) for _ in each.chunks] if own is None else own for each, own in zip(processed, found, strict=True)
        ]
        spent = embedder.spent - before if isinstance(embedder, Metered) else Spent()
        return vectors, sum((each.spent for each in processed), spent)

    async def _embed(self, job_id: str, embedder: Embedder, texts: Sequence[str], team: str) -> list[Sequence[float]]:
        batches = [texts[n : n + EMBED_TEXTS] for n in range(0, len(texts), EMBED_TEXTS)]
        places = asyncio.Semaphore(EMBED_AT_ONCE)
        done, said = 0, time.monotonic()

        async def embed(batch: Sequence[str]) -> Sequence[Sequence[float]]:
            nonlocal done, said
            async with places:
                await self._not_cancelled(job_id)
                vectors = await self._patiently(job_id, embedder, batch, team)
                done += len(batch)
                if time.monotonic() - said > _SAY_EVERY_S:
                    said = time.monotonic()
                    await self._ports.jobs.say(job_id, f"Embedding: {done:,} of {len(texts):,} passages of this part.")
                return vectors

        found = await asyncio.gather(*(embed(batch) for batch in batches))
        return [vector for vectors in found for vector in vectors]

    async def _patiently(self, job_id: str, embedder: Embedder, texts: Sequence[str], team: str) -> Sequence[Sequence[float]]:
        patience = self._ports.patience
        pause, waited = patience.first_s, 0.0
        while True:
            try:
                return await embedder.embed(texts, team=team)
            except ProviderError as error:
                if error.upstream_status in (400, 413, 422) or waited >= patience.total_s:
                    raise
                await self._ports.jobs.say(job_id, f"Waiting for the embedding model. {error.message}")
                await self._not_cancelled(job_id)
                await asyncio.sleep(pause)
                waited += pause
                pause = min(pause * 2, patience.longest_s)

    async def _collection(self, job_id: str) -> Collection:
        job = await self._ports.jobs.get(job_id)
        name = job.collection if job and job.collection else ""
        found = await self._ports.collection_of(name)
        if found is None:
            raise Cancelled(f"There is no collection {name!r} any more.")
        return found

    async def _not_cancelled(self, job_id: str) -> None:
        job = await self._ports.jobs.get(job_id)
        if job is None or job.state == "cancelled":
            raise Cancelled("The job was cancelled.")

    async def _of_job(self, job_id: str) -> AsyncGenerator[Sequence[Document]]:
        """The documents of a job, a page at a time: there may be more than fit into memory. Pages are never empty."""
        after: str | None = None
        while some := await self._ports.documents.of_job(job_id, after=after, limit=PAGE):
            yield some
            after = some[-1].id


def _outcome(each: Processed, indexed_as: str) -> Outcome:
    if each.failure is not None:
        return Outcome(document_id=each.id, state="failed", error=each.failure)
    return Outcome(
        document_id=each.id, state="indexed", title=each.title, pages=each.pages, chunks=len(each.chunks), indexed_as=indexed_as
    )


async def _ahead(stream: AsyncIterator[_T]) -> AsyncGenerator[_T]:
    """The same, the next one being made while the last one is dealt with: one ahead and no more."""

    async def following() -> _T | None:
        return await anext(stream, None)

    coming = asyncio.create_task(following())
    try:
        while (one := await coming) is not None:
            coming = asyncio.create_task(following())
            yield one
    finally:
        coming.cancel()
        await asyncio.wait([coming])
        if not coming.cancelled():
            coming.exception()  # whoever went away does not want to know
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


def _parts(documents: Sequence[tuple[str, int]], most: int, most_bytes: int) -> Iterator[str]:
    """The ids of each part, and behind a # how many documents came before it. Documents are given as id and bytes."""
    part, size, before = list[str](), 0, 0
    for document, its_bytes in documents:
        if part and (len(part) >= most or size + its_bytes > most_bytes):
            yield f"{','.join(part)}#{before}"
            part, size, before = [], 0, before + len(part)
        part.append(document)
        size += its_bytes
    if part:
        yield f"{','.join(part)}#{before}"
