"""Items of a stream of OpenAI's responses while they are open. Each emits its own events and is told whole when it closes.

`close` takes the item's status: `completed`, or `incomplete` where the answer was cut.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from stoa.dialects.answer import ThinkingPiece, ToolCallStarted
from stoa.dialects.conversation import Fields, FoundFiles, Thinking, ToolCall
from stoa.dialects.openai.file_search import citations_in
from stoa.dialects.openai.responses_answer import call_item, item_id, message_item, refusal_part, text_part
from stoa.dialects.openai.responses_thinking import reasoning_item

Emit = Callable[[str, Fields], None]
"""Writes an event: its type, and its fields but for the type and the number."""

_decode = msgspec.json.Decoder().decode


class OpenMessage:
    """A message; one of its parts is open at a time."""

    def __init__(self, emit: Emit, index: int, response_id: str, found: FoundFiles | None = None) -> None:
        """`found` is what numbers in brackets stand for."""
        self._emit = emit
        self.index = index
        self._found = found
        self._id = item_id("msg", response_id, index)
        self._content: list[Fields] = []
        self._kind: Literal["text", "refusal"] | None = None
        self._pieces: list[str] = []
        self._logprobs: list[Fields] = []
        self._annotations: list[Fields] = []
        emit("response.output_item.added", {"output_index": index, "item": message_item(self._id, [], "in_progress")})

    def text(self, text: str, logprobs: list[Fields]) -> None:
        self._switch("text")
        self._pieces.append(text)
        self._logprobs += logprobs
        self._emit("response.output_text.delta", {**self._where(), "delta": text, "logprobs": logprobs})

    def refusal(self, text: str) -> None:
        self._switch("refusal")
        self._pieces.append(text)
        self._emit("response.refusal.delta", {**self._where(), "delta": text})

    def annotate(self, annotation: Fields) -> None:
        self._switch("text")
        self._annotations.append(annotation)
        at = len(self._annotations) - 1
        fields = {**self._where(), "annotation_index": at, "annotation": annotation}
        self._emit("response.output_text.annotation.added", fields)

    def close(self, status: str) -> Fields:
        self._close_part()
        item = message_item(self._id, self._content, status)
        self._emit("response.output_item.done", {"output_index": self.index, "item": item})
        return item

    def _where(self) -> Fields:
        return {"item_id": self._id, "output_index": self.index, "content_index": len(self._content)}

    def _switch(self, kind: Literal["text", "refusal"]) -> None:
        if self._kind == kind:
            return
        self._close_part()
        self._kind = kind
        part = text_part("") if kind == "text" else refusal_part("")
        self._emit("response.content_part.added", {**self._where(), "part": part})

    def _close_part(self) -> None:
        if self._kind is None:
            return
        whole = "".join(self._pieces)
        if self._kind == "text":
            for citation in citations_in(whole, self._found):
                self.annotate(citation)
            part = text_part(whole, self._annotations, self._logprobs)
            self._emit("response.output_text.done", {**self._where(), "text": whole, "logprobs": self._logprobs})
        else:
            part = refusal_part(whole)
            self._emit("response.refusal.done", {**self._where(), "refusal": whole})
        self._emit("response.content_part.done", {**self._where(), "part": part})
        self._content.append(part)
        self._kind, self._pieces, self._logprobs, self._annotations = None, [], [], []


class OpenThought:
    """A block of thinking, told as one summary."""

    def __init__(self, emit: Emit, index: int, response_id: str) -> None:
        self._emit = emit
        self.index = index
        self._id = item_id("rs", response_id, index)
        self._pieces: list[str] = []
        self._signature: str | None = None
        self._redacted: str | None = None
        emit("response.output_item.added", {"output_index": index, "item": reasoning_item(self._id, Thinking())})

    def piece(self, event: ThinkingPiece) -> None:
        self._signature = event.signature or self._signature
        self._redacted = event.redacted or self._redacted
        if not event.text:
            return
        if not self._pieces:
            self._emit("response.reasoning_summary_part.added", {**self._where(), "part": _summary("")})
        self._pieces.append(event.text)
        self._emit("response.reasoning_summary_text.delta", {**self._where(), "delta": event.text})

    def close(self, status: str) -> Fields:
        text = "".join(self._pieces)
        if self._pieces:
            self._emit("response.reasoning_summary_text.done", {**self._where(), "text": text})
            self._emit("response.reasoning_summary_part.done", {**self._where(), "part": _summary(text)})
        item = reasoning_item(self._id, Thinking(text=text, signature=self._signature, redacted=self._redacted))
        self._emit("response.output_item.done", {"output_index": self.index, "item": item})
        return item

    def _where(self) -> Fields:
        return {"item_id": self._id, "output_index": self.index, "summary_index": 0}


class OpenCall:
    """A call of a tool."""

    def __init__(self, emit: Emit, index: int, response_id: str, event: ToolCallStarted) -> None:
        self._emit = emit
        self.index = index
        self._id = item_id("fc", response_id, index)
        self._call = ToolCall(id=event.id, name=event.name, arguments="")
        self._pieces: list[str] = []
        item = call_item(self._id, self._call, "in_progress")
        emit("response.output_item.added", {"output_index": index, "item": item})

    def piece(self, arguments: str) -> None:
        self._pieces.append(arguments)
        self._emit("response.function_call_arguments.delta", {**self._where(), "delta": arguments})

    def whole(self) -> bool:
        """Whether the arguments are JSON by now."""
        try:
            _decode("".join(self._pieces))
        except (msgspec.DecodeError, RecursionError):
            return False
        return True

    def close(self, status: str) -> Fields:
        if not self._pieces:
            self.piece("{}")
        self._call.arguments = "".join(self._pieces)
        done = {**self._where(), "name": self._call.name, "arguments": self._call.arguments}
        self._emit("response.function_call_arguments.done", done)
        item = call_item(self._id, self._call, status)
        self._emit("response.output_item.done", {"output_index": self.index, "item": item})
        return item

    def _where(self) -> Fields:
        return {"item_id": self._id, "output_index": self.index}


def _summary(text: str) -> Fields:
    return {"type": "summary_text", "text": text}
