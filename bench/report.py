"""How every benchmark reports: a Markdown table on stdout and `bench/results/NAME.json`.

The file holds `{"name", "commit", "machine", "rows": [...]}`; a row is one flat object, so that
two runs can be compared by field.
"""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"

Row = Mapping[str, str | int | float | bool | None]


def report(name: str, rows: Sequence[Row], *, notes: Sequence[str] = ()) -> None:
    """Print the rows as one table, with notes below, and write them to `bench/results/<name>.json`."""
    print(f"\n## {name}\n\n{markdown(rows)}\n")
    for note in notes:
        print(f"- {note}")
    print(f"- {machine()}; commit {commit()}")
    keep(name, rows, notes=notes)


def keep(name: str, rows: Sequence[Row], *, notes: Sequence[str] = ()) -> None:
    """Write the rows to `bench/results/<name>.json`: a benchmark of many minutes does so as it finds them."""
    RESULTS.mkdir(exist_ok=True)
    content = {"name": name, "commit": commit(), "machine": machine(), "rows": list(rows), "notes": list(notes)}
    (RESULTS / f"{name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def kept(name: str) -> tuple[list[Row], list[str]]:
    """Rows and notes that were written before, if they are of this very commit and machine."""
    try:
        found = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [], []
    same = found["commit"] == commit() and found["machine"] == machine()
    return (found["rows"], found["notes"]) if same else ([], [])


def markdown(rows: Sequence[Row]) -> str:
    """A table with one column for each field, in the order in which fields appear; text left, numbers right."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    numeric = {
        c for c in columns if any(isinstance(row.get(c), int | float) and not isinstance(row.get(c), bool) for row in rows)
    }
    lines = [
        "| " + " | ".join(columns) + " |",
        "| " + " | ".join("--:" if column in numeric else "---" for column in columns) + " |",
        *("| " + " | ".join(_cell(row.get(column)) for column in columns) + " |" for row in rows),
    ]
    return "\n".join(lines)


def commit() -> str:
    """The short hash of the commit, with `+` when the tree differs from it."""

    def git(*args: str) -> str:
        return subprocess.run(["git", *args], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if git("status", "--porcelain", "--", "src") else "")


def machine() -> str:
    """Processor, usable cores, memory and Python, in one line."""
    models = [line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = [int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    size = f"{memory[0] / 1_048_576:.0f} GiB" if memory else "memory unknown"
    return f"{models[0] if models else platform.machine()}, {cores} cores, {size}, Python {platform.python_version()}"


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % interval of a proportion by Wilson's score."""
    if trials == 0:
        return 0.0, 1.0
    z, p = 1.959964, successes / trials
    centre = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * ((p * (1 - p) / trials + z * z / (4 * trials * trials)) ** 0.5) / (1 + z * z / trials)
    return max(0.0, centre - half), min(1.0, centre + half)


def _cell(value: str | float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
