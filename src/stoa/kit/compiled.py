"""The hot path as machine code, where `make compile` made it: the same sources, several times faster to run.

Compiled modules are used all together or not at all, and only while each was made from the source that lies here now: a source
that was changed since is run as Python, never as what it was before.
"""

import hashlib
import json
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Literal

FOLDER = "_compiled"
MANIFEST = "manifest.json"
SOABI = str(sysconfig.get_config_var("SOABI"))

State = Literal["compiled", "absent", "stale", "another Python", "off"]
"""Whether compiled modules are used, and if not, why."""


_TOLD: Mapping[State, str] = {
    "compiled": "compiled",
    "absent": "Python (`make compile` makes it faster)",
    "stale": "Python, for the compiled one is of other sources (`make compile` makes it anew)",
    "another Python": "Python, for the compiled one is for another version of it (`make compile` makes it anew)",
    "off": "Python, as gateway.compiled says",
}


class _Finder(MetaPathFinder):
    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = files

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        del path, target
        file = self._files.get(fullname)
        if file is None:
            return None
        return spec_from_file_location(fullname, file, loader=ExtensionFileLoader(fullname, str(file)))


def told(state: State) -> str:
    """How the hot path runs, for people."""
    return _TOLD[state]


def digest_of(source: Path) -> str:
    """What a compiled module remembers of its source."""
    return hashlib.sha256(source.read_bytes()).hexdigest()


def write_manifest(folder: Path, sources: Mapping[str, Path]) -> None:
    """Note what the modules in the folder were made from, and for which Python."""
    told = {"python": SOABI, "sources": {name: digest_of(path) for name, path in sorted(sources.items())}}
    (folder / MANIFEST).write_text(json.dumps(told, indent=1) + "\n")


def state_of(package: Path) -> State:
    """Of the compiled modules of the package in this folder."""
    try:
        told = json.loads((package / FOLDER / MANIFEST).read_text())
    except (OSError, ValueError):
        return "absent"
    if told["python"] != SOABI:
        return "another Python"
    for name, digest in told["sources"].items():
        try:
            if digest_of(_source(package, name)) != digest:
                return "stale"
        except OSError:
            return "stale"
    return "compiled"


def use(package: Path, *, wanted: bool = True) -> State:
    """Import compiled modules from now on, if they are of these sources. To be called before any of them is imported."""
    found = state_of(package) if wanted else "off"
    if found == "compiled":
        folder = package / FOLDER
        ending = f".{SOABI}.so"
        files = {file.name.removesuffix(ending): file for file in folder.glob(f"*{ending}")}
        sys.meta_path.insert(0, _Finder(files))
    return found


def _source(package: Path, name: str) -> Path:
    return package.parent.joinpath(*name.split(".")).with_suffix(".py")
