"""Tests that are left out of the rest because they run alone do run: where they lie is told to `make test`."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_calm_test_lies_where_make_looks_for_it() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = next(line.partition("-m calm ")[2].split() for line in makefile.splitlines() if "pytest -m calm " in line)
    calm = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if path != Path(__file__) and "mark.calm" in path.read_text(encoding="utf-8")
    ]
    assert calm
    assert [path for path in calm if not path.startswith(tuple(f"{folder}/" for folder in told))] == []
