"""`stoa vectors`, over a home with a few documents."""

import asyncio
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from stoa.adapters.database import Database
from stoa.adapters.database.desired import ResourceTable
from stoa.adapters.database.indexes import IndexRecords
from stoa.adapters.database.ledgers import DocumentRecords, JobRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.migrate import migrate
from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.parsers.direct import DirectParser
from stoa.adapters.parsers.words import WordSplitter
from stoa.adapters.vectors.lance import LanceIndex
from stoa.domain.documents import raw_name
from stoa.domain.identity import Rights
from stoa.domain.resources import Collection
from stoa.domain.vectors import IndexedChunk
from stoa.knowledge import intake
from stoa.knowledge.ingest import Ingestion, IngestionPorts
from stoa.knowledge.process import Pipeline
from stoa.settings import Settings

HANDBOOK = Collection(name="handbook", team="company", chunk_tokens=32)
FILES = {f"page{n}.md": f"# Page {n}\n\nText of page {n} about apples.".encode() for n in range(4)}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=str(tmp_path_factory.mktemp("filled") / "home"))
    settings.home_folder.prepare()
    asyncio.run(_fill(settings))
    return settings.home_folder.path


@pytest.fixture
def home(tmp_path: Path, filled: Path) -> Settings:
    return Settings(home=str(shutil.copytree(filled, tmp_path / "home")))


async def _fill(settings: Settings) -> None:
    await migrate(settings.database_url, settings.home_folder, take_backup=False)
    database, objects = Database.open(settings.database_url), ObjectFolder.local(settings.home_folder.objects)
    async with database.write() as connection:
        await ResourceTable(connection).save(HANDBOOK, now_ms=1, by="test")
        kept = [intake.File(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in FILES.items()]
        for file in kept:
            await objects.put(raw_name(file.digest), FILES[file.path])
        queued = await intake.upload(
            DatabaseLibrary(connection), kept, collection="handbook", source="s", rights=Rights(frozenset({"team:company"})),
            by="test", now_ms=1,
        )  # fmt: skip

    async def collection(_: str) -> Collection:
        return HANDBOOK

    index = LanceIndex(str(settings.home_folder.vectors))
    ingestion = Ingestion(
        IngestionPorts(
            documents=DocumentRecords(database), jobs=JobRecords(database), objects=objects,
            processor=Pipeline(objects=objects, parser=DirectParser(), splitter=WordSplitter()), index=index,
            indexes=IndexRecords(database), embedder_of=lambda _: HashingEmbedder(16), collection_of=collection,
        )
    )  # fmt: skip
    for part in await ingestion.plan(queued.job.id):
        await ingestion.part(queued.job.id, part)
    await ingestion.finish(queued.job.id, None)
    await index.close()
    await database.close()


def rows(folder: Path) -> list[IndexedChunk]:
    async def read() -> list[IndexedChunk]:
        index = LanceIndex(str(folder))
        found = await index.rows("handbook", await index.documents("handbook"))
        await index.close()
        return list(found)

    return asyncio.run(read())


def change(folder: Path, act: Callable[[LanceIndex], object]) -> None:
    async def run() -> None:
        index = LanceIndex(str(folder))
        await act(index)  # type: ignore[misc]
        await index.close()

    asyncio.run(run())


def test_an_index_is_moved_compared_and_the_setting_said(stoa: Callable[..., Result], home: Settings, tmp_path: Path) -> None:
    there = tmp_path / "elsewhere"
    moved = stoa("vectors", "migrate", "--to", str(there))
    assert (moved.exit_code, moved.stdout) == (0, f"STOA_VECTORS__URL={there}\n"), moved.stderr
    assert "handbook: 4 passages of 4 documents are the same in both, compared row by row" in moved.stderr
    assert "100% are the same by meaning" in moved.stderr
    assert {row.chunk.id: row.rights for row in rows(there)} == {
        row.chunk.id: row.rights for row in rows(home.home_folder.vectors)
    }
    assert stoa("vectors", "verify", "--against", str(there)).exit_code == 0
    document = rows(there)[0].chunk.document_id
    change(there, lambda index: index.replace("handbook", [document], []))
    differing = stoa("vectors", "verify", "--against", str(there))
    assert differing.exit_code == 1
    assert f"1 documents are not as here, and 0 are there alone: {document}" in differing.stderr


def test_one_collection_is_copied_and_nothing_waits(stoa: Callable[..., Result], home: Settings, tmp_path: Path) -> None:
    copied = stoa("vectors", "migrate", "--to", str(tmp_path / "x"), "--collection", "handbook")
    assert (copied.exit_code, copied.stdout) == (0, ""), copied.stderr
    assert not (home.home_folder.objects / "vectors" / "hold.json").exists()
    unknown = stoa("vectors", "migrate", "--to", str(tmp_path / "x"), "--collection", "nowhere")
    assert (unknown.exit_code, "has no collection 'nowhere'. It has: handbook." in unknown.stderr) == (1, True)


def test_a_store_that_cannot_be_meant_is_refused(stoa: Callable[..., Result], home: Settings) -> None:
    same = stoa("vectors", "migrate", "--to", str(home.home_folder.vectors))
    assert "already. Name another store" in same.stderr
    secret = stoa("vectors", "migrate", "--to", "http://root:hunter2@127.0.0.1:19530")
    assert (secret.exit_code, "must hold no user" in secret.stderr, "hunter2" in secret.stderr) == (1, True, False)
    assert "expected a folder, or a Milvus server" in stoa("vectors", "migrate", "--to", "redis://127.0.0.1").stderr


def test_an_index_is_compared_with_the_documents_and_made_good(stoa: Callable[..., Result], home: Settings) -> None:
    folder = home.home_folder.vectors
    sound = stoa("vectors", "verify")
    assert (sound.exit_code, "All as the documents say." in sound.stderr) == (0, True), sound.stderr
    document = rows(folder)[0].chunk.document_id
    change(folder, lambda index: index.grant("handbook", {document: Rights(frozenset({"public"}))}))
    wrong = stoa("vectors", "verify")
    assert (wrong.exit_code, f"1 have rights that are not those of now ({document})" in wrong.stderr) == (1, True)
    assert stoa("vectors", "verify", "--repair").exit_code == 0
    assert stoa("vectors", "verify").exit_code == 0
    assert {row.rights for row in rows(folder)} == {Rights(frozenset({"team:company"}))}


def test_a_snapshot_is_made_listed_put_back_and_deleted(stoa: Callable[..., Result], home: Settings) -> None:
    folder = home.home_folder.vectors
    assert "has no snapshots" in stoa("vectors", "snapshot", "list", "handbook").stderr
    made = stoa("vectors", "snapshot", "create", "handbook")
    snapshot = made.stdout.strip()
    assert "4 passages of 4 documents" in made.stderr
    assert snapshot in stoa("vectors", "snapshot", "list", "handbook").stdout
    change(folder, lambda index: index.drop("handbook"))
    back = stoa("vectors", "snapshot", "restore", "handbook", snapshot)
    assert (back.exit_code, "4 documents from the snapshot" in back.stderr) == (0, True), back.stderr
    assert stoa("vectors", "verify").exit_code == 0
    assert stoa("vectors", "snapshot", "delete", "handbook", snapshot).exit_code == 0
    gone = stoa("vectors", "snapshot", "restore", "handbook", snapshot)
    assert (gone.exit_code, "There are none." in gone.stderr) == (1, True)
    assert "There is no collection 'nowhere'" in stoa("vectors", "snapshot", "create", "nowhere").stderr
