"""Queries that run away, swell or crash cost their own process, and views come through being killed."""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from tests.contracts.said import A, said
from tests.contracts.test_knowledge_graph import MEMORY, Folder, put, rows

from stoa.adapters.triples.confined import without_sockets
from stoa.adapters.triples.ledger import Ledger
from stoa.adapters.triples.views import Views
from stoa.domain.triples import Limits
from stoa.errors import NotReady, Overtime, TooLarge

pytestmark = pytest.mark.slow

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
PRODUCT = "{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n ?o }"


@pytest.fixture
async def graph() -> AsyncIterator[Folder]:
    with tempfile.TemporaryDirectory(prefix="stoa-graph-", dir=MEMORY) as folder:
        made = Folder(Path(folder))
        await put(made, *(said(f"d{n}", (f"e{n}", "is", f"e{n + 1}"), ("x", "is", "y")) for n in range(60)))
        assert await rows(made, COUNT) != [("0",)]
        yield made
        await made.close()


async def ask(graph: Folder, text: str, **limits: float) -> bytes:
    wanted = Limits(**({"seconds": 20} | limits))  # type: ignore[arg-type]
    return (await graph.query("c", text, acl=A, forms=("json", "n-triples"), limits=wanted)).body


async def test_a_query_that_runs_away_is_stopped_and_others_go_on(graph: Folder) -> None:
    runaway = asyncio.create_task(ask(graph, f"SELECT (COUNT(*) AS ?x) {PRODUCT}", seconds=1.0))
    await asyncio.sleep(0.1)
    assert await rows(graph, COUNT) != [("0",)]
    with pytest.raises(Overtime, match="longer than 1 s"):
        await runaway
    with pytest.raises(Overtime):
        await ask(
            graph,
            "SELECT ?x { <stoa:entity/e0> (<stoa:property/is>|!<stoa:x>|^!<stoa:y>)* ?x . ?q (!<a:b>)* ?w . ?e (!<a:b>)* ?r }",
            seconds=0.5,
        )
    await nobody_is_left()


async def test_a_query_that_swells_or_nests_ends_alone(graph: Folder) -> None:
    swelling = "SELECT * " + PRODUCT.replace(" . ?m ?n ?o", "") + " ORDER BY ?c ?f ?i ?l"
    with pytest.raises(TooLarge, match="memory"):
        await ask(graph, swelling, memory_bytes=64_000_000)
    doubled = " ".join(f"BIND(CONCAT({', '.join([f'?v{n}'] * 8)}) AS ?v{n + 1})" for n in range(12))
    with pytest.raises(TooLarge):
        await ask(graph, f'SELECT ?v12 {{ BIND("aaaaaaaaaa" AS ?v0) {doubled} }}', memory_bytes=64_000_000)
    for nested in ("{" * 20_000 + "}" * 20_000, "{ ?s ?p ?o FILTER(" + "(" * 20_000 + "1" + ")" * 20_000 + ") }"):
        with pytest.raises(TooLarge, match="nested"):
            await ask(graph, f"SELECT * {nested}")
    with pytest.raises(TooLarge, match="bytes"):
        await ask(graph, f"SELECT * {PRODUCT} LIMIT 400000", answer_bytes=100_000)
    assert await rows(graph, COUNT) != [("0",)]


EXHAUSTING = {
    "a product": f"SELECT (COUNT(*) AS ?x) {PRODUCT}",
    "a product, sorted": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?a ?l",
    "a product in one string": "SELECT (GROUP_CONCAT(?x) AS ?n) { ?a ?b ?x . ?c ?d ?e . ?f ?g ?h }",
    "a product in an answer": "CONSTRUCT { ?a ?b ?f } { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "paths within paths": "SELECT * { ?a " + "(" * 300 + "!<x:p>" + ")*" * 300 + " ?b . ?b (!<x:y>)* ?c }",
    "paths too deep": "SELECT * { ?a " + "(" * 20_000 + "<x:p>" + ")*" * 20_000 + " ?b }",
    "a long path": "SELECT * { ?a " + "/".join(["(!<x:y>|^!<x:y>)"] * 40) + " ?b }",
    "repetitions of repetitions": 'SELECT * { ?s ?p ?o FILTER(REGEX("aaaa", "((a{1,1000}){1,1000}){1,1000}")) }',
    "patterns from the graph": (
        'SELECT (COUNT(*) AS ?x) { ?s ?p ?o . ?x ?y ?z . ?q ?r ?t FILTER(REGEX(STR(?s), CONCAT("(", STR(?o), "+)+$"))) }'
    ),
    "replacements of replacements": "SELECT (STRLEN(" + "REPLACE(" * 6 + "'x'" + f", 'x', '{'x' * 100}')" * 6 + ") AS ?n) {}",
    "negations of negations": (
        "ASK { ?a ?b ?c FILTER NOT EXISTS { ?d ?e ?f FILTER NOT EXISTS { ?g ?h ?i . ?j ?k ?l FILTER(?j = ?zz) } } }"
    ),
    "many values": f"SELECT * {{ VALUES ?a {{{' 1' * 15_000}}} VALUES ?b {{{' 2' * 15_000}}} }}",
}


@pytest.mark.parametrize("kind", EXHAUSTING)
async def test_whatever_never_ends_or_grows_ends_alone(graph: Folder, kind: str) -> None:
    with pytest.raises((Overtime, TooLarge)):
        await ask(graph, EXHAUSTING[kind], seconds=0.5, memory_bytes=128_000_000, answer_bytes=1_000_000)
    assert await rows(graph, COUNT) != [("0",)]
    await nobody_is_left()


async def test_no_expression_takes_longer_than_its_text_is_long(graph: Folder) -> None:
    evil = f'SELECT (COUNT(*) AS ?n) {{ ?s ?p ?o FILTER(!REGEX("{"a" * 20_000}!", "^(a+)+$")) }}'
    assert await rows(graph, evil) == await rows(graph, COUNT)


async def test_one_who_hangs_up_leaves_no_query_behind(graph: Folder) -> None:
    for _ in range(6):  # more than may be under way at once
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await ask(graph, f"SELECT (COUNT(*) AS ?x) {PRODUCT}", seconds=20)
    assert await rows(graph, COUNT) != [("0",)]
    await nobody_is_left()


async def test_the_process_is_started_again_when_it_is_killed(graph: Folder) -> None:
    process = process_of_queries()
    process.kill()
    process.wait()
    assert await rows(graph, COUNT) != [("0",)]


async def test_a_view_that_is_not_ready_in_time_says_so(graph: Folder) -> None:
    await put(graph, said("new", ("a", "is", "b")))
    hasty = Folder(graph.root, patience_s=0.0)
    with pytest.raises(NotReady, match="61 documents") as told:
        await ask(hasty, COUNT)
    assert told.value.retry_after_s > 0
    await hasty.close()
    assert await rows(graph, "SELECT ?x { <stoa:entity/a> ?p ?x FILTER(ISIRI(?x)) }") == [("b",)]


def test_no_connection_can_be_opened_once_sockets_are_taken_away() -> None:
    if (child := os.fork()) == 0:
        import socket

        taken = without_sockets()
        try:
            socket.socket()
            os._exit(1 if taken else 2)
        except PermissionError:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == (0 if sys.platform == "linux" else 2)


def test_a_view_and_its_ledger_come_through_being_killed_at_any_moment() -> None:
    """A process writes documents and follows them; whatever it was at when it died, nothing is lost, doubled or left over."""
    with tempfile.TemporaryDirectory(prefix="stoa-graph-", dir=MEMORY) as name:
        folder = Path(name)
        for number in range(6):
            if (child := os.fork()) == 0:
                write_and_follow(folder, first=number * 1000)
            time.sleep(0.25 + 0.07 * number)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            agree(folder)


def write_and_follow(folder: Path, *, first: int) -> None:
    ledger = Ledger(folder)
    for number in range(first, first + 1000):
        names = [f"d{number % 7}", f"d{number % 5}"]
        ledger.replace(names, [said(names[0], ("x", "is", f"e{number % 3}"), ("y", "is", "z"))])
        Views(folder, near=number % 3).forward(ledger.kind_of(A), keep=4)  # made over, or followed


def agree(folder: Path) -> None:
    """The view, brought forward, holds the triples of the ledger."""
    import pyoxigraph as ox

    ledger, views = Ledger(folder), Views(folder)
    kind = ledger.kind_of(A)
    if not kind.opening:
        return
    views.forward(kind, keep=4)
    newest = views.newest(kind)
    assert newest is not None
    assert newest[0] == ledger.latest()
    store = ox.Store.read_only(str(newest[1]))
    held = {str(quad.triple) for quad in store if quad.graph_name == ox.DefaultGraph()}
    lines = b"".join(ledger.whole(kind))
    assert held == {str(quad.triple) for quad in ox.parse(lines, ox.RdfFormat.N_TRIPLES)}


def process_of_queries() -> psutil.Process:
    (process,) = [each for each in psutil.Process().children() if "stoa.adapters.triples.child" in each.cmdline()]
    return process


async def nobody_is_left() -> None:
    """All forks have ended, some soon."""
    process = process_of_queries()
    for _ in range(100):
        if not process.children():
            return
        await asyncio.sleep(0.1)
    pytest.fail("a query is still at work")
