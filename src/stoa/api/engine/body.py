"""Request bodies in OpenAI's form, checked: what is wrong is told by field."""

import re
from typing import TypeVar

import msgspec

from stoa.errors import InvalidRequest, NotFound

Form = TypeVar("Form", bound=msgspec.Struct)


def decode(body: bytes, form: type[Form]) -> Form:
    """Raises InvalidRequest naming the field that does not fit."""
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.ValidationError as error:
        reason, _, where = str(error).partition(" - at `$")
        missing = re.search(r"missing required field `(\w+)`", reason)
        field = where.strip("`.") or (missing[1] if missing else None)
        raise InvalidRequest(f"{reason}{f' in {field!r}' if where else ''}.", param=field) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}.") from None


def require_model(asked: str, only: str, purpose: str) -> None:
    """Raises NotFound unless the model asked for is the one that serves here."""
    if asked != only:
        raise NotFound(
            f"The engine has no model {asked!r} for {purpose}; it has {only!r}.", param="model", code="model_not_found"
        )
