"""How to run a verb: as a command for a child process, and as text for a person to type."""

import os
import shlex
import shutil
import sys
from pathlib import Path

from stoa.cli.target import Target
from stoa.kit.home import Home


def stoa_command(place: Target, home: Home, *arguments: str) -> tuple[str, ...]:
    """A verb on the same home and settings, in a child. -P keeps modules that lie in the working folder out."""
    config = ("--config", str(place.config.absolute())) if place.config else ()
    return (sys.executable, "-P", "-m", "stoa", "--home", str(home.path), *config, *arguments)


def typed(place: Target) -> str:
    """`stoa`, or the path to it when it is not on the PATH, with the options needed to mean the same Stoa."""
    installed = Path(sys.executable).with_name("stoa")
    found = shutil.which("stoa")
    if found and Path(found).resolve() == installed.resolve():
        program = ["stoa"]
    elif installed.is_file():
        program = [min(os.path.relpath(installed), str(installed), key=len)]
    else:
        program = [sys.executable, "-m", "stoa"]
    elsewhere = place.home and place.home.absolute() != Path(".stoa").absolute()
    return shlex.join([*program, *(("--home", os.path.relpath(place.home)) if place.home and elsewhere else ())])
