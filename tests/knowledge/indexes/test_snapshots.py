"""Snapshots: what is in one, and that putting one back brings back nothing that was taken away since."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest
from tests.adapters.vectors.milvus_server import LiteServer, lite_server
from tests.knowledge.corpora import COLLECTION, EMBEDDER, HR, SEARCHED, TEAM, MemoryCorpus, rows

from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.adapters.vectors.parquet import ParquetRows
from stoa.domain.identity import Rights
from stoa.domain.vectors import IndexedChunk, Searched, VectorStore
from stoa.errors import Conflict, InternalError, NotFound
from stoa.knowledge.indexes.gate import GatedIndex, IndexGate
from stoa.knowledge.indexes.snapshots import SnapshotPorts, Snapshots

ALL = frozenset({"team:a", "group:hr"})


def quiet(done: int, total: int) -> None:
    """Says nothing."""


class Shelf:
    """An index with its documents and its snapshots."""

    def __init__(self, index: VectorStore, objects: ObjectFolder) -> None:
        self.index, self.objects, self.corpus = index, objects, MemoryCorpus()
        self.gate = IndexGate(objects, store="s", now_ms=lambda: 1, pause_s=0.001)
        self.snapshots = Snapshots(self.ports(index))

    def ports(self, index: VectorStore) -> SnapshotPorts:
        """Over another index; a file of a snapshot holds one document."""
        return SnapshotPorts(
            objects=self.objects, index=index, corpus=self.corpus, files=ParquetRows(), gate=self.gate, now_ms=lambda: 1_000,
            part_rows=1,
        )  # fmt: skip

    async def put(self, name: str, text: str, *, rights: Rights = TEAM) -> None:
        self.corpus.put(name, text, rights=rights)
        await self.index.replace("c", [name], await rows(name, text, rights=rights))

    async def held(self) -> dict[str, tuple[str, Rights]]:
        """By document, the first word of its text and its rights."""
        found = await self.index.rows("c", await self.index.documents("c"))
        return {row.chunk.document_id: (row.chunk.text.split()[0], row.rights) for row in found}

    async def found(self, acl: frozenset[str], words: str) -> set[str]:
        (vector,) = await EMBEDDER.embed([words], team="a")
        dense = await self.index.dense("c", vector, acl=acl, limit=100)
        lexical = await self.index.lexical("c", words, vector, acl=acl, limit=100)
        return {hit.passage.document_id for hit in (*dense, *lexical)}


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiteServer]:
    with lite_server(tmp_path_factory.mktemp("milvus")) as server:
        yield server


@pytest.fixture(params=["memory", "lance", pytest.param("milvus", marks=pytest.mark.slow)])
async def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shelf]:
    objects = ObjectFolder.local(tmp_path / "objects")
    if request.param == "memory":
        yield Shelf(MemoryIndex(), objects)
        return
    if request.param == "milvus":
        from stoa.adapters.vectors.milvus import MilvusIndex

        store = MilvusIndex(request.getfixturevalue("milvus").url)
        await store.drop("c")
        yield Shelf(store, objects)
        await store.close()
        return
    from stoa.adapters.vectors.lance import LanceIndex

    lance = LanceIndex(str(tmp_path / "vectors"))
    yield Shelf(lance, objects)
    await lance.close()


async def test_what_was_lost_comes_back_as_it_was(shelf: Shelf) -> None:
    for n in range(7):
        await shelf.put(f"d{n}", f"apples{n}", rights=HR if n % 2 else TEAM)
    before = await shelf.held()
    made = await shelf.snapshots.create(SEARCHED, say=quiet)
    assert (made.documents, made.rows, made.created_at) == (7, 14, 1_000)
    await shelf.index.drop("c")
    done = await shelf.snapshots.restore(SEARCHED, made.id, say=quiet)
    assert (done.restored, done.kept, list(done.missing), done.rows) == (7, 0, [], 14)
    assert await shelf.held() == before
    assert await shelf.found(TEAM.allow, "apples2") >= {"d2"}
    assert shelf.corpus.raised == 1


async def test_what_was_removed_since_stays_away(shelf: Shelf) -> None:
    await shelf.put("stays", "apples")
    await shelf.put("gone", "secret")
    await shelf.put("going", "secret")
    made = await shelf.snapshots.create(SEARCHED, say=quiet)
    del shelf.corpus.kept["gone"]
    await shelf.index.replace("c", ["gone"], [])
    shelf.corpus.put("going", "secret", state="removed")
    await shelf.snapshots.restore(SEARCHED, made.id, say=quiet)
    assert set(await shelf.held()) == {"stays"}
    assert await shelf.found(ALL, "secret") <= {"stays"}


async def test_rights_are_those_of_now_even_where_no_job_has_carried_them_yet(shelf: Shelf) -> None:
    await shelf.put("carried", "apples")
    await shelf.put("waiting", "apples")
    made = await shelf.snapshots.create(SEARCHED, say=quiet)
    await shelf.put("carried", "apples", rights=HR)
    shelf.corpus.share("waiting", HR)
    await shelf.snapshots.restore(SEARCHED, made.id, say=quiet)
    assert await shelf.held() == {"carried": ("apples", HR), "waiting": ("apples", HR)}
    assert await shelf.found(TEAM.allow, "apples") == set()


async def test_a_document_that_changed_since_keeps_its_new_text(shelf: Shelf) -> None:
    await shelf.put("changed", "old")
    await shelf.put("same", "apples")
    made = await shelf.snapshots.create(SEARCHED, say=quiet)
    await shelf.put("changed", "new")
    await shelf.put("added", "pears")
    done = await shelf.snapshots.restore(SEARCHED, made.id, say=quiet)
    assert {name: text for name, (text, _) in (await shelf.held()).items()} == {
        "changed": "new", "same": "apples", "added": "pears",
    }  # fmt: skip
    assert (done.restored, done.kept) == (1, 2)


async def test_old_text_does_not_go_to_those_for_whom_only_the_new_one_is(shelf: Shelf) -> None:
    """It was sent again, changed and for others, and the job has not come to it."""
    await shelf.put("d", "salaries", rights=HR)
    made = await shelf.snapshots.create(SEARCHED, say=quiet)
    shelf.corpus.put("d", "harmless", rights=TEAM, state="queued", known=False)
    done = await shelf.snapshots.restore(SEARCHED, made.id, say=quiet)
    assert await shelf.held() == {}
    assert list(done.missing) == ["d"]


async def test_what_is_in_neither_is_named_and_indexed_by_the_next_sync(shelf: Shelf) -> None:
    await shelf.put("d", "apples")
    made = await shelf.snapshots.create(SEARCHED, say=quiet)
    await shelf.put("lost", "pears")
    await shelf.index.drop("c")
    done = await shelf.snapshots.restore(SEARCHED, made.id, say=quiet)
    assert list(done.missing) == ["lost"]
    assert shelf.corpus.kept["lost"].indexed_as is None
    assert shelf.corpus.kept["d"].indexed_as is not None


async def test_a_file_that_was_changed_or_lost_changes_nothing(shelf: Shelf) -> None:
    await shelf.put("d", "apples")
    made = await shelf.snapshots.create(SEARCHED, say=quiet)
    await shelf.put("d", "pears")
    name = made.parts[0].name
    for act in (shelf.objects.put(name, b"other bytes"), shelf.objects.delete(name)):
        await act
        with pytest.raises(InternalError, match="The index was left as it is"):
            await shelf.snapshots.restore(SEARCHED, made.id, say=quiet)
        assert await shelf.held() == {"d": ("pears", TEAM)}
    await asyncio.wait_for(GatedIndex(shelf.index, shelf.gate).grant("c", {"d": HR}), 1)  # and nobody is kept waiting


async def test_vectors_of_another_model_are_refused(shelf: Shelf) -> None:
    await shelf.put("d", "apples")
    made = await shelf.snapshots.create(SEARCHED, say=quiet)
    other = Searched("c", msgspec.structs.replace(COLLECTION, embedding_model="another"))
    with pytest.raises(Conflict, match=r"vectors of 'stoa-embed'.* searched with 'another'"):
        await shelf.snapshots.restore(other, made.id, say=quiet)


async def test_a_snapshot_is_there_when_its_manifest_is(shelf: Shelf) -> None:
    for n in range(3):
        await shelf.put(f"d{n}", "apples")
    first, second = [await shelf.snapshots.create(SEARCHED, say=quiet) for _ in range(2)]
    assert [one.id for one in await shelf.snapshots.all("c")] == [second.id, first.id]
    await shelf.objects.delete(f"vectors/snapshots/c/{first.id}/manifest.json")  # as a crash before the end leaves it
    assert [one.id for one in await shelf.snapshots.all("c")] == [second.id]
    with pytest.raises(NotFound, match=rf"no snapshot '{first.id}'\. There are {second.id}\."):
        await shelf.snapshots.restore(SEARCHED, first.id, say=quiet)
    for one in (first, second):
        await shelf.snapshots.delete("c", one.id)
    assert await shelf.objects.names("vectors/snapshots") == []
    with pytest.raises(NotFound, match="There are none"):
        await shelf.snapshots.delete("c", first.id)


async def test_what_changes_while_a_snapshot_is_made_is_left_out(shelf: Shelf) -> None:
    await shelf.put("d", "apples")
    await shelf.put("moving", "pears")
    index, corpus = shelf.index, shelf.corpus

    class Moving(MemoryIndex):
        async def documents(self, collection: str) -> Sequence[str]:
            return await index.documents(collection)

        async def rows(self, collection: str, documents: Sequence[str]) -> Sequence[IndexedChunk]:
            found = await index.rows(collection, documents)
            corpus.put("moving", "plums")
            return found

    made = await Snapshots(shelf.ports(Moving())).create(SEARCHED, say=quiet)
    assert (made.documents, made.rows) == (1, 2)


async def test_a_right_that_is_taken_away_during_the_restore_is_gone_when_it_ends(shelf: Shelf) -> None:
    for name in ("shared", "removed", "stays"):
        await shelf.put(name, "apples")
    made = await shelf.snapshots.create(SEARCHED, say=quiet)
    index, corpus = shelf.index, shelf.corpus

    class Meanwhile(MemoryIndex):
        async def rebuild(self, collection: str, parts: AsyncIterable[Sequence[IndexedChunk]]) -> None:
            await index.rebuild(collection, parts)
            corpus.share("shared", HR)
            del corpus.kept["removed"]

        async def replace(self, collection: str, documents: Sequence[str], chunks: Sequence[IndexedChunk]) -> None:
            await index.replace(collection, documents, chunks)

        async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
            await index.grant(collection, rights)

    await Snapshots(shelf.ports(Meanwhile())).restore(SEARCHED, made.id, say=quiet)
    assert await shelf.held() == {"shared": ("apples", HR), "stays": ("apples", TEAM)}
