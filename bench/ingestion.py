"""Ingestion, each way in a process of its own: how fast, in how much memory, and what a kill costs.

The documents are BeerQA's passages in ../shared/data, as Markdown with a title, or the example handbook's where that is absent;
those of the memory run are made of their sentences, 20,000 in all. Measured:

- speed: end to end, with each runtime of the built-in embedder that works here: chunks/s of parsing, cutting, embedding and
  indexing;
- partitions: the same through Daft on this machine and on a real local Ray of two processors, embedding in the processes that
  cut;
- peers: LlamaIndex's ingestion pipeline on the same files and embedder, in an environment of its own;
- parsing: alone, pages/s of the handbook's PDF, office and web files, two children as the worker has them. A page is what the
  file says is one; of Word and web files, which do not say, 3,000 characters begun: the handbook's PDFs have 1,700 on a page;
- memory: of the process that works and of those that read for it, over 20,000 documents in partitions: a hash of the words in
  the embedder's place, for embedding happens elsewhere. How much it grows is told between the middles of the second and of the
  last quarter: in the first what is kept for speed fills up to its bounds;
- kills: 20 kills (-9) at random moments of a durable ingestion, after which each document must be in the index once, and whole.

Tokens are those that the embedder sees: it cuts a text off at 256. Each row is written when it is found. `--only speed,memory`
measures some of it and leaves what is known of this commit; `--quick` does all of it with little, in a minute or two, and keeps
no result.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import lancedb

import ingestion_runs
import retrieval
from index import _sentences
from peers_retrieval import PYTHON
from report import ROOT, Row, keep, kept, markdown, report
from stoa.adapters.parsers.process import ParserProcesses
from stoa.kit.home import Home

RUNS = ROOT / "bench" / "ingestion_runs.py"
PEER = ROOT / "bench" / "peers" / "ingest.py"


PAGE_CHARACTERS = 3_000
"""Of a file that does not say what a page of it is."""

PARTS = ("speed", "partitions", "peers", "parsing", "memory", "kills")


class Found:
    """What was found, told and written as it is found."""

    def __init__(self, *, quick: bool, only: bool) -> None:
        self._quick = quick
        self._rows, self._notes = kept("ingestion") if only and not quick else ([], [])

    def add(self, row: Row, *notes: str) -> None:
        self._rows = [*(each for each in self._rows if each["what"] != row["what"]), row]
        self._notes += [each for each in notes if each not in self._notes]
        print(markdown([row]), *notes, sep="\n", end="\n\n", flush=True)
        if not self._quick:  # a look at whether all is well is no result to keep
            keep("ingestion", self._rows, notes=self._notes)

    def end(self) -> None:
        if self._quick:
            print(markdown(self._rows))
        else:
            report("ingestion", self._rows, notes=self._notes)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--quick", action="store_true")
    options.add_argument("--no-peers", action="store_true")
    options.add_argument("--only", help=f"some of {', '.join(PARTS)}, with commas")
    told = options.parse_args()
    wanted = told.only.split(",") if told.only else [part for part in PARTS if part != "peers" or not told.no_peers]
    if unknown := [part for part in wanted if part not in PARTS]:
        options.error(f"--only: {unknown[0]!r} is not one of {', '.join(PARTS)}")
    files = retrieval.beerqa().files if (retrieval.DATA / "beerqa_passages.jsonl").is_file() else retrieval.handbook().files
    some = dict(list(files.items())[: 400 if told.quick else 100_000])
    found = Found(quick=told.quick, only=bool(told.only))
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
        place = Path(folder)
        if "speed" in wanted:
            for runtime in ("openvino", "onnxruntime"):
                found.add(_speed(f"here, {runtime}", place, some, how="direct", embed=runtime))
        if "partitions" in wanted:
            found.add(_speed("Daft, this machine", place, some, how="native", embed="onnxruntime"))
            found.add(_speed("Daft, local Ray", place, some, how="ray", embed="onnxruntime"))
        if "peers" in wanted:
            _peer(found, place, some)
        if "parsing" in wanted:
            found.add(_parsing(20 if not told.quick else 4))
        if "kills" in wanted:
            found.add(_kills(place, files, 20 if not told.quick else 4))
        if "memory" in wanted:
            found.add(*_memory(place, files, 20_000 if not told.quick else 2_000))
    found.end()


def _speed(name: str, place: Path, files: Mapping[str, bytes], *, how: str, embed: str) -> Row:
    return _pace(name, _run(_home(place, files), how=how, embed=embed))


def _pace(name: str, done: Mapping[str, Any]) -> Row:  # Any: JSON
    seconds = done["seconds"]
    return {
        "what": name, "documents": done["documents"], "chunks": done["chunks"], "seconds": seconds,
        "documents/s": done["documents"] / seconds, "chunks/s": done["chunks"] / seconds, "tokens/s": done["tokens"] / seconds,
    }  # fmt: skip


def _peer(found: Found, place: Path, files: Mapping[str, bytes]) -> None:
    if not PYTHON.is_file():
        print("LlamaIndex is not installed (`make .build/peers-retrieval`), so it was left out", flush=True)
        return
    folder = place / "files"
    folder.mkdir()
    for path, data in files.items():
        (folder / path.replace("/", "_")).write_bytes(data)
    command = [str(PYTHON), str(PEER), str(folder), str(place / "models")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        print(f"LlamaIndex was left out, since it failed: {done.stderr.strip().splitlines()[-1]}", flush=True)
        return
    said = json.loads(done.stdout.splitlines()[-1])
    note = f"{said['version']}: splits by its defaults, keeps nothing, has no rights, graph or index of words"
    found.add(_pace("LlamaIndex, IngestionPipeline", said), note)


def _parsing(times: int) -> Row:
    folder = ROOT / "examples" / "handbook" / "documents"
    kinds = {".pdf", ".docx", ".pptx", ".html"}
    files = [(path.name, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.suffix in kinds]

    async def parse() -> tuple[int, float]:
        parser = ParserProcesses(size=2)
        await asyncio.gather(*(parser.parse(data, name=name) for name, data in files))  # loads what they need
        started = time.perf_counter()
        found = await asyncio.gather(*(parser.parse(data, name=name) for name, data in files * times))
        seconds = time.perf_counter() - started
        await parser.close()
        return sum(len(document.pages) or -(-len(document.text) // PAGE_CHARACTERS) for document in found), seconds

    pages, seconds = asyncio.run(parse())
    return {"what": "parsing alone", "documents": len(files) * times, "seconds": seconds, "pages/s": pages / seconds}


def _memory(place: Path, files: Mapping[str, bytes], count: int) -> tuple[Row, str, str]:
    done = _run(_home(place, _made(files, count)), how="native", embed="hashing", every=count // 20)
    seen = done["memory"]
    early, late = _middle(seen[5:10]), _middle(seen[15:])
    row: Row = {
        "what": "memory", "documents": done["documents"], "chunks": done["chunks"], "seconds": done["seconds"],
        "documents/s": done["documents"] / done["seconds"], "own MB, 2nd quarter": early, "own MB, last quarter": late,
        "own KB more per 1,000 documents": (late - early) * 1024 / (count / 2 / 1000), "most MB, files too": done["peak_mb"],
    }  # fmt: skip
    told = ", ".join(
        f"{each['documents']:,}: {each['own_mb']:.0f} + {each['files_mb']:.0f} + {each['others_mb']:.0f}" for each in seen[1::2]
    )
    return (
        row,
        "memory: own is the worker's anonymous pages; pages of files are the machine's to take back",
        f"memory in MB, own + of files + of those that read for the worker, by documents done: {told}",
    )


def _middle(seen: Sequence[Mapping[str, float]]) -> float:
    return median(each["own_mb"] for each in seen)


def _kills(place: Path, files: Mapping[str, bytes], kills: int) -> Row:
    """Durable ingestions that are killed again and again, and then end."""
    made, draw = _made(files, 60 * kills), random.Random(17)
    homes, killed = [_home(place, made)], 0
    while killed < kills:
        home, job = homes[-1]
        asked = {"home": str(home), "job": job, "how": "direct", "embed": "hashing", "durable": True}
        with subprocess.Popen(
            [sys.executable, str(RUNS), json.dumps(asked)], stdout=subprocess.DEVNULL, env=_environment()
        ) as run:
            try:
                run.wait(draw.uniform(1.5, 5.0))
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
                killed += 1
            else:  # it was quicker
                homes.append(_home(place, made))
    done = [_run(home, how="direct", embed="hashing", durable=True) for home in homes]
    held = [Counter(asyncio.run(_ids(Home(home).vectors))) for home, _ in homes]
    return {
        "what": "kill -9", "documents": sum(each["documents"] for each in done), "chunks": sum(map(len, held)), "kills": killed,
        "lost": sum(len(made) - len({one.rpartition(".")[0] for one in each}) for each in held),
        "doubled": sum(count > 1 for each in held for count in each.values()),
    }  # fmt: skip


async def _ids(vectors: Path) -> list[str]:
    table = await (await lancedb.connect_async(str(vectors))).open_table("bench")
    return (await table.query().select(["id"]).to_arrow())["id"].to_pylist()


def _made(files: Mapping[str, bytes], count: int) -> dict[str, bytes]:
    """Small documents of sentences, each another."""
    draw = random.Random(7)
    known = list(dict.fromkeys(_sentences({path: data for path, data in files.items() if path.endswith(".md")})))
    made: dict[str, bytes] = {}
    for number in range(count):
        picked = draw.sample(known, 4)
        text = "\n\n".join(sentence for _, sentence in picked)
        made[f"{number:06}.md"] = f"---\ntitle: {json.dumps(picked[0][0])}\n---\n\n{text}\n\nNumber {number}.\n".encode()
    return made


def _home(place: Path, files: Mapping[str, bytes]) -> tuple[Path, str]:
    """A home of its own, with the models of the others."""
    home = Path(tempfile.mkdtemp(dir=place))
    models = place / "models"
    models.mkdir(exist_ok=True)
    (home / "models").symlink_to(models)
    return home, asyncio.run(ingestion_runs.prepare(home, files))


def _run(home: tuple[Path, str], **asked: Any) -> dict[str, Any]:  # Any: JSON
    given = json.dumps({"home": str(home[0]), "job": home[1], **asked})
    command = [sys.executable, "-W", "ignore", str(RUNS), given]
    last = ""
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=_environment()) as run,
    ):
        assert run.stdout is not None
        for line in run.stdout:
            if last:
                print(last, flush=True)
            last = line.rstrip()
        if run.wait() != 0:
            errors.seek(0)
            raise RuntimeError(f"{asked} failed: {errors.read()[-3000:]}")
    return json.loads(last)


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'bench'}"}


if __name__ == "__main__":
    main()
