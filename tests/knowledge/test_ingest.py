"""What ingestion does between the rows and the index, with things happening at the worst moment."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.tables import with_tables

from stoa.adapters.database import Database
from stoa.adapters.database.ledgers import DocumentRecords, JobRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.tables import documents
from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.parsers.direct import DirectParser
from stoa.adapters.parsers.words import WordSplitter
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.documents import Document, raw_name
from stoa.domain.identity import Rights
from stoa.domain.jobs import Job
from stoa.domain.resources import Collection
from stoa.errors import ProviderError
from stoa.knowledge import intake
from stoa.knowledge.ingest import PART_DOCUMENTS, Cancelled, Ingestion, IngestionPorts, Patience
from stoa.knowledge.process import Pipeline

COLLECTION = Collection(name="c", team="company", chunk_tokens=32)
TEAM, HR = frozenset({"team:company"}), frozenset({"group:hr"})


class Embedder(HashingEmbedder):
    """Runs what it is told while it embeds, and fails as often as it is told."""

    meanwhile: Callable[[], Awaitable[object]] | None = None
    failures = 0
    status: int | None = 503

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        if self.failures:
            self.failures -= 1
            raise ProviderError("It is asleep.", upstream_status=self.status)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return await super().embed(texts, team=team)


@dataclass
class Place:
    """A database, an index, and ingestion between them."""

    database: Database
    objects: ObjectFolder
    index: MemoryIndex
    embedder: Embedder
    ingestion: Ingestion

    async def queue(self, files: Mapping[str, bytes], acl: frozenset[str] = TEAM) -> str:
        kept = [intake.File(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in files.items()]
        for file in kept:
            await self.objects.put(raw_name(file.digest), files[file.path])
        async with self.database.write() as connection:
            library = DatabaseLibrary(connection)
            queued = await intake.upload(library, kept, collection="c", source="s", rights=Rights(acl), by="x", now_ms=1)
        return queued.job.id

    async def work(self, job_id: str) -> Job:
        error = None
        try:
            for part in await self.ingestion.plan(job_id):
                await self.ingestion.part(job_id, part)
        except (Cancelled, ProviderError) as failure:
            error = str(failure)
        await self.ingestion.finish(job_id, error)
        return await self.job(job_id)

    async def job(self, job_id: str) -> Job:
        found = await JobRecords(self.database).get(job_id)
        assert found is not None
        return found

    async def document(self, path: str) -> Document:
        async with self.database.read() as connection:
            (found,) = [d for d in await DatabaseLibrary(connection).documents.of_source("c", "s") if d.path == path]
        return found

    async def readable(self, acl: frozenset[str]) -> list[str]:
        (vector,) = await HashingEmbedder().embed(["x"], team="x")
        return sorted(hit.passage.path for hit in await self.index.dense("c", vector, acl=acl, limit=100))


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    database = await with_tables(f"sqlite:///{tmp_path / 'db.sqlite'}")
    objects, index, embedder = ObjectFolder.memory(), MemoryIndex(), Embedder()

    async def collection(_: str) -> Collection:
        return COLLECTION

    ports = IngestionPorts(
        documents=DocumentRecords(database),
        jobs=JobRecords(database),
        objects=objects,
        processor=Pipeline(objects=objects, parser=DirectParser(), splitter=WordSplitter()),
        index=index,
        embedder_of=lambda _: embedder,
        collection_of=collection,
        patience=Patience(first_s=0.001, longest_s=0.002, total_s=0.01),
    )
    yield Place(database, objects, index, embedder, Ingestion(ports))
    await database.close()


async def test_rights_changed_while_a_new_document_embeds_hold_as_soon_as_it_is_in(place: Place) -> None:
    job = await place.queue({"a.md": b"Apples."})
    later: list[str] = []

    async def restrict() -> None:
        later.append(await place.queue({"a.md": b"Apples."}, acl=HR))
        await place.ingestion.rights(later[0])

    place.embedder.meanwhile = restrict
    await place.work(job)
    assert await place.readable(TEAM) == []
    await place.work(later[0])
    assert (await place.readable(TEAM), await place.readable(HR)) == ([], ["a.md"])


async def test_a_document_removed_while_it_embeds_stays_out(place: Place) -> None:
    job = await place.queue({"a.md": b"Apples.", "b.md": b"Pears."})

    async def remove() -> None:
        async with place.database.read() as connection:
            library = DatabaseLibrary(connection)
            (document,) = [d for d in await library.documents.of_source("c", "s") if d.path == "a.md"]
        async with place.database.write() as connection:
            removal = await intake.remove(DatabaseLibrary(connection), document, by="x", now_ms=2)
        await place.work(removal.id)

    place.embedder.meanwhile = remove
    await place.work(job)
    assert await place.readable(TEAM) == ["b.md"]


async def test_old_text_is_shown_to_nobody_while_new_text_with_other_rights_waits(place: Place) -> None:
    await place.work(await place.queue({"a.md": b"Secret apples."}, acl=HR))
    job = await place.queue({"a.md": b"Apples."}, acl=TEAM)
    await place.ingestion.rights(job)
    assert (await place.readable(TEAM), await place.readable(HR)) == ([], [])
    await place.work(job)
    assert (await place.readable(TEAM), await place.readable(HR)) == (["a.md"], [])


async def test_old_text_is_found_while_new_text_with_the_same_rights_waits(place: Place) -> None:
    await place.work(await place.queue({"a.md": b"Apples."}))
    await place.ingestion.rights(await place.queue({"a.md": b"Pears."}))
    assert await place.readable(TEAM) == ["a.md"]


async def test_rights_that_go_and_come_back_around_a_change_are_those_that_hold(place: Place) -> None:
    await place.work(await place.queue({"a.md": b"Apples."}, acl=HR))
    for data, acl in ((b"Pears.", TEAM), (b"Plums.", HR)):
        await place.ingestion.rights(await place.queue({"a.md": data}, acl=acl))
    assert await place.readable(TEAM) == []


async def test_a_document_that_goes_back_to_what_it_was_while_it_embeds_is_what_it_was(place: Place) -> None:
    await place.work(await place.queue({"a.md": b"Apples."}))
    job, later = await place.queue({"a.md": b"Pears."}), list[str]()

    async def revert() -> None:
        later.append(await place.queue({"a.md": b"Apples."}))
        await place.ingestion.rights(later[0])

    place.embedder.meanwhile = revert
    await place.work(job)
    await place.work(later[0])
    (vector,) = await HashingEmbedder().embed(["x"], team="x")
    (hit,) = await place.index.dense("c", vector, acl=TEAM, limit=5)
    assert hit.passage.text == "Apples."


async def test_new_rights_hold_for_chunks_that_a_crash_left_without_a_word_in_the_row(place: Place) -> None:
    await place.work(await place.queue({"a.md": b"Apples."}))
    async with place.database.write() as connection:  # as if the process had died before it wrote this
        await connection.execute(documents.update().values(indexed_digest=None, state="queued"))
    await place.ingestion.rights(await place.queue({"a.md": b"Apples."}, acl=HR))
    assert await place.readable(TEAM) == []


async def test_a_part_that_runs_again_embeds_nothing_again(place: Place) -> None:
    job = await place.queue({"a.md": b"Apples.", "b.md": b"Pears."})
    _, part = await place.ingestion.plan(job)
    await place.ingestion.part(job, part)
    embedded = place.embedder.embedded
    await place.ingestion.part(job, part)
    await place.ingestion.finish(job, None)
    await place.ingestion.finish(job, None)
    ended = await place.job(job)
    assert place.embedder.embedded == embedded
    assert (ended.state, ended.done, ended.chunks, await place.readable(TEAM)) == ("succeeded", 2, 2, ["a.md", "b.md"])


async def test_a_file_that_became_unreadable_takes_its_old_text_along(place: Place) -> None:
    await place.work(await place.queue({"a.pdf.md": b"Apples."}))
    await place.work(await place.queue({"a.pdf.md": b"\0\1\2"}))
    document = await place.document("a.pdf.md")
    assert (document.state, document.indexed_as) == ("failed", None)
    assert await place.readable(TEAM) == []


async def test_a_model_that_comes_back_is_waited_for(place: Place) -> None:
    place.embedder.failures = 3
    job = await place.work(await place.queue({"a.md": b"Apples."}))
    assert (job.state, job.done, job.message) == ("succeeded", 1, None)


@pytest.mark.parametrize("status", [503, 400])
async def test_a_model_that_stays_away_ends_the_job_and_names_itself_at_each_document(place: Place, status: int) -> None:
    place.embedder.failures, place.embedder.status = 10**6, status
    job = await place.work(await place.queue({"a.md": b"Apples."}))
    assert (job.state, job.failed, job.message) == ("failed", 1, "It is asleep.")
    assert (await place.document("a.md")).error == "Not indexed: It is asleep."


async def test_many_documents_make_several_parts(place: Place) -> None:
    job = await place.queue({f"{n}.md": b"Apples." for n in range(PART_DOCUMENTS + 1)})
    assert len(await place.ingestion.plan(job)) == 3
