"""The house rules that no linter knows: size, names, who reads the environment, what an import may drag in."""

import ast
import subprocess
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "stoa").rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


def begins_with_text(path: Path) -> bool:
    """Whether a string stands first. Parsing every module whole to see that would take two seconds."""
    with path.open(encoding="utf-8") as file:
        between = (tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE)
        first = next(token for token in tokenize.generate_tokens(file.readline) if token.type not in between)
    return first.type == tokenize.STRING and bool(ast.literal_eval(first.string).strip())


def test_every_module_says_what_it_is() -> None:
    assert [str(path.relative_to(ROOT)) for path in SOURCES if not begins_with_text(path)] == []


def test_no_file_is_called_after_nothing() -> None:
    assert [str(path) for path in SOURCES if path.stem in FORBIDDEN_NAMES] == []


def test_no_file_outgrows_its_subject() -> None:
    long = {
        str(path.relative_to(ROOT)): n for path in SOURCES if (n := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}, "split by subject; 150 lines is the aim, 300 a question"


def test_only_settings_reads_the_environment() -> None:
    readers: list[str] = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if "environ" in text or "getenv" in text else ():
            match node:
                case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "getenv" | "environb"):
                    readers.append(str(path.relative_to(ROOT)))
                case ast.ImportFrom(module="os", names=names) if {n.name for n in names} & {"environ", "environb", "getenv"}:
                    readers.append(str(path.relative_to(ROOT)))
                case _:
                    pass
    assert set(readers) <= {"src/stoa/settings.py"}


def test_folders_are_at_most_two_deep() -> None:
    deep = [p for p in SOURCES if len(p.relative_to(ROOT / "src" / "stoa").parts) > 3 and "migrations" not in p.parts]
    assert deep == []


def test_importing_stoa_loads_no_third_party_package() -> None:
    code = "import sys; old = set(sys.modules); import stoa; print(sorted({m.split('.')[0] for m in set(sys.modules) - old}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "['stoa']"


def test_locks_name_no_registry() -> None:
    for lock in [
        *ROOT.glob("requirements*.lock"),
        *(ROOT / place / "package-lock.json" for place in ("web", "tests/conformance")),
    ]:
        text = lock.read_text(encoding="utf-8") if lock.is_file() else ""
        found = [line for line in text.splitlines() if "index-url" in line or "find-links" in line or '"resolved"' in line]
        assert found == [], f"{lock.name} names where packages come from"


def test_locks_pin_every_package_by_hash() -> None:
    for lock in ROOT.glob("requirements*.lock"):
        lines = [line for line in lock.read_text(encoding="utf-8").splitlines() if line and line[0].isalnum()]
        assert lines, lock.name
        assert all("==" in line and line.endswith("\\") for line in lines), f"{lock.name} has a line without version or hash"


def test_the_readme_tree_is_true() -> None:
    """Every folder that the annotated tree names exists, and every package below src/stoa is named in it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    tree = readme.split("```text", 1)[1].split("```", 1)[0]
    named = {line.split()[0].rstrip("/") for line in tree.splitlines() if line.strip() and line.split()[0].endswith("/")}
    packages = {p.name for p in (ROOT / "src" / "stoa").iterdir() if p.is_dir() and (p / "__init__.py").is_file()}
    assert packages <= {Path(name).name for name in named}
    for name in named:
        found = (ROOT / name).is_dir() or any(list((ROOT / top).glob(f"**/{name}")) for top in ("src", "tests", "deploy"))
        assert found, f"README names {name!r}, which is not there"
