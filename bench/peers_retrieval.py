"""LlamaIndex and Haystack, to be measured beside Stoa's retrieval: in an environment of their own, with the same embedder.

`make bench-retrieval` installs both; without that environment they are left out, and the notes say so.
"""

import json
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from report import ROOT

PYTHON = ROOT / ".build" / "peers-retrieval" / "bin" / "python"
SCRIPT = ROOT / "bench" / "peers" / "ask.py"
PEERS = ("llamaindex", "haystack")


@dataclass(frozen=True)
class Answers:
    """What one way of a peer found for each question, as paths, best first, and what each took in ms."""

    way: str
    found: Sequence[Sequence[str]]
    ms: Sequence[float]


def ask_peers(files: Mapping[str, bytes], questions: Sequence[str], *, models: Path) -> tuple[list[Answers], list[str]]:
    """Every way of every peer, and notes. `models` holds the graphs of the embedder. For Markdown alone."""
    if not all(path.endswith(".md") for path in files):
        return [], ["LlamaIndex and Haystack would parse these files otherwise, so they were left out"]
    passages = [_passage(path, content.decode()) for path, content in files.items()]
    if not PYTHON.is_file():
        return [], ["LlamaIndex and Haystack are not installed (`make .build/peers-retrieval`), so they were left out"]
    given = json.dumps({"models": str(models), "passages": passages, "questions": questions})
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    answers, notes = list[Answers](), list[str]()
    for peer in PEERS:
        done = subprocess.run(
            [str(PYTHON), str(SCRIPT), peer], input=given, capture_output=True, text=True, check=False, env=environment
        )
        if done.returncode != 0:
            notes.append(f"{peer} was left out, since it failed: {done.stderr.strip().splitlines()[-1]}")
            continue
        answer = json.loads(done.stdout)
        answers += [Answers(way, one["found"], one["ms"]) for way, one in answer["ways"].items()]
        notes.append(f"beside it, with the same embedder in an environment of its own: {', '.join(answer['versions'])}")
    return answers, notes


def _passage(path: str, text: str) -> dict[str, str]:
    """As Stoa reads a file with a title in front."""
    front = re.match(r'---\ntitle: (".*")\n---\n\n', text)
    return {"path": path, "title": json.loads(front[1]) if front else "", "text": text[front.end() :] if front else text}
