"""Retrieval over the memory index: what is asked of whom, and for whom."""

from collections.abc import Sequence

from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.knowledge.retrieve import HybridRetriever

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
