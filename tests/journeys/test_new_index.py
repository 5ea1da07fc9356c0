"""A new index beside the one that is searched, over a whole Stoa: searching goes on, a killed worker too, one can go back."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from tests.journeys.conftest import RunningStoa, wait_until

pytestmark = pytest.mark.slow

DOCUMENTS = 40
APPLIED = """
kind: Collection
name: fruit
team: company
chunk_tokens: {tokens}
"""


def text(number: int) -> str:
    """Some paragraphs, each about a fruit of the document's own."""
    return f"# Fruit {number}\n\n" + "\n\n".join(
        f"The fruit number {number} ripens in month {part}. " + f"It is picked by hand in valley {number}. " * 6
        for part in range(3)
    )


class Searching:
    """Searches all the while, and notes what came."""

    def __init__(self, stoa: RunningStoa) -> None:
        self._client = httpx.Client(
            base_url=stoa.url, headers={"authorization": f"Bearer {(stoa.home / 'secrets' / 'cli.key').read_text().strip()}"}
        )
        self.faults: list[str] = []
        self.answers = 0
        self.stage = "at first"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def paths(self, question: str) -> set[str]:
        answer = self._client.post("/api/collections/fruit/search", json={"query": question, "limit": 10}, timeout=60)
        assert answer.status_code == 200, answer.text
        return {found["path"] for found in answer.json()["passages"]}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(60)
        self._client.close()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                paths = self.paths("When does the fruit number 7 ripen?")
                if "7.md" not in paths:
                    self.faults.append(f"{self.stage}: found {paths}")
                if "gone.md" in paths:
                    self.faults.append("found what was removed")
            except Exception as error:  # noqa: BLE001 - whatever it was, it should not be
                self.faults.append(repr(error))
            self.answers += 1
            time.sleep(0.2)


def test_a_new_index_takes_over_while_everybody_searches(start_stoa: Callable[..., RunningStoa], tmp_path: Path) -> None:
    stoa = start_stoa()
    folder = tmp_path / "fruit"
    folder.mkdir()
    for number in range(DOCUMENTS):
        (folder / f"{number}.md").write_text(text(number))
    (folder / "gone.md").write_text("# Fruit 7\n\nThe fruit number 7 ripens never.")
    run(stoa, "apply", "-f", applied(tmp_path, 200))
    run(stoa, "ingest", str(folder), "--collection", "fruit")
    (folder / "gone.md").unlink()
    run(stoa, "ingest", str(folder), "--collection", "fruit", "--prune")
    with Searching(stoa) as searching:
        run(stoa, "apply", "-f", applied(tmp_path, 64))
        wait_until(lambda: states(stoa).get(2) == "building", "an index is built", seconds=60)
        searching.stage = "building"
        os.kill(stoa.roles()["worker"]["pid"], signal.SIGKILL)
        (folder / "new.md").write_text("# Bananas\n\nThe banana was brought by ship in the last winter.")
        run(stoa, "ingest", str(folder), "--collection", "fruit", "--prune")
        wait_until(lambda: states(stoa) == {1: "kept", 2: "serving"}, "the new index is searched", seconds=200)
        searching.stage = "switched"
        time.sleep(2.5)
        wait_until(lambda: "new.md" in searching.paths("Who brought the banana?"), "the new index has what came meanwhile")
        run(stoa, "collection", "rollback", "fruit")
        searching.stage = "back"
        time.sleep(2.5)
        wait_until(lambda: "new.md" in searching.paths("Who brought the banana?"), "the old index has caught up", seconds=60)
        assert searching.answers > 10
    assert searching.faults == []
    listed = run(stoa, "collection", "indexes", "fruit")
    assert "in both" in listed


def applied(folder: Path, tokens: int) -> str:
    path = folder / f"fruit-{tokens}.yaml"
    path.write_text(APPLIED.format(tokens=tokens))
    return str(path)


def states(stoa: RunningStoa) -> dict[int, str]:
    found: list[Any] = json.loads(run(stoa, "collection", "indexes", "fruit", "--json"))
    return {each["version"]: each["state"] for each in found}


def run(stoa: RunningStoa, *arguments: str) -> str:
    done = stoa.stoa(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout
