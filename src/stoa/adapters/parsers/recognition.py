"""Whether and how pictures are read."""

import shutil
from collections.abc import Sequence

import msgspec


class Recognition(msgspec.Struct, frozen=True, array_like=True):
    """How pictures are read: the program and its languages, such as eng+deu."""

    command: str
    languages: str


def find_recognition(languages: Sequence[str]) -> Recognition | None:
    """The Tesseract of this machine, None where there is none or no language is asked for."""
    command = shutil.which("tesseract") if languages else None
    return Recognition(command, "+".join(languages)) if command else None
