"""A graph of a million passages, made up: how long it takes to write, what it weighs, and what a walk over it costs.

Names are drawn as names are met in texts: few of them everywhere, most of them hardly ever; the commonest stand in a quarter of
all passages. Documents have ten passages and one of a thousand sets of rights; a caller reads all of them, a tenth, or a single
one. With an argument, that many passages.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import quantiles

import numpy as np

from report import report
from stoa.adapters.graph.folder import FolderGraph
from stoa.domain.graph import DocumentFacts, PassageFacts
from stoa.domain.identity import Rights

PASSAGES = 1_000_000
IN_DOCUMENT = 10
NAMES = 12
"""Names in a passage."""

RIGHTS = 1000
PART = 2000
"""Documents written at once: larger parts than ingestion's, which spends its time on embedding."""

WALKS = 500
SEEDS = 20


async def main() -> None:
    passages = int(sys.argv[1]) if len(sys.argv) > 1 else PASSAGES
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
        writer = FolderGraph(Path(folder))
        draw = np.random.default_rng(7)
        started = time.perf_counter()
        count = passages // IN_DOCUMENT
        for first in range(0, count, PART):
            documents = made(range(first, min(first + PART, count)), passages, draw)
            await writer.replace("c", [document.id for document in documents], documents)
        await writer.tend("c")
        written = time.perf_counter() - started
        reader = FolderGraph(Path(folder))
        started = time.perf_counter()
        callers = {"all": RIGHTS, "a tenth": RIGHTS // 10, "one set of rights": 1}
        tags = {who: frozenset(f"group:{number}" for number in range(some)) for who, some in callers.items()}
        await reader.walk("c", {"d0.0": 1.0}, acl=tags["all"], limit=50)
        opened = time.perf_counter() - started
        rows = [{"caller reads": who, **await walked(reader, acl, count, draw)} for who, acl in tags.items()]
        changes = [
            await changed(writer, reader, made(range(n, n + 16), passages, draw), tags["all"]) for n in range(0, 1600, 160)
        ]
        await reader.close()
        folder_of = Path(folder) / "c"
        sizes = {file.name: file.stat().st_size for file in folder_of.iterdir()}
    notes = [
        f"{passages:,} passages of {count:,} documents with {NAMES} names each, written in {written:.0f} s",
        f"{sum(sizes.values()) / 1e6:.0f} MB in {sum(name.endswith('.segment') for name in sizes)} segments",
        f"opened, and walked for the first time, in {opened * 1000:.0f} ms",
        f"16 documents changed, and the next walk that sees them: p50 {sorted(changes)[len(changes) // 2]:.0f} ms",
    ]
    report("graph", rows, notes=notes)


def made(numbers: range, passages: int, draw: np.random.Generator) -> list[DocumentFacts]:
    """Documents whose names follow Zipf's law."""
    drawn = (draw.zipf(1.3, size=(len(numbers), IN_DOCUMENT, NAMES)) % passages).tolist()
    return [
        DocumentFacts(
            id=f"d{number}",
            passages=tuple(
                PassageFacts(
                    id=f"d{number}.{place}", about=frozenset({f"n{number}"}), mentions=frozenset(f"n{name}" for name in names)
                )
                for place, names in enumerate(some)
            ),
            rights=Rights(frozenset({f"group:{number % RIGHTS}"})),
        )
        for number, some in zip(numbers, drawn, strict=True)
    ]


async def walked(graph: FolderGraph, acl: frozenset[str], documents: int, draw: np.random.Generator) -> Mapping[str, float]:
    """Walks from seeds that the caller may read."""
    step = RIGHTS // len(acl)
    times, found = list[float](), list[int]()
    for _ in range(WALKS):
        chosen: Sequence[int] = (
            draw.integers(0, max(1, documents // RIGHTS), SEEDS) * RIGHTS + draw.integers(0, len(acl), SEEDS)
        ).tolist()
        seeds = {f"d{number}.{place % IN_DOCUMENT}": 1 / SEEDS for place, number in enumerate(chosen)}
        started = time.perf_counter()
        share = await graph.walk("c", seeds, acl=acl, limit=50)
        times.append((time.perf_counter() - started) * 1000)
        found.append(len(share))
    cuts = quantiles(times, n=20)
    return {"of all": 1 / step, "passages found": sum(found) / len(found), "p50 ms": cuts[9], "p95 ms": cuts[18]}


async def changed(writer: FolderGraph, reader: FolderGraph, documents: Sequence[DocumentFacts], acl: frozenset[str]) -> float:
    started = time.perf_counter()
    await writer.replace("c", [document.id for document in documents], documents)
    await reader.walk("c", {documents[0].passages[0].id: 1.0}, acl=acl, limit=50)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    asyncio.run(main())
