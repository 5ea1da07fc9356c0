"""What makes a function a verb: its name, the action it stands for, and errors that end as one clear sentence."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

import typer

from stoa.cli import output
from stoa.errors import StoaError

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class Verb:
    """`path` is what one types after `stoa`; `action` stands in `policy/actions.py`."""

    path: str
    action: str


REGISTRY: dict[str, Verb] = {}
"""Every verb by path; a test compares it with the commands there are and with the actions there are."""


def verb(
    group: typer.Typer, name: str, *, action: str, under: str = "", panel: str | None = None, hidden: bool = False
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Register a function as the verb `name` of a group, itself in the group `under` if that is named.

    A StoaError becomes a sentence on stderr and exit code 1.
    """

    def register(function: Callable[_P, _R]) -> Callable[_P, _R]:
        path = f"{under} {group.info.name} {name}".strip().removeprefix("stoa ")
        REGISTRY[path] = Verb(path, action)

        @functools.wraps(function)
        def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                return function(*args, **kwargs)
            except StoaError as error:
                output.error(error.message)
                raise typer.Exit(1) from None

        return group.command(name, rich_help_panel=panel, hidden=hidden)(run)

    return register
