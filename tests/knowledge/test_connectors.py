"""Each kind of source through whole syncs: all of it, what changed, a poisoned document, and a process that dies midway."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.sources.test_bucket import S3, server  # noqa: F401 - the fixture
from tests.adapters.sources.test_git import Repository, Served
from tests.adapters.sources.test_mail import Away, Box, Dir
from tests.adapters.sources.test_sql import ServerTable, Table
from tests.adapters.sources.test_website import Pages
from tests.contracts.sources import Place
from tests.knowledge.sourced import Sourced, counted
from tests.tables import with_tables
from tests.upstreams.imap import mail_server
from tests.upstreams.site import website

from stoa.domain.sources import Connector, Connectors, Entry, Fetched, Origin

SLOW = ("git-path", "git-http", "website", "mbox", "maildir", "imap", "bucket", "postgresql")


class Late(Connector):
    """A place's own connector, made when it is first needed. It counts what is fetched."""

    def __init__(self, place: Place, most_bytes: int) -> None:
        self._place, self._most_bytes = place, most_bytes
        self._made: Connector | None = None
        self.fetched = 0

    async def test(self) -> str:
        return await (await self._connector()).test()

    async def entries(self) -> AsyncGenerator[Entry]:
        async for entry in (await self._connector()).entries():
            yield entry

    async def fetch(self, entry: Entry, *, known: str | None) -> Fetched | None:
        found = await (await self._connector()).fetch(entry, known=known)
        self.fetched += found is not None
        return found

    async def close(self) -> None:
        if self._made is not None:
            await self._made.close()

    async def _connector(self) -> Connector:
        if self._made is None:
            self._made = await self._place.connect(most_bytes=self._most_bytes)
        return self._made


class Made(Connectors):
    """Opens one place, whatever is asked, and keeps what it opened."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.opened: list[Late] = []

    def open(self, origin: Origin, credentials: Mapping[str, str], *, most_bytes: int) -> Connector:
        self.opened.append(Late(self._place, most_bytes))
        return self.opened[-1]


@pytest.fixture(params=["sqlite", *(pytest.param(each, marks=pytest.mark.slow) for each in SLOW)])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    async with AsyncExitStack() as stack:
        match request.param:
            case "sqlite":
                yield Table(tmp_path / "wiki.db")
            case "postgresql":
                yield ServerTable(request.getfixturevalue("postgres_url"), tmp_path)
            case "git-path":
                yield Repository(tmp_path)
            case "git-http":
                served = Served(tmp_path)
                stack.callback(served.stop)
                yield served
            case "website":
                yield Pages(*await stack.enter_async_context(website()), tmp_path / "scratch")
            case "imap":
                yield Away(tmp_path, *await stack.enter_async_context(mail_server()))
            case "bucket":
                yield S3(request.getfixturevalue("server"))
            case kind:
                yield Box(tmp_path) if kind == "mbox" else Dir(tmp_path)


@pytest.fixture
async def wiki(tmp_path: Path) -> AsyncIterator[Sourced]:
    database = await with_tables(f"sqlite:///{tmp_path / 'stoa.sqlite'}")
    yield Sourced(database)
    await database.close()


async def test_a_source_is_followed_through_everything_that_happens_to_it(place: Any, wiki: Sourced) -> None:
    made = Made(place)
    wiki.work = wiki.syncing(connectors=made)
    await wiki.apply()
    for name in ("one", "two", "three", "four"):
        await place.put(f"{name}.md", f"Words of {name}.")
    assert counted(await wiki.sync()) == {"listed": 4, "added": 4}
    assert place.path_of("two.md") in await wiki.found("Words of two")
    fetched = sum(each.fetched for each in made.opened)
    assert fetched == 4

    assert counted(await wiki.sync()) == {"listed": 4}
    assert sum(each.fetched for each in made.opened) == fetched  # nothing came twice

    await place.put("two.md", "Other words.")
    await place.put("five.md", "Words of five.")
    await place.remove("three.md")
    assert counted(await wiki.sync()) == {"listed": 4, "added": 1, "changed": 1, "removed": 1}
    assert sum(each.fetched for each in made.opened) == fetched + 2
    assert set(await wiki.documents()) == {place.path_of(f"{name}.md") for name in ("one", "two", "four", "five")}

    await place.put("poison.md", "Words beyond measure. " * 100)
    await place.put("six.md", "Words of six.")
    assert counted(await wiki.sync()) == {"listed": 6, "added": 1, "failed": 1}
    poisoned = (await wiki.documents())[place.path_of("poison.md")]
    assert poisoned.state == "failed" and "1,000" in (poisoned.error or "")
    await place.remove("poison.md")

    for number in range(5):
        await place.put(f"late-{number}.md", f"Words of late {number}.")
    sync = await wiki.begin()
    assert sync is not None
    dying = wiki.work
    _, *parts = await dying.plan(sync.id)
    await dying.part(sync.id, parts[0])
    wiki.work = wiki.syncing(connectors=made)  # another process, which knows nothing but the database
    await wiki.do()
    await dying.close()
    ended = await wiki.known(sync.id)
    assert (ended.state, counted(ended)) == ("succeeded", {"listed": 10, "added": 5, "removed": 1})
    documents = await wiki.documents()
    assert [(each.path, each.state, each.error) for each in documents.values() if each.state != "indexed"] == []
    assert len(documents) == 10
    assert place.path_of("late-3.md") in await wiki.found("late 3")
