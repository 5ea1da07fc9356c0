"""What every knowledge graph does, in memory and in folders with a process for each query."""

import csv
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from tests.contracts.said import HR, NOBODY, A, said

from stoa.adapters.triples.checks import MOST, check
from stoa.adapters.triples.endpoint import EndpointQueries, make_client
from stoa.adapters.triples.folder import FolderLedgers, FolderQueries
from stoa.adapters.triples.memory import MemoryKnowledge
from stoa.domain.identity import Rights
from stoa.domain.triples import GRAPH_FORMS, TABLE_FORMS, AnswerForm, GraphQueries, KnowledgeGraph, Limits, Value
from stoa.errors import InvalidRequest, TooLarge
from stoa.knowledge.stating.vocabulary import PREFIXES

BOTH = A | HR
ALL = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


class Graph(KnowledgeGraph, GraphQueries, Protocol):
    """Both sides of a graph."""


class Folder(FolderQueries):
    """Both sides of the embedded graph, which live in two processes else."""

    def __init__(self, root: Path, *, patience_s: float = 30) -> None:
        super().__init__(root, prefixes=PREFIXES, patience_s=patience_s)
        self.root, ledgers = root, FolderLedgers(root)
        self.replace, self.grant, self.drop = ledgers.replace, ledgers.grant, ledgers.drop


class Remote(EndpointQueries):
    """Both sides of a graph at an endpoint."""

    def __init__(self, root: Path, client: httpx.AsyncClient, url: str) -> None:
        super().__init__(root, client, query_url=url, update_url=url, prefixes=PREFIXES, patience_s=30)
        ledgers = FolderLedgers(root)
        self.replace, self.grant, self.drop = ledgers.replace, ledgers.grant, ledgers.drop


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The URL of a server in another process."""
    command = [sys.executable, "-m", "tests.upstreams.sparql", "ada", "secret"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}/sparql"
        server.terminate()


@asynccontextmanager
async def opened(kind: str, request: pytest.FixtureRequest) -> AsyncGenerator[Any]:  # Any: each is a graph by both sides
    """A graph of a kind, in a folder of memory where there is one: what is tested is not the disk."""
    with tempfile.TemporaryDirectory(prefix="stoa-graph-", dir=MEMORY) as folder:
        if kind == "memory":
            yield MemoryKnowledge(prefixes=PREFIXES)
        elif kind == "folder":
            local = Folder(Path(folder))
            yield local
            await local.close()
        else:
            async with make_client(user="ada", password="secret", token=None) as client:
                remote = Remote(Path(folder), client, request.getfixturevalue("endpoint"))
                yield remote
                await remote.close()


KINDS = ["memory", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("folder", "endpoint"))]


@pytest.fixture(params=KINDS)
async def graph(request: pytest.FixtureRequest) -> AsyncIterator[Graph]:
    async with opened(request.param, request) as made:
        yield made


async def asked(
    graph: GraphQueries, text: str, *, acl: frozenset[str] = A, form: AnswerForm = "json", limits: Limits | None = None
) -> bytes:
    return (await graph.query("c", text, acl=acl, forms=(form,), limits=limits or Limits(seconds=30))).body


async def rows(graph: GraphQueries, text: str, *, acl: frozenset[str] = A) -> list[tuple[str, ...]]:
    """The rows of a SELECT, sorted, IRIs without what comes before their last part."""
    table = csv.reader(io.StringIO((await asked(graph, text, acl=acl, form="csv")).decode()))
    return sorted(tuple(cell.rpartition("/")[2] for cell in row) for row in list(table)[1:])


async def put(graph: KnowledgeGraph, *documents: Any) -> None:
    await graph.replace("c", [one.id for one in documents], documents)


async def test_what_documents_say_is_found_as_one_graph(graph: Graph) -> None:
    await put(graph, said("d1", ("ada", "works for", "acme")), said("d2", ("acme", "lies in", "troy")))
    found = await rows(graph, "SELECT ?p { ?p <stoa:property/works%20for>/<stoa:property/lies%20in> <stoa:entity/troy> }")
    assert found == [("ada",)]
    assert await rows(graph, "SELECT ?t { ?d dcterms:title ?t }") == [("d1",), ("d2",)]
    assert (await graph.counts("c", acl=A)).documents == 2


async def test_what_two_documents_say_is_there_once_and_stays_until_neither_says_it(graph: Graph) -> None:
    one, other = said("d1", ("ada", "works for", "acme")), said("d2", ("ada", "works for", "acme"), acl=HR)
    count = "SELECT (COUNT(*) AS ?n) { ?s <stoa:property/works%20for> ?o }"
    await put(graph, one, other)
    assert await rows(graph, count, acl=BOTH) == [("1",)]
    documents = "SELECT ?d { ?f rdf:subject <stoa:entity/ada> ; prov:wasGeneratedBy/dcterms:isPartOf ?d }"
    assert await rows(graph, documents, acl=BOTH) == [("d1",), ("d2",)]
    await graph.replace("c", ["d1"], [])
    assert await rows(graph, count, acl=BOTH) == [("1",)]
    assert await rows(graph, count, acl=A) == [("0",)]
    await graph.replace("c", ["d2"], [])
    assert await rows(graph, ALL, acl=BOTH) == [("0",)]


async def test_a_document_that_says_something_else_takes_back_what_it_said(graph: Graph) -> None:
    await put(graph, said("d1", ("ada", "works for", "acme")), said("d2", ("ben", "works for", "acme")))
    before = await rows(graph, ALL)
    await put(graph, said("d1", ("ada", "works for", "globex")))
    assert await rows(graph, "SELECT ?s ?o { ?s <stoa:property/works%20for> ?o }") == [("ada", "globex"), ("ben", "acme")]
    assert await rows(graph, ALL) == before
    await put(graph, said("d1", ("ada", "works for", "globex")))
    assert await rows(graph, ALL) == before


async def test_rights_that_change_hold_for_the_next_query(graph: Graph) -> None:
    await put(graph, said("d1", ("ada", "earns", Value("much"))), said("d2", ("ben", "earns", Value("less"))))
    names = "SELECT ?s { ?s <stoa:property/earns> ?o }"
    assert await rows(graph, names) == [("ada",), ("ben",)]
    await graph.grant("c", {"d1": Rights(HR), "unknown": Rights(A)})
    assert (await rows(graph, names), await rows(graph, names, acl=HR)) == ([("ben",)], [("ada",)])
    await graph.grant("c", {"d1": Rights(A, HR)})
    assert (await rows(graph, names), await rows(graph, names, acl=BOTH)) == ([("ada",), ("ben",)], [("ben",)])


async def test_nobody_and_nothing_is_an_empty_graph(graph: Graph) -> None:
    assert await rows(graph, ALL) == [("0",)]
    await put(graph, said("d1", ("ada", "works for", "acme")))
    assert await rows(graph, ALL, acl=NOBODY) == await rows(graph, ALL, acl=frozenset({"team:b"})) == [("0",)]
    assert (await graph.counts("c", acl=NOBODY)).triples == 0
    assert json.loads(await asked(graph, "ASK { GRAPH ?g { ?s ?p ?o } }"))["boolean"] is False


async def test_a_graph_can_be_taken_away_whole(graph: Graph) -> None:
    await put(graph, said("d1", ("ada", "is", "open")), said("d2", ("ben", "is", "hidden"), acl=HR))
    lines = set(b"".join(graph.lines("c", acl=A)).splitlines())
    assert lines == set((await asked(graph, "CONSTRUCT WHERE { ?s ?p ?o }", form="n-triples")).splitlines())
    await graph.drop("c")
    assert (list(graph.lines("c", acl=A)), await rows(graph, ALL)) == ([], [("0",)])


async def test_texts_of_documents_stay_texts(graph: Graph) -> None:
    """Whatever a document holds, it neither ends the string it is quoted in nor gets lost."""
    texts = [
        '" . } ; DROP ALL ; #',
        "\\u0022 . } ; DROP ALL ; #",
        "'''\"\"\"",
        "a\\",
        "\\\\U00000022",
        "line\nand\ttab",
        "é 😀",
    ]
    await put(graph, said("first", ("ada", "said", Value("hello"))))
    assert await rows(graph, ALL) != [("0",)]
    await put(graph, said("d1", *(("ben", "said", Value(text)) for text in texts)))
    found = json.loads(await asked(graph, "SELECT ?o { ?s <stoa:property/said> ?o }"))
    assert sorted(each["o"]["value"] for each in found["results"]["bindings"]) == sorted([*texts, "hello"])


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <a:b> <a:c> <a:d> }",
        "PREFIX x: <x:> DELETE WHERE { ?s ?p ?o }",
        "LOAD <http://127.0.0.1:9/x>",
        "CLEAR ALL",
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { ?s ?p 1.e0SERVICE SILENT <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?o FILTER(?o<'x>') SERVICE <http://127.0.0.1:9/> { ?a ?b ?c } FILTER(?o<'') }",
        "SELECT * { ?s ?p ?o FILTER(?o<1#>'''\n) SERVICE <http://127.0.0.1:9/> { ?a ?b ?c } #'''\n }",
        "SELECT * { ?s ?p '''a' '' ''' \u017fervice <http://127.0.0.1:9/> { ?a ?b ?c } }",
        r"SELECT * { \u0053ERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * FROM <stoa:view> { ?s ?p ?o }",
        "SELECT * FROM NAMED <stoa:views> { GRAPH ?g { ?s ?p ?o } }",
        "SELECT * { ?s ?p }",
        "SELECT * { nowhere:x ?p ?o }",
        "",
    ],
)
async def test_what_is_no_query_over_this_graph_alone_is_refused(graph: Graph, text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await asked(graph, text)
    assert refused.value.param == "query"


@pytest.mark.parametrize("piece", ['"\\', "'\\", "'''\\", '"""\\', '"\n', "<'", "\\'"])
def test_reading_a_query_takes_no_longer_for_what_is_meant_to_be_long(piece: str) -> None:
    """It is read where all of control waits: quotes that nothing closes once took a quarter of a minute."""
    began = time.process_time()
    with suppress(InvalidRequest):
        check((piece * MOST)[:MOST])
    assert time.process_time() - began < 3
    with pytest.raises(InvalidRequest, match="65,537 characters"):
        check(" " * (MOST + 1))


async def test_graphs_of_other_callers_are_neither_listed_nor_named(graph: Graph, request: pytest.FixtureRequest) -> None:
    await put(graph, said("d1", ("ada", "is", "open")), said("d2", ("ben", "earns", "much"), acl=HR))
    assert await rows(graph, "SELECT ?s { ?s <stoa:property/earns> ?o }", acl=BOTH) == [("ben",)]  # so there is one of theirs
    names = ["stoa:view", "stoa:views", "stoa:document/d2"]
    if isinstance(graph, Remote):
        async with make_client(user="ada", password="secret", token=None) as client:
            query = {"query": "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }"}
            answer = await client.post(request.getfixturevalue("endpoint"), data=query)
        found = [each["g"]["value"] for each in answer.json()["results"]["bindings"]]
        assert found
        names += found
    for text in (
        "SELECT ?g { GRAPH ?g {} }",
        "SELECT ?g { GRAPH ?g { ?s ?p ?o } }",
        "SELECT ?g { ?s ?p ?o GRAPH ?g { ?a ?b ?c } }",
    ):
        assert await rows(graph, text) == []
    for name in names:
        assert await rows(graph, f"SELECT ?s {{ GRAPH <{name}> {{ ?s ?p ?o }} }}") == []
        assert await rows(graph, f"SELECT ?p {{ <{name}> ?p ?o }}") == []


async def test_a_mistake_is_named_by_line_and_column(graph: Graph) -> None:
    with pytest.raises(InvalidRequest, match=r"line 2, column 9|2:9"):
        await asked(graph, "SELECT * {\n ?s ?p }")
    with pytest.raises(InvalidRequest, match="line 2, column 3"):
        await asked(graph, "SELECT * {\n  SERVICE <x:y> {} }")


async def test_words_that_are_refused_as_keywords_may_stand_in_texts_and_names(graph: Graph) -> None:
    await put(graph, said("d1", ("service", "insert", Value("load from SERVICE"))))
    text = """
        PREFIX from: <stoa:property/> # SERVICE
        SELECT ?delete { ?service <stoa:property/insert> ?delete
          FILTER(CONTAINS(?delete, "SERVICE") && ?service = <stoa:entity/service>) }
    """
    assert await rows(graph, text) == [("load from SERVICE",)]


@pytest.mark.parametrize("form", TABLE_FORMS)
async def test_tables_come_in_every_form(graph: Graph, form: AnswerForm) -> None:
    await put(graph, said("d1", ("ada", "works for", "acme")))
    body = await asked(graph, "SELECT ?o { <stoa:entity/ada> ?p ?o }", form=form)
    assert b"stoa:entity/acme" in body


@pytest.mark.parametrize("form", GRAPH_FORMS)
async def test_graphs_come_in_every_form(graph: Graph, form: AnswerForm) -> None:
    await put(graph, said("d1", ("ada", "works for", "acme")), said("d2", ("ada", "works for", "globex"), acl=HR))
    for text in ("DESCRIBE <stoa:entity/ada>", "CONSTRUCT { ?s ?p ?o } WHERE { BIND(<stoa:entity/ada> AS ?s) ?s ?p ?o }"):
        body = await asked(graph, text, form=form)
        assert b"stoa:entity/acme" in body or b"stoa:entity/acme" in body.replace(b"<", b"")
        assert b"globex" not in body
    with pytest.raises(InvalidRequest, match="SELECT answers with a table"):
        await asked(graph, ALL, form=form)
    assert json.loads(await asked(graph, "ASK { ?s ?p <stoa:entity/acme> }"))["boolean"] is True


async def test_an_answer_over_its_limits_is_refused_and_not_cut(graph: Graph) -> None:
    await put(graph, *(said(f"d{n}", (f"e{n}", "is", Value("x" * 100))) for n in range(20)))
    every = "SELECT ?s ?o { ?s <stoa:property/is> ?o }"
    with pytest.raises(TooLarge, match="20 rows; the limit is 10"):
        await asked(graph, every, limits=Limits(rows=10))
    with pytest.raises(TooLarge, match="more than 1,000 bytes"):
        await asked(graph, every, limits=Limits(answer_bytes=1000))
    assert len(await rows(graph, f"{every} LIMIT 10")) == 10
