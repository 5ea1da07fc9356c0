"""How bodies of `/api` are written: unknown fields are errors, times are ISO 8601 in UTC."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, Strict

from stoa.domain.identity import ROLES
from stoa.errors import InvalidRequest
from stoa.kit.money import usd
from stoa.kit.names import NAME


class Form(BaseModel):
    """What comes in."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


Flag = Annotated[bool, Strict()]
"""true or false, and not what could be read as one of them."""

Whole = Annotated[int, Strict()]
"""A number, and no text that looks like one."""


def described(**schema: Any) -> Any:  # Any: pieces of JSON schema in, pydantic's marker of a field out
    """What the OpenAPI document says of a field beside its type. It is not checked here: `control` refuses in its own words."""
    return Field(json_schema_extra=schema)


NewName = Annotated[str, described(pattern=f"^{NAME}$")]
"""Of something to be made."""

RoleName = Annotated[str, described(enum=list(ROLES))]
Dollars = Annotated[str, described(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$", examples=["250.00"])]


def amount(dollars: str | None, *, param: str) -> int | None:
    """Nano-dollars. Raises InvalidRequest."""
    try:
        return None if dollars is None else usd(dollars)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(str(error), param=param) from None


class View(BaseModel):
    """What goes out."""


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[AwareDatetime, PlainSerializer(_iso, return_type=str)]


def moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def moment_or_none(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else moment(at_ms)


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
