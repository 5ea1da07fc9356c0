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
    results: _Bindings | None = None
    """None for ASK."""


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
    """Results of pyoxigraph as bytes. Raises InvalidRequest when no form fits, TooLarge."""
    import pyoxigraph

    if isinstance(results, pyoxigraph.QueryTriples):
        form = _first(forms, GRAPH_FORMS, "CONSTRUCT and DESCRIBE answer with triples")
    elif isinstance(results, pyoxigraph.QueryBoolean):
        form = _first(forms, TABLE_FORMS[:2], "ASK answers with yes or no")
    else:
        form = _first(forms, TABLE_FORMS, "SELECT answers with a table")
    taken = _Bounded(answer_bytes)
    try:
        written: Any = taken  # Any: it writes bytes, and that is all that is asked of it
        if isinstance(results, pyoxigraph.QueryTriples):
            results.serialize(written, format=pyoxigraph.RdfFormat.N_TRIPLES)
        else:
            results.serialize(written, format=pyoxigraph.QueryResultsFormat.JSON)
    except _TooMany:
        raise TooLarge(
            f"The answer has more than {answer_bytes:,} bytes (graph.answer_bytes); ask for less, or add LIMIT.", param="query"
        ) from None
    return in_form(bytes(taken.data), form, rows=rows, answer_bytes=answer_bytes, prefixes=prefixes)


def in_form(body: bytes, form: AnswerForm, *, rows: int, answer_bytes: int, prefixes: Mapping[str, str]) -> Answered:
    """An answer in N-Triples or JSON, in the form that is wanted. Raises TooLarge."""
    graph = form in GRAPH_FORMS
    if graph:
        count = body.count(b"\n")
    else:
        read = msgspec.json.decode(body, type=_Table)
        count = len(read.results.bindings) if read.results else 1
    if count > rows:
        what = "triples" if graph else "rows"
        raise TooLarge(
            f"The answer has {count:,} {what}; the limit is {rows:,} (graph.rows). Add LIMIT or ask for less.", param="query"
        )
    written = body if form in ("json", "n-triples") else _turtle(body, prefixes) if graph else _other_table(body, form)
    if len(written) > 4 * answer_bytes:
        raise TooLarge(f"The answer has more than {4 * answer_bytes:,} bytes in this form; ask for less.", param="query")
    return Answered(form, written, count)


def _turtle(lines: bytes, prefixes: Mapping[str, str]) -> bytes:
    """Prefixes of IRIs with slashes behind them are left out: they make names that nobody can read."""
    import pyoxigraph

    triples = (quad.triple for quad in pyoxigraph.parse(lines, pyoxigraph.RdfFormat.N_TRIPLES))
    known = {name: iri for name, iri in prefixes.items() if iri.startswith("http")}
    return pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.TURTLE, prefixes=known) or b""


def _other_table(table: bytes, form: AnswerForm) -> bytes:
    """A table in JSON in another form."""
    import pyoxigraph

    kinds = pyoxigraph.QueryResultsFormat
    kind = {"xml": kinds.XML, "csv": kinds.CSV, "tsv": kinds.TSV}[form]
    read = pyoxigraph.parse_query_results(table, kinds.JSON)
    return cast("bytes", read.serialize(format=kind))  # cast: None only where an output is named


def _first(wanted: Sequence[AnswerForm], possible: Sequence[AnswerForm], kind: str) -> AnswerForm:
    for form in wanted:
        if form in possible:
            return form
    raise InvalidRequest(
        f"{kind}, in one of these forms: {', '.join(possible)}; asked was for {', '.join(wanted)}.", param="accept"
    )
