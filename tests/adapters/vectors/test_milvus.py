"""What only the Milvus index does: several processes, a server that is killed, and one that is not there."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial

import pytest
from tests.adapters.vectors.milvus_server import LiteServer, lite_server

from stoa.adapters.vectors.milvus import MilvusIndex
from stoa.domain.identity import Rights
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.errors import OperatorError

TEAM, HR = frozenset({"team:a"}), frozenset({"group:hr"})
PROMISED_S = 2.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiteServer]:
    with lite_server(tmp_path_factory.mktemp("milvus")) as found:
        yield found


@pytest.fixture
async def open_index(server: LiteServer) -> AsyncIterator[Callable[[], MilvusIndex]]:
    """Makes one of several, each as a process of its own has it."""
    made: list[MilvusIndex] = []

    def make() -> MilvusIndex:
        made.append(MilvusIndex(server.url))
        return made[-1]

    await make().drop("c")
    yield make
    for index in made:
        await index.close()


def rows(document: str, version: str, count: int, *, acl: frozenset[str] = TEAM) -> list[IndexedChunk]:
    return [
        IndexedChunk(
            Chunk(
                id=f"{document}.{n}", document_id=document, title=version, path=document, heading=(), page=None, start=n,
                end=n + 1, context="", text=f"{version} number{n}",
            ),
            [1.0, 0.0],
            acl,
        )
        for n in range(count)
    ]  # fmt: skip


async def seen(index: MilvusIndex, *, acl: frozenset[str] = TEAM) -> set[str]:
    dense = {hit.passage.id for hit in await index.dense("c", [1.0, 0.0], acl=acl, limit=100)}
    assert {passage.id for passage in await index.of_ids("c", sorted(dense), acl=acl)} == dense
    return dense


async def soon(sees: Callable[[], Awaitable[bool]]) -> None:
    until = time.monotonic() + PROMISED_S
    while not await sees():
        assert time.monotonic() < until, "not within what is promised"
        await asyncio.sleep(0.05)


@pytest.mark.slow
async def test_another_process_sees_what_was_written_within_two_seconds(open_index: Callable[[], MilvusIndex]) -> None:
    writer, reader = open_index(), open_index()
    assert await seen(reader) == set()
    await writer.replace("c", ["d"], rows("d", "one", 2))
    await soon(lambda: _is(reader, TEAM, {"d.0", "d.1"}))
    await writer.grant("c", {"d": Rights(HR)})
    assert await seen(reader, acl=TEAM) == set()  # what is taken away is gone at once
    await soon(lambda: _is(reader, HR, {"d.0", "d.1"}))
    await writer.replace("c", ["d"], [])
    assert await seen(reader, acl=HR) == set()


@pytest.mark.slow
async def test_a_reader_finds_a_document_whole_or_not_at_all(open_index: Callable[[], MilvusIndex]) -> None:
    writer, reader = open_index(), open_index()
    sizes = {"one": 40, "two": 25}
    await writer.replace("c", ["d"], rows("d", "one", sizes["one"]))
    writing, states = True, set[tuple[str, int]]()

    async def read() -> None:
        while writing:
            found = await reader.of_document("c", "d", acl=TEAM)
            by_words = await reader.lexical("c", "one two", [1.0, 0.0], acl=TEAM, limit=100)
            for passages in (found, [hit.passage for hit in by_words]):
                versions = {passage.title for passage in passages}
                assert len(versions) <= 1
                states.update((version, len(passages)) for version in versions)

    async def write() -> None:
        nonlocal writing
        for _ in range(4):
            for version, size in sizes.items():
                await writer.replace("c", ["d"], rows("d", version, size))
        writing = False

    await asyncio.gather(read(), write())
    assert states <= set(sizes.items())
    assert states


@pytest.mark.slow
async def test_what_was_acknowledged_outlives_a_killed_server(
    open_index: Callable[[], MilvusIndex], server: LiteServer
) -> None:
    index, written = open_index(), 0

    async def _reached(count: int) -> bool:
        return written >= count

    async def write() -> None:
        nonlocal written
        while True:
            await index.replace("c", [f"d{written}"], rows(f"d{written}", "one", 3))
            written += 1

    for _ in range(3):
        before = written
        task = asyncio.create_task(write())
        await soon(partial(_reached, before + 3))
        server.kill()
        with pytest.raises(OperatorError):
            await task
        server.start()
        found = await index.documents("c")
        assert {f"d{n}" for n in range(written)} <= set(found)
        for document in found:
            assert len(await index.of_document("c", document, acl=TEAM)) == 3
        await index.replace("c", [f"d{written}"], rows(f"d{written}", "one", 3))  # what was under way may be repeated
        written += 1
        assert len(await index.of_document("c", f"d{written - 1}", acl=TEAM)) == 3


@pytest.mark.slow
async def test_a_document_of_very_many_chunks_appears_at_once(open_index: Callable[[], MilvusIndex]) -> None:
    index = open_index()
    await index.replace("c", ["d"], rows("d", "one", 3_000))
    assert len(await index.of_document("c", "d", acl=TEAM)) == 3_000


async def test_a_server_that_is_away_is_said_to_be_without_the_secret() -> None:
    index = MilvusIndex("http://127.0.0.1:9", "root:very-secret")
    for _ in range(2):
        with pytest.raises(OperatorError, match=r"Milvus at 127\.0\.0\.1:9 cannot be reached") as found:
            await index.dense("c", [1.0], acl=TEAM, limit=1)
        assert "very-secret" not in str(found.value)


async def _is(index: MilvusIndex, acl: frozenset[str], expected: set[str]) -> bool:
    return await seen(index, acl=acl) == expected
