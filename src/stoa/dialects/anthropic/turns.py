"""The messages of a request, written as those of Anthropic's dialect."""

import base64
import binascii
import re
from typing import cast

import msgspec

from stoa.dialects.carrying import Refusals
from stoa.dialects.conversation import (
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
from stoa.dialects.signatures import marked, without_signature

_decode = msgspec.json.Decoder().decode
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


def write_messages(request: Conversation, refusals: Refusals) -> list[Fields]:
    """Messages of one role in a row become one: Anthropic reads them so, and wants all results of tools together."""
    written: list[Fields] = []
    for at, message in enumerate(request.messages):
        blocks = _blocks(message, place_of(message, at), refusals)
        if not blocks and message.role == "assistant":
            continue  # it says nothing, and Anthropic refuses empty messages
        if written and written[-1]["role"] == message.role != "system":
            blocks = [*written.pop()["content"], *blocks]
        if message.role == "user":
            blocks.sort(key=lambda block: block["type"] != "tool_result")
        written.append({"role": message.role, "content": blocks})
    for message in written:
        blocks = message["content"]
        if len(blocks) == 1 and set(blocks[0]) == {"type", "text"}:
            message["content"] = blocks[0]["text"]
    return written


def cached(text: str, part: Part) -> Fields:
    return _mark({"type": "text", "text": text}, part)


def input_of(arguments: str) -> Fields:
    """A call's arguments as an object. What is none is wrapped as Anthropic's own documentation of tool streaming advises."""
    try:
        found: object = _decode(arguments) if arguments.strip() else {}
    except (msgspec.DecodeError, RecursionError):
        found = None
    return cast("Fields", found) if isinstance(found, dict) else {"INVALID_JSON": arguments}


def _mark(block: Fields, part: Part) -> Fields:
    if part.cache is not None:
        block["cache_control"] = part.cache
    return block


def _blocks(message: Message, where: str, refusals: Refusals) -> list[Fields]:
    blocks: list[Fields] = []
    for at, part in enumerate(message.content):
        block = _block(part, f"{where}.content[{at}]", refusals)
        if block is not None:
            blocks.append(_mark(block, part))
    return blocks


def _block(part: Part, where: str, refusals: Refusals) -> Fields | None:
    match part:
        case Text() | Refusal():
            return {"type": "text", "text": part.text} if part.text else None
        case Image():
            return {"type": "image", "source": _image(part)}
        case File():
            return _document(part, where, refusals)
        case ToolCall():
            return {"type": "tool_use", "id": _id(part.id), "name": part.name, "input": input_of(part.arguments)}
        case ToolResult():
            return _result(part, where, refusals)
        case Thinking(redacted=str()):
            return {"type": "redacted_thinking", "data": part.redacted}
        case Thinking():
            if part.signature is None or marked(part.signature) is not None:
                return None
            return {"type": "thinking", "thinking": part.text, "signature": part.signature}
        case _:
            refusals.add(where, "send text, images or documents")
            return None


def _id(call_id: str) -> str:
    """Anthropic takes no other letters in ids; a call and its result change alike."""
    return _NOT_IN_IDS.sub("_", without_signature(call_id))


def _image(image: Image) -> Fields:
    if image.url is not None:
        return {"type": "url", "url": image.url}
    return {"type": "base64", "media_type": image.media_type, "data": image.data}


def _result(result: ToolResult, where: str, refusals: Refusals) -> Fields:
    content = [_block(part, f"{where}.content[{at}]", refusals) for at, part in enumerate(result.content)]
    blocks = [_mark(block, part) for block, part in zip(content, result.content, strict=True) if block is not None]
    plain = len(blocks) == 1 and set(blocks[0]) == {"type", "text"}
    written: Fields = {"type": "tool_result", "tool_use_id": _id(result.call_id)}
    if blocks:
        written["content"] = blocks[0]["text"] if plain else blocks
    if result.error:
        written["is_error"] = True
    return written


def _document(file: File, where: str, refusals: Refusals) -> Fields | None:
    block: Fields = {"type": "document"}
    if file.url is not None:
        block["source"] = {"type": "url", "url": file.url}
    elif file.data is None:
        refusals.add(where, "send the document's data: a file that another provider keeps cannot be read")
        return None
    elif file.media_type == "text/plain":
        text = _text_of(file.data)
        if text is None:
            refusals.add(where, "send plain text as base64 of UTF-8")
            return None
        block["source"] = {"type": "text", "media_type": "text/plain", "data": text}
    elif file.media_type in (None, "application/pdf"):
        block["source"] = {"type": "base64", "media_type": "application/pdf", "data": file.data}
    else:
        refusals.add(where, "send a PDF or plain text")
        return None
    if file.name is not None:
        block["title"] = file.name
    return block


def _text_of(data: str) -> str | None:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
