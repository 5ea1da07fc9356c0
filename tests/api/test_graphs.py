"""The knowledge graph over HTTP: the protocol, its refusals, and that nobody's answer holds what is not open to them."""

import asyncio
import csv
import io
import shutil
from urllib.parse import quote

import httpx
import pytest
from tests.api.company import Company

pytestmark = pytest.mark.slow  # a process answers the queries

SPARQL = "/api/collections/handbook/sparql"
DOCUMENTS = {
    "people.md": b"# People\n\nAda Byron, head of Analytics, joined in 2019.\n\nInsuvara is a medicine made in Port Ansel.",
    "devices.csv": b"device,room,hourly rate\nHPLC 1,B-201,42\nScale 2,B-202,7\n",
}
SECRET = {"salaries.md": b"# Salaries\n\nAda Byron, head of Analytics, is in grade nine.\n\nGrade: Nine Plus"}


async def rows(client: httpx.AsyncClient, query: str) -> list[list[str]]:
    answer = await client.get(SPARQL, params={"query": query}, headers={"accept": "text/csv"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.text)))[1:]


async def test_what_documents_say_is_asked_in_sparql_and_shows_where_it_is_said(company: Company) -> None:
    await company.upload(DOCUMENTS)
    head = 'SELECT ?l { <stoa:entity/analytics> ?p ?x . ?p rdfs:label "head" . ?x rdfs:label ?l }'
    assert await rows(company.alex, head) == [["Ada Byron"]]
    dear = 'SELECT ?l { ?d ?rate ?n . ?rate rdfs:label "hourly rate" . ?d rdfs:label ?l FILTER(?n > 10) }'
    assert await rows(company.alex, dear) == [["HPLC 1"]]
    where = """
        SELECT ?path ?start { ?f rdf:subject <stoa:entity/insuvara> ; rdf:predicate rdf:type ; rdf:object <stoa:kind/medicine> ;
          prov:wasDerivedFrom ?passage . ?passage stoa:start ?start ; dcterms:isPartOf/stoa:path ?path }"""
    ((path, start),) = await rows(company.alex, where)
    assert (path, int(start) >= 0) == ("/people.md", True)


async def test_an_answer_has_what_is_open_to_its_caller_and_follows_rights_and_removals(company: Company) -> None:
    await company.upload(DOCUMENTS)
    (secret,) = (await company.upload(SECRET, groups="hr"))["documents"]
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    graded = "SELECT ?o { ?s <stoa:property/grade> ?g . ?g rdfs:label ?o }"
    said = """SELECT ?t { ?f rdf:subject <stoa:entity/analytics> ; rdf:object <stoa:entity/ada%20byron> ;
      prov:wasGeneratedBy/dcterms:isPartOf/dcterms:title ?t } ORDER BY ?t"""
    before = await rows(company.alex, count)
    assert await rows(company.hana, graded) == [["Nine Plus"]]
    assert await rows(company.alex, graded) == []
    assert (await rows(company.hana, said), await rows(company.alex, said)) == ([["People"], ["Salaries"]], [["People"]])
    shared = await company.hana.put(f"/api/documents/{secret['id']}/rights", json={"allow": ["team:company"]})
    assert shared.status_code == 202
    await company.work()
    assert await rows(company.alex, graded) == [["Nine Plus"]]
    assert (await company.hana.delete(f"/api/documents/{secret['id']}")).status_code == 202
    await company.work()
    assert (await rows(company.hana, graded), await rows(company.alex, count)) == ([], before)
    assert await rows(company.other, count) == [["0"]]


async def test_the_protocol_takes_queries_by_address_body_and_form(company: Company) -> None:
    await company.upload(DOCUMENTS)
    query = "ASK { ?s ?p <stoa:kind/medicine> }"
    for answer in (
        await company.alex.get(SPARQL, params={"query": query}),
        await company.alex.post(SPARQL, content=query, headers={"content-type": "application/sparql-query; charset=utf-8"}),
        await company.alex.post(SPARQL, data={"query": query}),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.json()["boolean"] is True
        assert answer.headers["content-type"] == "application/sparql-results+json"
        assert answer.headers["cache-control"] == "private, no-store"


ACCEPTED = (
    ("application/sparql-results+xml", "SELECT", "application/sparql-results+xml"),
    ("text/html, text/csv;q=0.2, text/tab-separated-values;q=0.9", "SELECT", "text/tab-separated-values"),
    ("*/*", "SELECT", "application/sparql-results+json"),
    ("*/*", "CONSTRUCT", "text/turtle"),
    ("application/n-triples, text/csv", "CONSTRUCT", "application/n-triples"),
    ("text/turtle, text/csv", "SELECT", "text/csv"),
)


async def test_answers_come_in_the_form_that_is_asked_for(company: Company) -> None:
    await company.upload(DOCUMENTS)
    queries = {"SELECT": "SELECT ?l { ?s rdfs:label ?l }", "CONSTRUCT": "CONSTRUCT WHERE { ?s rdfs:label ?l }"}
    for accept, form, kind in ACCEPTED:
        answer = await company.alex.get(SPARQL, params={"query": queries[form]}, headers={"accept": accept})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].partition(";")[0] == kind
        assert b"Insuvara" in answer.content


REFUSED: tuple[tuple[dict[str, str], str], ...] = (
    ({"update": "CLEAR ALL"}, "update"),
    ({"query": "ASK {}", "default-graph-uri": "stoa:view"}, "default-graph-uri"),
    ({"query": "ASK {}", "using-graph-uri": "stoa:view"}, "using-graph-uri"),
    ({"query": ""}, "query"),
    ({}, "query"),
    ({"query": "DROP ALL"}, "query"),
    ({"query": "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"}, "query"),
    ({"query": "SELECT ?s { ?s }"}, "query"),
)


async def test_what_is_no_query_is_refused_with_its_name(company: Company) -> None:
    for parameters, named in REFUSED:
        for answer in (await company.alex.get(SPARQL, params=parameters), await company.alex.post(SPARQL, data=parameters)):
            assert answer.status_code == 400, answer.text
            assert answer.json()["error"]["param"] in (named, "content-type")


async def test_a_query_that_is_too_large_or_asks_for_too_much_is_refused_whole(company: Company) -> None:
    await company.upload(DOCUMENTS)
    for query, status in (
        ("SELECT * { ?s ?p ?o } #" + "x" * 70_000, 400),
        ("SELECT (" + "(" * 20_000 + "1" + ")" * 20_000 + " AS ?n) {}", 413),
        ("SELECT * { ?a ?b ?c . ?d ?e ?f }", 413),
    ):
        answer = await company.alex.post(SPARQL, data={"query": query})
        assert (answer.status_code, len(answer.content) < 1000) == (status, True), answer.text
    assert (await company.alex.get(SPARQL, params={"query": "ASK { ?s ?p ?o }"})).json()["boolean"] is True


async def test_forms_and_kinds_that_do_not_fit_are_refused(company: Company) -> None:
    refused = await company.alex.get(SPARQL, params={"query": "ASK {}"}, headers={"accept": "image/png"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "accept")
    refused = await company.alex.get(SPARQL, params={"query": "SELECT * {}"}, headers={"accept": "text/turtle"})
    assert "SELECT answers with a table" in refused.json()["error"]["message"]
    refused = await company.alex.post(SPARQL, content="ASK {}", headers={"content-type": "application/sparql-update"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "content-type")
    assert (await company.alex.get("/api/collections/none/sparql", params={"query": "ASK {}"})).status_code == 404


async def test_entities_are_found_and_shown_with_what_is_said_of_them(company: Company) -> None:
    await company.upload(DOCUMENTS)
    await company.upload(SECRET, groups="hr")
    base = "/api/collections/handbook"
    counts = [(await each.get(f"{base}/graph")).json()["documents"] for each in (company.hana, company.alex, company.other)]
    assert counts == [3, 2, 0]
    found = (await company.alex.get(f"{base}/entities", params={"search": "ByRoN"})).json()["data"]
    assert [(each["label"], each["passages"]) for each in found] == [("Ada Byron", 1)]
    assert (await company.hana.get(f"{base}/entities", params={"search": "byron"})).json()["data"][0]["passages"] == 2
    assert (await company.alex.get(f"{base}/entities")).json()["data"]
    assert (await company.alex.get(f"{base}/entities", params={"search": '") } ; DROP ALL #\\'})).json()["data"] == []
    ada = (await company.alex.get(f"{base}/entity", params={"entity": "Ada Byron"})).json()
    ((fact,),) = [[each for each in ada["facts"] if each["inverse"]]]
    assert (fact["property"]["label"], fact["node"]["label"], fact["said"][0]["title"]) == ("head", "Analytics", "People")
    assert fact["said"][0]["start"] is not None
    assert (ada["passages"][0]["title"], ada["more"]) == ("People", False)
    assert "Analytics" in [each["label"] for each in ada["near"]]
    assert len((await company.hana.get(f"{base}/entity", params={"entity": ada["iri"]})).json()["facts"][0]["said"]) >= 1
    hidden = quote("nine plus")
    assert (await company.hana.get(f"{base}/entity?entity={hidden}")).status_code == 200
    assert (await company.alex.get(f"{base}/entity?entity={hidden}")).status_code == 404


async def test_a_collection_from_before_has_its_graph_with_a_new_index_which_a_switch_brings_and_takes_along(
    company: Company,
) -> None:
    await company.upload(DOCUMENTS)
    query = 'SELECT ?l { <stoa:entity/analytics> ?p ?x . ?p rdfs:label "head" . ?x rdfs:label ?l }'
    await asyncio.to_thread(shutil.rmtree, company.running.parts.settings.home_folder.triples)
    assert await rows(company.alex, query) == []
    assert (await company.hana.post("/api/collections/handbook/indexes")).status_code == 202
    await company.look_after_indexes()
    versions = (await company.hana.get("/api/collections/handbook/indexes")).json()["data"]
    assert {each["version"]: each["state"] for each in versions}[2] == "serving"
    assert await rows(company.alex, query) == [["Ada Byron"]]
