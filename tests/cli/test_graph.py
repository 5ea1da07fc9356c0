"""`stoa graph`: queries, entities and exports on the command line."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import httpx
from tests.cli.conftest import ScriptedApi, refused
from typer.testing import Result

SPARQL = ("POST", "/api/collections/docs/sparql")
TABLE = {
    "head": {"vars": ["who", "n"]},
    "results": {"bindings": [{"who": {"type": "literal", "value": "Ada"}, "n": {"type": "literal", "value": "2"}}, {}]},
}


def table(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=TABLE, headers={"content-type": "application/sparql-results+json"})


def test_a_query_is_shown_as_a_table(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers[SPARQL] = table
    result = stoa("graph", "query", "docs", "SELECT ?who ?n { ?who ?p ?n }")
    assert [line.split() for line in result.stdout.splitlines()] == [["WHO", "N"], ["Ada", "2"], ["-", "-"]]
    assert parse_qs(api.requests[0].content.decode()) == {"query": ["SELECT ?who ?n { ?who ?p ?n }"]}


def test_a_query_comes_from_a_file_or_standard_input_and_an_answer_as_it_is_sent(
    stoa: Callable[..., Result], api: ScriptedApi, tmp_path: Path
) -> None:
    api.answers[SPARQL] = httpx.Response(200, text="who,n\r\nAda,2\r\n", headers={"content-type": "text/csv"})
    (tmp_path / "q.rq").write_text("ASK {}")
    assert stoa("graph", "query", "docs", "--file", "q.rq", "--form", "csv").stdout.splitlines() == ["who,n", "Ada,2"]
    assert stoa("graph", "query", "docs", "--file", "-", "--form", "csv", input="ASK { }").exit_code == 0
    assert [parse_qs(each.content.decode())["query"] for each in api.requests] == [["ASK {}"], ["ASK { }"]]
    assert api.requests[0].headers["accept"] == "text/csv"


def test_mistakes_are_told_and_nothing_is_shown(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers[SPARQL] = refused(400, "The query is not SPARQL 1.1: line 1, column 9: expected WHERE.")
    result = stoa("graph", "query", "docs", "SELECT ?x")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "line 1, column 9" in result.stderr
    for wrong in (("docs",), ("docs", "ASK {}", "--file", "-"), ("docs", "ASK {}", "--form", "pdf")):
        assert stoa("graph", "query", *wrong).exit_code == 2
    assert stoa("graph", "query", "docs", "--file", "none.rq").exit_code == 1


def test_an_entity_is_shown_with_what_is_said_of_it(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    said = {"document_id": "d", "title": "People", "passage_id": "d.0", "start": 0, "end": 9}
    head = {"property": {"iri": "x", "label": "head"}, "inverse": True, "value": None, "said": [said]}
    grade = {"property": {"iri": "x", "label": "grade"}, "inverse": False, "node": None, "value": "9", "said": [said, said]}
    api.answers["GET", "/api/collections/docs/entity"] = {
        "iri": "stoa:entity/ada", "labels": ["Ada"], "passages": [said], "near": [], "more": True,
        "facts": [head | {"node": {"iri": "y", "label": "Analytics"}}, grade],
    }  # fmt: skip
    result = stoa("graph", "show", "docs", "Ada")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[1:] == [["Analytics", "head", "Ada", "People"], ["Ada", "grade", "9", "People"]]
    assert "There is more" in result.stderr
    assert api.requests[0].url.params["entity"] == "Ada"


def test_a_graph_is_written_to_a_file_or_to_standard_output(
    stoa: Callable[..., Result], api: ScriptedApi, tmp_path: Path
) -> None:
    triples = httpx.Response(200, content=b"<a:b> <a:c> <a:d> .\n")
    api.answers["GET", "/api/collections/docs/graph/triples"] = triples
    assert stoa("graph", "export", "docs").stdout == "<a:b> <a:c> <a:d> .\n"
    assert stoa("graph", "export", "docs", "--to", "all.nt").exit_code == 0
    assert (tmp_path / "all.nt").read_bytes() == b"<a:b> <a:c> <a:d> .\n"
