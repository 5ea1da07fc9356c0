"""The stream of OpenAI's chat completions, written to a client."""

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
from stoa.dialects.answer_rules import hides_thinking, later, own_id
from stoa.dialects.conversation import Conversation, Fields, Thinking
from stoa.dialects.openai.chat_answer import written_finish
from stoa.dialects.openai.chat_turns import details_of
from stoa.dialects.openai.chat_usage import write_usage
from stoa.dialects.statuses import status_of
from stoa.domain.refusal import refusal

DONE = b"data: [DONE]\n\n"
_encode = msgspec.json.Encoder().encode


class ChatWriter:
    """One answer. The role comes first in each choice; usage, where it is wanted, in a chunk of its own at the end."""

    def __init__(self, request: Conversation, *, answer_id: str, model: str, created_s: int) -> None:
        self._request = request
        self._head: Fields = {
            "id": own_id("chatcmpl-", answer_id), "object": "chat.completion.chunk", "created": created_s, "model": model,
        }  # fmt: skip
        self._usage: TokenUsage | None = None
        self._begun: set[int] = set()
        self._indices: dict[int, int] = {}  # number of a call to its index within its choice
        self._counts: dict[int, int] = {}  # calls of each choice
        self._thoughts: dict[int, list[str]] = {}

    def write(self, events: Sequence[Event]) -> bytes:
        out: list[bytes] = []
        for event in events:
            self._write(event, out)
        return b"".join(out)

    def end(self, stoa: object = None) -> bytes:
        out: list[bytes] = []
        if self._request.wants_usage:
            out.append(_event({**self._head, "choices": [], "usage": write_usage(self._usage)}))
        if stoa is not None:
            out.append(_event({**self._head, "choices": [], "stoa": stoa}))
        return b"".join(out) + DONE

    def fail(self, status: int, code: str, message: str) -> bytes:
        return b"data: " + refusal(status, code, message) + b"\n\n"

    def _write(self, event: Event, out: list[bytes]) -> None:
        match event:
            case Started():
                self._start(event)
                self._begin(0, out)
            case TextPiece():
                self._delta({"content": event.text}, event.choice, out, event.logprobs)
            case RefusalPiece():
                self._delta({"refusal": event.text}, event.choice, out)
            case AnnotationPiece():
                self._delta({"annotations": [event.annotation]}, event.choice, out)
            case ThinkingPiece():
                self._think(event, out)
            case ToolCallStarted():
                self._call(event, out)
            case ToolCallPiece():
                function: Fields = {"arguments": event.arguments}
                if self._request.functions:
                    self._delta({"function_call": function}, event.choice, out)
                else:
                    index = self._indices[event.number]
                    self._delta({"tool_calls": [{"index": index, "function": function}]}, event.choice, out)
            case Finished():
                self._delta({}, event.choice, out, finish=written_finish(event.finish, self._request))
            case UsageTold():
                self._usage = later(self._usage, event.usage)
            case Failed():
                out.append(self.fail(status_of(event.error_class), event.code or event.error_class, event.message))
            case Ended():
                pass

    def _start(self, event: Started) -> None:
        if event.id:
            self._head["id"] = own_id("chatcmpl-", event.id)
        if event.model:
            self._head["model"] = event.model
        if event.created_s is not None:
            self._head["created"] = event.created_s
        if event.usage is not None:
            self._usage = later(self._usage, event.usage)

    def _begin(self, choice: int, out: list[bytes]) -> None:
        if choice not in self._begun:
            self._begun.add(choice)
            self._delta({"role": "assistant", "content": "", "refusal": None}, choice, out)

    def _delta(
        self, delta: Fields, choice: int, out: list[bytes], logprobs: Fields | None = None, *, finish: str | None = None
    ) -> None:
        self._begin(choice, out)
        chunk: Fields = {
            **self._head,
            "choices": [{"index": choice, "delta": delta, "logprobs": logprobs, "finish_reason": finish}],
        }
        if self._request.wants_usage:
            chunk["usage"] = None
        out.append(_event(chunk))

    def _think(self, event: ThinkingPiece, out: list[bytes]) -> None:
        """Text as it comes; what proves it once it is whole, with the text again, as a client has to send it back."""
        if hides_thinking(self._request):
            return
        texts = self._thoughts.setdefault(event.choice, [])
        if event.text:
            texts.append(event.text)
            self._delta({"reasoning_content": event.text}, event.choice, out)
        if event.signature or event.redacted:
            thought = Thinking(text="".join(texts), signature=event.signature, redacted=event.redacted)
            if event.redacted is None:
                texts.clear()
            self._delta({"reasoning_details": details_of([thought])}, event.choice, out)

    def _call(self, event: ToolCallStarted, out: list[bytes]) -> None:
        function = {"name": event.name, "arguments": ""}
        if self._request.functions:
            self._delta({"function_call": function}, event.choice, out)
            return
        index = self._counts.get(event.choice, 0)
        self._counts[event.choice] = index + 1
        self._indices[event.number] = index
        call = {"index": index, "id": event.id, "type": "function", "function": function}
        self._delta({"tool_calls": [call]}, event.choice, out)


def _event(chunk: Fields) -> bytes:
    return b"data: " + _encode(chunk) + b"\n\n"
