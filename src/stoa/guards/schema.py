"""Whether an answer is the JSON that was asked for."""

from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import msgspec
import orjson

_SHOWN = 80
_LONGEST = 300


class SchemaFault(msgspec.Struct, frozen=True, gc=False):
    """`path` is where, such as `/items/0/price`, empty for the whole; `message` says what is there and what was expected."""

    path: str
    message: str


class AnswerSchema:
    """A JSON schema, compiled once. Thread-safe. Raises ValueError that names the place where the schema is wrong.

    References stay within the schema: nothing is fetched. Patterns are matched by a linear engine.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:  # Any: JSON
        try:
            jsonschema_rs.meta.validate(dict(schema))
            self._validator = jsonschema_rs.validator_for(
                dict(schema), retriever=_refuse, pattern_options=jsonschema_rs.RegexOptions()
            )
        except jsonschema_rs.ValidationError as error:
            raise ValueError(f"schema{_path(error)}: {error.message}") from None
        except (jsonschema_rs.ReferencingError, ValueError) as error:
            raise ValueError(f"schema: {error}") from None

    def fault(self, text: str) -> SchemaFault | None:
        """What is wrong first with an answer's whole text; None when it is as asked for."""
        try:
            answer = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            begins = repr(text[:_SHOWN] + ("…" if len(text) > _SHOWN else ""))
            return SchemaFault("", f"Expected JSON, found {begins}: {error.msg} at character {error.pos}")
        error = next(self._validator.iter_errors(answer), None)
        return None if error is None else SchemaFault(_path(error), f"{_where(error)}: {_told(error)}")


def _told(error: jsonschema_rs.ValidationError) -> str:
    found = orjson.dumps(error.instance).decode() if error.instance is not None else "null"
    return f"{error.message[:_LONGEST]} (found {found[:_SHOWN]}{'…' if len(found) > _SHOWN else ''})"


def _path(error: jsonschema_rs.ValidationError) -> str:
    return "".join(f"/{part}" for part in error.instance_path)


def _where(error: jsonschema_rs.ValidationError) -> str:
    return f"At {path}" if (path := _path(error)) else "At the top"


def _refuse(uri: str) -> Any:  # Any: JSON
    raise ValueError(f"$ref {uri!r} leads out of the schema; write what it names under $defs")
