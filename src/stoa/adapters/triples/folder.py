"""The embedded knowledge graph: a folder a collection, with the ledger of what documents say and the views made of it."""

import asyncio
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from stoa.adapters.triples.checks import check
from stoa.adapters.triples.frames import Ask, Follow
from stoa.adapters.triples.ledger import Kind, Ledger
from stoa.adapters.triples.views import Views
from stoa.adapters.triples.workshop import Workshop
from stoa.domain.identity import AccessTag, Rights
from stoa.domain.triples import Answered, AnswerForm, DocumentTriples, GraphCounts, Limits
from stoa.errors import NotReady

_LOOK_AGAIN_S = 0.05


class FolderLedgers:
    """KnowledgeGraph: what documents say, written by any number of processes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    async def replace(self, collection: str, documents: Sequence[str], triples: Sequence[DocumentTriples]) -> None:
        await asyncio.to_thread(Ledger(self._root / collection).replace, documents, triples)

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        await asyncio.to_thread(Ledger(self._root / collection).grant, rights)

    async def drop(self, collection: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self._root / collection, ignore_errors=True)


class FolderQueries:
    """GraphQueries over what FolderLedgers wrote below the same root."""

    def __init__(
        self, root: Path, *, prefixes: Mapping[str, str], at_once: int = 4, views: int = 32, patience_s: float = 8.0
    ) -> None:
        """`views` is of how many kinds of callers of a collection the view is kept, `patience_s` how long one is waited for."""
        self._root, self._prefixes, self._kept, self._patience_s = root, dict(prefixes), views, patience_s
        self._workshop = Workshop(at_once=at_once)
        self._following: dict[tuple[str, str], asyncio.Task[int]] = {}

    async def query(
        self, collection: str, text: str, *, acl: frozenset[AccessTag], forms: Sequence[AnswerForm], limits: Limits
    ) -> Answered:
        check(text)
        folder = self._root / collection
        kind, change = await asyncio.to_thread(_now, folder, acl)
        if kind.opening:
            await self._followed(folder, kind, change)
        ask = Ask(
            folder=str(folder) if kind.opening else None, kind=kind, change=change, text=text, forms=tuple(forms),
            limits=limits, prefixes=self._prefixes,
        )  # fmt: skip
        return await self._workshop.answer(ask)

    async def counts(self, collection: str, *, acl: frozenset[AccessTag]) -> GraphCounts:
        ledger = Ledger(self._root / collection)
        documents, triples = await asyncio.to_thread(lambda: ledger.size(ledger.kind_of(acl)))
        return GraphCounts(documents=documents, triples=triples)

    async def close(self) -> None:
        tasks = list(self._following.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._workshop.close()

    async def _followed(self, folder: Path, kind: Kind, change: int) -> None:
        """Wait until the view is as far as the change. One step forward serves all who wait for it."""
        deadline = time.monotonic() + self._patience_s
        while True:
            newest = await asyncio.to_thread(Views(folder).newest, kind)
            if newest and newest[0] >= change:
                return
            key = (str(folder), kind.name)
            task = self._following.get(key)
            if task is None:
                task = self._following[key] = asyncio.create_task(self._forward(folder, kind))
                task.add_done_callback(lambda _, key=key: self._following.pop(key, None))
            try:
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + deadline - time.monotonic()):
                    if await asyncio.shield(task) >= change:
                        return
                    await asyncio.sleep(_LOOK_AGAIN_S)  # another process is at work on it
            except TimeoutError:
                raise _not_ready(folder, kind) from None

    async def _forward(self, folder: Path, kind: Kind) -> int:
        return (await self._workshop.follow(Follow(folder=str(folder), kind=kind, views=self._kept))).change


def _now(folder: Path, acl: frozenset[AccessTag]) -> tuple[Kind, int]:
    ledger = Ledger(folder)
    return ledger.kind_of(acl), ledger.latest()


def _not_ready(folder: Path, kind: Kind) -> NotReady:
    documents, triples = Ledger(folder).size(kind)
    return NotReady(
        f"The graph of {folder.name!r} is being made ready for callers with your rights: {documents:,} documents with "
        f"{triples:,} triples. Ask again in some seconds.",
        retry_after_s=5,
    )
