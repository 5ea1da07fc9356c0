"""Reading a client's JSON: typed fields with the path of each, and what nobody asked for kept by its name.

An object is read field by field; `close` puts all that was not taken, and is not null, into the rest, by its path.
"""

import re
from collections.abc import Iterable
from typing import Any, cast

import msgspec

from stoa.dialects.conversation import Fields
from stoa.errors import InvalidRequest

_decode = msgspec.json.Decoder().decode


def read_object(body: bytes) -> "FieldReader":
    """The body of a request. Raises InvalidRequest when it is no JSON object."""
    try:
        found: object = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"The body must be a JSON object, but it cannot be read: {error}.") from None
    if not isinstance(found, dict):
        raise InvalidRequest(f"The body must be a JSON object, but it is {_kind(found)}.")
    return FieldReader(cast("Fields", found), {}, "")


class FieldReader:
    """One object. Null counts as absent. Every method raises InvalidRequest for a value of another type."""

    __slots__ = ("_fields", "_path", "_taken", "rest")

    def __init__(self, fields: Fields, rest: Fields, path: str) -> None:
        self._fields = fields
        self._path = path
        self._taken: set[str] = set()
        self.rest = rest
        """What no reader took, of the whole request; shared by all readers of one."""

    def path(self, field: str = "") -> str:
        """Where a field stands in the request."""
        if not field:
            return self._path
        return f"{self._path}.{field}" if self._path else field

    @property
    def whole(self) -> Fields:
        """The object, without taking any of it."""
        return self._fields

    def get(self, field: str) -> Any:  # Any: JSON, to be looked at by the caller
        self._taken.add(field)
        return self._fields.get(field)

    def peek(self, field: str) -> Any:  # Any: JSON, to be looked at by the caller
        """A field, without taking it."""
        return self._fields.get(field)

    def text(self, field: str) -> str | None:
        found = self.get(field)
        if found is None or isinstance(found, str):
            return found
        raise self.wrong(field, "text")

    def need_text(self, field: str) -> str:
        found = self.text(field)
        if found is None:
            raise self.missing(field)
        return found

    def flag(self, field: str) -> bool | None:
        found = self.get(field)
        if found is None or isinstance(found, bool):
            return found
        raise self.wrong(field, "true or false")

    def number(self, field: str) -> float | None:
        found = self.get(field)
        if found is None or (isinstance(found, int | float) and not isinstance(found, bool)):
            return found
        raise self.wrong(field, "a number")

    def integer(self, field: str, *, least: int | None = None) -> int | None:
        found = self.get(field)
        if found is None:
            return None
        if isinstance(found, float) and found.is_integer():
            found = int(found)
        if not isinstance(found, int) or isinstance(found, bool) or (least is not None and found < least):
            raise self.wrong(field, "a whole number" if least is None else f"a whole number of at least {least}")
        return found

    def fields(self, field: str) -> Fields | None:
        """An object, as it is."""
        found = self.get(field)
        if found is None or isinstance(found, dict):
            return cast("Fields | None", found)
        raise self.wrong(field, "an object")

    def texts(self, field: str) -> list[str]:
        """A list of texts; one text alone stands for a list of it."""
        found = self.get(field)
        if found is None:
            return []
        if isinstance(found, str):
            return [found]
        if not isinstance(found, list) or not all(isinstance(item, str) for item in cast("list[object]", found)):
            raise self.wrong(field, "text or a list of texts")
        return cast("list[str]", found)

    def child(self, field: str) -> "FieldReader | None":
        found = self.fields(field)
        return None if found is None else FieldReader(found, self.rest, self.path(field))

    def children(self, field: str) -> "list[FieldReader]":
        """A list of objects, each to be closed."""
        found = self.get(field)
        if found is None:
            return []
        if not isinstance(found, list):
            raise self.wrong(field, "a list")
        readers: list[FieldReader] = []
        for at, item in enumerate(cast("list[object]", found)):
            path = f"{self.path(field)}[{at}]"
            if not isinstance(item, dict):
                raise InvalidRequest(f"Field {path!r} must be an object, but it is {_kind(item)}.", param=path)
            readers.append(FieldReader(cast("Fields", item), self.rest, path))
        return readers

    def is_text(self, field: str) -> bool:
        """Whether a field that may be several things is text."""
        return isinstance(self._fields.get(field), str)

    def skip(self, fields: Iterable[str]) -> None:
        """Take these without looking."""
        self._taken.update(fields)

    def keep(self, field: str = "", value: object = True) -> None:
        """Put a field, or the object itself, into the rest: it has a meaning that the form in the middle cannot carry."""
        if field:
            self._taken.add(field)
            value = self._fields.get(field)
        else:
            self._taken.update(self._fields)
        if value is not None:
            self.rest[self.path(field)] = value

    def close(self) -> None:
        for field, value in self._fields.items():
            if value is not None and field not in self._taken:
                self.rest[self.path(field)] = value

    def missing(self, field: str) -> InvalidRequest:
        where = f"Field {self._path!r}" if self._path else "The body"
        return InvalidRequest(f"{where} must have a field {field!r}.", param=self.path(field))

    def wrong(self, field: str, must: str) -> InvalidRequest:
        path = self.path(field)
        return InvalidRequest(f"Field {path!r} must be {must}, but it is {_kind(self._fields.get(field))}.", param=path)


_DATA_URL = re.compile(r"data:([^;,]*)(?:;[^,;]*)*;base64,")


def data_url(reader: FieldReader, field: str, url: str) -> tuple[str, str] | None:
    """Media type and base64 text of a data URL; None for another URL."""
    if not url.startswith("data:"):
        return None
    found = _DATA_URL.match(url)
    if found is None:
        path = reader.path(field)
        raise InvalidRequest(f"Field {path!r} must be a data URL of the form data:<media type>;base64,<data>.", param=path)
    return found[1], url[found.end() :]


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return repr(value if len(value) <= 40 else value[:40] + "...")
        case list():
            return "a list"
        case _:
            return "an object"
