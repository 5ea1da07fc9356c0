"""An index built beside the one that is searched: what happens meanwhile is in both, and a switch is all or nothing."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from tests.tables import with_tables

from stoa.adapters.database import Database
from stoa.adapters.database.desired import ResourceTable
from stoa.adapters.database.indexes import IndexRecords, IndexTable
from stoa.adapters.database.keeping import IndexKeeper
from stoa.adapters.database.ledgers import Collections, DocumentRecords, JobRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.revision import RevisionTable
from stoa.adapters.database.served import served
from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.parsers.direct import DirectParser
from stoa.adapters.parsers.words import WordSplitter
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.documents import Document, raw_name
from stoa.domain.identity import Rights
from stoa.domain.indexes import Comparison, Index, Scored
from stoa.domain.jobs import Job
from stoa.domain.resources import Collection
from stoa.errors import Conflict, StoaError
from stoa.knowledge import intake
from stoa.knowledge.indexes import beside
from stoa.knowledge.indexes.rebuild import Rebuild, RebuildPorts
from stoa.knowledge.ingest import Ingestion, IngestionPorts
from stoa.knowledge.process import Pipeline
from stoa.knowledge.retrieve import HybridRetriever

TEAM, HR = frozenset({"team:company"}), frozenset({"group:hr"})
WIDTHS = {"old": 32, "new": 48}


class Embedder(HashingEmbedder):
    """Runs once what it is told while it embeds."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None and texts:
            await meanwhile()
        return await super().embed(texts, team=team)


@dataclass
class Place:
    """A database and an index, with ingestion, rebuilding and looking after them played in turn."""

    database: Database
    index: MemoryIndex
    objects: ObjectFolder
    ingestion: Ingestion
    rebuild: Rebuild
    keeper: IndexKeeper
    embedders: Mapping[str, Embedder]
    report: list[Comparison] = field(default_factory=list[Comparison])

    async def apply(self, **changes: object) -> None:
        wanted = Collection(name="c", team="company", embedding_model="old", chunk_tokens=32)
        async with self.database.write() as connection:
            await RevisionTable(connection).advance(now_ms=1)
            await ResourceTable(connection).save(msgspec.structs.replace(wanted, **changes), now_ms=1, by="x")

    async def upload(self, files: Mapping[str, bytes], acl: frozenset[str] = TEAM) -> str:
        kept = [intake.File(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in files.items()]
        for file in kept:
            await self.objects.put(raw_name(file.digest), files[file.path])
        async with self.database.write() as connection:
            library = DatabaseLibrary(connection)
            queued = await intake.upload(library, kept, collection="c", source="s", rights=Rights(acl), by="x", now_ms=1)
        return queued.job.id

    async def put(self, files: Mapping[str, bytes], acl: frozenset[str] = TEAM) -> None:
        await self.work(await self.upload(files, acl))

    async def remove(self, path: str) -> None:
        async with self.database.write() as connection:
            library = DatabaseLibrary(connection)
            (document,) = [d for d in await library.documents.of_source("c", "s") if d.path == path]
            job = await intake.remove(library, document, by="x", now_ms=2)
        await self.work(job.id)

    async def share(self, path: str, acl: frozenset[str]) -> None:
        async with self.database.write() as connection:
            library = DatabaseLibrary(connection)
            (document,) = [d for d in await library.documents.of_source("c", "s") if d.path == path]
            job = await intake.share(library, document, Rights(acl), by="x", now_ms=2)
        await self.work(job.id)

    async def work(self, job_id: str) -> Job:
        job = await JobRecords(self.database).get(job_id)
        assert job is not None
        work, error = (self.rebuild if job.kind == beside.KIND else self.ingestion), None
        try:
            for part in await work.plan(job_id):
                await work.part(job_id, part)
        except StoaError as failure:
            error = failure.message
        await work.finish(job_id, error)
        job = await JobRecords(self.database).get(job_id)
        assert job is not None
        return job

    async def look(self) -> list[Job]:
        """Look after the indexes, and do what is to be done, until nothing is."""
        done: list[Job] = []
        while jobs := await self.keeper.look():
            done += [await self.work(job.id) for job in jobs]
        return done

    async def indexes(self) -> dict[int, str]:
        return {each.version: each.state for each in await self.all()}

    async def all(self) -> Sequence[Index]:
        async with self.database.read() as connection:
            return await IndexTable(connection).of("c", dropped=True)

    async def found(self, acl: frozenset[str] = TEAM) -> list[str]:
        """The paths that the search finds in the index that is searched, as a gateway would know of it."""
        async with self.database.read() as connection:
            known = await served(connection)
        retriever = HybridRetriever(
            self.index, lambda name: self.embedders[known[name].embedding_model], lambda name: known[name].name
        )
        passages = await retriever.retrieve("fruit", collections=["c"], acl=acl, limit=100, on_behalf_of="x")
        assert {each.collection for each in passages} <= {"c"}
        return sorted({each.path for each in passages})

    async def held(self, version: int, acl: frozenset[str] = TEAM) -> list[str]:
        """The paths in one version, whether it is searched or not."""
        (index,) = [each for each in await self.all() if each.version == version]
        (vector,) = await HashingEmbedder(WIDTHS[index.embedding_model]).embed(["fruit"], team="x")
        return sorted({hit.passage.path for hit in await self.index.dense(index.name, vector, acl=acl, limit=100)})

    async def document(self, path: str) -> Document:
        async with self.database.read() as connection:
            (found,) = [d for d in await DatabaseLibrary(connection).documents.of_source("c", "s") if d.path == path]
        return found

    async def switch(self, version: int) -> None:
        (index,) = [each for each in await self.all() if each.version == version]
        await IndexRecords(self.database).switch(index)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    database = await with_tables(f"sqlite:///{tmp_path / 'db.sqlite'}")
    objects, index = ObjectFolder.memory(), MemoryIndex()
    embedders = {name: Embedder(width) for name, width in WIDTHS.items()}
    reports: list[Comparison] = []

    async def compare(_collection: Collection, _new: Index, _old: Index) -> Comparison:
        return reports[-1]

    common = {
        "documents": DocumentRecords(database), "jobs": JobRecords(database), "indexes": IndexRecords(database), "index": index,
        "processor": Pipeline(objects=objects, parser=DirectParser(), splitter=WordSplitter()),
        "embedder_of": lambda collection: embedders[collection.embedding_model], "collection_of": Collections(database).get,
    }  # fmt: skip
    ingestion = Ingestion(IngestionPorts(objects=objects, **common))  # type: ignore[arg-type]
    rebuild = Rebuild(RebuildPorts(compare=compare, **common))  # type: ignore[arg-type]
    keeper = IndexKeeper(
        database, index, kind=beside.KIND, keep_up=beside.keep_up, now_ms=lambda: 10**15, grace_ms=-(10**15)
    )  # what was dropped goes at the next look
    made = Place(database, index, objects, ingestion, rebuild, keeper, embedders, reports)
    reports.append(Comparison(at=1, over=1, questions=1, overlap=1.0))
    await made.apply()
    await made.put({"a.md": b"Apples are fruit.", "b.md": b"Pears are fruit."})
    yield made
    await database.close()


async def test_another_model_builds_an_index_beside_and_switches_when_it_is_whole(place: Place) -> None:
    await place.apply(embedding_model="new")
    assert await place.found() == ["a.md", "b.md"]
    (job,) = await place.look()
    assert (job.state, job.total, job.done, job.failed) == ("succeeded", 2, 2, 0)
    assert await place.indexes() == {1: "kept", 2: "serving"}
    assert await place.found() == await place.held(1) == ["a.md", "b.md"]


async def test_while_it_is_built_the_old_one_is_searched_by_the_old_model(place: Place) -> None:
    await place.apply(embedding_model="new")
    seen: list[object] = []

    async def search() -> None:
        seen.extend([await place.found(), await place.indexes()])

    place.embedders["new"].meanwhile = search
    await place.look()
    assert seen == [["a.md", "b.md"], {1: "serving", 2: "building"}]


async def test_gateways_learn_of_one_that_is_built_so_that_it_can_be_compared(place: Place) -> None:
    await place.apply(embedding_model="new", switch="by-hand")
    async with place.database.read() as connection:
        before = await RevisionTable(connection).current()
    await place.keeper.look()
    async with place.database.read() as connection:
        assert await RevisionTable(connection).current() > before
        known = await served(connection)
    assert {name: each.name for name, each in known.items()} == {"c": "c", "c@1": "c", "c@2": "_2.c"}


async def test_what_comes_changes_and_goes_meanwhile_is_in_both(place: Place) -> None:
    await place.put({"c.md": b"Plums are fruit."})
    await place.apply(embedding_model="new")

    async def meanwhile() -> None:
        await place.put({"d.md": b"Figs are fruit.", "a.md": b"Apples are the best fruit."})
        await place.remove("b.md")
        await place.share("c.md", HR)

    place.embedders["new"].meanwhile = meanwhile
    jobs = await place.look()
    assert {job.state for job in jobs} == {"succeeded"}
    assert await place.indexes() == {1: "kept", 2: "serving"}
    assert (await place.found(), await place.found(HR)) == (["a.md", "d.md"], ["c.md"])
    assert (await place.held(1), await place.held(1, HR)) == (["a.md", "d.md"], ["c.md"])
    assert [hit.text for hit in await place.index.of_document("_2.c", (await place.document("a.md")).id, acl=TEAM)] == [
        "Apples are the best fruit."
    ]


async def test_rights_and_removals_reach_the_one_that_is_kept_at_once(place: Place) -> None:
    await place.apply(embedding_model="new")
    await place.look()
    await place.share("a.md", HR)
    await place.remove("b.md")
    assert (await place.held(1), await place.held(1, HR)) == ([], ["a.md"])


async def test_going_back_brings_in_what_came_since(place: Place) -> None:
    await place.apply(embedding_model="new", switch="by-hand")
    await place.look()
    await place.switch(2)
    await place.put({"c.md": b"Plums are fruit.", "a.md": b"Apples changed, and are fruit."})
    assert (await place.held(1), await place.found()) == (["b.md"], ["a.md", "b.md", "c.md"])
    await place.switch(1)
    assert await place.found() == ["b.md"]
    await place.look()
    assert await place.indexes() == {1: "serving", 2: "kept"}
    assert await place.found() == ["a.md", "b.md", "c.md"]
    assert (await place.document("a.md")).chunks == 1


async def test_one_that_lacks_documents_is_not_switched_to(place: Place) -> None:
    await place.apply(embedding_model="new", switch="by-hand")
    await place.look()
    assert await place.indexes() == {1: "serving", 2: "building"}
    await place.put({"c.md": b"Plums are fruit."})
    with pytest.raises(Conflict, match="still lacks 1 documents"):
        await place.switch(2)
    await place.look()
    await place.switch(2)
    assert await place.found() == ["a.md", "b.md", "c.md"]


async def test_one_that_finds_what_was_judged_worse_waits_for_a_hand(place: Place) -> None:
    better, worse = Scored(recall=0.9, mrr=0.8), Scored(recall=0.9, mrr=0.5)
    place.report.append(
        Comparison(at=1, over=1, questions=4, overlap=0.4, evaluation_set="e", judged=4, before=better, after=worse)
    )
    await place.apply(embedding_model="new", switch="no-worse")
    (job,) = await place.look()
    assert await place.indexes() == {1: "serving", 2: "building"}
    assert job.message == ("Version 2 waits for a switch by hand: MRR on 'e' would be 0.500 instead of 0.800.")
    place.report.append(msgspec.structs.replace(place.report[-1], after=better))
    await place.put({"c.md": b"Plums are fruit."})
    await place.look()
    assert await place.indexes() == {1: "kept", 2: "serving"}


async def test_changing_ones_mind_gives_up_what_is_built_and_erases_it(place: Place) -> None:
    await place.apply(embedding_model="new", switch="by-hand")
    await place.look()
    await place.apply()
    await place.look()
    await place.look()
    assert await place.indexes() == {1: "serving", 2: "dropped"}
    assert await place.index.dense("_2.c", [0.0] * 48, acl=TEAM, limit=10) == []
    assert await place.found() == ["a.md", "b.md"]


async def test_a_third_index_takes_the_place_of_the_kept_one(place: Place) -> None:
    await place.apply(embedding_model="new")
    await place.look()
    await place.apply(embedding_model="new", chunk_tokens=64)
    await place.look()
    assert await place.indexes() == {1: "dropped", 2: "kept", 3: "serving"}
    assert await place.found() == ["a.md", "b.md"]


async def test_a_job_killed_midway_goes_on_where_it_was(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stoa.knowledge.parts.PART_DOCUMENTS", 32)
    await place.put({f"{n}.md": f"Fruit {n} is fruit.".encode() for n in range(40)})
    await place.apply(embedding_model="new")
    (job,) = await place.keeper.look()
    parts = await place.rebuild.plan(job.id)
    await place.rebuild.part(job.id, parts[0])
    embedded = place.embedders["new"].embedded

    async def die() -> None:
        raise asyncio.CancelledError

    place.embedders["new"].meanwhile = die
    with pytest.raises(asyncio.CancelledError):
        await place.rebuild.part(job.id, parts[1])
    for part in parts:  # as a runner does that does not know which were finished
        await place.rebuild.part(job.id, part)
    await place.rebuild.finish(job.id, None)
    assert await place.indexes() == {1: "kept", 2: "serving"}
    assert len(await place.found()) == 42
    assert place.embedders["new"].embedded <= 42 + embedded + 1  # the first part, at most, a second time; and the question


async def test_a_switch_while_a_document_is_on_its_way_loses_nothing(place: Place) -> None:
    await place.apply(embedding_model="new", switch="by-hand")
    await place.look()
    job = await place.upload({"c.md": b"Plums are fruit."})

    async def switch() -> None:
        await place.switch(2)

    place.embedders["old"].meanwhile = switch
    await place.work(job)
    assert await place.held(1) == ["a.md", "b.md", "c.md"]
    await place.look()
    assert await place.found() == ["a.md", "b.md", "c.md"]


async def test_a_collection_that_is_deleted_leaves_no_index(place: Place) -> None:
    await place.remove("a.md")
    await place.remove("b.md")
    async with place.database.write() as connection:
        await RevisionTable(connection).advance(now_ms=1)
        await ResourceTable(connection).remove("Collection", "c")
    await place.look()
    assert await place.indexes() == {1: "dropped"}
    await place.apply(embedding_model="new")
    await place.put({"a.md": b"Apples are fruit."})
    assert await place.indexes() == {1: "dropped", 2: "serving"}
    assert await place.found() == ["a.md"]
