"""What a model is asked and what it answers, whatever form the two travel in."""

import re
from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]  # Any: what JSON holds


@dataclass(frozen=True)
class Tool:
    """`parameters` is a JSON schema."""

    name: str
    parameters: Json


@dataclass(frozen=True)
class Turn:
    """One message. `attachments` are the kinds of what is not text: image, audio, file."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """`choice` is auto, none, required or the name of the tool that must be called."""

    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    choice: str = "auto"
    parallel: bool = True
    schema: Json | None = None
    json_mode: bool = False
    stop: tuple[str, ...] = ()
    most_tokens: int | None = None
    reasons: bool = False

    @property
    def tokens(self) -> int:
        return sum(len(tokens(turn.text)) + 4 + 85 * len(turn.attachments) for turn in self.turns)


@dataclass(frozen=True)
class Call:
    id: str
    name: str
    arguments: Json


@dataclass(frozen=True, kw_only=True)
class Reply:
    text: str = ""
    calls: tuple[Call, ...] = ()
    reasoning: str = ""
    ended: Literal["stop", "length", "calls"] = "stop"
    stopped_by: str | None = None

    @property
    def reasoning_tokens(self) -> int:
        return len(tokens(self.reasoning))

    @property
    def tokens(self) -> int:
        spoken = sum(8 + len(tokens(str(call.arguments))) for call in self.calls)
        return len(tokens(self.text)) + spoken + self.reasoning_tokens


class Refused(Exception):
    """The provider refuses the request: a status, a message, the field and a code."""

    def __init__(self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message, self.status, self.param, self.code = message, status, param, code


def tokens(text: str) -> list[str]:
    """One for each word, with the space before it: together they are the text."""
    return re.findall(r"\s*\S+|\s+$", text)
