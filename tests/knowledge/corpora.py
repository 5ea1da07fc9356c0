"""Documents and their rows, made up, with what a database would say of them."""

from collections.abc import Mapping, Sequence

import msgspec

from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.domain.documents import Document, DocumentState
from stoa.domain.identity import Rights
from stoa.domain.resources import Collection
from stoa.domain.vectors import Chunk, IndexedChunk, Searched
from stoa.knowledge.fingerprint import fingerprint

COLLECTION = Collection(name="c", team="a")
SEARCHED = Searched("c", COLLECTION)
EMBEDDER = HashingEmbedder(16)
TEAM = Rights(frozenset({"team:a"}))
HR = Rights(frozenset({"group:hr"}), frozenset({"user:ann"}))


async def rows(document: str, text: str, *, rights: Rights = TEAM, count: int = 2) -> list[IndexedChunk]:
    texts = [f"{text} part{n}" for n in range(count)]
    vectors = await EMBEDDER.embed(texts, team="a")
    return [
        IndexedChunk(
            Chunk(
                id=f"{document}.{n}", document_id=document, title=document, path=f"{document}.md", heading=(), page=None,
                start=n * 10, end=n * 10 + 9, context=document, text=one,
            ),
            vector, rights.allow, rights.deny,
        )
        for n, (one, vector) in enumerate(zip(texts, vectors, strict=True))
    ]  # fmt: skip


class MemoryCorpus:
    """CorpusLedger over a dict. `put` is what intake and a job that has ended leave."""

    def __init__(self) -> None:
        self.kept: dict[str, Document] = {}
        self.raised = 0

    def put(
        self,
        name: str,
        text: str,
        *,
        rights: Rights = TEAM,
        state: DocumentState = "indexed",
        chunks: int = 2,
        known: bool = True,
    ) -> Document:
        made = Document(
            id=name, collection="c", source="s", path=f"{name}.md", title=name, digest=text, bytes=1, chunks=chunks,
            acl=rights.allow, deny=rights.deny, state=state, created_at=1, updated_at=1,
        )  # fmt: skip
        self.kept[name] = msgspec.structs.replace(made, indexed_as=fingerprint(made, COLLECTION) if known else None)
        return self.kept[name]

    def share(self, name: str, rights: Rights) -> None:
        """Rights that changed, and that no job has brought into the index yet."""
        self.kept[name] = msgspec.structs.replace(self.kept[name], acl=rights.allow, deny=rights.deny, state="queued")

    async def documents(self, collection: str, *, after: str = "", limit: int = 1_000) -> Sequence[Document]:
        found = [self.kept[name] for name in sorted(self.kept) if name > after]
        return [document for document in found if document.state != "removed" and document.collection == collection][:limit]

    async def read(self, ids: Sequence[str]) -> Mapping[str, Document]:
        return {name: self.kept[name] for name in ids if name in self.kept}

    async def version(self, collection: str) -> int:
        return self.raised

    async def unknown(self, documents: Sequence[str]) -> None:
        for name in documents:
            self.kept[name] = msgspec.structs.replace(self.kept[name], indexed_as=None)

    async def raise_version(self, collection: str) -> None:
        self.raised += 1
