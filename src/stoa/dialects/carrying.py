"""What writers of foreign forms share: fields that cannot be carried are refused by name, the operator's are added.

A field is carried, left out because that changes nothing the client asked for (each writer has a table of these), or refused.
"""

from collections.abc import Mapping
from typing import cast

import msgspec

from stoa.dialects.conversation import Fields
from stoa.domain.upstream import Facts
from stoa.errors import InvalidRequest


class Refusals:
    """Gathers what cannot be carried, so that the client hears of all of it at once. `form` is the provider's, in words."""

    def __init__(self, form: str, facts: Facts) -> None:
        self._form = form
        self._drop = facts.drop
        self._found: list[tuple[str, str]] = []

    def add(self, field: str, do: str = "leave it out") -> None:
        """Refuse `field` unless the operator said that it may be left out. `do` is what the client can do instead."""
        if field not in self._drop:
            self._found.append((field, do))

    def check(self) -> None:
        """Raises InvalidRequest that names every field; `param` is the first."""
        if self._found:
            named = "; ".join(f"{field!r}: {do}" for field, do in self._found)
            raise InvalidRequest(
                f"This model is served through {self._form}, which has no place for {named}. "
                "Or ask for a model whose provider has one.",
                param=self._found[0][0],
                code="unsupported_parameter",
            )


def finish(body: Fields, facts: Facts) -> bytes:
    """The body with the operator's fields merged in, which win, and without those the server refuses (dots reach inside)."""
    if facts.fields:
        _merge(body, facts.fields)
    for path in facts.drop:
        _remove(body, path.split("."))
    return msgspec.json.encode(body)


def arguments_object(arguments: str, call: str) -> Fields:
    """The arguments of a tool call as an object, for forms that hold them so. Raises InvalidRequest."""
    try:
        found: object = msgspec.json.decode(arguments) if arguments.strip() else {}
    except msgspec.DecodeError as error:
        raise _not_an_object(call, f"no JSON ({error})") from error
    if not isinstance(found, dict):
        raise _not_an_object(call, f"{arguments[:40]!r}")
    return cast("Fields", found)


def data_of(url: str) -> tuple[str, str] | None:
    """Media type and base64 text of a data URL, None for any other URL. Raises InvalidRequest when it is not base64."""
    if not url.startswith("data:"):
        return None
    head, comma, data = url[5:].partition(",")
    media_type, semicolon, encoding = head.rpartition(";")
    if not comma or not semicolon or encoding != "base64":
        raise InvalidRequest("A data URL has to be of the form data:<media type>;base64,<data>.", param="messages")
    return media_type.partition(";")[0], data


def _not_an_object(call: str, found: str) -> InvalidRequest:
    return InvalidRequest(
        f"The arguments of tool call {call!r} have to be a JSON object in this provider's form; found {found}.",
        param="messages",
    )


def _merge(body: Fields, fields: Mapping[str, object]) -> None:
    for name, value in fields.items():
        inner = body.get(name)
        if isinstance(inner, dict) and isinstance(value, Mapping):
            _merge(cast("Fields", inner), cast("Mapping[str, object]", value))
        else:
            body[name] = value


def _remove(body: Fields, path: list[str]) -> None:
    for name in path[:-1]:
        inner: object = body.get(name)
        if not isinstance(inner, dict):
            return
        body = cast("Fields", inner)
    body.pop(path[-1], None)
