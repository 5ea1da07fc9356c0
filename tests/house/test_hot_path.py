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


def test_nothing_that_is_not_compiled_derives_from_what_is() -> None:
    """Such a class cannot be made: compiled methods call each other directly."""
    compiled = {(name, node.name) for name in MODULES for node in _tree(name).body if isinstance(node, ast.ClassDef)}
    found: list[str] = []
    for file in (ROOT / "src").rglob("*.py"):
        name = ".".join(file.relative_to(ROOT / "src").with_suffix("").parts)
        text = file.read_text(encoding="utf-8")
        if name in MODULES or not any(f"from {each} import" in text for each in MODULES):
            continue
        nodes = list(ast.walk(ast.parse(text)))
        imported = {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
        }  # fmt: skip
        bases = [(node.name, base) for node in nodes if isinstance(node, ast.ClassDef) for base in node.bases]
        found += [f"{name}.{made}" for made, base in bases if imported.get(ast.unparse(base)) in compiled]
    assert found == [], "put it into a module that is compiled"


def _tree(name: str) -> ast.Module:
    return ast.parse(_source(name).read_text())
