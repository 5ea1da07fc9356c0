"""The messages of OpenAI's chat completions, read from a client."""

from typing import Any, cast

from stoa.dialects.conversation import Audio, Fields, File, Image, Message, Part, Refusal, Text, Thinking, ToolCall, ToolResult
from stoa.dialects.fields import FieldReader, data_url

_ECHOED = ("annotations", "phase", "provider_specific_fields")
"""What answers carry and clients send back with them; no model takes it back."""


def read_messages(reader: FieldReader) -> tuple[list[Text], list[Message]]:
    """Instructions at the beginning, and all that follows. Results of tools that stand in a row become one message."""
    system: list[Text] = []
    messages: list[Message] = []
    legacy: dict[str, str] = {}  # name of a function to the id of its last call
    for item in _needed(reader):
        match item.need_text("role"):
            case "system" | "developer":
                texts = _texts(item)
                name = item.text("name")
                if messages or name is not None:
                    messages.append(Message(role="system", content=texts, name=name, path=item.path()))
                else:
                    system.extend(cast("list[Text]", texts))  # cast: it refuses all else
            case "user":
                messages.append(Message(role="user", content=_parts(item), name=item.text("name"), path=item.path()))
            case "assistant":
                content = _assistant(item, legacy)
                messages.append(Message(role="assistant", content=content, name=item.text("name"), path=item.path()))
            case "tool":
                _add_result(messages, ToolResult(call_id=item.need_text("tool_call_id"), content=_parts(item)), item.path())
                item.skip(["name"])  # told by the call
            case "function":
                name = item.need_text("name")
                call_id = legacy.get(name, f"call_{name}")
                _add_result(messages, ToolResult(call_id=call_id, content=_parts(item)), item.path())
            case _:
                raise item.wrong("role", "system, developer, user, assistant, tool or function")
        item.close()
    return system, messages


def read_details(details: list[Fields]) -> list[Thinking]:
    """`reasoning_details`, in which OpenRouter, and Stoa, carry thinking with its proof."""
    found: list[Thinking] = []
    for detail in details:
        match detail.get("type"):
            case "reasoning.text":
                found.append(Thinking(text=detail.get("text") or "", signature=detail.get("signature") or None))
            case "reasoning.summary":
                found.append(Thinking(text=detail.get("summary") or ""))
            case "reasoning.encrypted" if detail.get("data"):
                found.append(Thinking(redacted=str(detail["data"])))
            case _:
                pass
    return found


def _needed(reader: FieldReader) -> list[FieldReader]:
    items = reader.children("messages")
    if not items:
        raise reader.missing("messages") if reader.get("messages") is None else reader.wrong("messages", "a list of messages")
    return items


def _add_result(messages: list[Message], result: ToolResult, path: str) -> None:
    last = messages[-1] if messages else None
    if last is not None and last.role == "user" and all(isinstance(part, ToolResult) for part in last.content) and last.content:
        last.content.append(result)
    else:
        messages.append(Message(role="user", content=[result], path=path))


def _assistant(item: FieldReader, legacy: dict[str, str]) -> list[Part]:
    content: list[Part] = [*_thinking(item), *_parts(item)]
    refusal = item.text("refusal")
    if refusal:
        content.append(Refusal(text=refusal))
    for call in item.children("tool_calls"):
        function = call.child("function")
        if call.text("type") not in (None, "function") or function is None:
            call.keep(value=call.get("type"))
            continue
        content.append(_call(function, call.need_text("id")))
        call.skip(["index"])
        call.close()
    function = item.child("function_call")
    if function is not None:
        call_id = f"call_{len(legacy)}_{function.need_text('name')}"
        legacy[function.need_text("name")] = call_id
        content.append(_call(function, call_id))
    item.skip(_ECHOED)
    return content


def _call(function: FieldReader, call_id: str) -> ToolCall:
    call = ToolCall(id=call_id, name=function.need_text("name"), arguments=function.text("arguments") or "")
    function.close()
    return call


def _thinking(item: FieldReader) -> list[Thinking]:
    details: Any = item.get("reasoning_details")  # Any: JSON
    text = item.text("reasoning_content") or item.text("reasoning")
    item.skip(["reasoning"])
    if isinstance(details, list):
        return read_details([detail for detail in cast("list[Any]", details) if isinstance(detail, dict)])
    return [Thinking(text=text)] if text else []


def _texts(item: FieldReader) -> list[Part]:
    parts = _parts(item)
    if not all(isinstance(part, Text) for part in parts):
        raise item.wrong("content", "text or text parts")
    return parts


def _parts(item: FieldReader) -> list[Part]:
    """The content of a message. Empty text says nothing."""
    if item.is_text("content"):
        text = item.need_text("content")
        return [Text(text=text)] if text else []
    parts: list[Part] = []
    for part in item.children("content"):
        read = _part(part)
        if read is None:
            part.keep(value=part.get("type"))
            continue
        read.cache = part.fields("cache_control")
        part.skip(["prompt_cache_breakpoint"])  # changes the cost, not the meaning
        part.close()
        parts.append(read)
    return parts


def _part(part: FieldReader) -> Part | None:
    match part.need_text("type"):
        case "text":
            return Text(text=part.need_text("text"))
        case "refusal":
            return Refusal(text=part.need_text("refusal"))
        case "image_url":
            return _image(part)
        case "input_audio":
            audio = part.child("input_audio")
            if audio is None:
                raise part.missing("input_audio")
            return Audio(data=audio.need_text("data"), format=audio.need_text("format"))
        case "file":
            return _file(part)
        case _:
            return None


def _image(part: FieldReader) -> Image:
    if part.is_text("image_url"):
        return image_of(part, "image_url", part.need_text("image_url"), None)
    image = part.child("image_url")
    if image is None:
        raise part.missing("image_url")
    found = image_of(image, "url", image.need_text("url"), image.text("detail"))
    image.close()
    return found


def image_of(reader: FieldReader, field: str, url: str, detail: str | None) -> Image:
    detail = None if detail == "auto" else detail
    data = data_url(reader, field, url)
    if data is None:
        return Image(url=url, detail=detail)
    return Image(media_type=data[0], data=data[1], detail=detail)


def _file(part: FieldReader) -> File:
    file = part.child("file")
    if file is None:
        raise part.missing("file")
    found = file_of(file, file.text("file_data"))
    if found.data is None and found.file_id is None:
        raise file.missing("file_data")
    file.close()
    return found


def file_of(reader: FieldReader, data: str | None) -> File:
    """`file_data` is a data URL, or, with some servers, base64 alone."""
    file = File(file_id=reader.text("file_id"), name=reader.text("filename"))
    if data is not None:
        parsed = data_url(reader, "file_data", data)
        file.media_type, file.data = parsed if parsed is not None else ("application/pdf", data)
    return file
