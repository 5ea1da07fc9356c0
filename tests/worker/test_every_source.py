"""Each kind of source in the worker as a process: all of it, what changed, what is poisoned, and killed midway."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from tests.adapters.objects.moto_server import moto_server
from tests.adapters.sources.test_bucket import S3
from tests.adapters.sources.test_git import Repository
from tests.adapters.sources.test_mail import Box
from tests.adapters.sources.test_sql import ServerTable, Table
from tests.adapters.sources.test_website import Pages
from tests.upstreams.site import website
from tests.worker.test_role import Site, site  # noqa: F401 - the fixture
from tests.worker.test_sources import Sourced, ended, send, settled

from stoa.adapters.database.syncs import SyncTables
from stoa.adapters.secrets import Secrets
from stoa.domain.documents import Document
from stoa.domain.sources import Bucket, Folder, Git, Mail, Origin, Push, Sql, Website
from stoa.domain.syncs import Sync
from stoa.knowledge.sources import push
from stoa.wiring import now_ms

pytestmark = pytest.mark.slow

MOST_BYTES = 100_000
FILES = {f"doc-{n:02}.md": f"# Document {n}\n\n" + f"Sentence of {n}. " * 20 for n in range(40)}
LARGE = "Large words. " * 10_000

KINDS = ("folder", "bucket", "git", "website", "sqlite", "postgresql", "mbox")


class Place(Protocol):
    """The part of a connector's place that is used here."""

    async def put(self, path: str, text: str) -> None: ...

    async def remove(self, path: str) -> None: ...

    def path_of(self, path: str) -> str: ...


@dataclass
class Kept:
    """A folder as a place."""

    folder: Path

    async def put(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text)

    async def remove(self, path: str) -> None:
        (self.folder / path).unlink()

    def path_of(self, path: str) -> str:
        return path


Made = tuple[Place, Origin, Mapping[str, str]]
"""A place, how a source is told of it, and its credentials."""


async def place_of(kind: str, folder: Path, stack: AsyncExitStack, postgres: Callable[[], str]) -> Made:
    rows: dict[str, Any] = {"query": "SELECT * FROM page", "id_column": "path", "text_columns": ("words",)}
    match kind:
        case "folder":
            return Kept(folder), Folder(path=str(folder)), {}
        case "bucket":
            server = stack.enter_context(moto_server())
            bucket = S3(server.url)
            keys = {"access_key_id": "ann", "secret_access_key": "hush"}
            return bucket, Bucket(bucket=bucket.name, endpoint=server.url), keys
        case "git":
            repository = Repository(folder)
            return repository, Git(url=repository.url), {}
        case "website":
            shown, server = await stack.enter_async_context(website())
            return Pages(shown, server, folder), Website(url=f"{shown.url}/", requests_per_s=10_000.0), {}
        case "sqlite":
            return Table(folder / "wiki.db"), Sql(url=f"sqlite:///{folder / 'wiki.db'}", **rows), {}
        case "postgresql":
            url = postgres()
            return ServerTable(url, folder), Sql(**rows), {"url": url}
        case _:
            return Box(folder), Mail(path=str(folder / "box")), {}


@pytest.fixture
async def wiki(site: Site, tmp_path: Path) -> Sourced:  # noqa: F811 - the fixture
    return Sourced(site, tmp_path / "wiki")


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, wiki: Sourced) -> AsyncGenerator[Place]:
    async with AsyncExitStack() as stack:
        kind: str = request.param
        found, origin, credentials = await place_of(
            kind, wiki.folder, stack, lambda: str(request.getfixturevalue("postgres_url"))
        )
        seal = Secrets.load(wiki.site.settings.home_folder).seal
        await wiki.apply(origin=origin, credentials={name: seal(value) for name, value in credentials.items()})
        yield found


def worker(wiki: Sourced):
    return wiki.site.worker(STOA_WORKER__WEBSITE_ALLOW="127.0.0.1", STOA_WORKER__DOCUMENT_BYTES=str(MOST_BYTES))


async def killed_midway(wiki: Sourced, all_of_it: int) -> None:
    """Start a worker, and kill it when some documents are there and not all of them are done."""
    wiki.site.embedding.pause_s = 0.2
    async with worker(wiki) as process:
        await wiki.until(lambda h, d: bool(d), every_s=0.02)
        process.kill()
        await process.wait()
    documents = await wiki.documents()
    assert not (len(documents) == all_of_it and settled(documents)), "nothing was left to be done"
    wiki.site.embedding.pause_s = 0.0


async def each_is_there_once(wiki: Sourced, documents: Mapping[str, Document], wanted: set[str]) -> None:
    whole = {path: each for path, each in documents.items() if each.state == "indexed"}
    assert set(whole) == wanted
    chunks = await wiki.indexed()
    assert len(chunks) == sum(each.chunks or 0 for each in whole.values())
    assert set(chunks) == {each.id for each in whole.values()}


def counts(sync: Sync) -> tuple[int, int, int, int]:
    return sync.added, sync.changed, sync.removed, sync.failed


async def test_it_is_brought_whole_after_a_kill_its_poison_is_named_and_what_changes_is_followed(
    wiki: Sourced, place: Place
) -> None:
    for path, text in FILES.items():
        await place.put(path, text)
    await place.put("large.md", LARGE)
    paths, large = {place.path_of(path) for path in FILES}, place.path_of("large.md")
    await wiki.begin()
    await killed_midway(wiki, len(FILES) + 1)
    async with worker(wiki):
        documents = await wiki.until(lambda h, d: ended(h) and len(d) == len(FILES) + 1 and settled(d))
        (first,) = await wiki.history()
        assert (first.state, first.listed, counts(first)) == ("succeeded", len(FILES) + 1, (len(FILES), 0, 0, 1))
        assert f"{MOST_BYTES:,}" in (documents[large].error or "")
        await each_is_there_once(wiki, documents, paths)

        await place.put("doc-00.md", "Other words.")
        await place.remove("doc-01.md")
        await place.put("new.md", "New words.")
        wanted = (paths - {place.path_of("doc-01.md")}) | {place.path_of("new.md")}
        await wiki.begin()
        documents = await wiki.until(lambda h, d: len(h) == 2 and ended(h) and set(d) == wanted | {large} and settled(d))
        second, _ = await wiki.history()
        assert (second.state, counts(second)) == ("succeeded", (1, 1, 1, 1))
        await each_is_there_once(wiki, documents, wanted)
        changed = {hit.passage.path for hit in await wiki.site.indexed() if "Other words." in hit.passage.text}
        assert changed == {place.path_of("doc-00.md")}


async def test_what_is_pushed_is_there_after_a_kill_its_poison_is_named_and_what_is_sent_again_changes(wiki: Sourced) -> None:
    await wiki.apply(origin=Push())
    await send(wiki, FILES | {"bad.pdf": "%PDF-1.7 broken"})
    await killed_midway(wiki, len(FILES) + 1)
    async with worker(wiki):
        documents = await wiki.until(lambda h, d: ended(h) and len(d) == len(FILES) + 1 and settled(d))
        assert documents["bad.pdf"].state == "failed"
        assert documents["bad.pdf"].error
        await each_is_there_once(wiki, documents, set(FILES))

        assert await send(wiki, {"doc-00.md": "Other words.", "doc-02.md": FILES["doc-02.md"], "new.md": "New words."}) == [
            "changed", "unchanged", "created",
        ]  # fmt: skip
        await _take_back(wiki, "doc-01.md")
        wanted = (set(FILES) - {"doc-01.md"}) | {"new.md"}
        documents = await wiki.until(lambda h, d: len(h) == 2 and ended(h) and set(d) == wanted | {"bad.pdf"} and settled(d))
        second, first = await wiki.history()
        assert (first.added, counts(second)) == (len(FILES) + 1, (1, 1, 1, 0))
        await each_is_there_once(wiki, documents, wanted)


async def _take_back(wiki: Sourced, path: str) -> None:
    async with wiki.site.database.write() as connection:
        await push.take_back(SyncTables(connection), wiki.source, path, by="test", now_ms=now_ms())
