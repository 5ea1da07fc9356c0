"""OpenAI's legacy completions, as clients speak them: a prompt becomes a message of the user, the answer's text the completion.

Thinking has no place in a completion and is left out.
"""

from collections.abc import Sequence

import msgspec

from stoa.dialects.answer import (
    Answer,
    Choice,
    Event,
    Failed,
    Finished,
    RefusalPiece,
    Started,
    TextPiece,
    TokenUsage,
    UsageTold,
)
from stoa.dialects.answer_rules import later, own_id
from stoa.dialects.conversation import Conversation, Fields, Message, Refusal, Text
from stoa.dialects.fields import FieldReader, read_object
from stoa.dialects.openai.chat_answer import written_finish
from stoa.dialects.openai.chat_read import read_sampling
from stoa.dialects.openai.chat_usage import write_usage
from stoa.dialects.openai.chat_writer import DONE
from stoa.dialects.statuses import status_of
from stoa.domain.refusal import refusal

_encode = msgspec.json.Encoder().encode


class CompletionsClient:
    def read(self, body: bytes) -> Conversation:
        reader = read_object(body)
        request = Conversation(form="completions", model=reader.need_text("model"), messages=_prompt(reader))
        read_sampling(reader, request)
        request.max_tokens = reader.integer("max_tokens", least=1)
        request.user = reader.text("user")
        best_of = reader.integer("best_of", least=1)
        if best_of is not None and best_of > (request.n or 1):
            reader.keep("best_of")
        if reader.flag("echo"):
            reader.keep("echo")
        if reader.text("suffix"):
            reader.keep("suffix")
        reader.close()  # logprobs too: its numbers are counted by tokens of the prompt, and told in another form
        request.rest = reader.rest
        return request

    def write_answer(self, answer: Answer, request: Conversation) -> bytes:
        body: Fields = {
            **_head(answer.id, answer.model, answer.created_s or 0),
            "choices": [
                _choice(at, _text_of(choice), written_finish(choice.finish, request))
                for at, choice in enumerate(answer.choices)
            ],
            "usage": write_usage(answer.usage),
        }
        if answer.stoa is not None:
            body["stoa"] = answer.stoa
        return _encode(body)

    def stream_writer(self, request: Conversation, *, answer_id: str, model: str, created_s: int) -> "CompletionsWriter":
        return CompletionsWriter(request, answer_id=answer_id, model=model, created_s=created_s)

    def refusal(self, status: int, code: str, message: str, param: str | None = None) -> bytes:
        return refusal(status, code, message, param)


class CompletionsWriter:
    """One stream."""

    def __init__(self, request: Conversation, *, answer_id: str, model: str, created_s: int) -> None:
        self._request = request
        self._head = _head(answer_id, model, created_s)
        self._usage: TokenUsage | None = None

    def write(self, events: Sequence[Event]) -> bytes:
        return b"".join([self._write(event) for event in events])

    def end(self, stoa: object = None) -> bytes:
        out = b""
        if self._request.wants_usage:
            out += _event({**self._head, "choices": [], "usage": write_usage(self._usage)})
        if stoa is not None:
            out += _event({**self._head, "choices": [], "stoa": stoa})
        return out + DONE

    def fail(self, status: int, code: str, message: str) -> bytes:
        return b"data: " + refusal(status, code, message) + b"\n\n"

    def _write(self, event: Event) -> bytes:
        match event:
            case Started():
                created = self._head["created"] if event.created_s is None else event.created_s
                self._head = _head(event.id or self._head["id"], event.model or self._head["model"], created)
                self._usage = event.usage
            case TextPiece() | RefusalPiece():
                return self._chunk(event.choice, event.text, None) if event.text else b""
            case Finished():
                return self._chunk(event.choice, "", written_finish(event.finish, self._request))
            case UsageTold():
                self._usage = later(self._usage, event.usage)
            case Failed():
                return self.fail(status_of(event.error_class), event.code or event.error_class, event.message)
            case _:
                pass
        return b""

    def _chunk(self, at: int, text: str, finish: str | None) -> bytes:
        chunk: Fields = {**self._head, "choices": [_choice(at, text, finish)]}
        if self._request.wants_usage:
            chunk["usage"] = None
        return _event(chunk)


def _prompt(reader: FieldReader) -> list[Message]:
    """Several prompts, and prompts that are tokens already, are refused by whoever writes the request."""
    found = reader.get("prompt")
    if isinstance(found, list) and len(found) == 1:  # pyright: ignore[reportUnknownArgumentType] JSON
        found = found[0]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(found, str):
        return [Message(role="user", content=[Text(text=found)], path="prompt")]
    if not found:
        raise reader.missing("prompt")
    reader.keep("prompt")
    return []


def _text_of(choice: Choice) -> str:
    return "".join(part.text for part in choice.content if isinstance(part, Text | Refusal))


def _head(answer_id: str, model: str, created_s: int) -> Fields:
    return {"id": own_id("cmpl-", answer_id), "object": "text_completion", "created": created_s, "model": model}


def _choice(at: int, text: str, finish: str | None) -> Fields:
    return {"text": text, "index": at, "logprobs": None, "finish_reason": finish}


def _event(chunk: Fields) -> bytes:
    return b"data: " + _encode(chunk) + b"\n\n"
