"""Documents and jobs in the database, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection
from tests.tables import with_tables

from stoa.adapters.database import Database
from stoa.adapters.database.documents import DocumentTable
from stoa.adapters.database.ledgers import DocumentRecords, JobRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.revision import RevisionTable
from stoa.domain.documents import Document, DocumentState, Outcome
from stoa.domain.jobs import Job
from stoa.domain.narrowing import DocumentFilter
from stoa.domain.traits import Sketch, Traits


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite:///{tmp_path / 'db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = await with_tables(url)
    yield database
    await database.close()


def document(name: str, *tags: str, job: str = "job_1", state: DocumentState = "queued", digest: str = "0" * 64) -> Document:
    return Document(
        id=f"doc_{name}", collection="c", source="s", path=f"{name}.md", title=name.title(), digest=digest, bytes=1,
        acl=frozenset(tags or ("team:a",)), state=state, job_id=job, created_at=1, updated_at=1,
    )  # fmt: skip


def job(name: str = "job_1", total: int = 0) -> Job:
    return Job(
        id=name, kind="ingest", collection="c", state="queued", total=total, done=0, failed=0, pages=0, chunks=0, message=None,
        created_by="x", created_at=1,
    )  # fmt: skip


async def put(database: Database, *documents: Document) -> None:
    async with database.write() as connection:
        await DocumentTable(connection).put(documents)


async def paths(connection: AsyncConnection, *tags: str, search: str = "") -> list[str]:
    found = await DocumentTable(connection).page("c", acl=frozenset(tags), search=search)
    return [document.path for document in found]


async def test_documents_are_listed_to_those_who_share_a_tag(database: Database) -> None:
    await put(
        database, document("a", "team:a"), document("b", "group:hr", "group:it"), document("c", "group:hr", state="removed")
    )
    async with database.read() as connection:
        assert await paths(connection, "team:a") == ["a.md"]
        assert await paths(connection, "group:it", "group:law") == ["b.md"]
        assert await paths(connection, "group:hr", "team:a") == ["a.md", "b.md"]
        assert await paths(connection, "group:h") == []
        assert await paths(connection, "x'; DROP TABLE documents; --") == []
        assert await paths(connection) == []
        assert await paths(connection, "team:a", "group:hr", search="B.M") == ["b.md"]
        assert await paths(connection, "team:a", "group:hr", search="_") == []


async def test_a_mark_changes_with_what_the_tags_open_and_with_nothing_else(database: Database) -> None:
    async def mark(*tags: str) -> str | None:
        async with database.read() as connection:
            return (await DocumentTable(connection).marks(["c", "other"], acl=frozenset(tags))).get("c")

    async def change(name: str, **values: object) -> None:
        async with database.write() as connection:
            assert await DocumentTable(connection).change("job_1", {f"doc_{name}": values})

    assert await mark("team:a") is None
    await put(database, document("a", state="indexed"), document("b", "group:hr", state="indexed"))
    seen = await mark("team:a")
    await change("b", updated_at=2_000_000_000_000)
    assert await mark("team:a") == seen is not None
    assert await mark("team:a", "group:hr") != await mark("group:hr")
    await change("a", updated_at=2_000_000_000_001)
    assert await mark("team:a") not in (None, seen)
    await change("b", acl=["team:a"])
    wider = await mark("team:a")
    await change("b", deny=["team:a"])
    assert wider != await mark("team:a") is not None
    async with database.read() as connection:
        assert await DocumentTable(connection).marks([], acl=frozenset({"team:a"})) == {}


async def test_a_document_put_again_keeps_its_id_and_what_the_index_holds(database: Database) -> None:
    await put(database, document("a"))
    async with database.write() as connection:
        await DocumentTable(connection).change("job_1", {"doc_a": {"indexed_digest": "held", "pages": 3, "chunks": 4}})
    again = document("a", "group:hr", job="job_2", digest="1" * 64)
    await put(
        database, Document(**{**{f: getattr(again, f) for f in again.__struct_fields__}, "id": "doc_other", "created_at": 9})
    )
    async with database.read() as connection:
        (found,) = await DocumentTable(connection).of_source("c", "s")
    assert (found.id, found.created_at, found.indexed_as, found.pages, found.chunks) == ("doc_a", 1, "held", 3, 4)
    assert (found.digest, found.acl, found.job_id) == ("1" * 64, frozenset({"group:hr"}), "job_2")


async def test_outcomes_count_once_and_raise_the_corpus(database: Database) -> None:
    await put(database, document("a"), document("b"), document("c", state="removed"), document("d", job="job_2"))
    async with database.write() as connection:
        await DatabaseLibrary(connection).jobs.add(job(total=3))
    records = DocumentRecords(database)
    outcomes = [
        Outcome(document_id="doc_a", state="indexed", title="New", pages=2, chunks=5, indexed_as="x"),
        Outcome(document_id="doc_b", state="failed", error="broken"),
        Outcome(document_id="doc_c", state="removed"),
        Outcome(document_id="doc_d", state="indexed", chunks=7, indexed_as="y"),
    ]
    await records.record("job_1", "c", outcomes)
    async with database.read() as connection:
        version = (await RevisionTable(connection).corpus())["c"]
        left = {d.id: d for d in await DocumentTable(connection).of_source("c", "s")}
        failures = await DocumentTable(connection).failures(["job_1"])
    counted = await JobRecords(database).get("job_1")
    assert counted is not None
    assert (counted.done, counted.failed, counted.pages, counted.chunks) == (2, 1, 2, 5)
    assert set(left) == {"doc_a", "doc_b", "doc_d"}
    assert (left["doc_a"].title, left["doc_a"].state, left["doc_d"].state) == ("New", "indexed", "queued")
    assert [(failure.path, failure.reason) for failure in failures["job_1"]] == [("b.md", "broken")]
    await records.record("job_1", "c", [])
    async with database.read() as connection:
        assert (await RevisionTable(connection).corpus())["c"] > version


async def test_digests_that_no_document_has_are_orphans(database: Database) -> None:
    await put(database, document("a", digest="1" * 64), document("b", digest="2" * 64, state="removed"))
    assert await DocumentRecords(database).orphans(["1" * 64, "2" * 64, "3" * 64]) == ["3" * 64]


async def test_a_job_goes_its_way_and_no_other(database: Database) -> None:
    records = JobRecords(database)
    async with database.write() as connection:
        await DatabaseLibrary(connection).jobs.add(job("job_1"), plan={"files": ["a"]})
        await DatabaseLibrary(connection).jobs.add(job("job_2"))
        assert await DatabaseLibrary(connection).jobs.plan("job_1") == {"files": ["a"]}
    assert [each.id for each in await records.unfinished()] == ["job_1", "job_2"]
    assert await records.start("job_1")
    assert await records.start("job_1")
    await records.end("job_1")
    assert not await records.start("job_1")
    async with database.write() as connection:
        assert not await DatabaseLibrary(connection).jobs.cancel("job_1")
        assert await DatabaseLibrary(connection).jobs.cancel("job_2")
    assert [each.state for each in await records.unfinished()] == ["cancelled"]
    assert not await records.start("job_2")
    await records.end("job_2", error="no matter")
    assert await records.unfinished() == []
    ended = await records.get("job_2")
    assert ended is not None
    assert (ended.state, ended.message) == ("cancelled", None)


async def test_traits_are_kept_with_the_row_and_narrow_a_list(database: Database) -> None:
    await put(database, *(document(f"{n:03}", "team:a") for n in range(12)))
    outcomes = [
        Outcome(document_id=f"doc_{n:03}", state="indexed", traits=Traits(language="de" if n % 3 else "en", dates=("2026-03",)))
        for n in range(12)
    ]
    await DocumentRecords(database).record("job_1", "c", outcomes)
    async with database.read() as connection:
        table, held = DocumentTable(connection), frozenset({"team:a"})
        found = await table.page("c", acl=held, wanted=DocumentFilter(language=("en",)), limit=3)
        after = await table.page("c", acl=held, wanted=DocumentFilter(language=("en",)), limit=3, after=found[-1].id)
        nobody = await table.page("c", acl=frozenset({"team:b"}), wanted=DocumentFilter(language=("en",)))
    assert [each.id for each in (*found, *after)] == ["doc_000", "doc_003", "doc_006", "doc_009"]
    assert found[0].traits == Traits(language="en", dates=("2026-03",))
    assert nobody == []


async def test_sketches_find_older_documents_of_the_collection_by_a_band_they_share(database: Database) -> None:
    records = DocumentRecords(database)
    await put(database, document("a"), document("b"), document("c", state="removed"), document("d"))
    sketches = {name: Sketch((7, 2**32 - 1), bands) for name, bands in (("a", (1, -2)), ("b", (-2, 3)), ("d", (-2, 9)))}
    await records.record(
        "job_1", "c", [Outcome(document_id=f"doc_{n}", state="indexed", sketch=s) for n, s in sketches.items()]
    )
    found = await records.resembling("c", {"doc_d": sketches["d"], "doc_a": sketches["a"]})
    assert {name: [each.document_id for each in others] for name, others in found.items()} == {"doc_d": ["doc_a", "doc_b"]}
    assert found["doc_d"][0].sketch.values == (7, 2**32 - 1)
    assert await records.resembling("other", {"doc_d": sketches["d"]}) == {}
    await records.record("job_1", "c", [Outcome(document_id="doc_a", state="failed", error="broken now")])
    assert [each.document_id for each in (await records.resembling("c", {"doc_d": sketches["d"]}))["doc_d"]] == ["doc_b"]


async def test_documents_are_queued_again_as_they_are(database: Database) -> None:
    await put(database, document("a", state="failed"), document("b", state="removed"))
    async with database.write() as connection:
        table = DocumentTable(connection)
        await table.again({"doc_a": "held", "doc_b": None}, job_id="job_2", now_ms=9)
        assert [each.id for each in await table.of_collection("c", after="", limit=9)] == ["doc_a"]
        (found,) = await table.of_job("job_2")
    assert (found.state, found.indexed_as, found.error, found.updated_at) == ("queued", "held", None, 9)
