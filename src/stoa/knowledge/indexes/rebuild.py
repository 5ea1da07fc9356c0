"""The job that builds an index beside the one that is searched, or brings one up to date: what it lacks is made and put in.

Everything may run again: what an index holds of a document is noted once it is in, and only what is not noted is worked on.
While it runs documents come, change and go; what is put in is compared with the row again afterwards, and taken out if that
says otherwise by now.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from stoa.domain.documents import Document, DocumentLedger
from stoa.domain.identity import Rights
from stoa.domain.indexes import Comparison, Held, Index, IndexLedger
from stoa.domain.jobs import JobLedger
from stoa.domain.passages import Embedder
from stoa.domain.processing import Item, Processed, Processor
from stoa.domain.resources import Collection
from stoa.domain.vectors import IndexedChunk, PassageIndex
from stoa.errors import Conflict, StoaError
from stoa.knowledge.embedding import Cancelled, Patience, PatientEmbedding
from stoa.knowledge.fingerprint import fingerprint
from stoa.knowledge.ingest import PAGE, as_made
from stoa.knowledge.parts import Processors, read_part

COMPARE = "compare"
"""The name of the part that measures it against the one that is searched."""


@dataclass(frozen=True)
class RebuildPorts:
    """What building needs from outside. `compare` measures an index against the one that is searched."""

    documents: DocumentLedger
    jobs: JobLedger
    indexes: IndexLedger
    processor: Processor
    index: PassageIndex
    embedder_of: Callable[[Collection], Embedder]
    collection_of: Callable[[str], Awaitable[Collection | None]]
    compare: Callable[[Collection, Index, Index], Awaitable[Comparison]]
    partitioned: Processor | None = None
    many: int = 300
    patience: Patience = field(default_factory=Patience)


class Rebuild:
    """Work of the kind `reindex`."""

    def __init__(self, ports: RebuildPorts) -> None:
        self._ports = ports
        self._processors = Processors(ports.processor, ports.partitioned, ports.many)
        self._embedding = PatientEmbedding(ports.jobs, ports.patience)
        self._not_compared: dict[str, str] = {}

    async def plan(self, job_id: str) -> Sequence[str]:
        """The documents that the index lacks, some at a time, and a look at how well it searches."""
        if not await self._ports.jobs.start(job_id):
            return []
        _, index = await self._index(job_id)
        after: str | None = None
        lacking: list[tuple[str, int]] = []
        while some := await self._ports.indexes.lacking(index, after=after, limit=PAGE):
            lacking += [(document.id, document.bytes) for document in some]
            after = some[-1].id
        return [*self._processors.parts(lacking), *([COMPARE] if index.state == "building" else [])]

    async def part(self, job_id: str, part: str) -> None:
        """Raises ProviderError when the embedding model stays away, Cancelled when nobody wants the index any more."""
        await self._embedding.not_cancelled(job_id)
        collection, index = await self._index(job_id)
        if part == COMPARE:
            await self._compare(job_id, collection, index)
            return
        ids, large, tending, said = read_part(part)
        if said is not None:
            await self._ports.jobs.say(job_id, said)
        rows = await self._ports.documents.read(ids)
        mine = {row.id: row for row in rows.values() if row.state == "indexed"}

        async def taken(some: Sequence[Processed]) -> None:
            await self._put(job_id, collection, index, [(mine[each.id], each) for each in some])

        await self._processors.process(
            [Item(id=one.id, path=one.path, digest=one.digest) for one in mine.values()], index.recipe,
            team=collection.team, large=large, jobs=self._ports.jobs, job_id=job_id, taken=taken,
        )  # fmt: skip
        if tending:
            await self._ports.index.tend(index.name)

    async def finish(self, job_id: str, error: str | None) -> None:
        """Compact the index, and search it from now on if the collection says so and nothing speaks against it."""
        ports = self._ports
        try:
            collection, index = await self._index(job_id)
        except Cancelled as gone:
            await ports.jobs.end(job_id, error=error or gone.message)
            return
        await ports.index.tend(index.name)
        job, note = await ports.jobs.get(job_id), None
        uncompared = self._not_compared.pop(job_id, None)
        if error is None and job is not None and job.state == "running" and index.state == "building":
            note = _against(collection.switch, index, job.failed)
            try:
                if note is None:
                    await ports.indexes.switch(index)
            except Conflict as conflict:  # documents came meanwhile: another job brings them in, and switches then
                note = conflict.message
            error = note if job.failed else None
        await ports.jobs.end(job_id, error=error, note=note or uncompared)

    async def _put(
        self, job_id: str, collection: Collection, index: Index, processed: Sequence[tuple[Document, Processed]]
    ) -> None:
        ports = self._ports
        embedder = ports.embedder_of(collection)
        vectors, spent = await self._embedding.vectors(job_id, embedder, [each for _, each in processed], team=collection.team)
        chunks = [
            IndexedChunk(one, vector, document.rights.allow, document.rights.deny)
            for (document, each), own in zip(processed, vectors, strict=True)
            for one, vector in zip(each.chunks, own, strict=True)
        ]
        await ports.index.replace(index.name, [document.id for document, _ in processed], chunks)
        await self._as_it_is_now(index, {document.id: document.rights for document, _ in processed})
        noted = [
            Held(
                document=row, indexed_as=fingerprint(row, collection), chunks=len(each.chunks), failure=each.failure
            )
            for row, each in processed
        ]  # fmt: skip
        done = await ports.indexes.hold(index, noted, spent=spent)
        if changed := [document.id for document, _ in processed if document.id not in done]:
            await ports.index.replace(index.name, changed, [])

    async def _as_it_is_now(self, index: Index, written: dict[str, Rights]) -> None:
        """Rights that changed while the chunks were on their way into the index. What is gone is not noted, and taken out."""
        rows = await self._ports.documents.read(list(written))
        moved = {row.id: row.rights for row in rows.values() if row.rights != written[row.id]}
        if moved:
            await self._ports.index.grant(index.name, moved)

    async def _compare(self, job_id: str, collection: Collection, index: Index) -> None:
        """A comparison that cannot be made keeps nothing from going on, but what is decided by it."""
        serving = next((each for each in await self._ports.indexes.of(index.collection) if each.state == "serving"), None)
        if serving is None:
            return
        await self._ports.jobs.say(job_id, "Comparing the searches of both indexes.")
        try:
            report = await self._ports.compare(collection, index, serving)
        except StoaError as error:
            self._not_compared[job_id] = f"The indexes could not be compared: {error.message}"
            return
        await self._ports.indexes.told(index, report)

    async def _index(self, job_id: str) -> tuple[Collection, Index]:
        """What the job works on, and its collection as that index is made of it. Raises Cancelled when either is gone."""
        job = await self._ports.jobs.get(job_id)
        name = job.collection if job and job.collection else ""
        resource = await self._ports.collection_of(name)
        found = next((each for each in await self._ports.indexes.of(name) if each.job_id == job_id), None)
        if resource is None or found is None:
            raise Cancelled(f"Nobody wants this index of {name!r} any more.")
        return as_made(resource, found), found


def _against(switch: Literal["ready", "no-worse", "by-hand"], index: Index, failed: int) -> str | None:
    """Why it is not searched from now on; None when nothing speaks against it."""
    if switch == "by-hand":
        return f"Version {index.version} is ready; switch to it with: stoa collection switch {index.collection}"
    if failed:
        return f"{failed:,} documents could not be read again, so version {index.version} waits for a switch by hand."
    if switch == "ready":
        return None
    worse = "they could not be compared" if index.report is None else index.report.worse()
    return None if worse is None else f"Version {index.version} waits for a switch by hand: {worse}."
