"""The stream of Anthropic's messages, read from an upstream."""

import msgspec

from stoa.dialects.answer import (
    AnnotationPiece,
    Ended,
    Event,
    Failed,
    Finished,
    RefusalPiece,
    Started,
    TextPiece,
    ThinkingPiece,
    ToolCallPiece,
    ToolCallStarted,
    UsageTold,
)
from stoa.dialects.anthropic.answer import (
    Block,
    MessagesAnswer,
    MessagesError,
    StopDetails,
    annotations_of,
    error_of,
    finish_of,
)
from stoa.dialects.anthropic.usage import MessagesUsage, read_usage
from stoa.dialects.conversation import Fields
from stoa.dialects.event_lines import EventLines


class Delta(msgspec.Struct):
    """Of a block, or of the message."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    citation: Fields | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None


class MessagesEvent(msgspec.Struct):
    type: str
    index: int = 0
    message: MessagesAnswer | None = None
    content_block: Block | None = None
    delta: Delta | None = None
    usage: MessagesUsage | None = None
    error: MessagesError | None = None


_decode = msgspec.json.Decoder(MessagesEvent).decode


def decode(data: bytes) -> MessagesEvent:
    """Raises ValueError."""
    try:
        return _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"an event is not one of Anthropic's messages: {error}") from None


class MessagesReader:
    """One answer."""

    def __init__(self, *, model: str) -> None:
        self._model = model
        self._lines = EventLines()
        self._over = False
        self._numbers: dict[int, int] = {}  # index of a block to the number of its call
        self._silent: set[int] = set()  # calls without arguments so far, by index
        self._length = 0  # of all text
        self._start = 0  # of the text of the block that is open
        self._citations: list[Fields] = []  # of it

    def feed(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        for _, content in self._lines.feed(data):
            if self._over:
                break
            if content:
                self._event(decode(content), events)
        return events

    def _event(self, event: MessagesEvent, events: list[Event]) -> None:
        match event.type:
            case "message_start":
                message = event.message or MessagesAnswer()
                usage = read_usage(message.usage)
                events.append(Started(id=message.id, model=message.model or self._model, usage=usage))
            case "content_block_start" if event.content_block is not None:
                self._block(event.content_block, event.index, events)
            case "content_block_delta" if event.delta is not None:
                self._delta(event.delta, event.index, events)
            case "content_block_stop":
                self._stop(event.index, events)
            case "message_delta":
                self._message(event, events)
            case "message_stop":
                self._over = True
                events.append(Ended())
            case "error":
                self._over = True
                error = error_of(event.error or MessagesError(), 0)
                events.append(Failed(error.message, error.error_class, error.code))
            case _:
                pass  # ping, and what is yet to be invented

    def _block(self, block: Block, index: int, events: list[Event]) -> None:
        match block.type:
            case "text":
                self._start = self._length
                self._citations = list(block.citations or ())
                self._text(block.text, events)
            case "thinking" if block.thinking or block.signature:
                events.append(ThinkingPiece(block.thinking or "", block.signature or None))
            case "redacted_thinking":
                events.append(ThinkingPiece(redacted=block.data or ""))
            case "tool_use":
                number = len(self._numbers)
                self._numbers[index] = number
                events.append(ToolCallStarted(number, block.id or "", block.name or ""))
                arguments = bytes(block.input).decode()
                if arguments.strip("{} \n") and arguments != "null":
                    events.append(ToolCallPiece(number, arguments))
                else:
                    self._silent.add(index)
            case _:
                pass

    def _delta(self, delta: Delta, index: int, events: list[Event]) -> None:
        match delta.type:
            case "text_delta":
                self._text(delta.text, events)
            case "thinking_delta" if delta.thinking:
                events.append(ThinkingPiece(delta.thinking))
            case "signature_delta" if delta.signature:
                events.append(ThinkingPiece(signature=delta.signature))
            case "input_json_delta" if delta.partial_json and index in self._numbers:
                self._silent.discard(index)
                events.append(ToolCallPiece(self._numbers[index], delta.partial_json))
            case "citations_delta" if delta.citation is not None:
                self._citations.append(delta.citation)
            case _:
                pass

    def _text(self, text: str | None, events: list[Event]) -> None:
        if text:
            self._length += len(text)
            events.append(TextPiece(text))

    def _stop(self, index: int, events: list[Event]) -> None:
        if index in self._silent:  # a call without arguments: an empty object in every other dialect
            self._silent.discard(index)
            events.append(ToolCallPiece(self._numbers[index], "{}"))
        events.extend(AnnotationPiece(found) for found in annotations_of(self._citations, self._start, self._length))
        self._citations = []

    def _message(self, event: MessagesEvent, events: list[Event]) -> None:
        delta = event.delta
        if delta is not None and delta.stop_reason is not None:
            if delta.stop_details is not None and delta.stop_details.explanation:
                events.append(RefusalPiece(delta.stop_details.explanation))
            events.append(Finished(finish_of(delta.stop_reason), delta.stop_sequence))
        usage = read_usage(event.usage)
        if usage is not None:
            events.append(UsageTold(usage))
