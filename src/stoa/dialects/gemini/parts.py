"""Messages as Google's contents: parts of text, data, calls of functions and their results."""

import mimetypes
from collections.abc import Iterator

from stoa.dialects.carrying import Refusals, arguments_object, data_of
from stoa.dialects.conversation import (
    Audio,
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
from stoa.dialects.signatures import googles_id, marked, signature_of_call
from stoa.errors import InvalidRequest

_AUDIO = {
    "mp3": "audio/mp3",
    "wav": "audio/wav",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
}


_UNSIGNED = "skip_thought_signature_validator"
"""What Google documents for a call that another model made, or whose signature the client lost."""


def write_contents(messages: list[Message], refusals: Refusals, *, signed: bool) -> list[Fields]:
    """Contents, in which neighbours of one role are one: Google wants the results of parallel calls side by side.

    Results stand in the order of their calls, before anything else that a user says: where they carry no id, the order decides.
    `signed` is whether the model wants a signature on the first call of each turn.
    """
    calls = [part for message in messages for part in message.content if isinstance(part, ToolCall)]
    names = {call.id: call.name for call in calls}
    ranks = {call.id: rank for rank, call in enumerate(calls)}
    contents: list[tuple[str, list[tuple[int, Fields]]]] = []
    for place, message in enumerate(messages):
        if message.name is not None:
            refusals.add(f"{place_of(message, place)}.name", "put the name into the text")
        if message.role == "system":
            refusals.add(f"{place_of(message, place)}.role", "put instructions at the beginning of the conversation")
        role = "model" if message.role == "assistant" else "user"
        parts = list(_parts(message, place_of(message, place), names, ranks, refusals))
        if contents and contents[-1][0] == role:
            contents[-1][1].extend(parts)
        elif parts:
            contents.append((role, parts))
    written: list[Fields] = [
        {"role": role, "parts": [part for _, part in sorted(parts, key=lambda ranked: ranked[0])]} for role, parts in contents
    ]
    if signed:
        for content in written:
            first = next((part for part in content["parts"] if "functionCall" in part), None)
            if first is not None:
                first.setdefault("thoughtSignature", _UNSIGNED)
    return written


def _parts(
    message: Message, place: str, names: dict[str, str], ranks: dict[str, int], refusals: Refusals
) -> Iterator[tuple[int, Fields]]:
    last = len(ranks)
    written: Fields | None = None
    for part in message.content:
        if isinstance(part, Thinking):
            signature = marked(part.signature)
            if signature is None:
                continue
            if part.text:
                yield last, {"text": part.text, "thought": True, "thoughtSignature": signature}
            elif written is not None and "text" in written and "thoughtSignature" not in written:
                written["thoughtSignature"] = signature  # of the text that went before it
            else:
                yield last, {"text": "", "thoughtSignature": signature}
            continue
        written = _part(part, place, names, refusals)
        if written is not None:
            yield ranks[part.call_id] if isinstance(part, ToolResult) else last, written


def _part(part: Part, place: str, names: dict[str, str], refusals: Refusals) -> Fields | None:
    match part:
        case Text(text=text) | Refusal(text=text):
            return {"text": text}
        case Image():
            return _media(part.url, part.data, part.media_type)
        case Audio():
            return {"inlineData": {"mimeType": _AUDIO.get(part.format, f"audio/{part.format}"), "data": part.data}}
        case File(file_id=str()):
            refusals.add(f"{place}.file_id", "send the document's data or URL; the id is another provider's")
            return None
        case File():
            return _media(part.url, part.data, part.media_type, part.name)
        case ToolCall():
            call: Fields = {"name": part.name, "args": arguments_object(part.arguments, part.id)}
            if known := googles_id(part.id):
                call["id"] = known
            signature = signature_of_call(part.id)
            return {"functionCall": call} if signature is None else {"functionCall": call, "thoughtSignature": signature}
        case ToolResult():
            return _result(part, place, names, refusals)
        case _:
            refusals.add(f"{place}.content", "leave that kind of part out")
            return None


def _result(part: ToolResult, place: str, names: dict[str, str], refusals: Refusals) -> Fields:
    if (name := names.get(part.call_id)) is None:
        raise InvalidRequest(
            f"{place} answers tool call {part.call_id!r}, which no message before it makes.", param=f"{place}.tool_call_id"
        )
    text = "\n".join(inner.text for inner in part.content if isinstance(inner, Text))
    response: Fields = {"name": name, "response": {"error" if part.error else "output": text}}
    if known := googles_id(part.call_id):
        response["id"] = known
    media: list[Fields] = []
    for inner in part.content:
        if isinstance(inner, Image | File) and (inner.url or inner.data):
            written = _media(inner.url, inner.data, inner.media_type)
            media.append(written)
        elif not isinstance(inner, Text):
            refusals.add(f"{place}.content", "a tool's result may hold text, images and documents")
    if media:
        response["parts"] = media
    return {"functionResponse": response}


def _media(url: str | None, data: str | None, media_type: str | None, name: str | None = None) -> Fields:
    if url is not None and (found := data_of(url)) is not None:
        media_type, data = found
    if data is not None:
        known = media_type or _guess(name)
        if known is None:
            raise InvalidRequest("Data has to say its media type for this provider, such as 'image/png'.", param="messages")
        return {"inlineData": {"mimeType": known, "data": data}}
    file: Fields = {"fileUri": url}
    if known := media_type or _guess(url):
        file["mimeType"] = known
    return {"fileData": file}


def _guess(name: str | None) -> str | None:
    return mimetypes.guess_type(name.partition("?")[0])[0] if name else None
