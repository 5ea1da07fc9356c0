"""Views follow the ledger: what brings a view from one change to a later one, as SPARQL updates that any store understands.

A view is a graph, or a store, that holds the triples of the documents open to one kind of caller and no others. How far it has
come is noted in a graph beside it, in the same request: a store that does a request as a whole is never half-way.
"""

from collections.abc import Sequence

from stoa.adapters.triples.ledger import Change, Kind
from stoa.adapters.triples.written import term_of
from stoa.domain.triples import DERIVED_FROM, GENERATED_BY, OBJECT, PART_OF, PREDICATE, SUBJECT, Iri, Value

NOTES = Iri("stoa:views")
"""The graph of notes on views."""

AT_ONCE = 64
"""Documents of one update."""

_REACHED, _DOUBTFUL = Iri("stoa:reached"), Iri("stoa:doubtful")
_INTEGER = "http://www.w3.org/2001/XMLSchema#integer"


def follow(view: Iri, changes: Sequence[Change], kind: Kind, *, alone: bool = False) -> str:
    """The update that makes these changes to a view: the graph of that name, or the default graph for one that is `alone`.

    Facts that the documents took part in are noted as doubtful, and looked at again when what the documents say now is there.
    Every pattern begins with what is known: with one that does not, Oxigraph took 100 s for 16 documents.
    """
    v, notes = term_of(view), term_of(NOTES)
    part, generated, derived = term_of(PART_OF), term_of(GENERATED_BY), term_of(DERIVED_FROM)
    known = f"VALUES ?d {{ {' '.join(term_of(Iri(each.iri)) for each in changes)} }}"
    owned = f"{known} ?x {part} ?d ."
    fact = f"?f {term_of(SUBJECT)} ?s ; {term_of(PREDICATE)} ?p ; {term_of(OBJECT)} ?o ."
    doubtful = f"GRAPH {notes} {{ {v} {term_of(_DOUBTFUL)} ?f }}"
    said = b"".join(each.lines for each in changes if each.lines and kind.reads(each.rights)).decode()

    def here(pattern: str) -> str:
        return pattern if alone else f"GRAPH {v} {{ {pattern} }}"

    def without(triple: str, where: str) -> str:
        return f"DELETE {{ {here(triple)} }} WHERE {{ {here(f'{where} {triple}')} }}"

    ungenerated = f"FILTER NOT EXISTS {{ {here(f'?f {generated} ?any')} }}"
    steps = [
        f"INSERT {{ {doubtful} }} WHERE {{ {here(f'{owned} ?f {generated} ?x')} }}",
        without(f"?f {generated} ?x", owned),
        without(f"?f {derived} ?x", owned),
        without("?x ?p ?o", owned),
        without("?d ?p ?o", known),
        f"INSERT DATA {{ {here(said)} }}",
        f"DELETE {{ {here(f'?s ?p ?o . {fact}')} }} WHERE {{ {doubtful} {here(fact)} {ungenerated} }}",
        f"DELETE WHERE {{ {doubtful} }}",
        *reach(view, changes[-1].number),
    ]
    return " ;\n".join(steps)


def reach(view: Iri, change: int) -> tuple[str, str]:
    """Note that the view has come to a change."""
    noted = f"{term_of(view)} {term_of(_REACHED)}"
    number = term_of(Value(str(change), _INTEGER))
    return (
        f"DELETE WHERE {{ GRAPH {term_of(NOTES)} {{ {noted} ?n }} }}",
        f"INSERT DATA {{ GRAPH {term_of(NOTES)} {{ {noted} {number} }} }}",
    )


def forget(view: Iri) -> str:
    """Take a view away, with the notes on it."""
    return f"DROP SILENT GRAPH {term_of(view)} ;\nDELETE WHERE {{ GRAPH {term_of(NOTES)} {{ {term_of(view)} ?p ?o }} }}"


def reached(view: Iri) -> str:
    """The query for how far a view has come, as `?n`; no row for one that is not there or was not finished."""
    return f"SELECT ?n WHERE {{ GRAPH {term_of(NOTES)} {{ {term_of(view)} {term_of(_REACHED)} ?n }} }}"
