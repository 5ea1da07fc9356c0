"""Moving an index: what arrives, what changes meanwhile, and what a broken-off try leaves."""

from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from tests.adapters.vectors.milvus_server import LiteServer, lite_server
from tests.knowledge.corpora import HR, TEAM, MemoryCorpus, rows

from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.vectors import IndexedChunk, VectorStore
from stoa.errors import InternalError
from stoa.knowledge.indexes.gate import IndexGate
from stoa.knowledge.indexes.moving import copy, move
from stoa.knowledge.indexes.sameness import DOCUMENTS, ask_both, compare


def quiet(collection: str, done: int, total: int) -> None:
    """Says nothing."""


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiteServer]:
    with lite_server(tmp_path_factory.mktemp("milvus")) as server:
        yield server


@pytest.fixture(params=["memory", "lance", pytest.param("milvus", marks=pytest.mark.slow)])
async def target(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VectorStore]:
    if request.param == "memory":
        yield MemoryIndex()
        return
    if request.param == "milvus":
        from stoa.adapters.vectors.milvus import MilvusIndex

        store = MilvusIndex(request.getfixturevalue("milvus").url)
        await store.drop("c")
        yield store
        await store.close()
        return
    from stoa.adapters.vectors.lance import LanceIndex

    lance = LanceIndex(str(tmp_path / "vectors"))
    yield lance
    await lance.close()


async def filled(count: int) -> MemoryIndex:
    source = MemoryIndex()
    for n in range(count):
        await source.replace("c", [f"d{n}"], await rows(f"d{n}", f"text number{n}", rights=HR if n % 2 else TEAM))
    return source


async def test_everything_arrives_and_answers_agree(target: VectorStore) -> None:
    source, corpus = await filled(30), MemoryCorpus()
    said: list[tuple[str, int, int]] = []
    moved = await copy(source, target, "c", corpus, lambda *told: said.append(told))
    assert (moved.documents, moved.rows, moved.written, moved.rounds) == (30, 60, 30, 2)
    assert said[-1] == ("c", 30, 30)
    assert (await compare(source, target, "c")).none
    agreed = await ask_both(source, target, "c", questions=10)
    assert (agreed.questions, agreed.dense) == (10, 1.0)


async def test_a_second_time_writes_only_what_differs(target: VectorStore) -> None:
    source, corpus = await filled(5), MemoryCorpus()
    await copy(source, target, "c", corpus, quiet)
    await source.replace("c", ["d1"], await rows("d1", "other text"))
    await source.replace("c", ["d2"], [])
    await source.grant("c", {"d3": HR})
    await target.replace("c", ["stray"], await rows("stray", "of another index"))
    before = await compare(source, target, "c")
    assert (before.changed, before.extra) == (["d1"], ["d2", "stray"])
    assert (await copy(source, target, "c", corpus, quiet)).written == 3
    assert await target.documents("c") == ["d0", "d1", "d3", "d4"]


async def test_a_row_that_differs_in_anything_is_seen(target: VectorStore) -> None:
    source = await filled(2)
    await target.replace("c", ["d0"], await source.rows("c", ["d0"]))
    (first, second) = await source.rows("c", ["d1"])
    await target.replace("c", ["d1"], [first, IndexedChunk(second.chunk, second.vector, second.acl, frozenset())])
    assert (await compare(source, target, "c")).changed == ["d1"]
    await target.replace("c", ["d1"], [first, IndexedChunk(second.chunk, [*second.vector[1:], second.vector[0]], *_of(second))])
    assert (await compare(source, target, "c")).changed == ["d1"]
    await target.replace("c", ["d1"], [first])
    assert (await compare(source, target, "c")).changed == ["d1"]
    await target.replace("c", ["d1"], [second, first])
    assert (await compare(source, target, "c")).none


async def test_a_try_that_broke_off_goes_on_where_it_was(target: VectorStore) -> None:
    source, corpus = await filled(DOCUMENTS + 5), MemoryCorpus()

    def dying(collection: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await copy(source, target, "c", corpus, dying)
    assert len(await target.documents("c")) == DOCUMENTS
    assert (await copy(source, target, "c", corpus, quiet)).written == 5


async def test_what_is_written_meanwhile_arrives_and_then_waits_at_the_gate() -> None:
    source, target, corpus = await filled(3), MemoryIndex(), MemoryCorpus()
    gate = IndexGate(ObjectFolder.memory(), store="old", now_ms=lambda: 1)
    rounds = 0

    class Busy(MemoryIndex):
        """Each time that it was copied from, something is new in it."""

        async def rows(self, collection: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
            nonlocal rounds
            found = await source.rows(collection, documents)
            if documents and rounds < 5 and (await gate.read()).store is None:
                rounds += 1
                await source.replace("c", [f"new{rounds}"], await rows(f"new{rounds}", "x"))
                await corpus.raise_version("c")
            return found

        async def documents(self, collection: str) -> Sequence[str]:
            return await source.documents(collection)

    (moved,) = await move(Busy(), target, ["c"], corpus, gate, store="new", say=quiet)
    assert rounds == 5
    assert moved.documents == 8
    assert (await compare(source, target, "c")).none
    assert (await gate.read()).store == "new"


async def test_a_collection_that_never_rests_is_said_to_be() -> None:
    source, corpus = await filled(1), MemoryCorpus()

    class Restless(MemoryIndex):
        async def documents(self, collection: str) -> Sequence[str]:
            await corpus.raise_version(collection)
            return await super().documents(collection)

    with pytest.raises(InternalError, match="'c' changed in each of 20 rounds"):
        await copy(source, Restless(), "c", corpus, quiet)


def _of(row: IndexedChunk) -> tuple[frozenset[str], frozenset[str]]:
    return row.acl, row.deny
