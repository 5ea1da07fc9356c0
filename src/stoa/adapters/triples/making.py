"""Making a view: from the copy of another one that holds no more than it may, and what that one lacks; else from nothing.

What a caller may read is mostly what others may read as well. A store is copied by hard links in milliseconds, whatever its
size, so that a view costs what it has of its own. Documents that a copy does not know are loaded, which is five times as fast
as SPARQL; those that it knows and that changed since are followed.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from stoa.adapters.triples.following import AT_ONCE, follow, reach
from stoa.adapters.triples.ledger import Kind, Ledger, Survey
from stoa.adapters.triples.written import term_of
from stoa.domain.triples import PART_OF, Iri

if TYPE_CHECKING:
    from pyoxigraph import Store

_T = TypeVar("_T")

VIEW = Iri("stoa:view/alone")
"""What a store notes of the view that it holds alone, in its default graph."""

_PIECE = 8_388_608
"""Bytes that are loaded at once. With 8 MB the process has 110 MB, with 1 GB 740 MB; it takes the same time."""

_MAKE_US, _ADD_US, _FOLLOW_US = 4, 6.5, 30
"""A triple's time, measured: in a store made from nothing, added to one, and followed by SPARQL."""


class Base(NamedTuple):
    """A view as it was at a change: a store that nobody writes to."""

    kind: Kind
    change: int
    path: Path


def make(new: Path, ledger: Ledger, kind: Kind, bases: Iterable[Base]) -> Base | None:
    """A store with the view as of the ledger's latest change, in a folder that is not there yet. Gives what it came from."""
    survey = ledger.survey()
    for base in nearest(survey, ledger, kind, bases):
        try:
            known = _known(base, ledger.numbers(base.change, survey.latest))
            if _cheaper(survey, kind, base, known):
                _from(base, new, ledger, survey, kind, known)
                return base
        except OSError:  # its own view took it away; the next one will do
            shutil.rmtree(new, ignore_errors=True)
    _from(None, new, ledger, survey, kind, ())
    return None


def nearest(survey: Survey, ledger: Ledger, kind: Kind, bases: Iterable[Base]) -> list[Base]:
    """Those that hold nothing but what is open to a kind of caller, the one that lacks least first."""
    opened = survey.open_to(kind)
    lacking: list[tuple[int, Base]] = []
    for base in bases:
        has = survey.open_to(base.kind)
        if has and has <= opened and base.change <= survey.latest:
            waiting = ledger.waiting(base.change).triples if base.change < survey.latest else 0
            lacking.append((survey.size(opened - has).triples + waiting, base))
    return [base for _, base in sorted(lacking, key=lambda each: each[0])]


def _known(base: Base, changes: Sequence[tuple[int, str]]) -> list[int]:
    """Of the changes above a base, by number, those of documents that it has something of."""
    from pyoxigraph import Store

    if not changes:
        return []
    store = Store.read_only(str(base.path))
    numbers = {iri: number for number, iri in changes}
    found: list[int] = []
    for some in _some(list(numbers), 1000):
        known = " ".join(term_of(Iri(iri)) for iri in some)
        rows: Any = store.query(  # Any: a class for each kind of query
            f"SELECT ?d {{ VALUES ?d {{ {known} }} FILTER(EXISTS {{ ?x {term_of(PART_OF)} ?d }} || EXISTS {{ ?d ?p ?o }}) }}"
        )
        found += [numbers[row["d"].value] for row in rows]
    return sorted(found)


def _cheaper(survey: Survey, kind: Kind, base: Base, known: Sequence[int]) -> bool:
    """Whether the way over a base is shorter than from nothing. What changes hide is taken to be of middling size."""
    every = survey.size(survey.sizes)
    middling = every.triples / max(1, every.documents)
    whole = survey.size(opened := survey.open_to(kind)).triples
    lacking = survey.size(opened - survey.open_to(base.kind)).triples
    return lacking * _ADD_US + len(known) * middling * _FOLLOW_US < whole * _MAKE_US


def _from(base: Base | None, new: Path, ledger: Ledger, survey: Survey, kind: Kind, known: Sequence[int]) -> None:
    from pyoxigraph import Store

    if base is not None:
        Store.read_only(str(base.path)).backup(str(new))
    opened, skipped = survey.open_to(kind), frozenset(known)
    held = survey.open_to(base.kind) if base else frozenset[int]()
    said = ledger.said(old=opened - held, new=opened, after=base.change if base else 0, upto=survey.latest)
    store = Store(str(new))
    pieces = _load(store, (lines for number, lines in said if number not in skipped))
    for some in _some(known, AT_ONCE):
        if changes := ledger.chosen(some):
            store.update(follow(VIEW, changes, kind, alone=True))
    store.update(" ;\n".join(reach(VIEW, survey.latest)))
    if base is None and pieces > 1:
        store.optimize()  # else every store made from this one begins by doing so: 0.25 s for 450,000 triples
    store.flush()


def _load(store: "Store", said: Iterable[bytes]) -> int:
    """In how many pieces."""
    from pyoxigraph import RdfFormat

    count = 0
    for piece in _pieces(said):
        store.bulk_load(piece, format=RdfFormat.N_TRIPLES, lenient=True)
        count += 1
    return count


def _pieces(said: Iterable[bytes]) -> Iterator[bytes]:
    waiting = bytearray()
    for lines in said:
        waiting += lines
        if len(waiting) > _PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _some(every: Sequence[_T], most: int) -> Iterator[Sequence[_T]]:
    return (every[start : start + most] for start in range(0, len(every), most))
