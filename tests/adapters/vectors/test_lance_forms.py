"""Tables of LanceDB that earlier versions made: refused until they are written anew, and nothing of them is lost in that."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import lancedb
import pyarrow as pa
import pytest
from tests.knowledge.corpora import COLLECTION, EMBEDDER, HR, SEARCHED, TEAM, MemoryCorpus, rows

from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.vectors.lance import LanceIndex
from stoa.domain.identity import Rights
from stoa.domain.vectors import IndexedChunk
from stoa.errors import SchemaError
from stoa.knowledge.indexes.gate import IndexGate
from stoa.knowledge.indexes.putting_back import renew
from stoa.wiring.vectors import renew_outdated


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[LanceIndex]:
    lance = LanceIndex(str(tmp_path / "vectors"))
    yield lance
    await lance.close()


async def old_table(folder: Path, *parts: list[IndexedChunk], deny: bool) -> None:
    written = [_old(row, deny=deny) for part in parts for row in part]
    text = pa.string()
    kinds: dict[str, pa.DataType] = {
        "id": text, "document_id": text, "title": text, "path": text, "heading": pa.list_(text), "page": pa.int32(),
        "start": pa.int64(), "end": pa.int64(), "context": text, "contextual_text": text, "acl": pa.list_(text),
        **({"deny": pa.list_(text)} if deny else {}), "vector": pa.list_(pa.float32(), EMBEDDER.width),
    }  # fmt: skip
    database = await lancedb.connect_async(str(folder / "vectors"))
    await database.create_table("c", pa.Table.from_pylist(written, schema=pa.schema(list(kinds.items()))))
    database.close()


def _old(row: IndexedChunk, *, deny: bool) -> dict[str, Any]:
    chunk = row.chunk
    return {
        "id": chunk.id, "document_id": chunk.document_id, "title": chunk.title, "path": chunk.path,
        "heading": list(chunk.heading), "page": chunk.page, "start": chunk.start, "end": chunk.end, "context": chunk.context,
        "contextual_text": chunk.contextual_text, "acl": sorted(row.acl), "vector": list(row.vector),
        **({"deny": sorted(row.deny)} if deny else {}),
    }  # fmt: skip


async def found(index: LanceIndex, acl: frozenset[str]) -> set[str]:
    (vector,) = await EMBEDDER.embed(["apples"], team="a")
    dense = await index.dense("c", vector, acl=acl, limit=9)
    lexical = await index.lexical("c", "apples", vector, acl=acl, limit=9)
    assert {hit.passage.id for hit in dense} == {hit.passage.id for hit in lexical}
    return {hit.passage.document_id for hit in dense}


@pytest.mark.parametrize("deny", [False, True])
async def test_an_old_table_is_refused_and_then_written_anew(index: LanceIndex, tmp_path: Path, deny: bool) -> None:
    rights = HR if deny else Rights(HR.allow)
    written = [*await rows("d", "apples"), *await rows("e", "apples", rights=rights)]
    await old_table(tmp_path, written, deny=deny)
    with pytest.raises(SchemaError, match=r"collection 'c' .* worker of this version writes it anew"):
        await found(index, TEAM.allow)
    with pytest.raises(SchemaError):
        await index.grant("c", {"d": HR})
    assert await index.outdated() == ["c"]
    before = {row.chunk.id: (row.chunk, row.rights) for row in await index.rows("c", ["d", "e"])}
    assert before == {
        row.chunk.id: (row.chunk, row.rights) for row in [*await rows("d", "apples"), *await rows("e", "apples", rights=rights)]
    }
    corpus, gate = MemoryCorpus(), IndexGate(ObjectFolder.memory(), store="s", now_ms=lambda: 1)
    corpus.put("d", "apples")
    corpus.put("e", "apples", rights=rights)
    done = await renew(index, corpus, gate, SEARCHED)
    assert (done.kept, done.rows, list(done.missing), await index.outdated()) == (2, 4, [], [])
    assert {row.chunk.id: (row.chunk, row.rights) for row in await index.rows("c", ["d", "e"])} == before
    assert (await found(index, TEAM.allow), await found(index, HR.allow)) == ({"d"}, {"e"})


async def test_rights_and_removals_that_the_old_table_never_heard_of_hold_in_the_new_one(
    index: LanceIndex, tmp_path: Path
) -> None:
    await old_table(tmp_path, *[await rows(name, "apples") for name in ("moved", "gone", "doubtful")], deny=False)
    corpus, gate = MemoryCorpus(), IndexGate(ObjectFolder.memory(), store="s", now_ms=lambda: 1)
    corpus.put("moved", "apples", rights=HR)
    corpus.put("doubtful", "apples", rights=HR, known=False)  # what it holds was in question when its rights moved
    done = await renew(index, corpus, gate, SEARCHED)
    assert (await found(index, TEAM.allow), await found(index, HR.allow)) == (set(), {"moved"})
    assert list(done.missing) == ["doubtful"]


async def test_a_crash_between_the_rows_and_their_indices_is_made_good(index: LanceIndex, tmp_path: Path) -> None:
    await index.replace("c", ["d"], await rows("d", "apples"))
    await index.close()
    database = await lancedb.connect_async(str(tmp_path / "vectors"))
    table = await database.open_table("c")
    await database.create_table("c", await table.to_arrow(), mode="overwrite")  # as it is when the indices are still to come
    database.close()
    with pytest.raises(SchemaError):
        await found(index, TEAM.allow)
    corpus, gate = MemoryCorpus(), IndexGate(ObjectFolder.memory(), store="s", now_ms=lambda: 1)
    corpus.put("d", "apples")
    assert await index.outdated() == ["c"]
    await renew(index, corpus, gate, SEARCHED)
    assert await found(index, TEAM.allow) == {"d"}


async def test_a_table_that_is_being_made_is_an_empty_one(index: LanceIndex, tmp_path: Path) -> None:
    from stoa.adapters.vectors.rows import schema

    database = await lancedb.connect_async(str(tmp_path / "vectors"))
    await database.create_table("c", schema=schema(EMBEDDER.width))
    database.close()
    assert await found(index, TEAM.allow) == set()
    await index.replace("c", ["d"], await rows("d", "apples"))
    assert await found(index, TEAM.allow) == {"d"}


async def test_a_table_of_strangers_is_refused_and_left_alone(index: LanceIndex, tmp_path: Path) -> None:
    database = await lancedb.connect_async(str(tmp_path / "vectors"))
    await database.create_table("c", [{"id": "d.0", "text": "Apples.", "acl": ["team:a"]}])
    database.close()
    assert await index.outdated() == []
    with pytest.raises(SchemaError, match=r"delete '.*c\.lance' and send the documents again"):
        await found(index, TEAM.allow)


async def test_the_worker_looks_once(index: LanceIndex, tmp_path: Path) -> None:
    class Known:
        async def get(self, name: str) -> Any:
            return COLLECTION if name == "c" else None

    class Indexes:
        async def of(self, collection: str) -> list[Any]:
            return []

    objects, corpus = ObjectFolder.memory(), MemoryCorpus()
    gate, place = IndexGate(objects, store="s", now_ms=lambda: 1), str(tmp_path / "vectors")
    corpus.put("d", "apples")
    known: Any = Known()
    indexes: Any = Indexes()
    await renew_outdated(index, place, corpus, gate, known, indexes, objects)
    assert await objects.get("vectors/form.json") is None  # there is no folder yet
    await old_table(tmp_path, await rows("d", "apples"), deny=True)
    for _ in range(2):
        await renew_outdated(index, place, corpus, gate, known, indexes, objects)
        assert (await found(index, TEAM.allow), corpus.raised) == ({"d"}, 1)
