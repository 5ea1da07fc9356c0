"""Answers of OpenAI's chat completions, whole: read from an upstream, and written to a client."""

from typing import Any, cast

import msgspec

from stoa.dialects.answer import Answer, Choice, FinishReason
from stoa.dialects.answer_rules import own_id, shown_thoughts
from stoa.dialects.classify import class_of
from stoa.dialects.conversation import Conversation, Fields, Part, Refusal, Text, Thinking, ToolCall
from stoa.dialects.forms import AnswerFailed, UpstreamError
from stoa.dialects.openai.chat_messages import read_details
from stoa.dialects.openai.chat_turns import call_of, details_of
from stoa.dialects.openai.chat_usage import ChatUsage, read_usage, write_usage


class FunctionCall(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = None  # Any: some servers send the object itself


class Call(msgspec.Struct):
    id: str | None = None
    index: int | None = None
    function: FunctionCall = msgspec.field(default_factory=FunctionCall)


class Said(msgspec.Struct):
    """A message, or, on streams, the next piece of one."""

    content: str | list[Fields] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[Fields] | None = None
    tool_calls: list[Call] | None = None
    function_call: FunctionCall | None = None
    annotations: list[Fields] | None = None


class ChatChoice(msgspec.Struct):
    index: int = 0
    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None
    logprobs: Fields | None = None
    stop_reason: object = None
    """vLLM's: the stop sequence that was met, if one was."""


class ChatError(msgspec.Struct):
    message: str = ""
    type: str | None = None
    code: str | int | None = None
    param: str | None = None


class ChatAnswer(msgspec.Struct):
    """An answer, or, on streams, a chunk, as far as it is read."""

    id: str = ""
    model: str | None = None
    created: float | None = None
    choices: list[ChatChoice] = []
    usage: ChatUsage | None = None
    service_tier: str | None = None
    error: ChatError | str | None = None
    kind: object = msgspec.field(name="object", default=None)
    message: object = None
    type: object = None

    def failure(self) -> ChatError | str | None:
        """The error it tells of. Mistral and older vLLM send one as the whole, whose `object` is `error`."""
        if self.error is None and self.kind == "error":
            return ChatError(str(self.message or ""), self.type if isinstance(self.type, str) else None)
        return self.error


_decoder = msgspec.json.Decoder(ChatAnswer)
_encode = msgspec.json.Encoder().encode
_FINISH: dict[str, FinishReason] = {
    "stop": "stop", "length": "length", "tool_calls": "tool_calls", "function_call": "tool_calls",
    "content_filter": "content_filter", "max_tokens": "length", "model_length": "length",
}  # fmt: skip
_WRITTEN: dict[FinishReason, str] = {
    "stop": "stop", "length": "length", "tool_calls": "tool_calls", "content_filter": "content_filter",
    "refusal": "content_filter", "pause": "stop",
}  # fmt: skip


def decode(body: bytes) -> ChatAnswer:
    """Raises ValueError."""
    try:
        return _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"it is not a chat completion: {error}") from None


def read_answer(body: bytes, *, model: str) -> Answer:
    """Raises ValueError when it is no chat completion, and AnswerFailed when it is an error."""
    found = decode(body)
    failure = found.failure()
    if failure is not None:
        raise AnswerFailed(error_of(failure, 0))
    if not found.choices:
        raise ValueError("it is not a chat completion: it has no choices")
    answer = Answer(
        id=found.id,
        model=found.model or model,
        created_s=None if found.created is None else int(found.created),
        choices=[],
        usage=read_usage(found.usage),
        service_tier=found.service_tier,
    )
    for choice in sorted(found.choices, key=lambda choice: choice.index):
        said = choice.message or Said()
        answer.annotations = answer.annotations + (said.annotations or [])
        content = _content(said)
        finish = finish_of(choice.finish_reason, called=any(isinstance(part, ToolCall) for part in content))
        met = stop_sequence_of(choice)
        answer.choices.append(Choice(content=content, finish=finish, stop_sequence=met, logprobs=choice.logprobs))
    return answer


def stop_sequence_of(choice: ChatChoice) -> str | None:
    met = choice.stop_reason
    return met if isinstance(met, str) and choice.finish_reason == "stop" else None


def finish_of(reason: str | None, *, called: bool) -> FinishReason:
    """Servers say `stop` where a tool was demanded by name, and some for every call."""
    finish = _FINISH.get(reason or "stop", "stop")
    return "tool_calls" if called and finish == "stop" else finish


def written_finish(finish: FinishReason, request: Conversation) -> str:
    return "function_call" if finish == "tool_calls" and request.functions else _WRITTEN[finish]


def error_of(error: ChatError | str, status: int) -> UpstreamError:
    if isinstance(error, str):
        return UpstreamError(class_of(status, None, error), error)
    code = error.code
    if isinstance(code, int):  # OpenRouter puts the status here
        status, code = status if status >= 400 else code, None
    names = " ".join(name for name in (code, error.type) if name)
    return UpstreamError(class_of(status, names, error.message), error.message, code or error.type, error.param)


def write_answer(answer: Answer, request: Conversation) -> bytes:
    body: Fields = {
        "id": own_id("chatcmpl-", answer.id),
        "object": "chat.completion",
        "created": answer.created_s or 0,
        "model": answer.model,
        "choices": [_choice(choice, at, answer, request) for at, choice in enumerate(answer.choices)],
        "usage": write_usage(answer.usage),
    }
    if answer.service_tier is not None:
        body["service_tier"] = answer.service_tier
    if answer.stoa is not None:
        body["stoa"] = answer.stoa
    return _encode(body)


def thinking_in(content: list[Fields]) -> str:
    """Mistral's models think in a part of the content."""
    inner = [part.get("thinking") for part in content if part.get("type") == "thinking"]
    texts: list[str] = []
    for found in inner:
        pieces = cast("list[Fields]", found) if isinstance(found, list) else [{"text": found}]  # cast: JSON of an upstream
        texts.extend(str(piece.get("text") or "") for piece in pieces)
    return "".join(texts)


def text_in(content: list[Fields]) -> str:
    return "".join(str(part.get("text") or "") for part in content if part.get("type") == "text")


def arguments_of(function: FunctionCall) -> str:
    found = function.arguments
    return found if isinstance(found, str) else "" if found is None else _encode(found).decode()


def _content(said: Said) -> list[Part]:
    content: list[Part] = list(read_details(said.reasoning_details or []))
    thought = said.reasoning_content or said.reasoning or ""
    text = said.content or ""
    if isinstance(text, list):
        thought, text = thought or thinking_in(text), text_in(text)
    if thought and not any(isinstance(part, Thinking) and part.text for part in content):
        content.insert(0, Thinking(text=thought))
    if text:
        content.append(Text(text=text))
    if said.refusal:
        content.append(Refusal(text=said.refusal))
    for at, call in enumerate(said.tool_calls or []):
        function = call.function
        content.append(ToolCall(id=call.id or f"call_{at}", name=function.name or "", arguments=arguments_of(function)))
    if said.function_call is not None:
        function = said.function_call
        content.append(ToolCall(id="call_0", name=function.name or "", arguments=arguments_of(function)))
    return content


def _choice(choice: Choice, at: int, answer: Answer, request: Conversation) -> Fields:
    texts = [part.text for part in choice.content if isinstance(part, Text)]
    refusals = [part.text for part in choice.content if isinstance(part, Refusal)]
    calls = [part for part in choice.content if isinstance(part, ToolCall)]
    message: Fields = {
        "role": "assistant",
        "content": "".join(texts) if texts or not (calls or refusals) else None,
        "refusal": "".join(refusals) if refusals else None,
        "annotations": answer.annotations if at == 0 else [],
    }
    thoughts = shown_thoughts(choice.content, request)
    if text := "".join(thought.text for thought in thoughts):
        message["reasoning_content"] = text
    if any(thought.signature or thought.redacted for thought in thoughts):
        message["reasoning_details"] = details_of(thoughts)
    if calls and request.functions:
        message["function_call"] = call_of(calls[0])["function"]
    elif calls:
        message["tool_calls"] = [call_of(call) for call in calls]
    finish = written_finish(choice.finish, request)
    return {"index": at, "message": message, "logprobs": choice.logprobs, "finish_reason": finish}
