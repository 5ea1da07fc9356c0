"""Rights at the doors that need no server: each index, the retriever over it, and the cache of answers."""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.vectors.milvus_server import LiteServer, lite_server
from tests.contracts.cached import CachedRetrieval, plan_of
from tests.contracts.rights import *  # noqa: F403 - the tests themselves
from tests.contracts.rights import CALLERS, Door

from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.graph.folder import FolderGraph
from stoa.adapters.graph.memory import MemoryGraph
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.graph import DocumentFacts, PassageFacts
from stoa.domain.identity import Rights
from stoa.domain.passages import Passage
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.gateway.beside import widened
from stoa.knowledge.retrieve import HybridRetriever

EMBEDDER = HashingEmbedder(32)
QUESTION = "common words"
ALL = 100


class IndexDoor:
    """An index by each of its searches and readings. Any: of the class that is tested, with all its ports."""

    def __init__(self, index: Any) -> None:
        self.index = index
        self._names: set[str] = set()

    async def put(self, documents: Mapping[str, Rights]) -> None:
        chunks = [_chunk(name, 0) for name in documents]
        vectors = await EMBEDDER.embed([chunk.text for chunk in chunks], team="x")
        rows = [
            IndexedChunk(chunk, vector, each.allow, each.deny)
            for chunk, vector, each in zip(chunks, vectors, documents.values(), strict=True)
        ]
        await self.index.replace("c", list(documents), rows)
        await self.index.tend("c")
        self._names |= set(documents)

    async def share(self, name: str, rights: Rights) -> None:
        await self.index.grant("c", {name: rights})

    async def remove(self, name: str) -> None:
        await self.index.replace("c", [name], [])

    async def given(self, caller: str) -> frozenset[str]:
        acl = CALLERS[caller]
        (vector,) = await EMBEDDER.embed([QUESTION], team="x")
        ways = {
            "dense": await self.index.dense("c", vector, acl=acl, limit=ALL),
            "lexical": await self.index.lexical("c", QUESTION, vector, acl=acl, limit=ALL),
            "fetch": await self.index.fetch("c", [f"{name}.0" for name in self._names], vector, acl=acl),
        }
        found = {way: frozenset(hit.passage.document_id for hit in hits) for way, hits in ways.items()}
        ids = [f"{name}.0" for name in self._names]
        found["ids"] = frozenset(passage.document_id for passage in await self.index.of_ids("c", ids, acl=acl))
        found["document"] = frozenset([name for name in self._names if await self.index.of_document("c", name, acl=acl)])
        assert len(set(found.values())) == 1, found
        return found["dense"]


class RetrieverDoor(IndexDoor):
    """The retriever over an index."""

    def __init__(self, index: Any) -> None:
        super().__init__(index)
        self._retriever = HybridRetriever(index, lambda _: EMBEDDER)

    async def given(self, caller: str) -> frozenset[str]:
        found = await self._retriever.retrieve(QUESTION, collections=["c"], acl=CALLERS[caller], limit=ALL, on_behalf_of="x")
        return frozenset(passage.document_id for passage in found)


class NeighboursDoor(IndexDoor):
    """What stands beside passages found: of every document its first one, as if its rights had changed since."""

    async def put(self, documents: Mapping[str, Rights]) -> None:
        rows = [
            IndexedChunk(_chunk(name, place), (1.0, 0.0), each.allow, each.deny)
            for name, each in documents.items()
            for place in (0, 1)
        ]
        await self.index.replace("c", list(documents), rows)
        self._names |= set(documents)

    async def given(self, caller: str) -> frozenset[str]:
        found = [
            Passage(f"{name}.0", name, "c", "", name, (), None, 0, 1, f"common words of {name}", 0.5) for name in self._names
        ]
        shown = await widened(
            found, reach=1, budget=ALL, tokens_of=lambda _: 1, reader=self.index, index_of=str, acl=CALLERS[caller]
        )
        return frozenset(passage.document_id for passage in shown if passage not in found)


def _chunk(name: str, place: int) -> Chunk:
    return Chunk(
        id=f"{name}.{place}", document_id=name, title="", path=name, heading=(), page=None, start=place, end=place + 1,
        context="", text=f"common words of {name}",
    )  # fmt: skip


class GraphDoor:
    """A graph of links: a walk, and the links of a passage, from one that everybody may read to all others."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph

    async def put(self, documents: Mapping[str, Rights]) -> None:
        seed = PassageFacts(id="seed", mentions=frozenset({"x"}))
        facts = [DocumentFacts(id="seed", passages=(seed,), rights=Rights(frozenset({"public"})))]
        for name, each in documents.items():
            passage = PassageFacts(id=name, about=frozenset({"x"}))
            facts.append(DocumentFacts(id=name, passages=(passage,), rights=each))
        await self.graph.replace("c", [document.id for document in facts], facts)
        await self.graph.tend("c")

    async def share(self, name: str, rights: Rights) -> None:
        await self.graph.grant("c", {name: rights})

    async def remove(self, name: str) -> None:
        await self.graph.replace("c", [name], [])

    async def given(self, caller: str) -> frozenset[str]:
        acl = CALLERS[caller]
        walked = await self.graph.walk("c", {"seed": 1.0}, acl=acl, limit=ALL)
        linked = [name for link in await self.graph.links("c", "seed", acl=acl, limit=ALL) for name in link.passages]
        assert set(walked) - {"seed"} == set(linked)
        return frozenset(linked)


class CacheDoor(IndexDoor):
    """Answers that are shared: everybody asks twice, all in one team, so that whoever may be given another's answer is."""

    def __init__(self, index: Any) -> None:
        super().__init__(index)
        self._cached = CachedRetrieval(HybridRetriever(index, lambda _: EMBEDDER))
        self._version, self._personal = 1, False

    async def put(self, documents: Mapping[str, Rights]) -> None:
        self._changed(*documents.values())
        await super().put(documents)

    async def share(self, name: str, rights: Rights) -> None:
        self._changed(rights)
        await super().share(name, rights)

    async def remove(self, name: str) -> None:
        self._changed()
        await super().remove(name)

    async def given(self, caller: str) -> frozenset[str]:
        personal = frozenset({"c"} if self._personal else ())
        plan = plan_of(CALLERS, {"c": self._version}, personal=personal)
        first, second = [await self._cached.ask(plan, caller) for _ in range(2)]
        assert first == second
        return frozenset(passage.document_id for passage in first)

    def _changed(self, *rights: Rights) -> None:
        self._version += 1
        self._personal |= any(each.personal for each in rights)


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiteServer]:
    with lite_server(tmp_path_factory.mktemp("milvus")) as server:
        yield server


_MILVUS = [pytest.param("milvus", marks=pytest.mark.slow), pytest.param("retriever over milvus", marks=pytest.mark.slow)]


@pytest.fixture(
    params=[
        "memory",
        "lance",
        "lance in memory",
        "retriever",
        "cache",
        "neighbours",
        "neighbours in lance",
        "graph in memory",
        "graph",
        *_MILVUS,
    ]
)
async def door(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Door]:
    kinds = {"memory": IndexDoor, "retriever": RetrieverDoor, "cache": CacheDoor, "neighbours": NeighboursDoor}
    if request.param in kinds:
        yield kinds[request.param](MemoryIndex())
        return
    if "milvus" in request.param:
        from stoa.adapters.vectors.milvus import MilvusIndex

        store = MilvusIndex(request.getfixturevalue("milvus").url)
        await store.drop("c")
        yield IndexDoor(store) if request.param == "milvus" else RetrieverDoor(store)
        await store.close()
        return
    if request.param == "graph in memory":
        yield GraphDoor(MemoryGraph())
        return
    if request.param == "graph":
        graph = FolderGraph(tmp_path / "graph")
        yield GraphDoor(graph)
        await graph.close()
        return
    from stoa.adapters.vectors.lance import LanceIndex

    settled = timedelta(0) if request.param == "lance in memory" else timedelta(days=1)
    lance = LanceIndex(str(tmp_path / "vectors"), settled=settled)
    yield NeighboursDoor(lance) if request.param == "neighbours in lance" else IndexDoor(lance)
    await lance.close()


async def test_colleagues_share_an_answer_unless_it_stands_on_a_document_for_single_people() -> None:
    """Nor does it go to others while the gateway does not know yet that there are such documents."""
    index, callers = MemoryIndex(), {"ann": CALLERS["ben"] | {"user:ann"}, "ben": CALLERS["ben"]}
    cached = CachedRetrieval(HybridRetriever(index, lambda _: EMBEDDER))
    door = IndexDoor(index)
    await door.put({"d": Rights(frozenset({"team:company"}))})
    shared = [await cached.ask(plan_of(callers, {"c": 1}), name) for name in callers]
    assert shared[0] is shared[1]
    await door.put({"new": Rights(frozenset({"team:company"}), frozenset({"user:ann"}))})
    before = plan_of(callers, {"c": 2})
    assert {passage.document_id for passage in await cached.ask(before, "ben")} == {"d", "new"}
    assert {passage.document_id for passage in await cached.ask(before, "ann")} == {"d"}
    after = plan_of(callers, {"c": 3}, personal=frozenset({"c"}))
    assert {passage.document_id for passage in await cached.ask(after, "ann")} == {"d"}
    assert {passage.document_id for passage in await cached.ask(after, "ben")} == {"d", "new"}
