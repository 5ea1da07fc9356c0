"""Segments: the facts of some documents, packed so that a walk reads only what it passes. A segment never changes.

Documents lie in the order of their keys and their passages in the order of the text. Names are known by 64-bit keys, so that
those of several segments meet. Facts are kept in both directions; the lowest bit of each says whether the passage is about the
name, and those of a name begin with the passages that are about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from stoa.adapters.graph.arrays import Array, Ints, Keys, Lists, Texts, begins, join_lists, join_texts, key_of, spans
from stoa.adapters.graph.packed import mapped, write
from stoa.domain.graph import DocumentFacts


@dataclass(frozen=True, kw_only=True)
class Segment:
    """One row a document, a passage, a name. `rights` numbers the rights of a document when the segment was written."""

    document: Keys
    """Sorted."""
    document_ids: Texts
    rights: Ints
    passages: Ints
    """Where the passages of each document begin, and where the last end."""
    passage_ids: Texts
    owner: Ints
    """The document of each passage."""
    lookup: Keys
    """Keys of the passages, sorted."""
    place: Ints
    """The passage of each key in `lookup`."""
    facts: Lists
    """Of each passage: its names, each as twice its place and one if the passage is about it."""
    name: Keys
    """Sorted."""
    names: Texts
    found: Lists
    """Of each name: its passages, each as twice its place and one if it is about the name; those come first."""

    @property
    def size(self) -> int:
        return len(self.owner)

    def find(self, ids: Sequence[str]) -> tuple[Array, Array]:
        """The passages that are here: which of the ids, and their places."""
        return _find(self.lookup, ids, self.place)

    def find_documents(self, ids: Sequence[str]) -> tuple[Array, Array]:
        """The documents that are here: which of the ids, and their places."""
        return _find(self.document, ids, None)


_KINDS: dict[Any, type[Lists | Texts]] = {Lists: Lists, Texts: Texts}  # Any: what a dataclass says of a field's type


def build(documents: Sequence[DocumentFacts], rights: Sequence[int]) -> Segment:
    """A segment of these documents, whose rights have these numbers."""
    passages = [passage for document in documents for passage in document.passages]
    words = sorted({name for passage in passages for name in passage.about | passage.mentions})
    keys = {word: key_of(word) for word in words}
    facts = [
        [*((keys[n], 1) for n in sorted(p.about)), *((keys[n], 0) for n in sorted(p.mentions - p.about))] for p in passages
    ]
    name, first = np.unique(np.array(list(keys.values()), dtype=np.uint64), return_index=True)
    return _packed(
        document=np.array([key_of(document.id) for document in documents], dtype=np.uint64),
        document_ids=Texts.of(document.id for document in documents),
        rights=np.array(rights, dtype=np.int32),
        counts=np.array([len(document.passages) for document in documents], dtype=np.int64),
        passage=np.array([key_of(passage.id) for passage in passages], dtype=np.uint64),
        passage_ids=Texts.of(passage.id for passage in passages),
        facts=Lists.of(([key for key, _ in some] for some in facts), np.uint64),
        about=np.array([about for some in facts for _, about in some], dtype=np.int32),
        name=name,
        names=Texts.of(words).take(first),
    )


def merge(parts: Sequence[Segment], rights: Sequence[Ints]) -> Segment:
    """One segment of those documents of the parts whose rights are not negative, under these rights."""
    live = [np.flatnonzero(numbers >= 0) for numbers in rights]
    which = [spans(part.passages[kept], np.diff(part.passages)[kept]) for part, kept in zip(parts, live, strict=True)]
    facts = [part.facts.take(kept) for part, kept in zip(parts, which, strict=True)]
    all_names, all_texts = np.concatenate([part.name for part in parts]), join_texts([part.names for part in parts])
    flat = np.concatenate([part.name[some.flat >> 1] for part, some in zip(parts, facts, strict=True)])
    name = np.unique(flat)
    kept_names, first = np.unique(all_names, return_index=True)
    passage = [_keys_in_order(part)[kept] for part, kept in zip(parts, which, strict=True)]
    return _packed(
        document=np.concatenate([part.document[kept] for part, kept in zip(parts, live, strict=True)]),
        document_ids=join_texts([part.document_ids.take(kept) for part, kept in zip(parts, live, strict=True)]),
        rights=np.concatenate([numbers[kept] for numbers, kept in zip(rights, live, strict=True)]),
        counts=np.concatenate([np.diff(part.passages)[kept] for part, kept in zip(parts, live, strict=True)]),
        passage=np.concatenate(passage),
        passage_ids=join_texts([part.passage_ids.take(kept) for part, kept in zip(parts, which, strict=True)]),
        facts=Lists(join_lists(facts).first, flat),
        about=np.concatenate([some.flat & 1 for some in facts]),
        name=name,
        names=all_texts.take(first[np.searchsorted(kept_names, name)]),
    )


def save(path: Path, segment: Segment) -> None:
    write(path, {field.name: getattr(segment, field.name) for field in fields(segment)})


def load(path: Path) -> Segment:
    """Raises FileNotFoundError for a segment that was merged into another since it was named."""
    arrays = mapped(path)
    made: dict[str, Any] = {}  # Any: arrays of the types that the fields have
    for field in fields(Segment):
        kind = _KINDS.get(field.type)
        made[field.name] = kind(arrays[f"{field.name}.first"], arrays[field.name]) if kind else arrays[field.name]
    return Segment(**made)


def _packed(
    *, document: Keys, document_ids: Texts, rights: Ints, counts: Array, passage: Keys, passage_ids: Texts, facts: Lists,
    about: Ints, name: Keys, names: Texts,
) -> Segment:  # fmt: skip
    """Documents in order, and the facts in both directions. `facts` holds keys of names, `about` goes with its flat list."""
    order = np.argsort(document, kind="stable")
    first = begins(counts)
    moved = spans(first[:-1][order], counts[order])
    passage, passage_ids, counts = passage[moved], passage_ids.take(moved), counts[order]
    about = Lists(facts.first, about).take(moved).flat
    facts = facts.take(moved)
    numbers = np.searchsorted(name, facts.flat).astype(np.int32)
    of_passage = np.repeat(np.arange(len(moved), dtype=np.int32), facts.counts)
    by_name = np.lexsort((of_passage, 1 - about, numbers))
    sorted_by_key = np.argsort(passage, kind="stable")
    return Segment(
        document=document[order], document_ids=document_ids.take(order), rights=rights[order], passages=begins(counts),
        passage_ids=passage_ids, owner=np.repeat(np.arange(len(order), dtype=np.int32), counts),
        lookup=passage[sorted_by_key], place=sorted_by_key.astype(np.int32),
        facts=Lists(facts.first, numbers * 2 + about), name=name, names=names,
        found=Lists(begins(np.bincount(numbers, minlength=len(name))), (of_passage * 2 + about)[by_name]),
    )  # fmt: skip


def _keys_in_order(segment: Segment) -> Keys:
    keys = np.empty_like(segment.lookup)
    keys[segment.place] = segment.lookup
    return keys


def _find(sorted_keys: Keys, ids: Sequence[str], places: Ints | None) -> tuple[Array, Array]:
    if not len(sorted_keys) or not ids:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    wanted = np.array([key_of(one) for one in ids], dtype=np.uint64)
    at = np.minimum(np.searchsorted(sorted_keys, wanted), len(sorted_keys) - 1)
    which = np.flatnonzero(sorted_keys[at] == wanted)
    return which, (at[which] if places is None else places[at[which]])
