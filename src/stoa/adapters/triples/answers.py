"""Answers to queries in the forms that SPARQL knows, none longer than its caller allows."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from stoa.domain.triples import GRAPH_FORMS, TABLE_FORMS, Answered, AnswerForm
from stoa.errors import InvalidRequest, TooLarge


class _Bindings(msgspec.Struct):
    bindings: list[msgspec.Raw]


class _Table(msgspec.Struct):
    results: _Bindings


class _Bounded(io.RawIOBase):
    """Takes bytes until there are too many."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.data, self._most, self._full = bytearray(), most, False

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:  # Any: whatever has bytes, as the base class has it
        if self._full:  # whoever was told to stop writes what it still holds
            return len(data)
        self.data += data
        if len(self.data) > self._most:
            self._full = True
            raise _TooMany
        return len(data)


class _TooMany(Exception):
    """More bytes than allowed."""


def answer(
    results: Any, *, forms: Sequence[AnswerForm], rows: int, answer_bytes: int, prefixes: Mapping[str, str]
) -> Answered:  # Any: one of three classes of pyoxigraph
    """Results of pyoxigraph as bytes. Raises InvalidRequest when no form fits, TooLarge.

    `prefixes` are those that Turtle is written with; one of an IRI with slashes behind it makes names nobody can read.
    """
    import pyoxigraph

    most = _Most(rows, answer_bytes)
    if isinstance(results, pyoxigraph.QueryTriples):
        form = _first(forms, GRAPH_FORMS, "CONSTRUCT and DESCRIBE answer with triples")
        lines = most.write(results, pyoxigraph.RdfFormat.N_TRIPLES)
        most.check_rows(lines.count(b"\n"))
        if form == "n-triples":
            return Answered(form, lines, lines.count(b"\n"))
        triples = pyoxigraph.parse(lines, pyoxigraph.RdfFormat.N_TRIPLES)
        written = pyoxigraph.serialize(
            (quad.triple for quad in triples),
            format=pyoxigraph.RdfFormat.TURTLE,
            prefixes={name: iri for name, iri in prefixes.items() if iri.startswith("http")},
        )
        return Answered(form, written or b"", lines.count(b"\n"))
    yes_no = isinstance(results, pyoxigraph.QueryBoolean)
    form = _first(forms, TABLE_FORMS[:2] if yes_no else TABLE_FORMS, f"{'ASK' if yes_no else 'SELECT'} answers with a table")
    body = most.write(results, pyoxigraph.QueryResultsFormat.JSON)
    count = 1 if yes_no else len(msgspec.json.decode(body, type=_Table).results.bindings)
    most.check_rows(count)
    return Answered(form, body if form == "json" else other_form(body, form), count)


def other_form(table: bytes, form: AnswerForm) -> bytes:
    """A table in JSON in another form."""
    import pyoxigraph

    kinds = pyoxigraph.QueryResultsFormat
    kind = {"xml": kinds.XML, "csv": kinds.CSV, "tsv": kinds.TSV}[form]
    read = pyoxigraph.parse_query_results(table, kinds.JSON)
    return cast("bytes", read.serialize(format=kind))  # cast: None only where an output is named


class _Most:
    def __init__(self, rows: int, answer_bytes: int) -> None:
        self._rows, self._bytes = rows, answer_bytes

    def write(self, results: Any, form: Any) -> bytes:
        taken = _Bounded(self._bytes)
        try:
            results.serialize(taken, format=form)
        except _TooMany:
            raise TooLarge(
                f"The answer has more than {self._bytes:,} bytes (graph.answer_bytes); ask for less, or add LIMIT.",
                param="query",
            ) from None
        return bytes(taken.data)

    def check_rows(self, count: int) -> None:
        if count > self._rows:
            raise TooLarge(
                f"The answer has {count:,} rows; the limit is {self._rows:,} (graph.rows). Add LIMIT or ask for less.",
                param="query",
            )


def _first(wanted: Sequence[AnswerForm], possible: Sequence[AnswerForm], kind: str) -> AnswerForm:
    for form in wanted:
        if form in possible:
            return form
    raise InvalidRequest(
        f"{kind}, in one of these forms: {', '.join(possible)}; asked was for {', '.join(wanted)}.", param="accept"
    )
