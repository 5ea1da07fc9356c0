"""What differs between two forms of a resource, field by field, named by its path: `prompt`, `targets[1].weight`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast  # Any, cast: values of JSON, told apart where they are looked at

import msgspec

from stoa.domain.versions import Fields


class Difference(msgspec.Struct, frozen=True):
    """A value that is not there is None: no field of a resource can be set to null apart from being left out."""

    field: str
    before: Any
    after: Any


def differences(before: Fields, after: Fields) -> tuple[Difference, ...]:
    """In the order of the later form, then what is only in the earlier one. Lists of another length differ as a whole."""
    return tuple(_between(before, after, ""))


def leaves(fields: Fields) -> Iterator[tuple[str, Any]]:
    """Each value that holds no others, by its path."""
    return _leaves(fields, "")


def _between(before: Any, after: Any, path: str) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        some, others = cast("Fields", before), cast("Fields", after)
        for name in {**others, **some}:
            yield from _between(some.get(name), others.get(name), f"{path}.{name}" if path else name)
    elif len(some := _objects(before)) == len(others := _objects(after)) > 0:
        for number, (one, other) in enumerate(zip(some, others, strict=True)):
            yield from _between(one, other, f"{path}[{number}]")
    elif before != after:
        yield Difference(path, before, after)


def _objects(value: Any) -> Sequence[Fields]:
    """A list of nothing but objects; an empty one for everything else."""
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return items if all(isinstance(each, Mapping) for each in items) else ()


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in cast("Fields", value).items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, inner in enumerate(cast("list[Any]", value)):
            yield from _leaves(inner, f"{path}[{number}]")
    else:
        yield path, value
