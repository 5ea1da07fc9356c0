"""Changes of a collection's graph, each one transaction of its ledger."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from stoa.adapters.graph.ledger import GONE, Ledger
from stoa.adapters.graph.segment import Segment, build, load, merge, save
from stoa.adapters.graph.view import Parts, segment_path
from stoa.domain.graph import DocumentFacts
from stoa.domain.identity import Rights

_NEAR, _NEAR_AT_REST = 2, 16
"""A segment is merged with smaller ones that together have at least its size divided by this: as they come, and in the end."""

_SMALL = 50_000
"""Passages of segments that are always one in the end: a tenth of a second."""

_STALE = 0.25
"""A segment with more changes than this for each passage is written anew."""


def replace(folder: Path, documents: Sequence[str], facts: Sequence[DocumentFacts]) -> None:
    """Put these facts in the place of all that is known of the documents."""
    if not facts and not folder.is_dir():
        return
    with closing(Ledger(folder, make=True)) as ledger:
        with ledger.writing():
            parts = _parts(folder, ledger)
            _change(ledger, parts, dict.fromkeys((*documents, *(document.id for document in facts)), GONE))
            if facts:
                numbers = [ledger.number_of(document.rights) for document in facts]
                segment = build(facts, numbers)
                _add(folder, ledger, segment)
            merged = _merge(folder, ledger, near=_NEAR, small=0)
        _remove(folder, merged)


def grant(folder: Path, rights: Mapping[str, Rights]) -> None:
    """Give each document these rights."""
    if not folder.is_dir():
        return
    with closing(Ledger(folder, make=True)) as ledger, ledger.writing():
        numbers = {each: ledger.number_of(each) for each in set(rights.values())}
        _change(ledger, _parts(folder, ledger), {document: numbers[each] for document, each in rights.items()})


def tend(folder: Path) -> None:
    """Leave few segments, so that a walk has few to look into."""
    if not folder.is_dir():
        return
    with closing(Ledger(folder, make=True)) as ledger:
        with ledger.writing():
            merged = _merge(folder, ledger, near=_NEAR_AT_REST, small=_SMALL)
        _remove(folder, merged)


def _remove(folder: Path, segments: Sequence[int]) -> None:
    for number in segments:
        segment_path(folder, number).unlink(missing_ok=True)


def _parts(folder: Path, ledger: Ledger) -> Parts:
    numbers = [number for number, _, _ in ledger.segments()]
    parts = Parts(numbers, [load(segment_path(folder, number)) for number in numbers])
    parts.change(ledger.changes())
    return parts


def _change(ledger: Ledger, parts: Parts, rights: Mapping[str, int]) -> None:
    """New numbers for documents, wherever they are and were not gone."""
    ids, changes = list(rights), list[tuple[int, int, int]]()
    for number, segment, now in zip(parts.numbers, parts.segments, parts.rights, strict=True):
        which, places = segment.find_documents(ids)
        changes += [
            (number, place, rights[ids[one]])
            for one, place in zip(which.tolist(), places.tolist(), strict=True)
            if now[place] != GONE
        ]
    if changes:
        ledger.change(changes)


def _add(folder: Path, ledger: Ledger, segment: Segment) -> None:
    """A new segment. Its file is there before its number can be read."""
    save(segment_path(folder, ledger.add_segment(segment.size)), segment)


def _merge(folder: Path, ledger: Ledger, *, near: int, small: int) -> Sequence[int]:
    """Bring the smallest segments together as long as they are about as large as the next; those that are no more."""
    segments = sorted(ledger.segments(), key=lambda segment: segment[1])
    stale = {number for number, passages, changes in segments if changes > passages * _STALE}
    chosen, size = list[int](), 0
    for number, passages, _ in segments:
        if not chosen or passages <= max(near * size, small) or number in stale:
            chosen.append(number)
            size += passages
    if not chosen or (len(chosen) == 1 and not stale.intersection(chosen)):
        return ()
    parts = _parts(folder, ledger)
    which = [part for part, number in enumerate(parts.numbers) if number in chosen]
    rights = [parts.rights[part] for part in which]
    if any(np.any(numbers != GONE) for numbers in rights):
        merged = merge([parts.segments[part] for part in which], rights)
        _add(folder, ledger, merged)
        if len(chosen) == len(parts.numbers):
            ledger.keep_rights(set(np.unique(merged.rights).tolist()))
    ledger.drop_segments(chosen)
    return chosen
