"""What a server of the protocol has to offer: tools, resources and prompts, each asked by somebody with rights of their own."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

import mcp_types as types

from stoa.api.access import Caller
from stoa.domain.documents import Document
from stoa.wiring import Control

Arguments = Mapping[str, Any]
"""Of a tool, as the client sent them. Any: JSON."""


class Report(Protocol):
    """Tells the client how a call is getting on, where it wants to know."""

    async def progress(self, done: float, total: float, message: str) -> None: ...

    async def log(self, message: str) -> None: ...


class Client(Protocol):
    """Asks the client back, where it announced that it may be asked. Nobody asks it for what it did not announce.

    `name` is what the question is called within one call of a tool, in which it is asked once at most. Both raise
    InvalidRequest, with a code that begins with `client_`, where there is no answer or none that can be used.
    """

    @property
    def samples(self) -> bool: ...

    @property
    def elicits(self) -> bool: ...

    @property
    def remembered(self) -> MutableMapping[str, str]:
        """What was settled with the user, for as long as the session lasts; without one, nothing is kept."""
        ...

    async def sample(self, name: str, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
        """What its model writes."""
        ...

    async def elicit(self, name: str, params: types.ElicitRequestFormParams) -> types.ElicitResult:
        """What its user fills in. What is in it is as the client says: hold it against what was offered."""
        ...


class Limit(Protocol):
    """The time that a call may take."""

    def held(self) -> AbstractContextManager[None]:
        """It does not run on while somebody else is waited for."""
        ...


@dataclass(slots=True)
class Held:
    """What an answer is made from, noted before any of it is told: whoever has it told again must still be let at all of it."""

    collections: set[str] = field(default_factory=set[str])
    documents: set[str] = field(default_factory=set[str])
    """By id."""

    def note(self, *documents: Document) -> None:
        self.documents.update(each.id for each in documents)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, what control is made of, where its page is, how to tell of progress, and how to ask back."""

    caller: Caller
    parts: Control
    origin: str
    report: Report
    client: Client
    held: Held = field(default_factory=Held)

    def to(self, action: str) -> Caller:
        """The caller, to whom this action is to be allowed as well."""
        return replace(self.caller, action=action)


@dataclass(frozen=True, slots=True)
class Tool:
    """`call` raises StoaError, which the model is told, so that it can ask in another way."""

    about: types.Tool
    call: Callable[[Asked, Arguments], Awaitable[types.CallToolResult]]
    needs: Literal["sampling", "elicitation"] | None = None
    """Clients that did not announce it are not told of the tool."""

    def offered_to(self, client: Client) -> bool:
        return self.needs is None or (client.samples if self.needs == "sampling" else client.elicits)


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

    async def seen(self, parts: Control, caller: Caller, uris: Sequence[str]) -> Mapping[str, str | None]:
        """What there is of each for the caller, as a text that is another one when it has changed.

        None where there is nothing for the caller, whether it is not there or not for them. What is just changing, and will
        soon be as it is to be, is left out. Whatever is no address has None.
        """
        ...

    async def listed(self, parts: Control, caller: Caller) -> str:
        """A text that is another one when the list of those that the caller may read has changed."""
        ...

    async def may_read(self, parts: Control, caller: Caller, held: Held) -> bool:
        """Whether the caller is let at all of it at this moment."""
        ...

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
