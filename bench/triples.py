"""The knowledge graph: triples a second in, a view from nothing and one step forward, and queries under rights.

`python bench/triples.py --triples 100000 --triples 1000000`. Documents are made by chance, of a fixed seed: passages with
headings, names out of a few thousand of which some are common, and relations. One in five is for a group of its own, out of
twenty. Everything goes through what Stoa itself runs.
"""

import argparse
import asyncio
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from report import Row, report
from stoa.adapters.triples.folder import FolderLedgers, FolderQueries
from stoa.adapters.triples.ledger import Ledger
from stoa.domain.identity import Rights
from stoa.domain.triples import DocumentTriples, Limits
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.knowledge.stating.triples import triples_of
from stoa.knowledge.stating.vocabulary import PREFIXES

GROUPS = 20
AT_ONCE = 16
EVERYBODY = frozenset({"team:company"})
SOME = EVERYBODY | {f"group:g{n}" for n in range(GROUPS // 2)}

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

    first = await timed(lambda: ask("ASK { ?s ?p ?o }", SOME))
    forward: list[float] = []
    for n in range(5):
        await ledgers.grant("c", {last[n].id: Rights(frozenset({"group:g0"}))})
        forward.append(await timed(lambda: ask("ASK { ?s ?p ?o }", SOME)))
    told = {
        name: statistics.median([await timed(lambda text=text: ask(text, SOME)) for _ in range(7)])
        for name, text in QUERIES.items()
    }
    began = time.perf_counter()
    await asyncio.gather(*(ask(QUERIES["an entity's facts"], SOME) for _ in range(40)))
    rate = 40 / (time.perf_counter() - began)
    await queries.close()
    ledger = Ledger(root / "c")
    open_documents, open_triples = ledger.size(ledger.kind_of(SOME))
    sizes = {
        "ledger": (root / "c" / "triples.sqlite").stat().st_size,
        "view": sum(path.stat().st_size for path in (root / "c" / "views").glob("*/store/*")),
    }
    rows: list[Row] = [
        {"what": "triples out of passages", "per_s": round(count / extracting)},
        {"what": "triples into the ledger", "per_s": round(count / writing)},
        {"what": f"first query: a view of {open_triples:,} triples made from nothing", "ms": round(first * 1000)},
        {"what": "query after a change of rights", "ms": round(statistics.median(forward) * 1000)},
        *({"what": f"query: {name}", "ms": round(each * 1000, 1)} for name, each in told.items()),
        {"what": "queries at once, for an entity's facts", "per_s": round(rate, 1)},
        *({"what": f"disk, {name}", "mb": round(size / 1e6, 1)} for name, size in sizes.items()),
    ]
    return [{"triples": count, "documents open": open_documents, **row} for row in rows]


async def timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, action="append", help="how many; several are measured one after the other")
    wanted = parser.parse_args().triples or [100_000, 1_000_000]
    rows = [row for each in wanted for row in asyncio.run(measured(each))]
    notes = [
        f"a caller who may read what is for everybody and for {GROUPS // 2} of {GROUPS} groups; medians",
        "a query goes through everything but HTTP: rights, a process of its own, its answer as JSON",
    ]
    report("triples", rows, notes=notes)


if __name__ == "__main__":
    main()
