"""Messages in Cohere's form: OpenAI's roles, with a plan beside the calls of tools."""

from stoa.dialects.carrying import Refusals
from stoa.dialects.conversation import Conversation, Fields, Image, Message, Refusal, Text, Thinking, ToolCall, ToolResult
from stoa.dialects.naming import place_of
from stoa.dialects.signatures import without_signature


def write_messages(request: Conversation, refusals: Refusals) -> list[Fields]:
    """Instructions first, then what was said; each result of a tool is a message of its own."""
    written: list[Fields] = []
    if request.system:
        written.append({"role": "system", "content": _content([_text(text.text) for text in request.system])})
    for place, message in enumerate(request.messages):
        if message.name is not None:
            refusals.add(f"{place_of(message, place)}.name", "put the name into the text")
        if message.role == "system":
            refusals.add(f"{place_of(message, place)}.role", "put instructions at the beginning of the conversation")
        if message.role == "assistant":
            written.append(_assistant(message, place_of(message, place), refusals))
        else:
            written.extend(_user(message, place_of(message, place), refusals))
    return written


def _user(message: Message, place: str, refusals: Refusals) -> list[Fields]:
    results: list[Fields] = []
    content: list[Fields] = []
    for part in message.content:
        match part:
            case Text(text=text):
                content.append(_text(text))
            case Image():
                url = part.url if part.url is not None else f"data:{part.media_type};base64,{part.data}"
                detail = {} if part.detail is None else {"detail": part.detail}
                content.append({"type": "image_url", "image_url": {"url": url} | detail})
            case ToolResult():
                results.append(_result(part, place, refusals))
            case _:
                refusals.add(f"{place}.content", "send text and images alone")
    return [*results, {"role": "user", "content": _content(content)}] if content else results


def _assistant(message: Message, place: str, refusals: Refusals) -> Fields:
    content: list[Fields] = []
    calls: list[Fields] = []
    thoughts: list[str] = []
    for part in message.content:
        match part:
            case Text(text=text) | Refusal(text=text):
                content.append(_text(text))
            case ToolCall():
                function = {"name": part.name, "arguments": part.arguments}
                calls.append({"id": without_signature(part.id), "type": "function", "function": function})
            case Thinking(text=text, signature=None, redacted=None):
                thoughts.append(text)
            case Thinking():
                pass
            case _:
                refusals.add(f"{place}.content", "leave what is neither text nor a call out")
    written: Fields = {"role": "assistant"}
    if calls:
        written["tool_calls"] = calls
        if thoughts:
            written["tool_plan"] = "\n".join(thoughts)
    else:
        content[:0] = [{"type": "thinking", "thinking": thought} for thought in thoughts]
    if content:
        written["content"] = _content(content)
    return written


def _result(part: ToolResult, place: str, refusals: Refusals) -> Fields:
    content: list[Fields] = []
    for inner in part.content:
        if isinstance(inner, Text):
            content.append(_text(inner.text))
        else:
            refusals.add(f"{place}.content", "a tool's result may hold text alone")
    if part.error:  # a document's keys are shown to the model, and this is how it hears that the call failed
        content = [{"type": "document", "document": {"data": {"error": piece.get("text", "")}}} for piece in content]
    return {"role": "tool", "tool_call_id": without_signature(part.call_id), "content": _content(content)}


def _content(parts: list[Fields]) -> str | list[Fields]:
    """Text alone is a string, as every model of Cohere's takes it."""
    if not parts:
        return ""
    return parts[0]["text"] if len(parts) == 1 and parts[0]["type"] == "text" else parts


def _text(text: str) -> Fields:
    return {"type": "text", "text": text}
