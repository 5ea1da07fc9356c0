"""The embedded knowledge graph: a folder a collection, with the ledger of what documents say and the views made of it."""

import asyncio
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from stoa.adapters.triples.checks import check
from stoa.adapters.triples.frames import Ask, Follow
from stoa.adapters.triples.keeping import Keeper
from stoa.adapters.triples.ledger import Kind, Ledger
from stoa.adapters.triples.readiness import Readiness, now
from stoa.adapters.triples.views import Views
from stoa.adapters.triples.workshop import Workshop
from stoa.domain.identity import AccessTag, Rights
from stoa.domain.triples import Answered, AnswerForm, DocumentTriples, GraphCounts, Limits


class FolderLedgers:
    """KnowledgeGraph: what documents say, written by any number of processes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def replace(self, collection: str, documents: Sequence[str], triples: Sequence[DocumentTriples]) -> None:
        await asyncio.to_thread(Ledger(self._root / collection).replace, documents, triples)

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        await asyncio.to_thread(Ledger(self._root / collection).grant, rights)

    async def drop(self, collection: str) -> None:
        await asyncio.to_thread(_take_away, self._root / collection)


class FolderQueries:
    """GraphQueries over what FolderLedgers wrote below the same root, each in a process of its own."""

    def __init__(
        self, root: Path, *, prefixes: Mapping[str, str], at_once: int = 4, views: int = 32, patience_s: float = 8.0
    ) -> None:
        """`views` is of how many kinds of callers of a collection the view is kept, `patience_s` how long one is waited for."""
        self._root, self._prefixes, self._kept = root, dict(prefixes), views
        self._workshop = Workshop(at_once=at_once)
        self._readiness = Readiness(self._newest, self._forward, patience_s=patience_s)

    async def query(
        self, collection: str, text: str, *, acl: frozenset[AccessTag], forms: Sequence[AnswerForm], limits: Limits
    ) -> Answered:
        check(text)
        folder = self._root / collection
        kind, change = await now(folder, acl)
        if kind.opening:  # else nothing is open
            await self._readiness.wait(folder, kind, change)
        ask = Ask(
            folder=str(folder) if kind.opening else None, kind=kind, change=change, text=text, forms=tuple(forms),
            limits=limits, prefixes=self._prefixes,
        )  # fmt: skip
        return await self._workshop.answer(ask)

    async def counts(self, collection: str, *, acl: frozenset[AccessTag]) -> GraphCounts:
        return await counted(self._root / collection, acl)

    def lines(self, collection: str, *, acl: frozenset[AccessTag]) -> Iterator[bytes]:
        return lines_of_ledger(self._root / collection, acl)

    async def keep_ready(self) -> None:
        """Work ahead of queries, until cancelled."""
        await Keeper(self._root, lambda folder, kind: self._forward(folder, kind, awaited=False)).run()

    async def close(self) -> None:
        await self._readiness.close()
        await self._workshop.close()

    async def _newest(self, folder: Path, kind: Kind) -> int | None:
        newest = await asyncio.to_thread(Views(folder).newest, kind)
        return newest and newest[0]

    async def _forward(self, folder: Path, kind: Kind, *, awaited: bool = True) -> int:
        asked = Follow(folder=str(folder), kind=kind, views=self._kept, awaited=awaited)
        return (await self._workshop.follow(asked)).change


def _take_away(folder: Path) -> None:
    """Also when a view in there is being made: whoever makes it finds its folder gone, and ends."""
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


async def counted(folder: Path, acl: frozenset[AccessTag]) -> GraphCounts:
    """What of a ledger is open to a caller."""

    def count() -> GraphCounts:
        ledger = Ledger(folder)
        documents, triples = ledger.size(ledger.kind_of(acl))
        return GraphCounts(documents=documents, triples=triples)

    return await asyncio.to_thread(count)


def lines_of_ledger(folder: Path, acl: frozenset[AccessTag]) -> Iterator[bytes]:
    """What the documents of a ledger say that are open to a caller, document after document."""
    ledger = Ledger(folder)
    return ledger.whole(ledger.kind_of(acl))
