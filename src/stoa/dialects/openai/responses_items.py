"""The items of OpenAI's responses that a client sends, and the messages that they amount to."""

from collections.abc import Sequence

from stoa.dialects.conversation import Audio, File, Message, Part, Refusal, Text, Thinking, ToolCall, ToolResult
from stoa.dialects.fields import FieldReader
from stoa.dialects.openai.chat_messages import file_of, image_of
from stoa.dialects.openai.responses_thinking import open_thinking

_OF_ANSWERS = ("id", "status", "phase", "logprobs", "annotations", "prompt_cache_breakpoint", "caller", "created_by")
"""What items of answers carry that no model takes back, and marks for a cache."""


def read_input(reader: FieldReader) -> tuple[list[Text], list[Message]]:
    """Instructions at the beginning, and all that follows."""
    system: list[Text] = []
    instructions = reader.text("instructions")
    if instructions:
        system.append(Text(text=instructions))
    if reader.is_text("input"):
        return system, [Message(role="user", content=[Text(text=reader.need_text("input"))], path="input")]
    items = reader.children("input")
    if not items:
        raise reader.missing("input") if reader.get("input") is None else reader.wrong("input", "text or a list of items")
    messages: list[Message] = []
    for item in items:
        _item(item, system, messages)
    return system, messages


def _item(item: FieldReader, system: list[Text], messages: list[Message]) -> None:
    match item.text("type") or ("message" if item.get("role") is not None else "item_reference"):
        case "message":
            _message(item, system, messages)
        case "function_call":
            call = ToolCall(id=item.need_text("call_id"), name=item.need_text("name"), arguments=item.text("arguments") or "")
            _assistant(messages, item).append(call)
        case "function_call_output":
            result = ToolResult(call_id=item.need_text("call_id"), content=_content(item, "output"))
            item.skip(["name"])
            last = messages[-1] if messages else None
            if last is not None and last.role == "user" and last.content and isinstance(last.content[-1], ToolResult):
                last.content.append(result)
            else:
                messages.append(Message(role="user", content=[result], path=item.path()))
        case "reasoning":
            _assistant(messages, item).append(_thinking(item))
        case "file_search_call":
            item.skip(["queries", "results"])  # told by the answer that followed it
        case kind:
            item.keep(value=kind)
            return
    item.skip(_OF_ANSWERS)
    item.close()


def _message(item: FieldReader, system: list[Text], messages: list[Message]) -> None:
    content = _content(item, "content")
    match item.need_text("role"):
        case "system" | "developer":
            texts = [part for part in content if isinstance(part, Text)]
            if len(texts) != len(content):
                raise item.wrong("content", "text")
            if messages:
                messages.append(Message(role="system", content=content, path=item.path()))
            else:
                system.extend(texts)
        case "user":
            messages.append(Message(role="user", content=content, path=item.path()))
        case "assistant":
            before = messages[-1] if messages else None
            if before is not None and before.role == "assistant" and _only_thought(before.content):
                before.content.extend(content)
            else:
                messages.append(Message(role="assistant", content=content, path=item.path()))
        case _:
            raise item.wrong("role", "user, assistant, system or developer")


def _assistant(messages: list[Message], item: FieldReader) -> list[Part]:
    """The content of the model's turn that is under way: thinking and calls are items of their own, but of one turn."""
    if not messages or messages[-1].role != "assistant":
        messages.append(Message(role="assistant", content=[], path=item.path()))
    return messages[-1].content


def _only_thought(content: Sequence[Part]) -> bool:
    return all(isinstance(part, Thinking) for part in content)


def _thinking(item: FieldReader) -> Thinking:
    texts = [part.need_text("text") for field in ("summary", "content") for part in item.children(field)]
    return open_thinking("\n\n".join(texts), item.text("encrypted_content"))


def _content(item: FieldReader, field: str) -> list[Part]:
    if item.is_text(field):
        text = item.need_text(field)
        return [Text(text=text)] if text else []
    parts: list[Part] = []
    for part in item.children(field):
        read = _part(part)
        if read is None:
            part.keep(value=part.get("type"))
            continue
        part.skip(_OF_ANSWERS)
        part.close()
        parts.append(read)
    return parts


def _part(part: FieldReader) -> Part | None:
    match part.need_text("type"):
        case "input_text" | "output_text" | "text":
            return Text(text=part.need_text("text"))
        case "refusal":
            return Refusal(text=part.need_text("refusal"))
        case "input_image":
            url = part.text("image_url")
            return None if url is None else image_of(part, "image_url", url, part.text("detail"))
        case "input_file":
            return _file(part)
        case "input_audio":
            audio = part.child("input_audio")
            if audio is None:
                raise part.missing("input_audio")
            return Audio(data=audio.need_text("data"), format=audio.need_text("format"))
        case _:
            return None


def _file(part: FieldReader) -> File:
    file = file_of(part, part.text("file_data"))
    file.url = part.text("file_url")
    if part.get("detail") != "auto":
        part.keep("detail")
    if file.data is None and file.file_id is None and file.url is None:
        raise part.missing("file_data")
    return file
