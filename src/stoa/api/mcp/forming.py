"""Tools made of a form of arguments, a form of answer, and a function from one to the other."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeVar

import mcp_types as types
from pydantic import BaseModel, ValidationError

from stoa.api.forms import Form
from stoa.api.mcp.catalog import Arguments, Asked, Tool
from stoa.errors import InvalidRequest

_F = TypeVar("_F", bound=Form)


def tool(
    name: str,
    title: str,
    description: str,
    arguments: type[_F],
    answer: type[BaseModel],
    call: Callable[[Asked, _F], Awaitable[BaseModel]],
    *,
    needs: Literal["sampling", "elicitation"] | None = None,
) -> Tool:
    """One that reads `arguments`, refusing what it does not know by name, and tells `answer` as text and as JSON."""

    async def called(asked: Asked, given: Arguments) -> types.CallToolResult:
        told = await call(asked, _read(arguments, given))
        text = types.TextContent(type="text", text=told.model_dump_json())
        return types.CallToolResult(content=[text], structured_content=told.model_dump(mode="json"))

    about = types.Tool(
        name=name, title=title, description=description, input_schema=arguments.model_json_schema(),
        output_schema=answer.model_json_schema(),
        annotations=types.ToolAnnotations(title=title, read_only_hint=True, idempotent_hint=True, open_world_hint=False),
    )  # fmt: skip
    return Tool(about, called, needs)


def _read(form: type[_F], given: Mapping[str, Any]) -> _F:  # Any: JSON
    """Raises InvalidRequest that names the argument."""
    try:
        return form.model_validate(given)
    except ValidationError as error:
        every = error.errors()
        field = ".".join(str(part) for part in every[0]["loc"]) or "arguments"
        known, kind = ", ".join(form.model_fields) or "none", every[0]["type"]
        if kind == "extra_forbidden":
            raise InvalidRequest(f"There is no argument {field!r}; there are {known}.", param=field) from None
        if kind == "missing":
            other = next((str(each["loc"][0]) for each in every if each["type"] == "extra_forbidden"), None)
            instead = f", and there is no argument {other!r}" if other is not None else ""
            raise InvalidRequest(f"The argument {field!r} is missing{instead}; there are {known}.", param=field) from None
        told = every[0]["msg"]
        raise InvalidRequest(f"Argument {field!r}: {told[:1].lower()}{told[1:]}.", param=field) from None
