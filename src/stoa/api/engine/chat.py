"""POST /v1/chat/completions: stoa-reader in OpenAI's form, whole or streamed."""

import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from stoa.adapters.engines.builtin import BuiltIn
from stoa.adapters.engines.prompt import asked
from stoa.adapters.engines.writing import written
from stoa.api.engine.body import decode, require_model
from stoa.api.engine.lanes import Lanes
from stoa.api.wire.messages import Request, Response
from stoa.errors import InvalidRequest
from stoa.kit.ids import new_id

Head = dict[str, object]

READER = "stoa-reader"

SELF_DESCRIPTION = (
    "I am stoa-reader: I answer questions in the words of documents, so ask me through an assistant that has some."
)
"""The answer to a chat that comes without passages."""


class Part(msgspec.Struct):
    type: str
    text: str = ""


class Message(msgspec.Struct):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    def text(self, at: int) -> str:
        """Raises InvalidRequest for what is not text."""
        if not isinstance(self.content, list):
            return self.content or ""
        for part in self.content:
            if part.type not in ("text", "refusal"):
                where = f"messages[{at}].content"
                raise InvalidRequest(f"{READER} reads text only; found a part of type {part.type!r} in {where!r}.", param=where)
        return "".join(part.text for part in self.content)


class StreamOptions(msgspec.Struct):
    include_usage: bool = False


class Format(msgspec.Struct):
    type: str


class ChatRequest(msgspec.Struct):
    """What is read of the body. Fields that steer chance, such as temperature and seed, change nothing and are let pass."""

    model: str
    messages: list[Message]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    n: int | None = 1
    logprobs: bool | None = False
    response_format: Format | None = None
    tools: list[msgspec.Raw] | None = None


class Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


@dataclass(frozen=True, slots=True)
class Completion:
    """The whole answer and what it took."""

    text: str
    finish_reason: Literal["stop", "length"]
    usage: Usage


async def chat(request: Request, models: BuiltIn, lanes: Lanes) -> Response:
    """One completion, or its stream."""
    body = decode(request.body, ChatRequest)
    require_model(body.model, READER, "chat")
    _refuse_what_is_not_done(body)
    messages = [(message.role, message.text(at)) for at, message in enumerate(body.messages)]
    if not any(role == "user" and text.strip() for role, text in messages):
        raise InvalidRequest("'messages' must hold a message of the role 'user' with a question in it.", param="messages")
    completion = await lanes.brisk(lambda: _complete(body, messages, models))
    head: Head = {"id": f"chatcmpl-{new_id()}", "created": int(time.time()), "model": READER}
    if not body.stream:
        return Response(200, _whole(head, completion), {"content-type": "application/json"})
    include_usage = body.stream_options is not None and body.stream_options.include_usage
    headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
    return Response(200, _events(head, completion, include_usage), headers)


def _refuse_what_is_not_done(body: ChatRequest) -> None:
    """A field that would change an answer is refused rather than ignored. Raises InvalidRequest naming it."""
    reasons = {
        "n": body.n not in (None, 1) and "gives one choice",
        "tools": bool(body.tools) and "calls no tools",
        "logprobs": bool(body.logprobs) and "has no probabilities of tokens",
        "response_format": body.response_format is not None and body.response_format.type != "text" and "answers in plain text",
        "max_tokens": _most_tokens(body) is not None and (_most_tokens(body) or 0) < 1 and "needs room for one token at least",
    }
    for field, reason in reasons.items():
        if reason:
            raise InvalidRequest(f"{READER} {reason}: {field!r} cannot be had as it is.", param=field)


def _complete(body: ChatRequest, messages: list[tuple[str, str]], models: BuiltIn) -> Completion:
    chat = asked(messages)
    text = SELF_DESCRIPTION if chat.passages is None else written(models.reader.read(chat.question, chat.passages))
    for stop in [body.stop] if isinstance(body.stop, str) else body.stop or ():
        text = text.partition(stop)[0] if stop else text
    tokens = models.embedder.tokenizer.encode(text, add_special_tokens=False)
    most = _most_tokens(body)
    reason: Literal["stop", "length"] = "stop"
    if most is not None and len(tokens.ids) > most:
        text, reason = text[: tokens.offsets[most - 1][1]], "length"
    prompt = sum(models.embedder.count_tokens(said) for _, said in messages)
    spent = min(len(tokens.ids), most or len(tokens.ids))
    return Completion(text, reason, Usage(prompt, spent, prompt + spent))


def _most_tokens(body: ChatRequest) -> int | None:
    return body.max_tokens if body.max_completion_tokens is None else body.max_completion_tokens


def _whole(head: Head, completion: Completion) -> bytes:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": completion.text, "refusal": None, "annotations": ()},
        "logprobs": None,
        "finish_reason": completion.finish_reason,
    }
    return msgspec.json.encode(head | {"object": "chat.completion", "choices": [choice], "usage": completion.usage})


async def _events(head: Head, completion: Completion, include_usage: bool) -> AsyncIterator[bytes]:
    """Server-sent events: the role, the answer word by word, the reason it ends, the usage if wanted, and the end mark."""
    head = head | {"object": "chat.completion.chunk"} | ({"usage": None} if include_usage else {})
    for delta, reason in _deltas(completion):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        yield _event(head | {"choices": [choice]})
    if include_usage:
        yield _event(head | {"choices": (), "usage": completion.usage})
    yield b"data: [DONE]\n\n"


def _deltas(completion: Completion) -> Iterator[tuple[dict[str, str], str | None]]:
    yield {"role": "assistant", "content": ""}, None
    for word in re.findall(r"\s*\S+\s*?", completion.text):
        yield {"content": word}, None
    yield {}, completion.finish_reason


def _event(content: dict[str, object]) -> bytes:
    return b"data: %b\n\n" % msgspec.json.encode(content)
