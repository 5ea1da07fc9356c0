"""What is compiled to machine code is what can be: mypyc reads annotations as promises, and forgets those of structs."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = (ROOT / "tools/compile/hot_path.txt").read_text().split()


def _source(name: str) -> Path:
    return ROOT.joinpath("src", *name.split(".")).with_suffix(".py")


def test_the_modules_are_there_and_in_order() -> None:
    assert [name for name in MODULES if not _source(name).is_file()] == []
    assert sorted(MODULES) == MODULES


@pytest.mark.parametrize("name", MODULES)
def test_a_compiled_module_defines_no_struct_that_is_decoded_by_its_annotations(name: str) -> None:
    tree = ast.parse(_source(name).read_text())
    bases = {ast.unparse(base) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for base in node.bases}
    assert bases & {"msgspec.Struct", "Struct"} == set(), "put it into a module that is not compiled"
