"""Retrieval over the memory index: what is asked of whom, and for whom."""

from collections.abc import Sequence

import pytest

from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.graph.memory import MemoryGraph
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.identity import AccessTag
from stoa.domain.passages import Passage
from stoa.domain.vectors import Chunk, Hit, IndexedChunk
from stoa.knowledge.linked import LinkedIndex
from stoa.knowledge.retrieve import CANDIDATES, HybridRetriever

ACL = frozenset({"team:a"})


class Counting(HashingEmbedder):
    """Notes who pays for what."""

    def __init__(self, width: int) -> None:
        super().__init__(width)
        self.asked: list[tuple[str, str]] = []

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        self.asked += [(text, team) for text in texts]
        return await super().embed(texts, team=team)


async def fill(index: MemoryIndex, embedder: HashingEmbedder, collection: str, *texts: str) -> None:
    for number, text in enumerate(texts):
        name = f"{collection}{number}"
        chunk = Chunk(
            id=name, document_id=name, title="", path=name, heading=(), page=None, start=0, end=len(text), context="", text=text
        )
        (vector,) = await embedder.embed([text], team="x")
        await index.replace(collection, [name], [IndexedChunk(chunk, vector, ACL)])


async def test_collections_are_searched_together_and_the_question_is_embedded_once_a_model() -> None:
    one, two, index = Counting(32), Counting(64), MemoryIndex()
    await fill(index, one, "a", "red apples", "green pears")
    await fill(index, one, "b", "red apples and more")
    await fill(index, two, "c", "red apples elsewhere")
    one.asked, two.asked = [], []
    retriever = HybridRetriever(index, {"a": one, "b": one, "c": two}.__getitem__)
    found = await retriever.retrieve("red apples", collections=["a", "b", "c", "a"], acl=ACL, limit=3, on_behalf_of="team")
    assert found[0].collection == "a"
    assert {passage.collection for passage in found} == {"a", "b", "c"}
    assert found[0].score > found[-1].score
    assert one.asked == two.asked == [("red apples", "team")]


async def test_without_rights_or_words_nothing_is_even_embedded() -> None:
    embedder, index = Counting(32), MemoryIndex()
    await fill(index, embedder, "a", "red apples")
    embedder.asked = []
    retriever = HybridRetriever(index, lambda _: embedder)
    assert await retriever.retrieve("apples", collections=["a"], acl=frozenset(), limit=3, on_behalf_of="t") == []
    assert await retriever.retrieve("  ", collections=["a"], acl=ACL, limit=3, on_behalf_of="t") == []
    assert await retriever.retrieve("apples", collections=[], acl=ACL, limit=3, on_behalf_of="t") == []
    assert embedder.asked == []


class Watched(MemoryIndex):
    """Notes what is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []

    async def fetch(
        self, collection: str, ids: Sequence[str], vector: Sequence[float], *, acl: frozenset[AccessTag]
    ) -> Sequence[Hit]:
        self.fetched += ids
        return await super().fetch(collection, ids, vector, acl=acl)


class Library:
    """A collection of two documents that lead to a third, among many that say what is asked more closely than that one."""

    def __init__(self) -> None:
        self.index, self.graph, self.embedder = Watched(), MemoryGraph(), HashingEmbedder(32)
        self.linked = LinkedIndex(self.index, self.graph)
        self.retriever = HybridRetriever(self.index, lambda _: self.embedder, graph=self.graph)

    async def put(self, name: str, title: str, text: str, acl: frozenset[AccessTag] = ACL) -> None:
        chunk = Chunk(
            id=f"{name}.0", document_id=name, title=title, path=f"{name}.md", heading=(), page=None, start=0, end=len(text),
            context="", text=text,
        )  # fmt: skip
        (vector,) = await self.embedder.embed([text], team="x")
        await self.linked.replace("c", [name], [IndexedChunk(chunk, vector, acl)])

    async def ask(self, limit: int = 5) -> Sequence[Passage]:
        return await self.retriever.retrieve(
            "when did the author of ruined city die", collections=["c"], acl=ACL, limit=limit, on_behalf_of="t"
        )


@pytest.fixture
async def library() -> Library:
    made = Library()
    await made.put("novel", "Ruined City", "The author of ruined city was Nevil Shute.")
    for n in range(2 * CANDIDATES):
        await made.put(f"city{n}", f"Number {n}", f"when did the city of the {n} come about")
    return made


async def test_a_passage_found_leads_to_one_that_shares_no_word_with_the_question(library: Library) -> None:
    await library.put("shute", "Nevil Shute", "Engineer; 12 January 1960, Melbourne.")
    passages = await library.ask()
    assert "shute" in [passage.document_id for passage in passages]
    assert "shute.0" in library.index.fetched
    (scores,) = [passage.scores for passage in passages if passage.document_id == "shute"]
    assert scores is not None
    assert scores.graph is not None
    assert scores.lexical is None


async def test_what_leads_on_is_only_what_the_caller_may_read(library: Library) -> None:
    before = await library.ask()
    await library.put("shute", "Nevil Shute", "Engineer; 12 January 1960, Melbourne.", frozenset({"group:hr"}))
    assert [passage.id for passage in await library.ask()] == [passage.id for passage in before]
    assert library.index.fetched == []


async def test_nothing_is_fetched_that_could_not_be_among_the_first(library: Library) -> None:
    for n in range(30):
        await library.put(f"far{n}", f"Far {n}", f"Nevil Shute, number {n} of those who were met.")
    await library.ask(limit=1)
    assert library.index.fetched == []
