"""The graph in folders: one a collection, written by one process at a time and read by any number.

Facts lie in segments that never change and are mapped into memory; a small ledger says which there are. Segments of about one
size are merged as they come, so that a million passages are a handful of them and each fact is written about 13 times.
"""

import asyncio
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stoa.domain.graph import DocumentFacts, Link
from stoa.domain.identity import AccessTag, Rights

if TYPE_CHECKING:  # late: numpy is 20 MB, and a role at rest does without
    from stoa.adapters.graph.view import Parts, View

log = logging.getLogger("stoa.graph")


class FolderGraph:
    """PassageGraph, GraphWalk and GraphLinks over the collections under `root`. Each call sees what was committed before."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._views: dict[str, View] = {}
        self._turn = asyncio.Lock()

    async def replace(self, collection: str, documents: Sequence[str], facts: Sequence[DocumentFacts]) -> None:
        from stoa.adapters.graph.writing import replace

        async with self._turn:
            await asyncio.to_thread(replace, self._root / collection, documents, facts)

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        from stoa.adapters.graph.writing import grant

        async with self._turn:
            await asyncio.to_thread(grant, self._root / collection, rights)

    async def tend(self, collection: str) -> None:
        from stoa.adapters.graph.writing import tend

        async with self._turn:
            await asyncio.to_thread(tend, self._root / collection)

    async def drop(self, collection: str) -> None:
        async with self._turn:
            if (view := self._views.pop(collection, None)) is not None:
                view.close()
            await asyncio.to_thread(shutil.rmtree, self._root / collection, ignore_errors=True)

    async def walk(
        self, collection: str, seeds: Mapping[str, float], *, acl: frozenset[AccessTag], limit: int
    ) -> Mapping[str, float]:
        if not acl or not seeds:
            return {}
        from stoa.adapters.graph.walk import walk

        view, parts = self._now(collection)
        return walk(parts, seeds, to=view.open_to(acl), limit=limit) if view and parts else {}

    async def links(self, collection: str, passage: str, *, acl: frozenset[AccessTag], limit: int) -> Sequence[Link]:
        from stoa.adapters.graph.around import links

        view, parts = self._now(collection)
        return links(parts, passage, to=view.open_to(acl), limit=limit) if view and parts else []

    async def close(self) -> None:
        for view in self._views.values():
            view.close()
        self._views.clear()

    def _now(self, collection: str) -> "tuple[View, Parts] | tuple[None, None]":
        """The graph as it is now; nothing where nothing was ever put."""
        from stoa.adapters.graph.view import View

        try:
            view = self._views.get(collection) or self._views.setdefault(collection, View(self._root / collection))
        except FileNotFoundError:
            return None, None
        try:
            return view, view.now()
        except FileNotFoundError as error:  # what passages lead to is a help and no condition
            log.warning("The graph of collection %r lacks %s; index its documents again.", collection, error.filename)
            return None, None
