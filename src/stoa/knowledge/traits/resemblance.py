"""Whether two documents say almost the same, by MinHash over the whole of them. It is told in a list, and nothing else is done.

Passages of an answer are compared in `knowledge.redundancy`.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

from stoa.domain.documents import Resembling
from stoa.domain.traits import Sketch

ALIKE = 0.85
"""Share of their word sequences that two documents have in common, as estimated, to be near duplicates."""

_VALUES, _BANDS, _ROWS = 128, 8, 8
_SEED = 20
_RUN = 3
"""Words of a sequence."""

_LEAST = 20
"""Sequences of a text that is worth comparing."""

_MOST_WORDS = 200_000
_WORD = re.compile(r"\w+")


def signature_of(text: str) -> tuple[int, ...]:
    """The MinHash of a text, empty for one of a few words."""
    runs = _runs(text)
    if len(runs) < _LEAST:
        return ()
    rensa: Any = import_module("rensa")  # Any: the package has no types; late, for only whoever processes needs it
    hashed = rensa.RMinHash(_VALUES, _SEED)
    hashed.update(sorted(runs))
    return tuple(hashed.digest())


def sketch_of(values: tuple[int, ...], *, collection: str) -> Sketch:
    """The sketch of a document by the signature of its text. Bands of different collections never meet."""
    if not values:
        return Sketch((), ())
    return Sketch(values, tuple(_band(collection, n, values[n * _ROWS : (n + 1) * _ROWS]) for n in range(_BANDS)))


def likeness(one: Sketch, other: Sketch) -> float:
    """The estimated share of word sequences that two documents have in common, in [0, 1]."""
    if not one.values or len(one.values) != len(other.values):
        return 0.0
    return sum(a == b for a, b in zip(one.values, other.values, strict=True)) / len(one.values)


def originals(sketches: Mapping[str, Sketch], known: Mapping[str, Sequence[Resembling]]) -> dict[str, str]:
    """For each document that says almost the same as an older one, that one's id; `known` are those stored before.

    The documents of `sketches` are compared with each other as well.
    """
    found: dict[str, str] = {}
    before: list[Resembling] = []
    for document_id in sorted(sketches):  # ids sort by time
        mine = sketches[document_id]
        others = {each.document_id: each.sketch for each in (*known.get(document_id, ()), *before)}
        alike = {other: share for other, sketch in others.items() if (share := likeness(mine, sketch)) >= ALIKE}
        if alike:
            found[document_id] = min(alike, key=lambda other: (-alike[other], other))
        before.append(Resembling(document_id, mine))
    return found


def _runs(text: str) -> frozenset[str]:
    """Sequences of three words; all words of a text that has no three."""
    words = _WORD.findall(text.casefold())[:_MOST_WORDS]
    if len(words) < _RUN:
        return frozenset((" ".join(words),)) if words else frozenset()
    return frozenset(map(" ".join, zip(words, words[1:], words[2:], strict=False)))


def _band(collection: str, number: int, values: Iterable[int]) -> int:
    said = f"{collection}\0{number}\0{','.join(map(str, values))}".encode()
    return int.from_bytes(hashlib.blake2b(said, digest_size=8).digest(), signed=True)
