"""What every body of /api has in common."""

import importlib
import pkgutil
import typing
from collections.abc import Iterator
from typing import Annotated

from pydantic import Strict
from pydantic.fields import FieldInfo

import stoa.api
from stoa.api.forms import Form


def test_no_field_takes_what_could_only_be_read_as_its_type() -> None:
    """0 is no `false`, true is no 1, and "3" is no number: whoever sends that means something else."""
    for module in pkgutil.walk_packages(stoa.api.__path__, "stoa.api."):
        importlib.import_module(module.name)
    fields = [
        (f"{form.__module__}.{form.__name__}.{name}", kind)
        for form in set(_below(Form))
        if form.__module__.startswith("stoa.api.")
        for name, kind in typing.get_type_hints(form, include_extras=True).items()
        if name != "model_config"
    ]
    assert len(fields) > 200
    assert [where for where, kind in fields if _is_lax(kind)] == []


def test_the_test_sees_what_is_lax() -> None:
    assert _is_lax(bool)
    assert _is_lax(list[int] | None)
    assert not _is_lax(Annotated[float, Strict()] | None)


def _below(form: type[Form]) -> Iterator[type[Form]]:
    for each in form.__subclasses__():
        yield each
        yield from _below(each)


def _is_lax(kind: object, *, strict: bool = False) -> bool:
    if typing.get_origin(kind) is Annotated:
        kind, *marks = typing.get_args(kind)
        told = [told for mark in marks for told in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]
        return _is_lax(kind, strict=strict or any(isinstance(mark, Strict) for mark in told))
    if kind in (bool, int, float):
        return not strict
    return any(_is_lax(each, strict=strict) for each in typing.get_args(kind))
