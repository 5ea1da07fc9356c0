"""The ingestion job: what the documents of a job are, against what the index holds of them, made equal.

Everything here may run again: what a document should be is in its row, what the index holds of it is in `indexed_as`, and only
the difference is worked on. Rights and removals come first, at once and without embedding; then the rest, in parts of some
documents each, so that a batch for the embedder spans documents and a crash costs one part.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from stoa.domain.documents import (
    Document,
    DocumentLedger,
    Objects,
    Outcome,
    ParsedDocument,
    Parser,
    Splitter,
    parsed_name,
    raw_name,
)
from stoa.domain.identity import Rights
from stoa.domain.jobs import JobLedger
from stoa.domain.passages import Embedder
from stoa.domain.resources import Collection
from stoa.domain.vectors import Chunk, IndexedChunk, PassageIndex
from stoa.errors import ProviderError, StoaError, Unreadable
from stoa.knowledge.chunk import chunk, title_of
from stoa.knowledge.enrich import enrich
from stoa.knowledge.fingerprint import CHUNKER, PARSER, fingerprint, same_content, same_rights, to_be_read_anew
from stoa.knowledge.forget import forget
from stoa.knowledge.keywords import Rarity
from stoa.knowledge.resemblance import originals, sketch_of

RIGHTS = "rights"
"""The name of the part that brings rights and removals into the index."""

PART_DOCUMENTS = 16
PART_BYTES = 4_000_000
EMBED_TEXTS = 64
EMBED_AT_ONCE = 2
TEND_EVERY = 25
"""Parts between two rounds of compaction within a long job."""

_SAY_EVERY_S = 2.0


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
    """What ingestion needs from outside. `embedder_of` gives the embedder of a collection; `collection_of` the resource.

    `rarity` says how seldom a word is used, for keywords; without it all words are equally rare.
    """

    documents: DocumentLedger
    jobs: JobLedger
    objects: Objects
    parser: Parser
    splitter: Splitter
    index: PassageIndex
    embedder_of: Callable[[Collection], Embedder]
    collection_of: Callable[[str], Awaitable[Collection | None]]
    patience: Patience = field(default_factory=Patience)
    rarity: Rarity = field(default=lambda _: 1.0)


class Ingestion:
    """Work of the kind `ingest`."""

    def __init__(self, ports: IngestionPorts) -> None:
        self._ports = ports
        self._splitting = asyncio.Lock()

    async def plan(self, job_id: str) -> Sequence[str]:
        """Rights and removals, then the ids of documents to read, some at a time."""
        if not await self._ports.jobs.start(job_id):
            return [RIGHTS]
        waiting = [document for document in await self._ports.documents.of_job(job_id) if document.state == "queued"]
        return [RIGHTS, *_parts(waiting)]

    async def part(self, job_id: str, part: str) -> None:
        """One part of the plan. Raises ProviderError when the embedding model stays away, Cancelled when nobody wants it."""
        if part == RIGHTS:
            await self.rights(job_id)
            return
        ids, _, number = part.partition("#")
        collection = await self._collection(job_id)
        await self._not_cancelled(job_id)
        rows = await self._ports.documents.read(ids.split(","))
        mine = [row for row in rows.values() if row.job_id == job_id and row.state == "queued"]
        await self._read_and_index(job_id, collection, mine)
        if int(number) % TEND_EVERY == 0:
            await self._ports.index.tend(collection.name)

    async def rights(self, job_id: str) -> None:
        """Bring changed rights and removals into the index. Needs no embedding, so it need not wait for its turn.

        A row never says that the index holds more than it does: it takes back what it says before the index changes.
        """
        ports = self._ports
        documents = await ports.documents.of_job(job_id)
        if not documents:
            return
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
        left = [document for document in await ports.documents.of_job(job_id) if document.state == "queued"]
        if left:
            reason = f"Not indexed: {error or 'the job was cancelled.'}"
            await ports.index.replace(job.collection, [document.id for document in left], [])
            outcomes = [Outcome(document_id=document.id, state="failed", error=reason) for document in left]
            await ports.documents.record(job_id, job.collection, outcomes)
        await ports.index.tend(job.collection)
        await ports.jobs.end(job_id, error=error)

    async def _read_and_index(self, job_id: str, collection: Collection, documents: Sequence[Document]) -> None:
        ports = self._ports
        read = await asyncio.gather(*(self._read(document, collection) for document in documents))
        chunks = [one for _, some in read for one in some]
        rights = {document.id: document.rights for document in documents}
        vectors = await self._embed(job_id, collection, [one.contextual_text for one in chunks])
        claimed = await ports.documents.claim(job_id, list(rights))
        indexed = [
            IndexedChunk(one, vector, rights[one.document_id].allow, rights[one.document_id].deny)
            for one, vector in zip(chunks, vectors, strict=True)
            if one.document_id in claimed
        ]
        await ports.index.replace(collection.name, sorted(claimed), indexed)
        written = await self._as_it_is_now(collection.name, {one: rights[one] for one in sorted(claimed)})
        outcomes = [
            msgspec.structs.replace(outcome, indexed_as=fingerprint(document, collection, written.get(document.id)))
            if outcome.state == "indexed"
            else outcome
            for document, outcome in zip(documents, await self._with_originals(collection.name, read), strict=True)
        ]
        await ports.documents.record(job_id, collection.name, outcomes)

    async def _with_originals(self, collection: str, read: Sequence[tuple[Outcome, list[Chunk]]]) -> list[Outcome]:
        """Outcomes that name the older documents that say almost the same."""
        outcomes = [outcome for outcome, _ in read]
        sketches = {outcome.document_id: outcome.sketch for outcome in outcomes if outcome.sketch is not None}
        found = originals(sketches, await self._ports.documents.resembling(collection, sketches))
        return [
            msgspec.structs.replace(
                outcome, traits=msgspec.structs.replace(outcome.traits, duplicate_of=found[outcome.document_id])
            )
            if outcome.traits is not None and outcome.document_id in found
            else outcome
            for outcome in outcomes
        ]

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

    async def _read(self, document: Document, collection: Collection) -> tuple[Outcome, list[Chunk]]:
        """The chunks of a document, or an outcome that says why there are none."""
        try:
            if document.error:  # its bytes were not taken, and why was known then
                raise Unreadable(document.error)
            parsed = await self._parsed(document)
        except Unreadable as error:
            return Outcome(document_id=document.id, state="failed", error=error.message), []
        async with self._splitting:  # one core for cutting, so that answers to questions keep the other
            chunks = await asyncio.to_thread(
                chunk, parsed, self._ports.splitter, tokens=collection.chunk_tokens, document_id=document.id, path=document.path
            )
            traits = await asyncio.to_thread(enrich, parsed, path=document.path, rarity=self._ports.rarity)
            sketch = await asyncio.to_thread(sketch_of, parsed.text, collection=collection.name)
        outcome = Outcome(
            document_id=document.id, state="indexed", title=parsed.title or title_of(document.path),
            pages=len(parsed.pages) or None, chunks=len(chunks), sketch=sketch,
            traits=msgspec.structs.replace(traits, parser=PARSER, chunker=CHUNKER, embedder=collection.embedding_model),
        )  # fmt: skip
        return outcome, chunks

    async def _parsed(self, document: Document) -> ParsedDocument:
        name = parsed_name(document.digest, document.path, version=PARSER)
        kept = None if to_be_read_anew(document.indexed_as) else await self._ports.objects.get(name)
        if kept is not None:
            return msgspec.json.decode(kept, type=ParsedDocument)
        data = await self._ports.objects.get(raw_name(document.digest))
        if data is None:
            raise Unreadable("The file's bytes are not in the object store; send it again.")
        parsed = await self._ports.parser.parse(data, name=document.path)
        await self._ports.objects.put(name, msgspec.json.encode(parsed))
        return parsed

    async def _embed(self, job_id: str, collection: Collection, texts: Sequence[str]) -> list[Sequence[float]]:
        embedder = self._ports.embedder_of(collection)
        batches = [texts[n : n + EMBED_TEXTS] for n in range(0, len(texts), EMBED_TEXTS)]
        places = asyncio.Semaphore(EMBED_AT_ONCE)
        done, said = 0, time.monotonic()

        async def embed(batch: Sequence[str]) -> Sequence[Sequence[float]]:
            nonlocal done, said
            async with places:
                await self._not_cancelled(job_id)
                vectors = await self._patiently(job_id, embedder, batch, collection.team)
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


def _parts(documents: Sequence[Document]) -> list[str]:
    parts: list[list[str]] = []
    size = 0
    for document in documents:
        if not parts or len(parts[-1]) >= PART_DOCUMENTS or size + document.bytes > PART_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(document.id)
        size += document.bytes
    return [f"{','.join(ids)}#{number}" for number, ids in enumerate(parts, 1)]
