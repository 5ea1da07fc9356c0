"""Views are kept ready before anybody asks: those that others are made from, and those in use that fell behind.

What is left for a query to wait for is then little: a few changes, or what its caller may read beyond the nearest view.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from stoa.adapters.triples.following import AT_ONCE
from stoa.adapters.triples.ledger import Kind, Ledger, Size, Survey
from stoa.adapters.triples.views import Views
from stoa.domain.identity import NOBODY, AccessTag
from stoa.domain.indexes import collection_of

log = logging.getLogger("stoa.graph")

_PAUSE_S, _AGAIN_S = 1.0, 600.0
_SHARE = 5
"""Of its time, one part in so many is work at most."""
_LEFT = Size(documents=AT_ONCE // 2, triples=10_000)
"""What a query may be left to follow; it takes some tenths of a second."""
_WORTH = 50_000
"""Triples that a view takes half a second to be made from: what is smaller is made when it is asked for."""
_GROUNDS = 8
_IN_USE_S = 7 * 24 * 3600.0

Forward = Callable[[Path, Kind], Awaitable[int]]


class _Look(NamedTuple):
    """What a collection was like when it was looked at. Files alone tell that nothing was written, without opening them."""

    files: tuple[tuple[int, int, int], ...]
    ledger: tuple[str, int]
    at: float


class Keeper:
    """Of all collections below one root. `forward` brings a view up to its ledger."""

    def __init__(self, root: Path, forward: Forward, *, worth: int = _WORTH) -> None:
        self._root, self._forward, self._worth = root, forward, worth
        self._looked: dict[Path, _Look] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            began = time.monotonic()
            for folder in await asyncio.to_thread(_folders, self._root):
                try:
                    await self.tend(folder)
                except Exception as error:  # noqa: BLE001 - whatever it is, queries make their views themselves
                    if not folder.is_dir():  # dropped meanwhile
                        continue
                    log.warning("the graph of %r cannot be kept ready: %s", collection_of(folder.name), error)
            await asyncio.sleep(max(_PAUSE_S, (time.monotonic() - began) * (_SHARE - 1)))

    async def tend(self, folder: Path) -> list[Kind]:
        """What was behind in one collection, which it is not any more. What fails is tried again with the next change."""
        before, now = self._looked.get(folder), time.monotonic()
        fresh = before is not None and now < before.at + _AGAIN_S
        files = await asyncio.to_thread(_files, folder)
        if before is not None and fresh and before.files == files:
            return []
        ledger = await asyncio.to_thread(_ledger, folder)
        if before is not None and fresh and before.ledger == ledger:
            self._looked[folder] = before._replace(files=files)
            return []
        self._looked[folder] = _Look(files, ledger, now)
        behind = await asyncio.to_thread(due, folder, now=time.time(), worth=self._worth)
        for kind in behind:
            await self._forward(folder, kind)
        return behind


def due(folder: Path, *, now: float, worth: int) -> list[Kind]:
    """The views of a collection that are to be made or brought forward, those first that others are made from."""
    ledger, views = Ledger(folder), Views(folder)
    survey = ledger.survey()
    ready = {base.kind: base.change for base in views.every()}
    first = grounds(survey, worth=worth)
    for kind in first:
        if kind in ready:
            views.used(kind)
    in_use = [kind for kind in ready if kind not in first and views.last_used(kind) > now - _IN_USE_S]

    def behind(kind: Kind) -> bool:
        if kind not in ready or ready[kind] > survey.latest:
            return True
        waiting = ledger.waiting(ready[kind])
        return waiting.documents > _LEFT.documents or waiting.triples > _LEFT.triples

    return [kind for kind in (*first, *in_use) if behind(kind)]


def grounds(survey: Survey, *, worth: int) -> list[Kind]:
    """What many callers' views have in common: all that is open to one tag and denied to nobody, where that is much."""
    opened: dict[AccessTag, set[int]] = {}
    for number in survey.sizes:
        if not survey.rights[number].deny:
            for tag in survey.rights[number].allow - {NOBODY}:
                opened.setdefault(tag, set()).add(number)
    sizes = {frozenset(numbers): (survey.size(numbers).triples, tag) for tag, numbers in sorted(opened.items())}
    large = sorted(((triples, tag) for triples, tag in sizes.values() if triples >= worth), reverse=True)
    return [Kind(frozenset({tag}), frozenset(), undenied=True) for _, tag in large[:_GROUNDS]]


def _folders(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob("*/triples.sqlite"))


def _files(folder: Path) -> tuple[tuple[int, int, int], ...]:
    found: list[tuple[int, int, int]] = []
    for name in ("triples.sqlite", "triples.sqlite-wal"):
        with contextlib.suppress(FileNotFoundError):  # the second one comes and goes
            told = (folder / name).stat()
            found.append((told.st_ino, told.st_mtime_ns, told.st_size))
    return tuple(found)


def _ledger(folder: Path) -> tuple[str, int]:
    """Which one it is, and its latest change."""
    ledger = Ledger(folder)
    return ledger.identity(), ledger.latest()
