"""Compiled modules are used all together, and only while they are of the sources that lie there."""

import json
import sys
from pathlib import Path

import pytest

from stoa.kit.compiled import FOLDER, MANIFEST, SOABI, state_of, told, use, write_manifest


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of two modules, both compiled."""
    package = tmp_path / "house"
    (package / FOLDER).mkdir(parents=True)
    sources = {f"house.{name}": package / f"{name}.py" for name in ("door", "roof")}
    for path in sources.values():
        path.write_text("IS_OPEN = True\n")
    write_manifest(package / FOLDER, sources)
    return package


def test_what_was_compiled_from_these_sources_is_used(package: Path) -> None:
    assert state_of(package) == "compiled"


def test_one_changed_source_makes_all_of_it_python_again(package: Path) -> None:
    (package / "roof.py").write_text("IS_OPEN = False\n")
    assert state_of(package) == "stale"


def test_a_source_that_is_gone_makes_all_of_it_python_again(package: Path) -> None:
    (package / "door.py").unlink()
    assert state_of(package) == "stale"


def test_nothing_is_used_where_nothing_was_compiled(package: Path) -> None:
    (package / FOLDER / MANIFEST).unlink()
    assert state_of(package) == "absent"


def test_what_was_half_written_is_not_used(package: Path) -> None:
    manifest = package / FOLDER / MANIFEST
    manifest.write_text(manifest.read_text()[:40])
    assert state_of(package) == "absent"


def test_what_another_python_needs_is_not_used(package: Path) -> None:
    manifest = package / FOLDER / MANIFEST
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "python": "cpython-27-pdp11"}))
    assert state_of(package) == "another Python"


def test_it_can_be_turned_off(package: Path) -> None:
    before = list(sys.meta_path)
    assert use(package, wanted=False) == "off"
    assert sys.meta_path == before


def test_what_is_used_is_looked_for_first(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    file = package / FOLDER / f"house.door.{SOABI}.so"
    file.touch()
    assert use(package) == "compiled"
    found = sys.meta_path[0].find_spec("house.door", None)
    assert found is not None
    assert found.origin == str(file)
    assert sys.meta_path[0].find_spec("house.window", None) is None


def test_people_are_told_what_to_do() -> None:
    assert "make compile" in told("absent")
    assert "make compile" in told("stale")
    assert told("compiled") == "compiled"
