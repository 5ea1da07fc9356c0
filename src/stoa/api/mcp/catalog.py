"""What a server of the protocol has to offer: tools, resources and prompts, each asked by somebody with rights of their own."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import mcp_types as types

from stoa.api.access import Caller
from stoa.wiring import Control

Arguments = Mapping[str, Any]
"""Of a tool, as the client sent them. Any: JSON."""


class Report(Protocol):
    """Tells the client how a call is getting on, where it wants to know."""

    async def progress(self, done: float, total: float, message: str) -> None: ...

    async def log(self, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, what control is made of, where its page is, and how to tell of progress."""

    caller: Caller
    parts: Control
    origin: str
    report: Report

    def to(self, action: str) -> Caller:
        """The caller, to whom this action is to be allowed as well."""
        return replace(self.caller, action=action)


@dataclass(frozen=True, slots=True)
class Tool:
    """`call` raises StoaError, which the model is told, so that it can ask in another way."""

    about: types.Tool
    call: Callable[[Asked, Arguments], Awaitable[types.CallToolResult]]


@dataclass(frozen=True, slots=True)
class Prompt:
    """`write` is given its arguments, all of them text; it raises StoaError."""

    about: types.Prompt
    write: Callable[[Asked, Mapping[str, str]], Awaitable[types.GetPromptResult]]


class Resources(Protocol):
    """Things to be read by address. All raise StoaError."""

    @property
    def templates(self) -> Sequence[types.ResourceTemplate]: ...

    async def page(self, asked: Asked, cursor: str | None) -> tuple[Sequence[types.Resource], str | None]:
        """Some of those that the caller may read, and where the next page begins."""
        ...

    async def read(self, asked: Asked, uri: str) -> Sequence[types.TextResourceContents | types.BlobResourceContents]: ...

    async def complete(self, asked: Asked, argument: str, begun: str, known: Mapping[str, str]) -> Sequence[str]:
        """Values that an argument of a template or a prompt may have; `known` are those of the others."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All of it; tools and prompts in the order in which they are told."""

    tools: Sequence[Tool]
    resources: Resources
    prompts: Sequence[Prompt]
    tool_named: Mapping[str, Tool] = field(init=False)
    prompt_named: Mapping[str, Prompt] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tool_named", {each.about.name: each for each in self.tools})
        object.__setattr__(self, "prompt_named", {each.about.name: each for each in self.prompts})
