"""From the documents of a company to its graph: asked by the command line, in a whole Stoa."""

import csv
import io

import pytest
from tests.journeys.conftest import RunningStoa

pytestmark = pytest.mark.slow

DEAR = """
SELECT ?device ?rate {
  ?d ?p ?rate ; rdfs:label ?device . ?p rdfs:label "hourly rate eur" FILTER(?rate > 30)
} ORDER BY DESC(?rate)
"""


def test_a_company_asks_its_documents_in_sparql_and_sees_who_says_so(handbook_stoa: RunningStoa) -> None:
    told = handbook_stoa.stoa("graph", "query", "handbook", DEAR, "--form", "csv")
    assert told.returncode == 0, told.stderr
    (_, *rows) = csv.reader(io.StringIO(told.stdout))
    assert rows
    assert all(int(rate) > 30 for _, rate in rows)
    shown = handbook_stoa.stoa("graph", "show", "handbook", "Noor Hadley")
    facts = [line.split() for line in shown.stdout.splitlines()]
    assert ["People", "head", "Noor", "Hadley"] in [fact[:4] for fact in facts], shown.stdout + shown.stderr


def test_a_graph_goes_by_the_rights_of_whoever_asks_and_ends_what_runs_away(handbook_stoa: RunningStoa) -> None:
    every = handbook_stoa.stoa("graph", "query", "handbook", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "--form", "csv")
    exported = handbook_stoa.stoa("graph", "export", "handbook")
    assert int(every.stdout.split()[1]) == len(set(exported.stdout.splitlines()))
    refused = handbook_stoa.stoa("graph", "query", "handbook", "SELECT * {\n SERVICE <http://127.0.0.1:9/> {} }")
    assert refused.returncode == 1
    assert "line 2, column 2" in refused.stderr
