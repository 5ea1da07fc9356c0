"""Lists of words beside the code: one entry a line, `#` begins a remark."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data"


@cache
def listed(name: str) -> frozenset[str]:
    """The entries of `data/NAME.txt`; several may share a line, parted by commas."""
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(entry.strip() for line in lines if not line.startswith("#") for entry in line.split(",") if entry.strip())
