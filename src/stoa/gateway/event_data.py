"""What is read of one event of a chat completion's stream, and of a refusal."""

import msgspec

from stoa.gateway.usage import Usage


class Delta(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    tool_calls: object = None
    function_call: object = None


class Choice(msgspec.Struct):
    delta: Delta = msgspec.field(default_factory=Delta)
    finish_reason: str | None = None


class ErrorBody(msgspec.Struct):
    message: str = ""
    type: str | None = None
    code: str | int | None = None
    param: str | None = None


class Chunk(msgspec.Struct):
    """One event's data, as far as it is read."""

    choices: list[Choice] = []
    usage: Usage | None = None
    error: ErrorBody | str | None = None
    kind: object = msgspec.field(name="object", default=None)
    message: object = None
    type: object = None

    def failure(self) -> ErrorBody | None:
        """The error it tells of. Mistral and older vLLM send one as the event itself, whose `object` is `error`."""
        if self.error is not None:
            return ErrorBody(self.error) if isinstance(self.error, str) else self.error
        if self.kind == "error":
            return ErrorBody(str(self.message or ""), self.type if isinstance(self.type, str) else None)
        return None


class Refusal(msgspec.Struct):
    """What refuses a request, or is sent in the place of an event."""

    error: ErrorBody | str | None = None
    message: str | None = None
