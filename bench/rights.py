"""How soon a right that changes holds for questions, and what a caller of many groups costs a search.

`make bench-rights`. First a whole Stoa with the built-in models and a collection of its own: a right is changed by the API
while a key asks about the document twenty times a second, until the answers go by it; answers are cached meanwhile. Then
one LanceDB table in this process, of passages with random vectors, each open to two of a thousand groups and one in ten denied
to one: searched by callers who are in 1, 10, 100 and 1,000 groups. The embedding of the question is not in these figures.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from report import Row, report
from running import Running, running

PROMISED_S = 2.0
GROUPS = 1000
WIDTH = 384
SEARCHES = 40
_PATIENCE_S = 30.0
_PAUSE_S = 0.05
_WORDS = ("travel", "hotel", "salary", "laboratory", "safety", "plan", "budget", "approval", "manager", "training", "leave")


class Control:
    """The API, with this machine's own key."""

    def __init__(self, stoa: Running) -> None:
        self._url = stoa.url
        self._key = (stoa.home / "secrets" / "cli.key").read_text().strip()

    def ask(self, method: str, path: str, body: object = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        headers = {"authorization": f"Bearer {self._key}", "content-type": "application/json"}
        request = urllib.request.Request(self._url + path, data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="each makes six changes")
    parser.add_argument("--passages", type=int, default=20_000)
    chosen = parser.parse_args()
    took = changes(chosen.rounds)
    every = [seconds for each in took.values() for seconds in each]
    rows: list[Row] = [*(_row(what, each) for what, each in took.items()), _row("all", every)]
    rows += asyncio.run(searches(chosen.passages))
    notes = [
        f"{len(every)} changes; seconds from sending one until an answer goes by it. Promised: {PROMISED_S:g} s",
        f"{chosen.passages:,} passages of {WIDTH} dimensions; milliseconds a search, without the embedding",
    ]
    report("rights", rows, notes=notes)


def changes(rounds: int) -> dict[str, list[float]]:
    """Seconds by what was changed."""
    took: dict[str, list[float]] = {}
    with running() as stoa, tempfile.TemporaryDirectory() as folder:
        control = Control(stoa)
        for number in range(100):
            (Path(folder) / f"other-{number}.md").write_text(f"# Note {number}\n\n{' '.join(_WORDS[: 3 + number % 12])}.\n")
        (Path(folder) / "travel.md").write_text("# Travel\n\nHotels cost at most 150 euros a night.\n")
        for name in ("inner", "outer"):
            control.ask("POST", "/api/groups", {"name": name})
        control.ask("POST", "/api/teams", {"name": "askers"})
        stoa.cli("ingest", folder, "--collection", "docs")
        listed = control.ask("GET", "/api/collections/docs/documents?search=travel.md")
        rights = f"/api/documents/{listed['data'][0]['id']}/rights"
        key = control.ask(
            "POST", "/api/keys", {"name": "asker", "team": "askers", "groups": ["inner"], "requests_per_minute": 0}
        )["key"]
        time.sleep(PROMISED_S)

        def cites() -> bool:
            body = {"model": "collection/docs", "messages": [{"role": "user", "content": "How much may a hotel cost a night?"}]}
            return bool(stoa.post("/v1/chat/completions", body, key=key)["stoa"]["citations"])  # type: ignore[index]

        for number in range(rounds):
            for what, make, holds in _changes(control, rights):
                began = time.perf_counter()
                make()
                _until(lambda holds=holds: cites() == holds, what)
                took.setdefault(what, []).append(time.perf_counter() - began)
                time.sleep(0.037 * (number % 7))  # so that changes do not fall in step with who looks for them
    return took


def _changes(control: Control, rights: str) -> Iterator[tuple[str, Callable[[], object], bool]]:
    def share(*allow: str, deny: Sequence[str] = ()) -> Callable[[], object]:
        # The key that changes them must go on reading the document, by its team.
        return lambda: control.ask("PUT", rights, {"allow": ["team:company", *allow], "deny": list(deny)})

    yield "a document opened to a group", share("group:inner"), True
    yield "a document denied to a group", share("group:inner", deny=["group:inner"]), False
    yield "a document opened to everybody", share("public"), True
    yield "a document taken from everybody", share("group:outer"), False
    outer = "/api/groups/outer"
    yield "a group put into another", lambda: control.ask("PATCH", outer, {"groups": ["inner"]}), True
    yield "a group taken out of another", lambda: control.ask("PATCH", outer, {"groups": []}), False


def _until(met: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + _PATIENCE_S
    while not met():
        if time.monotonic() > give_up:
            raise SystemExit(f"{what}: did not hold within {_PATIENCE_S:g} s")
        time.sleep(_PAUSE_S)


async def searches(passages: int) -> list[Row]:
    """By the number of groups that a caller is in."""
    from stoa.adapters.vectors.lance import LanceIndex
    from stoa.domain.vectors import Chunk, IndexedChunk

    draw = np.random.default_rng(5)
    vectors = draw.normal(size=(passages, WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with tempfile.TemporaryDirectory() as folder:
        index = LanceIndex(folder)
        for first in range(0, passages, 2000):
            rows: list[IndexedChunk] = []
            for n in range(first, min(first + 2000, passages)):
                text = " ".join(draw.choice(_WORDS, 40))
                chunk = Chunk(
                    id=f"d{n}.0", document_id=f"d{n}", title="", path=f"{n}.md", heading=(), page=None, start=0, end=len(text),
                    context="", text=text,
                )  # fmt: skip
                deny = [_group(draw)] if n % 10 == 0 else []
                rows.append(IndexedChunk(chunk, vectors[n], frozenset({_group(draw), _group(draw)}), frozenset(deny)))
            await index.replace("c", [row.chunk.document_id for row in rows], rows)
        await index.tend("c")
        found: list[Row] = []
        for count in (1, 10, 100, GROUPS):
            held = frozenset({"public", "team:company", "user:ada", *(f"group:g{n}" for n in range(count))})
            dense, lexical = [], []
            for number in range(SEARCHES + 3):
                question, vector = " ".join(draw.choice(_WORDS, 3)), vectors[int(draw.integers(passages))]
                began = time.perf_counter()
                await index.dense("c", vector, acl=held, limit=50)
                between = time.perf_counter()
                await index.lexical("c", question, vector, acl=held, limit=50)
                if number >= 3:
                    dense.append(1000 * (between - began))
                    lexical.append(1000 * (time.perf_counter() - between))
            found.append(
                {
                    "what": f"a search by a caller of {count:,} group{'s' if count > 1 else ''}",
                    "dense p50 ms": round(statistics.median(dense), 1),
                    "lexical p50 ms": round(statistics.median(lexical), 1),
                }
            )
        await index.close()
        return found


def _group(draw: np.random.Generator) -> str:
    return f"group:g{int(draw.integers(GROUPS))}"


def _row(what: str, seconds: Sequence[float]) -> Row:
    return {
        "what": what,
        "median s": round(statistics.median(seconds), 2),
        "longest s": round(max(seconds), 2),
        "within the promise": sum(each <= PROMISED_S for each in seconds) / len(seconds),
    }


if __name__ == "__main__":
    main()
