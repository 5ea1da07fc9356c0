"""The knowledge graph: triples a second in, what a view takes to be made and brought forward, and queries under rights.

`python bench/triples.py --triples 100000 --triples 1000000`. Documents are made by chance, of a fixed seed: passages with
headings, names out of a few thousand of which some are common, and relations. One in five is for a group of its own, out of
twenty. Everything goes through what Stoa itself runs.
"""

import argparse
import asyncio
import contextlib
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path

import psutil

from report import Row, report
from stoa.adapters.triples import keeping
from stoa.adapters.triples.folder import FolderLedgers, FolderQueries
from stoa.adapters.triples.ledger import Ledger
from stoa.adapters.triples.making import make
from stoa.adapters.triples.views import Views
from stoa.domain.identity import Rights
from stoa.domain.triples import DocumentTriples, Limits
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.knowledge.stating.triples import triples_of
from stoa.knowledge.stating.vocabulary import PREFIXES

GROUPS = 20
AT_ONCE = 16
EVERYBODY = frozenset({"team:company"})
SOME, OTHERS = (EVERYBODY | {f"group:g{n}" for n in range(first, first + GROUPS // 2)} for first in (0, 3))

QUERIES = {
    "an entity's facts": 'SELECT ?p ?o { ?s rdfs:label "Unit 7" ; ?p ?o }',
    "two hops": "SELECT DISTINCT ?b { <stoa:entity/unit%207> !rdf:type/!rdf:type ?b } LIMIT 100",
    "who says it": """SELECT ?t { ?f rdf:subject <stoa:entity/unit%207> ;
      prov:wasDerivedFrom/dcterms:isPartOf/dcterms:title ?t }""",
    "named together": """SELECT ?e (COUNT(?p) AS ?n) { ?p schema:mentions <stoa:entity/unit%207>, ?e }
      GROUP BY ?e ORDER BY DESC(?n) LIMIT 10""",
    "names that hold a word": 'SELECT DISTINCT ?e { ?e rdfs:label ?l FILTER(CONTAINS(LCASE(?l), "unit 77")) } LIMIT 20',
    "count all": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
}


def documents(triples: int) -> Iterator[list[DocumentTriples]]:
    """Some documents at a time, until there are so many triples."""
    chance, made, number = random.Random(7), 0, 0
    while made < triples:
        rows: list[IndexedChunk] = []
        for _ in range(AT_ONCE):
            group = f"group:g{chance.randrange(GROUPS)}" if chance.random() < 0.2 else "team:company"
            rows += [IndexedChunk(chunk(number, part, chance), (), frozenset({group})) for part in range(5)]
            number += 1
        some = triples_of(rows)
        made += sum(len(each.triples) for each in some)
        yield some


def chunk(document: int, part: int, chance: random.Random) -> Chunk:
    def name() -> str:
        return f"Unit {min(int(chance.paretovariate(0.6)), 4000)}"

    text = (
        f"{name()} is a machine of {name()}. It was seen beside {name()}, {name()} and {name()}.\n"
        f"Owner: {name()}\nWeight: {chance.randrange(1000)}\n"
    )
    return Chunk(
        id=f"doc{document}.{part}", document_id=f"doc{document}", title=f"Report {document}", path=f"r/{document}.md",
        heading=(f"Part {part}", name()), page=None, start=part * 400, end=part * 400 + 400, context="", text=text,
    )  # fmt: skip


async def measured(triples: int) -> list[Row]:
    root = Path(tempfile.mkdtemp(prefix="stoa-bench-"))
    try:
        return await _measured(root, triples)
    finally:
        shutil.rmtree(root)


async def _measured(root: Path, triples: int) -> list[Row]:
    ledgers, queries = FolderLedgers(root), FolderQueries(root, prefixes=PREFIXES, patience_s=600)
    count, extracting, writing = 0, 0.0, 0.0
    made = documents(triples)
    last: list[DocumentTriples] = []
    while True:
        began = time.perf_counter()
        some = next(made, None)
        extracting += time.perf_counter() - began
        if some is None:
            break
        began = time.perf_counter()
        await ledgers.replace("c", [each.id for each in some], some)
        writing += time.perf_counter() - began
        count, last = count + sum(len(each.triples) for each in some), some

    async def ask(text: str, acl: frozenset[str]) -> None:
        await queries.query("c", text, acl=acl, forms=("json",), limits=Limits(seconds=60))

    ledger, views = Ledger(root / "c"), Views(root / "c")
    rows: list[Row] = [
        {"what": "triples out of passages", "per_s": round(count / extracting)},
        {"what": "triples into the ledger", "per_s": round(count / writing)},
    ]

    def row(what: str, spent: tuple[float, float]) -> None:
        rows.append({"what": what, "ms": round(spent[0] * 1000), "cpu_ms": round(spent[1] * 1000)})

    # In this process, for its time on processors.
    some, others = ledger.kind_of(SOME), ledger.kind_of(OTHERS)
    row(
        f"a view of {ledger.size(some).triples:,} triples, from nothing", worked(lambda: make(root / "alone", ledger, some, []))
    )
    for ground in (due := keeping.due(root / "c", now=time.time(), worth=50_000)):
        row(
            f"a view kept ready, {ledger.size(ground).triples:,} triples",
            worked(lambda kind=ground: views.forward(kind, keep=32)),
        )
    own = ledger.size(others).triples - max((ledger.size(ground).triples for ground in due), default=0)
    row(f"a view over another one, {own:,} triples of its own", worked(lambda: views.forward(others, keep=32)))
    first = await timed(lambda: ask("ASK { ?s ?p ?o }", SOME))
    forward: list[float] = []
    for n in range(5):
        await ledgers.grant("c", {last[n].id: Rights(frozenset({"group:g0"}))})
        forward.append(await timed(lambda: ask("ASK { ?s ?p ?o }", SOME)))
    await queries.close()
    queries = FolderQueries(root, prefixes=PREFIXES, patience_s=600)
    started = await timed(lambda: ask("ASK { ?s ?p ?o }", SOME))
    told = {
        name: statistics.median([await timed(lambda text=text: ask(text, SOME)) for _ in range(7)])
        for name, text in QUERIES.items()
    }
    began = time.perf_counter()
    await asyncio.gather(*(ask(QUERIES["an entity's facts"], SOME) for _ in range(40)))
    rate = 40 / (time.perf_counter() - began)
    memory = {"the process of queries": resident(children())}
    asked = asyncio.create_task(ask(QUERIES["count all"], SOME))
    while not asked.done():
        memory["a query: count all"] = max(memory.get("a query: count all", 0), resident(children()[0].children()))
        await asyncio.sleep(0.002)
    await asked
    await queries.close()
    sizes = {
        "ledger": (root / "c" / "triples.sqlite").stat().st_size,
        "a view": sum(path.stat().st_size for path in (root / "c" / "views" / some.name / "store").iterdir()),
        "all views together": on_disk(root / "c" / "views"),
    }
    rows += [
        {"what": "first query of callers of other rights than anybody before", "ms": round(first * 1000)},
        {"what": "first query after a start", "ms": round(started * 1000)},
        {"what": "query after a change of rights", "ms": round(statistics.median(forward) * 1000)},
        *({"what": f"query: {name}", "ms": round(each * 1000, 1)} for name, each in told.items()),
        {"what": "queries at once, for an entity's facts", "per_s": round(rate, 1)},
        *({"what": f"memory of its own, {name}", "mb": round(size / 1e6, 1)} for name, size in memory.items()),
        *({"what": f"disk, {name}", "mb": round(size / 1e6, 1)} for name, size in sizes.items()),
    ]
    open_documents, _ = ledger.size(some)
    return [{"triples": count, "documents open": open_documents, **row} for row in rows]


async def timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def worked(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and on processors."""
    began, spent = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - spent


def children() -> list[psutil.Process]:
    return psutil.Process().children()


def resident(processes: Iterable[psutil.Process]) -> int:
    """Bytes of memory that processes share with no other."""
    with contextlib.suppress(psutil.Error):  # ended meanwhile
        return sum(each.memory_full_info().uss for each in processes)
    return 0


def on_disk(folder: Path) -> int:
    """Bytes of the files below, those of several names once."""
    return sum({each.stat().st_ino: each.stat().st_size for each in folder.rglob("*") if each.is_file()}.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, action="append", help="how many; several are measured one after the other")
    wanted = parser.parse_args().triples or [100_000, 1_000_000]
    rows = [row for each in wanted for row in asyncio.run(measured(each))]
    notes = [
        f"a caller who may read what is for everybody and for {GROUPS // 2} of {GROUPS} groups; medians",
        "a view over another one: as for other callers, of 7 groups in common and 3 others",
        "a query goes through everything but HTTP: rights, a process of its own, its answer as JSON",
    ]
    report("triples", rows, notes=notes)


if __name__ == "__main__":
    main()
