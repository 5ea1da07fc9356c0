"""From what somebody sent to resources: each mistake is named with the resource and the field it is in."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

import msgspec

from stoa.domain.resources import KINDS, Resource
from stoa.errors import InvalidRequest
from stoa.kit.names import did_you_mean

KIND_NAMES = tuple(kind.__name__ for kind in KINDS)
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `([^`]*)`(?: - at `\$(.*)`)?")
_AT = re.compile(r"(.*?)(?: - at `\$\.?(.*)`)?", re.DOTALL)


def kind_of(resource: Resource) -> str:
    return type(resource).__name__


def require_kind(kind: str, *, param: str = "kind") -> type[Resource]:
    """The type of a kind. Raises InvalidRequest naming the kinds there are."""
    for known in KINDS:
        if known.__name__ == kind:
            return known
    raise InvalidRequest(
        f"There is no kind {kind!r}; there are {', '.join(KIND_NAMES)}.{did_you_mean(kind, KIND_NAMES)}", param=param
    )


def read_resource(sent: object, *, place: str) -> Resource:
    """One resource. `place` is where it stood in the request. Raises InvalidRequest naming the field."""
    if not isinstance(sent, Mapping):
        raise InvalidRequest(f"{place} must be an object with kind, name and the fields of that kind.", param=place)
    fields = cast("Mapping[str, Any]", sent)  # cast: JSON objects have text keys and values of any kind
    kind = fields.get("kind")
    if not isinstance(kind, str):
        raise InvalidRequest(f"{place} has no kind; there are {', '.join(KIND_NAMES)}.", param=f"{place}.kind")
    wanted = require_kind(kind, param=f"{place}.kind")
    title = f"{kind} {fields.get('name')!r}"
    try:
        resource = msgspec.convert(dict(fields), wanted)
        msgspec.json.encode(resource)
    except msgspec.ValidationError as error:
        raise _explain(str(error), wanted, title=title, place=place) from None
    except UnicodeEncodeError:
        raise InvalidRequest(
            f"{title}: it holds half a character (a lone surrogate), which no text can.", param=place
        ) from None
    return resource


def _explain(message: str, kind: type[Resource], *, title: str, place: str) -> InvalidRequest:
    unknown = _UNKNOWN_FIELD.fullmatch(message)
    if unknown:
        name, where = unknown[1], (unknown[2] or "").lstrip(".")
        names = sorted({field.encode_name for each in _structs_at(kind, where) for field in msgspec.structs.fields(each)})
        field = f"{where}.{name}" if where else name
        return InvalidRequest(f"{title}: unknown field {field!r}.{did_you_mean(name, names)}", param=f"{place}.{field}")
    told = _AT.fullmatch(message)
    assert told is not None
    reason, where = told[1], told[2]
    return InvalidRequest(
        f"{title}: {reason}{f', in the field {where!r}' if where else ''}.", param=f"{place}.{where}" if where else place
    )


def _structs_at(kind: type[msgspec.Struct], where: str) -> Sequence[type[msgspec.Struct]]:
    """The types that may stand at a path such as `targets[...]`, to know which fields there are."""
    kinds: Sequence[type[msgspec.Struct]] = (kind,)
    for part in re.findall(r"[a-z_]+", where):
        found = [field.type for each in kinds for field in msgspec.structs.fields(each) if field.encode_name == part]
        kinds = [inner for annotation in found for inner in _structs_in(annotation)]
    return kinds


def _structs_in(annotation: Any) -> Sequence[type[msgspec.Struct]]:  # Any: an annotation
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return [annotation]
    return [found for part in get_args(annotation) for found in _structs_in(part)]
