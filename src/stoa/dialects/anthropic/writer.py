"""The stream of Anthropic's messages, written to a client. One block is open at a time, and every block has its number."""

from collections.abc import Sequence

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
    TokenUsage,
    ToolCallPiece,
    ToolCallStarted,
    UsageTold,
)
from stoa.dialects.answer_rules import hides_thinking, later
from stoa.dialects.anthropic.answer import citation_of, message_head, stop_reason_of, tool_use_of
from stoa.dialects.anthropic.errors import error_body
from stoa.dialects.anthropic.usage import write_delta_usage, write_usage
from stoa.dialects.conversation import Conversation, Fields
from stoa.dialects.statuses import status_of

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class _Call(msgspec.Struct):
    """A call of a tool: the open one, or one that waits because the pieces of several came mixed."""

    number: int
    id: str
    name: str
    pieces: list[str]

    def whole(self) -> bool:
        try:
            _decode("".join(self.pieces))
        except (msgspec.DecodeError, RecursionError):
            return False
        return True


class MessagesWriter:
    """One answer. What ends it, the reason and the usage, is held until `end`: this dialect tells both at once."""

    def __init__(self, request: Conversation, *, answer_id: str, model: str, created_s: int) -> None:
        self._hides = hides_thinking(request)
        self._id = answer_id
        self._model = model
        self._begun = False
        self._open: str | None = None  # the type of the block that is open
        self._index = -1  # of the last block begun
        self._call: _Call | None = None
        self._waiting: dict[int, _Call] = {}
        self._texts: list[str] = []
        self._refused = False
        self._finished: Finished | None = None
        self._usage: TokenUsage | None = None

    def write(self, events: Sequence[Event]) -> bytes:
        out: list[bytes] = []
        for event in events:
            self._write(event, out)
        return b"".join(out)

    def end(self, stoa: object = None) -> bytes:
        out: list[bytes] = []
        self._begin(out)
        self._close_all(out)
        finished = self._finished or Finished("stop")
        reason = stop_reason_of(finished.finish, finished.stop_sequence, refused=self._refused)
        delta = {"stop_reason": reason, "stop_sequence": finished.stop_sequence, "stop_details": None, "container": None}
        stop: Fields = {"type": "message_stop"} if stoa is None else {"type": "message_stop", "stoa": stoa}
        out += (_event({"type": "message_delta", "delta": delta, "usage": write_delta_usage(self._usage)}), _event(stop))
        return b"".join(out)

    def fail(self, status: int, code: str, message: str) -> bytes:
        return b"event: error\ndata: " + error_body(status, message) + b"\n\n"

    def _write(self, event: Event, out: list[bytes]) -> None:
        match event:
            case Started():
                self._id, self._model = event.id or self._id, event.model or self._model
                self._usage = event.usage
                self._begin(out)
            case TextPiece() if event.text:
                self._text(event.text, out)
            case RefusalPiece():
                self._refused = True
                self._text(event.text, out)
            case ThinkingPiece():
                self._think(event, out)
            case AnnotationPiece():
                self._cite(event.annotation, out)
            case ToolCallStarted():
                self._start_call(_Call(event.number, event.id, event.name, []), out)
            case ToolCallPiece():
                self._piece(event, out)
            case Finished():
                self._begin(out)
                self._close_all(out)
                self._finished = event
            case UsageTold():
                self._usage = later(self._usage, event.usage)
            case Failed():
                out.append(self.fail(status_of(event.error_class), event.code or event.error_class, event.message))
            case TextPiece() | Ended():
                pass

    def _begin(self, out: list[bytes]) -> None:
        if not self._begun:
            self._begun = True
            message = {**message_head(self._id, self._model), "usage": write_usage(self._usage)}
            out.append(_event({"type": "message_start", "message": message}))

    def _block(self, kind: str, block: Fields, out: list[bytes]) -> None:
        self._begin(out)
        self._close(out)
        self._open = kind
        self._index += 1
        out.append(_event({"type": "content_block_start", "index": self._index, "content_block": block}))

    def _delta(self, delta: Fields, out: list[bytes]) -> None:
        out.append(_event({"type": "content_block_delta", "index": self._index, "delta": delta}))

    def _close(self, out: list[bytes]) -> None:
        if self._open is not None:
            self._open = None
            self._call = None
            out.append(_event({"type": "content_block_stop", "index": self._index}))

    def _close_all(self, out: list[bytes]) -> None:
        """The open block, and calls that still wait."""
        self._close(out)
        for number in list(self._waiting):
            self._begin_call(self._waiting.pop(number), out)
            self._close(out)

    def _text(self, text: str, out: list[bytes]) -> None:
        if self._open != "text":
            self._close_all(out)
            self._block("text", {"type": "text", "text": "", "citations": None}, out)
        self._texts.append(text)
        self._delta({"type": "text_delta", "text": text}, out)

    def _cite(self, annotation: Fields, out: list[bytes]) -> None:
        citation = citation_of(annotation, "".join(self._texts))
        if citation is not None and self._open == "text":
            self._delta({"type": "citations_delta", "citation": citation}, out)

    def _think(self, event: ThinkingPiece, out: list[bytes]) -> None:
        if event.redacted is not None:
            self._close_all(out)
            self._block("redacted", {"type": "redacted_thinking", "data": event.redacted}, out)
            self._close(out)
            return
        text = "" if self._hides else event.text
        if not text and event.signature is None:
            return
        if self._open != "thinking":
            self._close_all(out)
            self._block("thinking", {"type": "thinking", "thinking": "", "signature": ""}, out)
        if text:
            self._delta({"type": "thinking_delta", "thinking": text}, out)
        if event.signature is not None:
            self._delta({"type": "signature_delta", "signature": event.signature}, out)
            self._close(out)

    def _start_call(self, call: _Call, out: list[bytes]) -> None:
        """The open call is over when its arguments are whole JSON; until then the next one waits."""
        if self._call is not None and (self._waiting or not self._call.whole()):
            self._waiting[call.number] = call
        else:
            self._begin_call(call, out)

    def _begin_call(self, call: _Call, out: list[bytes]) -> None:
        self._block("tool", tool_use_of(call.id, call.name, ""), out)
        self._call = call
        for piece in call.pieces:
            self._delta({"type": "input_json_delta", "partial_json": piece}, out)

    def _piece(self, event: ToolCallPiece, out: list[bytes]) -> None:
        waiting = self._waiting.get(event.number)
        if waiting is not None:
            waiting.pieces.append(event.arguments)
        elif self._call is not None and self._call.number == event.number:
            self._call.pieces.append(event.arguments)
            self._delta({"type": "input_json_delta", "partial_json": event.arguments}, out)
        while self._waiting and self._call is not None and self._call.whole():
            self._begin_call(self._waiting.pop(next(iter(self._waiting))), out)


def _event(event: Fields) -> bytes:
    return b"event: " + event["type"].encode() + b"\ndata: " + _encode(event) + b"\n\n"
