"""What stands between an upstream's stream and the client's: it passes the bytes on, or turns them into another dialect.

`EventStream` in `events.py` and the watchers in `dialects.passing` leave the bytes as they are; `Translated` does not.
"""

from collections.abc import Callable
from typing import Protocol

from stoa.dialects.answer import (
    AnnotationPiece,
    Ended,
    Failed,
    Finished,
    FinishReason,
    RefusalPiece,
    Started,
    TextPiece,
    ThinkingPiece,
    TokenUsage,
    ToolCallPiece,
    ToolCallStarted,
    UsageTold,
)
from stoa.dialects.forms import StreamReader, StreamWriter
from stoa.domain.operations import ErrorClass
from stoa.domain.refusal import refusal
from stoa.gateway.events import ErrorBody
from stoa.gateway.usage import Usage, usage_of


class Watcher(Protocol):
    """One answer's stream. After `done` or `error` nothing more is passed on."""

    content: bool
    """Whether some has come: from here on this target answers."""
    done: bool
    """Whether the terminal marker has come. It is kept back for `end`."""
    error: ErrorBody | None
    error_class: ErrorClass | None
    """Of the error, where the dialect tells."""

    @property
    def usage(self) -> Usage | None: ...

    def feed(self, data: bytes) -> bytes:
        """What the client is to get now. Raises ValueError for bytes that are not of the dialect."""
        ...

    def closed(self) -> bool:
        """The upstream has ended its answer: whether it is whole."""
        ...

    def count_characters(self) -> int:
        """How many characters of content were passed on."""
        ...

    def text(self) -> str | None:
        """The text of the answer so far; None when it was too large to keep."""
        ...

    def end(self, stoa: object) -> bytes:
        """The last bytes, with Stoa's own object unless it is None."""
        ...

    def fail(self, status: int, code: str, message: str) -> bytes:
        """What ends a stream that cannot be finished: an error, and no marker of success."""
        ...


class Translated:
    """Implements `Watcher` with a reader of one dialect and a writer of another. Text is kept up to `keep_characters`."""

    __slots__ = (
        "_keep", "_reader", "_texts", "_writer", "characters", "content", "done", "error", "error_class", "finish", "told",
    )  # fmt: skip

    def __init__(self, reader: StreamReader, writer: StreamWriter, *, keep_characters: int) -> None:
        self._reader = reader
        self._writer = writer
        self._keep = keep_characters
        self._texts: list[str] | None = []
        self.characters = 0
        self.content = False
        self.finish: FinishReason | None = None
        self.done = False
        self.error: ErrorBody | None = None
        self.error_class: ErrorClass | None = None
        self.told = TokenUsage()

    @property
    def usage(self) -> Usage | None:
        return usage_of(self.told)

    def feed(self, data: bytes) -> bytes:
        if self.done or self.error is not None:
            return b""
        events = self._reader.feed(data)
        passed = events
        for place, event in enumerate(events):
            match event:
                case TextPiece(text=text) | RefusalPiece(text=text) | ThinkingPiece(text=text):
                    self.content = True
                    self.characters += len(text)
                    if isinstance(event, TextPiece):
                        self._keep_text(text)
                case ToolCallStarted() | AnnotationPiece():
                    self.content = True
                case ToolCallPiece(arguments=arguments):
                    self.content = True
                    self.characters += len(arguments)
                case Finished(finish=finish):
                    self.content = True
                    self.finish = finish
                case Started(usage=usage):
                    self._tell(usage)
                case UsageTold(usage=usage):
                    self._tell(usage)
                case Failed():
                    self.error = ErrorBody(event.message, None, event.code)
                    self.error_class = event.error_class
                    passed = events[:place]
                    break
                case Ended():
                    self.done = True
                    passed = events[:place]
                    break
        return self._writer.write(passed)

    def closed(self) -> bool:
        """Some dialects have no marker of their own: a finish reason and the end of the answer are it."""
        return False

    def count_characters(self) -> int:
        return self.characters

    def text(self) -> str | None:
        return "".join(self._texts) if self._texts is not None else None

    def end(self, stoa: object) -> bytes:
        return self._writer.end(stoa)

    def fail(self, status: int, code: str, message: str) -> bytes:
        return self._writer.fail(status, code, message)

    def _keep_text(self, text: str) -> None:
        if self._texts is not None:
            self._texts.append(text)
            if self.characters > self._keep:
                self._texts = None

    def _tell(self, usage: TokenUsage | None) -> None:
        if usage is None:
            return
        told = self.told
        self.told = TokenUsage(
            input=usage.input if usage.input is not None else told.input,
            output=usage.output if usage.output is not None else told.output,
            cache_read=usage.cache_read if usage.cache_read is not None else told.cache_read,
            cache_write=usage.cache_write if usage.cache_write is not None else told.cache_write,
            reasoning=usage.reasoning if usage.reasoning is not None else told.reasoning,
        )


class Raw:
    """Implements `Watcher` for what is no events, such as sound. The end of the answer is its marker."""

    def __init__(self) -> None:
        self.content = False
        self.done = False
        self.error: ErrorBody | None = None
        self.error_class: ErrorClass | None = None
        self.usage: Usage | None = None

    def feed(self, data: bytes) -> bytes:
        self.content = self.content or bool(data)
        return data

    def closed(self) -> bool:
        self.done = True
        return True

    def count_characters(self) -> int:
        return 0

    def text(self) -> str | None:
        return None

    def end(self, stoa: object) -> bytes:
        del stoa
        return b""

    def fail(self, status: int, code: str, message: str) -> bytes:
        """There is no place for words in it: that the connection is cut has to tell."""
        del status, code, message
        return b""


class OperationStream(Raw):
    """Events of images, speech or a transcription, passed on as they are; usage is read of the one that tells it."""

    def __init__(self, usage: Callable[[bytes], Usage | None]) -> None:
        super().__init__()
        self._usage = usage
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line.startswith(b"data:") and b'"usage"' in line:
                self.usage = self._usage(line[5:].strip()) or self.usage
        return super().feed(data)

    def fail(self, status: int, code: str, message: str) -> bytes:
        return b"event: error\ndata: " + refusal(status, code, message) + b"\n\n"
