"""The stream of OpenAI's responses, written to a client: every item and part is opened, told in pieces, and told whole."""

from collections.abc import Sequence
from typing import assert_never

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
from stoa.dialects.answer_rules import hides_thinking, later, own_id
from stoa.dialects.conversation import Conversation, Fields, FoundFiles
from stoa.dialects.openai.file_search import call_item, events_of
from stoa.dialects.openai.responses_answer import annotation_of, finish_response, item_id, logprobs_of, response_head
from stoa.dialects.openai.responses_failure import failure_events
from stoa.dialects.openai.responses_open import OpenCall, OpenMessage, OpenThought
from stoa.dialects.statuses import status_of

_encode = msgspec.json.Encoder().encode


class ResponsesWriter:
    """One answer."""

    def __init__(self, request: Conversation, *, answer_id: str, model: str, created_s: int) -> None:
        self._hides = hides_thinking(request)
        self._response = response_head(answer_id, model, created_s, request)
        self._found = request.found
        self._shows_found = request.file_search is not None and request.file_search.results
        self._out: list[bytes] = []  # events not yet handed over
        self._number = 0  # of the next event
        self._begun = False
        self._items: list[Fields] = []  # whole, or a gap for those still open
        self._open: OpenMessage | OpenThought | None = None
        self._calls: dict[int, OpenCall] = {}  # those still open
        self._refused = False
        self._finished: Finished | None = None
        self._usage: TokenUsage | None = None

    def write(self, events: Sequence[Event]) -> bytes:
        for event in events:
            self._write(event)
        return self._hand_over()

    def end(self, stoa: object = None) -> bytes:
        self._begin()
        finish = self._finished.finish if self._finished is not None else "stop"
        finish_response(self._response, finish, self._usage, refused=self._refused)
        self._close_all(self._response["status"])
        self._response["output"] = self._items
        if stoa is not None:
            self._response["stoa"] = stoa
        self._emit(f"response.{self._response['status']}", {"response": self._response})
        return self._hand_over()

    def fail(self, status: int, code: str, message: str) -> bytes:
        self._response["output"] = [item for item in self._items if item]
        failed = failure_events(self._response, self._number, status, code, message)
        self._number += 2
        return self._hand_over() + failed

    def _emit(self, kind: str, fields: Fields) -> None:
        event = {"type": kind, "sequence_number": self._number, **fields}
        self._number += 1
        self._out.append(b"event: " + kind.encode() + b"\ndata: " + _encode(event) + b"\n\n")

    def _hand_over(self) -> bytes:
        data = b"".join(self._out)
        self._out.clear()
        return data

    def _write(self, event: Event) -> None:
        match event:
            case Started():
                self._start(event)
                self._begin()
            case TextPiece():
                if event.text:
                    self._message().text(event.text, logprobs_of(event.logprobs))
            case RefusalPiece():
                self._refused = True
                self._message().refusal(event.text)
            case AnnotationPiece():
                self._message().annotate(annotation_of(event.annotation))
            case ThinkingPiece():
                if not self._hides:
                    self._think(event)
            case ToolCallStarted():
                self._start_call(event)
            case ToolCallPiece():
                if event.number in self._calls:
                    self._calls[event.number].piece(event.arguments)
            case Finished():
                self._finished = event
            case UsageTold():
                self._usage = later(self._usage, event.usage)
            case Failed():
                failed = self.fail(status_of(event.error_class), event.code or event.error_class, event.message)
                self._out.append(failed)
            case Ended():
                pass
            case _:
                assert_never(event)

    def _start(self, event: Started) -> None:
        if event.id:
            self._response["id"] = own_id("resp_", event.id)
        self._response["model"] = event.model or self._response["model"]
        if event.created_s is not None:
            self._response["created_at"] = event.created_s
        self._usage = event.usage

    def _begin(self) -> None:
        if not self._begun:
            self._begun = True
            self._emit("response.created", {"response": self._response})
            self._emit("response.in_progress", {"response": self._response})
            if self._found is not None:
                self._tell_search(self._found)

    def _tell_search(self, found: FoundFiles) -> None:
        search_id = item_id("fs", self._response["id"], self._place())
        for kind, fields in events_of(found, search_id, results=self._shows_found):
            self._emit(kind, fields)
        self._items[0] = call_item(found, search_id, results=self._shows_found)

    def _place(self) -> int:
        """The next item's."""
        self._items.append({})
        return len(self._items) - 1

    def _message(self) -> OpenMessage:
        if not isinstance(self._open, OpenMessage):
            self._begin()
            self._close_all()
            self._open = OpenMessage(self._emit, self._place(), self._response["id"], self._found)
        return self._open

    def _think(self, event: ThinkingPiece) -> None:
        if not isinstance(self._open, OpenThought):
            self._begin()
            self._close_all()
            self._open = OpenThought(self._emit, self._place(), self._response["id"])
        self._open.piece(event)
        if event.signature is not None or event.redacted is not None:
            self._close()

    def _start_call(self, event: ToolCallStarted) -> None:
        """Calls whose arguments are whole are over; the pieces of others may still come."""
        self._begin()
        self._close()
        for number in [number for number, call in self._calls.items() if call.whole()]:
            self._close_call(number)
        self._calls[event.number] = OpenCall(self._emit, self._place(), self._response["id"], event)

    def _close(self, status: str = "completed") -> None:
        if self._open is not None:
            self._items[self._open.index] = self._open.close(status)
            self._open = None

    def _close_call(self, number: int, status: str = "completed") -> None:
        call = self._calls.pop(number)
        self._items[call.index] = call.close(status)

    def _close_all(self, status: str = "completed") -> None:
        self._close(status)
        for number in list(self._calls):
            self._close_call(number, status)
