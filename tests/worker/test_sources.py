"""Sources in the worker as a process: syncs by the clock, by watching and by asking, and killed at any moment."""

import asyncio
import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.worker.test_role import ACL, Site, site  # noqa: F401 - the fixture

from stoa.adapters.database.desired import ResourceTable
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.syncs import SyncTables
from stoa.adapters.objects.store import ObjectFolder
from stoa.domain.documents import Document, raw_name
from stoa.domain.identity import Rights
from stoa.domain.resources import Source
from stoa.domain.sources import Folder, Push
from stoa.domain.syncs import Sync, SyncCause, document_source
from stoa.knowledge.intake import File
from stoa.knowledge.sources import beginning as sources
from stoa.knowledge.sources import push
from stoa.wiring import now_ms

pytestmark = pytest.mark.slow


class Sourced:
    """A site whose collection is filled from a folder."""

    def __init__(self, site: Site, folder: Path) -> None:  # noqa: F811 - the fixture
        folder.mkdir()
        self.folder = folder
        limits = msgspec.structs.replace(site.settings.worker, folders=(str(folder),))
        self.site = replace(site, settings=msgspec.structs.replace(site.settings, worker=limits))
        self.source = Source(name="wiki", collection="c", origin=Folder(path=str(folder)))

    def write(self, files: Mapping[str, str]) -> None:
        for path, text in files.items():
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).write_text(text)

    async def apply(self, **changed: object) -> None:
        self.source = msgspec.structs.replace(self.source, **changed)
        async with self.site.database.write() as connection:
            await ResourceTable(connection).save(self.source, now_ms=2, by="test")

    async def begin(self, cause: SyncCause = "asked") -> str:
        async with self.site.database.write() as connection:
            sync = await sources.begin(SyncTables(connection), "wiki", "c", cause=cause, by="test", now_ms=3)
        assert sync is not None
        return sync.id

    async def history(self) -> list[Sync]:
        async with self.site.database.read() as connection:
            return list(await SyncTables(connection).syncs.page("wiki"))

    async def documents(self) -> dict[str, Document]:
        async with self.site.database.read() as connection:
            found = await DatabaseLibrary(connection).documents.of_source("c", document_source("wiki"))
        return {each.path: each for each in found}

    async def until(
        self, reached: Callable[[list[Sync], dict[str, Document]], bool], *, every_s: float = 0.1
    ) -> dict[str, Document]:
        """Reads all there is each time; often, only where the moment matters."""
        async with asyncio.timeout(90):
            while True:
                history, documents = await self.history(), await self.documents()
                if reached(history, documents):
                    return documents
                await asyncio.sleep(every_s)

    async def indexed(self) -> list[str]:
        """The document of each chunk in the index."""
        return [hit.passage.document_id for hit in await self.site.indexed()]


@pytest.fixture
def wiki(site: Site, tmp_path: Path) -> Sourced:  # noqa: F811 - the fixture
    return Sourced(site, tmp_path / "wiki")


async def send(wiki: Sourced, files: Mapping[str, str]) -> list[push.Change]:
    """As the API takes documents in."""
    objects = ObjectFolder.local(wiki.site.settings.home_folder.objects)
    changes: list[push.Change] = []
    for path, text in files.items():
        data = text.encode()
        file = File(path, hashlib.sha256(data).hexdigest(), len(data))
        await objects.put(raw_name(file.digest), data)
        async with wiki.site.database.write() as connection:
            pushed = await push.push(SyncTables(connection), wiki.source, file, Rights(ACL), by="test", now_ms=now_ms())
        changes.append(pushed.change)
    return changes


async def test_documents_that_are_sent_again_after_a_kill_are_there_once(wiki: Sourced) -> None:
    await wiki.apply(origin=Push())
    files = {f"{n:03}.md": f"# Document {n}\n\n" + f"Sentence of {n}. " * 20 for n in range(40)}
    assert set(await send(wiki, files)) == {"created"}
    wiki.site.embedding.pause_s = 0.05
    async with wiki.site.worker() as process:
        await wiki.until(lambda h, d: any(each.state == "indexed" for each in d.values()), every_s=0.02)
        process.kill()
    more = {f"{n:03}.md": f"# Document {n}\n\nLate." for n in range(40, 50)}
    again = await send(wiki, files | more)
    assert again == ["unchanged"] * 40 + ["created"] * 10
    async with wiki.site.worker():
        documents = await wiki.until(lambda h, d: ended(h) and len(d) == 50 and settled(d))
    chunks = await wiki.indexed()
    assert {each.state for each in documents.values()} == {"indexed"}
    assert len(chunks) == sum(each.chunks or 0 for each in documents.values())
    assert set(chunks) == {each.id for each in documents.values()}
    assert [sync.added for sync in await wiki.history()] == [10, 40]


def ended(history: list[Sync]) -> bool:
    return bool(history) and all(sync.ended_at is not None for sync in history)


def settled(documents: dict[str, Document]) -> bool:
    return all(document.state in ("indexed", "failed") for document in documents.values())


async def test_a_watched_folder_is_followed_and_a_change_of_rights_is_in_force(wiki: Sourced) -> None:
    wiki.write({"a.md": "Alpha words.", "b/c.md": "Beta words.", "bad.pdf": "%PDF-1.7 broken"})
    await wiki.apply(watch=True)
    async with wiki.site.worker():
        documents = await wiki.until(lambda h, d: ended(h) and len(d) == 3 and settled(d))
        assert {path: each.state for path, each in documents.items()} == {
            "a.md": "indexed", "b/c.md": "indexed", "bad.pdf": "failed",
        }  # fmt: skip
        wiki.write({"new.md": "New words."})
        (wiki.folder / "bad.pdf").unlink()
        await wiki.until(lambda h, d: ended(h) and set(d) == {"a.md", "b/c.md", "new.md"} and settled(d))
        wiki.write({"b/.stoa-rights.yaml": "allow: [group:hr]"})
        await wiki.until(lambda h, d: ended(h) and any(sync.rights_moved for sync in h))
        moved = next(sync for sync in await wiki.history() if sync.rights_moved)
        open_to = {hit.passage.path for hit in await wiki.site.indexed()}
    assert moved.acl_lag_ms is not None
    assert open_to == {"a.md", "new.md"}, f"of {ACL}"


async def test_killed_at_any_moment_a_sync_brings_each_document_once(wiki: Sourced) -> None:
    wiki.write({f"folder {n % 7}/doc-{n:03}.md": f"# Document {n}\n\n" + f"Sentence of {n}. " * 20 for n in range(100)})
    wiki.site.embedding.pause_s = 0.01
    await wiki.apply()
    sync_id = await wiki.begin()
    dice = random.Random(6)
    for _ in range(2):
        async with wiki.site.worker() as process:
            await wiki.site.until(sync_id, lambda job: job.state in ("running", "succeeded"))
            await asyncio.sleep(dice.uniform(0.0, 1.2))
            process.kill()
    async with wiki.site.worker():
        documents = await wiki.until(lambda h, d: ended(h) and len(d) == 100 and settled(d))
    (sync,) = await wiki.history()
    assert (sync.state, sync.listed, sync.added, sync.failed) == ("succeeded", 100, 100, 0)
    assert {each.state for each in documents.values()} == {"indexed"}
    chunks = await wiki.indexed()
    assert len(chunks) == sum(each.chunks or 0 for each in documents.values())
    assert set(chunks) == {each.id for each in documents.values()}
