"""A collection's graph as one moment shows it, and who may read what of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stoa.adapters.graph.arrays import Array, Ints
from stoa.adapters.graph.ledger import GONE, Ledger
from stoa.adapters.graph.segment import Segment, load
from stoa.domain.identity import AccessTag, Rights, denying, opening

Open = NDArray[np.bool_]
"""By number of rights, whether a caller has them; the last stands for GONE and is false."""

_CALLERS = 256
"""Callers whose rights are remembered."""


class Parts:
    """The segments of one moment, with the rights of their documents as they are then."""

    def __init__(self, numbers: Sequence[int], segments: Sequence[Segment]) -> None:
        self.numbers, self.segments = tuple(numbers), tuple(segments)
        self.rights: list[Ints] = [segment.rights.copy() for segment in segments]
        ends = np.cumsum([segment.size for segment in segments], dtype=np.int64)
        self.starts: list[int] = [0, *ends.tolist()]
        """The first passage of each segment, were they all in one row, and behind it how many there are."""

    def change(self, changes: Sequence[tuple[int, int, int]]) -> None:
        at = {number: part for part, number in enumerate(self.numbers)}
        for segment, place, rights in changes:
            if (part := at.get(segment)) is not None:
                self.rights[part][place] = rights

    def readable(self, part: int, places: Array, to: Open) -> Open:
        """Which of a segment's passages a caller may read."""
        return to[self.rights[part][self.segments[part].owner[places]]]


class View:
    """Follows the ledger. To be used by one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Raises FileNotFoundError where there is no graph."""
        self._folder = folder
        self._ledger = Ledger(folder, make=False)
        self._parts = Parts((), ())
        self._revision, self._stale = -1, True
        self._rights: list[tuple[int, Rights]] = []
        self._open: dict[frozenset[AccessTag], Open] = {}

    def now(self) -> Parts:
        """The graph as it is now. Raises FileNotFoundError for a segment that is not where it should be."""
        while self._stale or self._ledger.changed():
            self._stale = True
            try:
                self._read()
            except FileNotFoundError:
                if not self._ledger.changed():  # else it was merged into another while we read
                    raise
                continue
            self._stale = False
        return self._parts

    def open_to(self, acl: frozenset[AccessTag]) -> Open:
        """What a caller with these tags may read, of what `now` gave last."""
        known = self._open.get(acl)
        if known is None:
            known = np.zeros(self._rights[-1][0] + 2 if self._rights else 1, dtype=np.bool_)
            held, denied = opening(acl), denying(acl)
            readable = [n for n, each in self._rights if not each.allow.isdisjoint(held) and each.deny.isdisjoint(denied)]
            known[readable] = True
            known[GONE] = False
            if len(self._open) >= _CALLERS:
                self._open.clear()
            self._open[acl] = known
        return known

    def close(self) -> None:
        self._ledger.close()

    def _read(self) -> None:
        with self._ledger.reading():
            numbers = [number for number, _, _ in self._ledger.segments()]
            same = tuple(numbers) == self._parts.numbers
            changes = self._ledger.changes(self._revision if same else -1)
            revision = self._ledger.revision()
            rights = self._ledger.rights()
        if not same:
            known = dict(zip(self._parts.numbers, self._parts.segments, strict=True))
            self._parts = Parts(numbers, [known.get(number) or load(segment_path(self._folder, number)) for number in numbers])
        self._parts.change(changes)
        self._revision = revision
        if rights != self._rights:
            self._rights, self._open = rights, {}


def segment_path(folder: Path, number: int) -> Path:
    return folder / f"{number}.segment"
