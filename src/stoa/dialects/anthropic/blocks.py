"""The messages of Anthropic's dialect, and the blocks that they hold, read from a client."""

import base64

import msgspec

from stoa.dialects.conversation import File, Image, Message, Part, Text, Thinking, ToolCall, ToolResult
from stoa.dialects.fields import FieldReader

_encode = msgspec.json.Encoder().encode


def read_system(reader: FieldReader) -> list[Text]:
    if reader.is_text("system"):
        text = reader.need_text("system")
        return [Text(text=text)] if text else []
    parts = _blocks(reader, "system")
    texts = [part for part in parts if isinstance(part, Text)]
    if len(texts) != len(parts):
        raise reader.wrong("system", "text or text blocks")
    return texts


def read_messages(reader: FieldReader) -> list[Message]:
    items = reader.children("messages")
    if not items:
        raise reader.missing("messages") if reader.get("messages") is None else reader.wrong("messages", "a list of messages")
    messages: list[Message] = []
    for item in items:
        role = item.need_text("role")
        if role not in ("user", "assistant", "system"):
            raise item.wrong("role", "'user', 'assistant' or 'system'")
        if item.get("content") is None:
            raise item.missing("content")
        messages.append(Message(role=role, content=_content(item), path=item.path()))
        item.close()
    return messages


def _content(item: FieldReader) -> list[Part]:
    if item.is_text("content"):
        text = item.need_text("content")
        return [Text(text=text)] if text else []
    return _blocks(item, "content")


def _blocks(reader: FieldReader, field: str) -> list[Part]:
    parts: list[Part] = []
    for block in reader.children(field):
        part = _block(block)
        if part is None:
            block.keep(value=block.get("type"))
            continue
        part.cache = block.fields("cache_control")
        block.close()
        parts.append(part)
    return parts


def _block(block: FieldReader) -> Part | None:
    """None for a block that only Anthropic's own models can read."""
    match block.need_text("type"):
        case "text":
            block.skip(["citations"])  # what an earlier answer rested on; its text is what a model reads
            return Text(text=block.need_text("text"))
        case "image":
            return _image(block)
        case "document":
            return _document(block)
        case "tool_use":
            return _tool_use(block)
        case "tool_result":
            result = ToolResult(call_id=block.need_text("tool_use_id"), content=_content(block))
            result.error = block.flag("is_error") or False
            return result
        case "thinking":
            return Thinking(text=block.need_text("thinking"), signature=block.text("signature") or None)
        case "redacted_thinking":
            return Thinking(redacted=block.need_text("data"))
        case _:
            return None


def _tool_use(block: FieldReader) -> ToolCall:
    arguments = block.fields("input")
    caller = block.fields("caller")
    if caller is not None and caller.get("type") != "direct":
        block.keep("caller")
    return ToolCall(
        id=block.need_text("id"),
        name=block.need_text("name"),
        arguments=_encode({} if arguments is None else arguments).decode(),
    )


def _image(block: FieldReader) -> Image | None:
    source = _source(block)
    match source.need_text("type"):
        case "base64":
            return Image(media_type=source.need_text("media_type"), data=source.need_text("data"))
        case "url":
            return Image(url=source.need_text("url"))
        case _:
            return None


def _document(block: FieldReader) -> File | None:
    source = _source(block)
    citations = block.fields("citations")
    if citations is not None and citations.get("enabled"):
        block.keep("citations")
    match source.need_text("type"):
        case "base64":
            file = File(media_type=source.need_text("media_type"), data=source.need_text("data"))
        case "text":
            data = base64.b64encode(source.need_text("data").encode()).decode()
            file = File(media_type="text/plain", data=data)
        case "url":
            file = File(url=source.need_text("url"))
        case _:
            return None
    file.name = block.text("title")
    return file


def _source(block: FieldReader) -> FieldReader:
    source = block.child("source")
    if source is None:
        raise block.missing("source")
    return source
