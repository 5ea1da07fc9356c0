"""Answers of Anthropic's messages, whole: read from an upstream, and written to a client."""

from collections.abc import Sequence

import msgspec

from stoa.dialects.answer import Answer, Choice, FinishReason
from stoa.dialects.answer_rules import hides_thinking, own_id
from stoa.dialects.anthropic.turns import input_of
from stoa.dialects.anthropic.usage import MessagesUsage, read_usage, write_usage
from stoa.dialects.classify import class_of
from stoa.dialects.conversation import Conversation, Fields, Part, Refusal, Text, Thinking, ToolCall
from stoa.dialects.forms import AnswerFailed, UpstreamError


class Block(msgspec.Struct):
    """Of content. Blocks of Anthropic's own tools, which only an operator's own fields can have asked for, are passed over."""

    type: str
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw(b"{}")
    citations: list[Fields] | None = None


class StopDetails(msgspec.Struct):
    explanation: str | None = None


class MessagesError(msgspec.Struct):
    message: str = ""
    type: str | None = None


class MessagesAnswer(msgspec.Struct):
    id: str = ""
    type: str | None = None
    model: str | None = None
    content: list[Block] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: StopDetails | None = None
    usage: MessagesUsage | None = None
    error: MessagesError | None = None


_decode = msgspec.json.Decoder(MessagesAnswer).decode
_encode = msgspec.json.Encoder().encode
_FINISH: dict[str, FinishReason] = {
    "end_turn": "stop", "stop_sequence": "stop", "max_tokens": "length", "model_context_window_exceeded": "length",
    "tool_use": "tool_calls", "refusal": "refusal", "pause_turn": "pause",
}  # fmt: skip
_WRITTEN: dict[FinishReason, str] = {
    "stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal", "refusal": "refusal",
    "pause": "pause_turn",
}  # fmt: skip
_TIERS = {"standard": "default", "priority": "priority"}
"""Anthropic's names of the tier that answered, in OpenAI's words."""


def read_answer(body: bytes, *, model: str) -> Answer:
    """Raises ValueError when it is no message, and AnswerFailed when it is an error."""
    try:
        found = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"it is not a message of Anthropic's dialect: {error}") from None
    if found.error is not None:
        raise AnswerFailed(error_of(found.error, 0))
    if found.content is None:
        raise ValueError("it is not a message of Anthropic's dialect: it has no content")
    content, annotations = _content(found.content)
    if found.stop_details is not None and found.stop_details.explanation:
        content.append(Refusal(text=found.stop_details.explanation))
    choice = Choice(content=content, finish=finish_of(found.stop_reason), stop_sequence=found.stop_sequence)
    return Answer(
        id=found.id,
        model=found.model or model,
        choices=[choice],
        usage=read_usage(found.usage),
        service_tier=None if found.usage is None else _TIERS.get(found.usage.service_tier or ""),
        annotations=annotations,
    )


def finish_of(reason: str | None) -> FinishReason:
    return _FINISH.get(reason or "end_turn", "stop")


def stop_reason_of(finish: FinishReason, stop_sequence: str | None, *, refused: bool) -> str:
    if finish == "stop" and refused:
        return "refusal"
    return "stop_sequence" if finish == "stop" and stop_sequence is not None else _WRITTEN[finish]


def error_of(error: MessagesError, status: int) -> UpstreamError:
    return UpstreamError(class_of(status, error.type, error.message), error.message, error.type)


def annotations_of(citations: Sequence[Fields], start: int, end: int) -> list[Fields]:
    """Citations of the web, of a text from `start` to `end`. Others point into documents that no other dialect can give."""
    return [
        {
            "type": "url_citation",
            "url_citation": {"start_index": start, "end_index": end, "title": found.get("title") or "", "url": found["url"]},
        }
        for found in citations
        if isinstance(found.get("url"), str)
    ]


def citation_of(annotation: Fields, text: str) -> Fields | None:
    """The nearest that this dialect has to OpenAI's url_citation."""
    cited: Fields | None = annotation.get("url_citation")
    if not isinstance(cited, dict):
        return None
    start, end = cited.get("start_index") or 0, cited.get("end_index") or 0
    return {
        "type": "web_search_result_location",
        "cited_text": text[start:end],
        "url": cited.get("url") or "",
        "title": cited.get("title"),
        "encrypted_index": "",
    }


def write_answer(answer: Answer, request: Conversation) -> bytes:
    choice = answer.choices[0]
    refused = any(isinstance(part, Refusal) for part in choice.content)
    body: Fields = {
        **message_head(answer.id, answer.model),
        "content": _blocks(choice.content, answer.annotations, request),
        "stop_reason": stop_reason_of(choice.finish, choice.stop_sequence, refused=refused),
        "stop_sequence": choice.stop_sequence,
        "usage": write_usage(answer.usage),
    }
    if answer.stoa is not None:
        body["stoa"] = answer.stoa
    return _encode(body)


def message_head(answer_id: str, model: str) -> Fields:
    """A message that is still to be filled, with all fields that it must have."""
    return {
        "id": own_id("msg_", answer_id), "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": None, "stop_sequence": None, "stop_details": None, "container": None,
    }  # fmt: skip


def tool_use_of(call_id: str, name: str, arguments: str) -> Fields:
    return {"type": "tool_use", "id": call_id, "name": name, "input": input_of(arguments), "caller": {"type": "direct"}}


def _content(blocks: Sequence[Block]) -> tuple[list[Part], list[Fields]]:
    content: list[Part] = []
    annotations: list[Fields] = []
    length = 0
    for block in blocks:
        match block.type:
            case "text":
                text = block.text or ""
                content.append(Text(text=text))
                annotations += annotations_of(block.citations or [], length, length + len(text))
                length += len(text)
            case "thinking":
                content.append(Thinking(text=block.thinking or "", signature=block.signature or None))
            case "redacted_thinking":
                content.append(Thinking(redacted=block.data or ""))
            case "tool_use":
                arguments = bytes(block.input).decode()
                content.append(ToolCall(id=block.id or "", name=block.name or "", arguments=arguments))
            case _:
                pass
    return content, annotations


def _blocks(content: Sequence[Part], annotations: Sequence[Fields], request: Conversation) -> list[Fields]:
    blocks: list[Fields] = []
    for part in content:
        match part:
            case Text():
                found = [citation for annotation in annotations if (citation := citation_of(annotation, part.text))]
                blocks.append({"type": "text", "text": part.text, "citations": found or None})
                annotations = []
            case Refusal():
                blocks.append({"type": "text", "text": part.text, "citations": None})
            case Thinking() if hides_thinking(request) and not (part.signature or part.redacted):
                pass
            case Thinking(redacted=str()):
                blocks.append({"type": "redacted_thinking", "data": part.redacted})
            case Thinking():
                text = "" if hides_thinking(request) else part.text
                blocks.append({"type": "thinking", "thinking": text, "signature": part.signature or ""})
            case ToolCall():
                blocks.append(tool_use_of(part.id, part.name, part.arguments))
            case _:
                pass
    return blocks
