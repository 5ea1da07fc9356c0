"""What stands between an upstream's stream and the client's: it passes the bytes on, or turns them into another dialect.

`EventStream` in `events.py`, for chat, and `PassingStream` in `passing.py` leave the bytes as they are; `Translated` does not.
"""

from collections.abc import Callable

import msgspec

from stoa.dialects.answer import (
    AnnotationPiece,
    Answer,
    Ended,
    Event,
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
from stoa.dialects.answer_rules import later
from stoa.dialects.answer_whole import answer_of
from stoa.dialects.forms import StreamReader, StreamWriter
from stoa.domain.operations import ErrorClass
from stoa.domain.refusal import refusal
from stoa.gateway.accounts import account_in, usage_of
from stoa.gateway.event_data import ErrorBody, Refusal
from stoa.gateway.usage import Usage

_LONGEST_LINE = 67_108_864


_told = msgspec.json.Decoder(Refusal).decode


class Translated:
    """Implements `Watcher` with a reader of one dialect and a writer of another. Events are kept up to `keep_characters`.

    `write_whole` writes a whole answer in the writer's dialect; `head` names what the stream itself does not.
    """

    __slots__ = (
        "_account", "_before", "_events", "_head", "_keep", "_reader", "_write_whole", "_writer", "characters", "content",
        "done", "error", "error_class", "finish", "told",
    )  # fmt: skip

    def __init__(
        self,
        reader: StreamReader,
        writer: StreamWriter,
        write_whole: Callable[[Answer], bytes],
        head: Started,
        *,
        keep_characters: int,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._write_whole = write_whole
        self._head = head
        self._keep = keep_characters
        self._events: list[Event] | None = []
        self.characters = 0
        self.content = False
        self.finish: FinishReason | None = None
        self.done = False
        self.error: ErrorBody | None = None
        self.error_class: ErrorClass | None = None
        self.told: TokenUsage | None = None
        self._account = self._before = b""  # what came last: an account may be cut

    @property
    def usage(self) -> Usage | None:
        return usage_of(self.told, self._account)

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
                case ToolCallStarted() | AnnotationPiece():
                    self.content = True
                case ToolCallPiece(arguments=arguments):
                    self.content = True
                    self.characters += len(arguments)
                case Finished(finish=finish):
                    self.content = True
                    self.finish = finish
                case Started(usage=usage) | UsageTold(usage=usage):
                    self._tell(usage, data)
                case Failed():
                    self.error = ErrorBody(event.message, None, event.code)
                    self.error_class = event.error_class
                    passed = events[:place]
                    break
                case Ended():
                    self.done = True
                    passed = events[:place]
                    break
        self._before = data
        if self._events is not None:
            self._events += passed
            if self.characters > self._keep:
                self._events = None
        return self._writer.write(passed)

    def closed(self) -> bool:
        """Readers of dialects without a marker of their own tell the end all the same."""
        return False

    def count_characters(self) -> int:
        return self.characters

    def text(self) -> str | None:
        if self._events is None:
            return None
        return "".join([event.text for event in self._events if isinstance(event, TextPiece) and event.choice == 0])

    def whole(self) -> bytes | None:
        answer = answer_of(self._events, self._head) if self._events is not None and self.done else None
        return self._write_whole(answer) if answer is not None else None

    def end(self, stoa: object) -> bytes:
        return self._writer.end(stoa)

    def fail(self, status: int, code: str, message: str) -> bytes:
        return self._writer.fail(status, code, message)

    def _tell(self, usage: TokenUsage | None, data: bytes) -> None:
        if usage is not None:
            self.told = later(self.told, usage)
            self._account = account_in(self._before + data) or self._account


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

    def whole(self) -> bytes | None:
        return None

    def end(self, stoa: object) -> bytes:
        del stoa
        return b""

    def fail(self, status: int, code: str, message: str) -> bytes:
        """There is no place for words in it: that the connection is cut has to tell."""
        del status, code, message
        return b""


class OperationStream(Raw):
    """Events of images, speech or a transcription, passed on as they are, a line at a time.

    `usage` reads it of the event that tells it. An error is kept back, since it may be another target's turn.
    """

    def __init__(self, usage: Callable[[bytes], Usage | None]) -> None:
        super().__init__()
        self._usage = usage
        self.error: ErrorBody | None = None
        self._rest: list[bytes] = []  # of a line that has not ended
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        if self.error is not None:
            return b""
        end = data.rfind(b"\n") + 1
        if not end:
            self._keep(data)
            return b""
        whole, self._rest, self._size = b"".join((*self._rest, data[:end])), [], 0
        self._keep(data[end:])
        passed = 0
        for line in whole.splitlines(keepends=True):
            if line.startswith(b"data:"):
                if self._fails(line[5:].strip()):
                    return whole[:passed]
                self.content = True
            passed += len(line)
        return whole

    def end(self, stoa: object) -> bytes:
        del stoa
        return b"".join(self._rest)

    def fail(self, status: int, code: str, message: str) -> bytes:
        return b"event: error\ndata: " + refusal(status, code, message) + b"\n\n"

    def _keep(self, data: bytes) -> None:
        self._rest.append(data)
        self._size += len(data)
        if self._size > _LONGEST_LINE:
            raise ValueError("an event of its stream is too long")

    def _fails(self, data: bytes) -> bool:
        """Heed an event: whether it tells of an error."""
        try:
            told = _told(data).error if b'"error"' in data else None
            if told is not None:
                self.error = ErrorBody(told) if isinstance(told, str) else told
                return True
            elif b'"usage"' in data:
                self.usage = self._usage(data) or self.usage
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError):
            pass  # the client reads what it can
        return False
