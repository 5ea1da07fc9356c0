"""Databases that assistants may ask: queries with a name and parameters, never SQL that a model wrote.

A model names a query and gives values; they are checked here against what the query declares, and bound, never written into the
SQL. What says who asks, `:caller_user`, `:caller_team` and `:caller_tags`, is filled in by Stoa and can be given by nobody.
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol, cast

import msgspec
from msgspec import Meta

from stoa.domain.identity import AccessTag, opening
from stoa.errors import InvalidRequest
from stoa.kit.names import did_you_mean

Positive = Annotated[int, Meta(ge=1)]
ParameterName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
QueryName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
Scalar = str | int | float | bool | None

CALLER = frozenset({"caller_user", "caller_team", "caller_tags"})
"""Parameters that Stoa fills in: the user's name (NULL for a key), the team, and the access tags as a JSON list."""

_NAMED = re.compile(r"(?<![:\w\\]):(\w+)")
_SELECT = re.compile(r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*\(*\s*(SELECT|WITH|VALUES)\b", re.IGNORECASE | re.DOTALL)
_LARGEST_INTEGER = 2**63 - 1


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    pass


class Parameter(_Part, frozen=True):
    """A value that whoever asks gives. One that is not required is NULL where it is left out."""

    type: Literal["string", "integer", "number", "boolean"] = "string"
    description: str = ""
    required: bool = True
    enum: tuple[str | int | float, ...] = ()
    """The only values there are; any of the type if left out."""
    most_characters: Positive = 200


class Query(_Part, frozen=True):
    """One SELECT that may be asked. Its description is what a model goes by."""

    name: QueryName
    description: Annotated[str, Meta(min_length=1)]
    sql: str
    """With `:name` for each parameter. A colon that is none is written `\\:`."""
    parameters: dict[ParameterName, Parameter] = {}
    most_rows: Annotated[int, Meta(ge=1, le=1000)] = 50
    longest_s: Annotated[float, Meta(gt=0, le=60)] = 5.0
    teams: tuple[str, ...] | None = None
    """Whose members may ask it; those of the datastore if left out."""


class Tool(msgspec.Struct, frozen=True):
    """A query as a gateway knows it: all but its SQL. `teams` None is everybody who may ask the assistant."""

    description: str
    parameters: dict[str, Parameter]
    teams: tuple[str, ...] | None = None


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """A query asked on somebody's behalf. `user` is None for a key."""

    tool: str
    """`datastore/query`."""
    arguments: dict[str, Any]
    """Any: as a model or a client gave them."""
    team: str
    user: str | None = None
    acl: frozenset[AccessTag] = frozenset()


class Rows(msgspec.Struct, frozen=True):
    """What a query gave. `more` is whether there are rows beyond the limit."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]
    more: bool = False


class QueryRunner(Protocol):
    """Runs a SELECT with bound parameters where nothing can be written.

    Raises InvalidRequest for a URL that cannot be opened, SourceError for what the database refuses and for one that is away.
    """

    async def run(self, url: str, sql: str, parameters: Mapping[str, Scalar], *, most_rows: int, longest_s: float) -> Rows: ...


class Lookups(Protocol):
    """Runs queries for a gateway, with the rights of whoever asks looked at once more.

    Raises InvalidRequest for arguments that do not fit, NotFound, Forbidden, and ProviderError or SourceError when there is no
    answer.
    """

    async def look_up(self, lookup: Lookup) -> Rows: ...


def open_to(teams: tuple[str, ...] | None, team: str) -> bool:
    return teams is None or team in teams


def function_name(tool: str) -> str:
    """What a model calls it: letters, digits, dashes and underscores alone."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", tool.replace("/", "__"))


def schema_of(tool: Tool) -> dict[str, Any]:
    """The JSON schema of its arguments. Any: JSON."""
    return {
        "type": "object",
        "properties": {name: _schema(each) for name, each in tool.parameters.items()},
        "required": [name for name, each in tool.parameters.items() if each.required],
        "additionalProperties": False,
    }


def check_query(query: Query, *, param: str) -> None:
    """Raises InvalidRequest for SQL whose parameters are not those that are declared, and for what is no SELECT."""
    require_select(query.sql, param=f"{param}.sql")
    named = set(_NAMED.findall(query.sql))
    declared = set(query.parameters)
    if taken := sorted(declared & CALLER):
        raise InvalidRequest(
            f"{taken[0]!r} is filled in by Stoa and is no parameter to be given.", param=f"{param}.parameters.{taken[0]}"
        )
    if unknown := sorted(named - declared - CALLER):
        hint = did_you_mean(unknown[0], sorted(declared | CALLER)) or " A colon that is no parameter is written \\:."
        raise InvalidRequest(f"The SQL names ':{unknown[0]}', which is not among its parameters.{hint}", param=f"{param}.sql")
    if unused := sorted(declared - named):
        raise InvalidRequest(f"The SQL does not use ':{unused[0]}'.", param=f"{param}.parameters.{unused[0]}")


def require_select(sql: str, *, param: str = "query") -> None:
    """Raises InvalidRequest for what does not begin as a SELECT does; that it does not write is the transaction's to see to."""
    if _SELECT.match(sql) is None:
        raise InvalidRequest(f"{param} must be one SELECT, but it begins with {sql.strip()[:40]!r}.", param=param)


def bound(query: Query, lookup: Lookup) -> dict[str, Scalar]:
    """Every parameter of the SQL with its value. Raises InvalidRequest, in words that a model can act on."""
    for name in lookup.arguments:
        if name not in query.parameters:
            there = ", ".join(query.parameters) or "none"
            raise InvalidRequest(f"There is no parameter {name[:60]!r}; there are: {there}.", param=name[:60])
    given = {name: _value(name, each, lookup.arguments.get(name)) for name, each in query.parameters.items()}
    caller: dict[str, Scalar] = {
        "caller_user": lookup.user,
        "caller_team": lookup.team,
        "caller_tags": json.dumps(sorted(opening(lookup.acl))),
    }
    named = set(_NAMED.findall(query.sql))
    return given | {name: value for name, value in caller.items() if name in named}


def _value(name: str, parameter: Parameter, value: object) -> Scalar:
    if value is None:
        if parameter.required:
            raise InvalidRequest(f"The parameter {name!r} is required.", param=name)
        return None
    fitting = _fitting(parameter, value)
    if fitting is None:
        raise InvalidRequest(f"The parameter {name!r} is of type {parameter.type}, but it is {str(value)[:60]!r}.", param=name)
    if parameter.enum and fitting not in parameter.enum:
        there = ", ".join(repr(each) for each in parameter.enum[:20])
        raise InvalidRequest(f"The parameter {name!r} is one of {there}, but it is {str(value)[:60]!r}.", param=name)
    return fitting


def _fitting(parameter: Parameter, value: object) -> Scalar:
    """The value as its type, None where it is none of it."""
    match parameter.type:
        case "string":
            return value if isinstance(value, str) and len(value) <= parameter.most_characters and "\0" not in value else None
        case "boolean":
            return value if isinstance(value, bool) else None
        case "integer":
            whole = int(value) if isinstance(value, float) and value.is_integer() else value
            return whole if isinstance(whole, int) and not isinstance(whole, bool) and abs(whole) <= _LARGEST_INTEGER else None
        case "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                return None
            return value if abs(value) < 1e300 else None  # nor what is no number


def _schema(parameter: Parameter) -> dict[str, Any]:
    said: dict[str, Any] = {"type": parameter.type}
    if parameter.description:
        said["description"] = parameter.description
    if parameter.enum:
        said["enum"] = list(cast("tuple[object, ...]", parameter.enum))
    if parameter.type == "string" and not parameter.enum:
        said["maxLength"] = parameter.most_characters
    return said
