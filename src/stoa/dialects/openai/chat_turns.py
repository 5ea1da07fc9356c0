"""The messages of a request, written as those of OpenAI's chat completions."""

from collections.abc import Sequence

from stoa.dialects.carrying import Refusals
from stoa.dialects.conversation import (
    Audio,
    Conversation,
    Fields,
    File,
    Image,
    Message,
    Part,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from stoa.dialects.naming import place_of
from stoa.dialects.signatures import without_signature
from stoa.domain.upstream import Facts

_FAILED = "The tool failed: "
"""Before the result of a tool that failed: there is no field that says so."""


def write_messages(request: Conversation, facts: Facts, refusals: Refusals) -> list[Fields]:
    messages: list[Fields] = []
    if request.system:
        # One message with one text: many servers' templates take no more.
        messages.append({"role": "system", "content": "\n\n".join(text.text for text in request.system)})
    for at, message in enumerate(request.messages):
        where = place_of(message, at)
        match message.role:
            case "system":
                messages.append(_named({"role": "system", "content": _content(message.content, where, refusals)}, message))
            case "user":
                messages.extend(_user(message, where, refusals))
            case "assistant":
                messages.append(_named(_assistant(message, facts), message))
    return messages


def details_of(thoughts: Sequence[Thinking]) -> list[Fields]:
    """`reasoning_details`: thinking with its proof, as OpenRouter carries it."""
    details: list[Fields] = []
    for index, thought in enumerate(thoughts):
        if thought.redacted is not None:
            details.append({"type": "reasoning.encrypted", "data": thought.redacted, "index": index})
        else:
            details.append({"type": "reasoning.text", "text": thought.text, "signature": thought.signature, "index": index})
    return details


def call_of(call: ToolCall) -> Fields:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _named(written: Fields, message: Message) -> Fields:
    if message.name is not None:
        written["name"] = message.name
    return written


def _user(message: Message, where: str, refusals: Refusals) -> list[Fields]:
    """Results of tools are messages of their own, before what the user says to them."""
    said = [part for part in message.content if not isinstance(part, ToolResult)]
    written: list[Fields] = [
        {
            "role": "tool",
            "tool_call_id": without_signature(result.call_id),
            "content": _content(_failed(result) if result.error else result.content, where, refusals),
        }
        for result in message.content
        if isinstance(result, ToolResult)
    ]
    if said or not written:
        written.append(_named({"role": "user", "content": _content(said, where, refusals)}, message))
    return written


def _failed(result: ToolResult) -> list[Part]:
    first = result.content[0] if result.content else None
    if isinstance(first, Text):
        return [Text(text=_FAILED + first.text), *result.content[1:]]
    return [Text(text=_FAILED.rstrip(": ") + "."), *result.content]


def _assistant(message: Message, facts: Facts) -> Fields:
    texts = [part.text for part in message.content if isinstance(part, Text)]
    refusals = [part.text for part in message.content if isinstance(part, Refusal)]
    calls = [part for part in message.content if isinstance(part, ToolCall)]
    thoughts = [part for part in message.content if isinstance(part, Thinking)]
    content: object = texts[0] if len(texts) == 1 else [{"type": "text", "text": text} for text in texts]
    written: Fields = {"role": "assistant", "content": content if texts else None if calls or refusals else ""}
    if refusals:
        written["refusal"] = "".join(refusals)
    if calls:
        written["tool_calls"] = [{**call_of(call), "id": without_signature(call.id)} for call in calls]
    if thoughts and facts.reasoning_field == "reasoning_details":
        written["reasoning_details"] = details_of(thoughts)
    elif facts.reasoning_field is not None and (text := "".join(thought.text for thought in thoughts)):
        written[facts.reasoning_field] = text
    return written


def _content(parts: Sequence[Part], where: str, refusals: Refusals) -> object:
    if not parts:
        return ""
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [written for at, part in enumerate(parts) if (written := _part(part, f"{where}.content[{at}]", refusals))]


def _part(part: Part, where: str, refusals: Refusals) -> Fields | None:
    match part:
        case Text():
            return {"type": "text", "text": part.text}
        case Image():
            image: Fields = {"url": part.url or f"data:{part.media_type};base64,{part.data}"}
            if part.detail is not None:
                image["detail"] = part.detail
            return {"type": "image_url", "image_url": image}
        case Audio():
            return {"type": "input_audio", "input_audio": {"data": part.data, "format": part.format}}
        case File(file_id=str()):
            return {"type": "file", "file": {"file_id": part.file_id}}
        case File(data=str()):
            data = f"data:{part.media_type or 'application/pdf'};base64,{part.data}"
            return {"type": "file", "file": {"filename": part.name or "document", "file_data": data}}
        case File():
            refusals.add(where, "send the document's data instead of its URL")
        case _:
            refusals.add(where)
    return None
