"""Triples as text: N-Triples for stores and ledgers, which is also what SPARQL writes inside INSERT DATA."""

import re
from collections.abc import Iterable

from stoa.domain.triples import Iri, Term, Triple

# SPARQL resolves \u before it looks for the ends of strings, N-Triples after: a backslash before a u is written so that both
# read the same, or a document could end the string that it is quoted in.
_ESCAPED = {"\\": "\\\\", "\\u": r"\\\u0075", "\\U": r"\\\u0055", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPE = re.compile(r'\\[uU]|[\\"\x00-\x1f\x7f\ud800-\udfff]')
_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^`\\\ud800-\udfff]*')


def lines_of(triples: Iterable[Triple]) -> bytes:
    """One line each, without those that come twice."""
    found = dict.fromkeys(f"{term_of(each.subject)} {term_of(each.predicate)} {term_of(each.object)} .\n" for each in triples)
    return "".join(found).encode()


def term_of(term: Term) -> str:
    """One term. Raises ValueError for what is no absolute IRI."""
    if isinstance(term, Iri):
        if not _IRI.fullmatch(term.iri):
            raise ValueError(f"{term.iri!r} is no absolute IRI")
        return f"<{term.iri}>"
    text = _ESCAPE.sub(_escaped, term.text)
    return f'"{text}"^^{term_of(Iri(term.datatype))}' if term.datatype else f'"{text}"'


def _escaped(match: re.Match[str]) -> str:
    """Signs that no XML and no UTF-8 can carry are written as the one that stands for them."""
    sign = match[0]
    return _ESCAPED.get(sign, "\ufffd")
