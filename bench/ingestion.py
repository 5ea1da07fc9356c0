"""Ingestion, each way in a process of its own: how fast, in how much memory, and what a kill costs.

The documents are BeerQA's passages in ../shared/data, as Markdown with a title, or the example handbook's where that is absent;
those of the memory run are made of their sentences, 20,000 in all. Measured:

- end to end, with each runtime of the built-in embedder that works here: chunks/s of parsing, cutting, embedding and indexing;
- the same through Daft on this machine and on a real local Ray of two processors, embedding in the processes that cut, and
  LlamaIndex's ingestion pipeline on the same files and embedder, in an environment of its own;
- parsing alone: pages/s of the handbook's PDF, office and web files, two children as the worker has them;
- memory of the process that works, over 20,000 documents in partitions: a hash of the words in the embedder's place, for
  embedding happens elsewhere;
- 20 kills (-9) at random moments of a durable ingestion, after which each document must be in the index once, and whole.

`--quick` does all of it with little, in a minute or two, and keeps no result.
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
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lancedb

import ingestion_runs
import retrieval
from index import _sentences
from peers_retrieval import PYTHON
from report import ROOT, Row, markdown, report
from stoa.adapters.parsers.process import ParserProcesses
from stoa.kit.home import Home

RUNS = ROOT / "bench" / "ingestion_runs.py"
PEER = ROOT / "bench" / "peers" / "ingest.py"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--quick", action="store_true")
    options.add_argument("--no-peers", action="store_true")
    told = options.parse_args()
    files = retrieval.beerqa().files if (retrieval.DATA / "beerqa_passages.jsonl").is_file() else retrieval.handbook().files
    some = dict(list(files.items())[: 400 if told.quick else 100_000])
    rows: list[Row] = []
    notes: list[str] = []
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
        place = Path(folder)
        rows += [_speed(f"here, {each}", place, some, how="direct", embed=each) for each in ("onnxruntime", "openvino")]
        rows.append(_speed("Daft, this machine", place, some, how="native", embed="onnxruntime"))
        rows.append(_speed("Daft, local Ray", place, some, how="ray", embed="onnxruntime"))
        if not told.no_peers:
            row, beside = _peer(place, some)
            rows += row
            notes.append(beside)
        rows.append(_parsing(20 if not told.quick else 4))
        row, memory = _memory(place, files, 20_000 if not told.quick else 2_000)
        rows.append(row)
        notes.append(memory)
        rows.append(_kills(place, files, 20 if not told.quick else 4))
    if told.quick:  # a look at whether all is well, and no result to keep
        print(markdown(rows), *notes, sep="\n- ")
    else:
        report("ingestion", rows, notes=notes)


def _speed(name: str, place: Path, files: Mapping[str, bytes], *, how: str, embed: str) -> Row:
    done = _run(_home(place, files), how=how, embed=embed)
    return {
        "what": name, "documents": done["documents"], "chunks": done["chunks"], "seconds": done["seconds"],
        "documents/s": done["documents"] / done["seconds"], "chunks/s": done["chunks"] / done["seconds"],
    }  # fmt: skip


def _peer(place: Path, files: Mapping[str, bytes]) -> tuple[list[Row], str]:
    if not PYTHON.is_file():
        return [], "LlamaIndex is not installed (`make .build/peers-retrieval`), so it was left out"
    folder = place / "files"
    folder.mkdir()
    for path, data in files.items():
        (folder / path.replace("/", "_")).write_bytes(data)
    command = [str(PYTHON), str(PEER), str(folder), str(place / "models")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != 0:
        return [], f"LlamaIndex was left out, since it failed: {done.stderr.strip().splitlines()[-1]}"
    found = json.loads(done.stdout.splitlines()[-1])
    row: Row = {
        "what": "LlamaIndex, IngestionPipeline", "documents": found["documents"], "chunks": found["chunks"],
        "seconds": found["seconds"], "documents/s": found["documents"] / found["seconds"],
        "chunks/s": found["chunks"] / found["seconds"],
    }  # fmt: skip
    return [row], f"{found['version']}: splits by its defaults, keeps nothing, has no rights, graph or index of words"


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
        return sum(max(1, len(document.pages)) for document in found), seconds

    pages, seconds = asyncio.run(parse())
    return {"what": "parsing alone", "documents": len(files) * times, "seconds": seconds, "pages/s": pages / seconds}


def _memory(place: Path, files: Mapping[str, bytes], count: int) -> tuple[Row, str]:
    made = _made(files, count)
    done = _run(_home(place, made), how="native", embed="hashing", every=count // 10)
    seen = done["rss_mb"]
    row: Row = {
        "what": "memory", "documents": done["documents"], "chunks": done["chunks"], "seconds": done["seconds"],
        "documents/s": done["documents"] / done["seconds"], "MB at a fifth": seen[1][1], "MB at the end": seen[-1][1],
    }  # fmt: skip
    return row, "memory of the worker in MB by documents done: " + ", ".join(f"{n:,}: {mb:.0f}" for n, mb in seen)


def _kills(place: Path, files: Mapping[str, bytes], kills: int) -> Row:
    """A durable ingestion that is killed again and again, and then ends."""
    made, draw = _made(files, 60 * kills), random.Random(17)
    home, job = _home(place, made)
    asked = {"home": str(home), "job": job, "how": "direct", "embed": "hashing", "durable": True}
    killed = 0
    while killed < kills:
        with subprocess.Popen(
            [sys.executable, str(RUNS), json.dumps(asked)], stdout=subprocess.DEVNULL, env=_environment()
        ) as run:
            try:
                run.wait(draw.uniform(1.5, 5.0))
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
                killed += 1
                continue
        break  # it was quicker
    done = _run((home, job), how="direct", embed="hashing", durable=True)
    held = Counter(asyncio.run(_ids(Home(home).vectors)))
    documents = {one.rpartition(".")[0] for one in held}
    return {
        "what": "kill -9", "documents": done["documents"], "chunks": len(held), "kills": killed,
        "lost": len(made) - len(documents), "doubled": sum(count > 1 for count in held.values()),
    }  # fmt: skip


async def _ids(vectors: Path) -> list[str]:
    table = await (await lancedb.connect_async(str(vectors))).open_table("bench")
    return (await table.query().select(["id"]).to_arrow())["id"].to_pylist()


def _made(files: Mapping[str, bytes], count: int) -> dict[str, bytes]:
    """Small documents of sentences, each another."""
    draw = random.Random(7)
    known = list(dict.fromkeys(_sentences(files)))
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
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(RUNS), given], capture_output=True, text=True, check=False, env=_environment()
    )
    if done.returncode != 0:
        raise RuntimeError(f"{asked} failed: {done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'bench'}"}


if __name__ == "__main__":
    main()
