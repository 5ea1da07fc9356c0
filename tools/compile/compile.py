"""Compile the hot path to machine code with mypyc: `make compile`. Needs a C compiler and Python's headers.

The modules are those in `hot_path.txt`. What they share is laid out together, so they are used together; `stoa.kit.compiled`
says when. They are put into `src/stoa/_compiled`, the whole folder at once.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src"
PACKAGE = SOURCES / "stoa"
GROUP = "stoa_hot_path"


def main() -> None:
    sys.path.insert(0, str(SOURCES))
    from stoa.kit.compiled import FOLDER, write_manifest

    names = (Path(__file__).parent / "hot_path.txt").read_text().split()
    sources = {name: SOURCES.joinpath(*name.split(".")).with_suffix(".py") for name in names}
    missing = [name for name, path in sources.items() if not path.is_file()]
    if missing:
        sys.exit(f"tools/compile/hot_path.txt names modules that are not there: {', '.join(missing)}.")
    if shutil.which(os.environ.get("CC", "cc")) is None:
        sys.exit(
            "There is no C compiler. Install one with Python's headers (Debian: apt install gcc python3-dev), or run Stoa without."
        )
    with tempfile.TemporaryDirectory() as made:
        _compile([path.relative_to(SOURCES) for path in sources.values()], Path(made))
        new = PACKAGE / f"{FOLDER}.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        for file in (Path(made) / "lib").rglob("*.so"):
            dotted = ".".join(file.relative_to(Path(made) / "lib").parts)
            shutil.copy2(file, new / dotted)
        write_manifest(new, sources)
        old = PACKAGE / FOLDER
        shutil.rmtree(old, ignore_errors=True)
        new.rename(old)
    print(f"{len(sources)} modules compiled into {old.relative_to(ROOT)}.")


def _compile(sources: list[Path], made: Path) -> None:
    from mypyc.build import mypycify
    from setuptools import setup

    settings = made / "mypy.ini"
    settings.write_text(
        "[mypy]\nfollow_imports = silent\nwarn_unreachable = True\nignore_missing_imports = True\nexplicit_package_bases = True\n"
        f"namespace_packages = True\nmypy_path = {SOURCES}\npython_executable = {sys.executable}\ncache_dir = {made / 'cache'}\n"
    )
    os.chdir(SOURCES)
    extensions = mypycify(
        [f"--config-file={settings}", *map(str, sources)],
        opt_level=os.environ.get("STOA_OPTIMISE", "2"),
        debug_level="0",
        multi_file=True,
        target_dir=str(made / "c"),
        group_name=GROUP,
    )
    jobs = str(len(os.sched_getaffinity(0)))
    setup(
        name="stoa-hot-path",
        packages=[],
        ext_modules=extensions,
        script_args=["--quiet", "build_ext", f"--build-lib={made / 'lib'}", f"--build-temp={made / 'o'}", f"--parallel={jobs}"],
    )


if __name__ == "__main__":
    main()
