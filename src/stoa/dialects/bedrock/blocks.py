"""Messages as Converse's content blocks."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import PurePosixPath

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
from stoa.dialects.signatures import marked, without_signature

_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_DOCUMENTS = {
    "application/pdf": "pdf", "text/csv": "csv", "application/msword": "doc", "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html", "text/plain": "txt", "text/markdown": "md",
}  # fmt: skip
_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")


def write_messages(messages: list[Message], refusals: Refusals, *, caches: bool) -> list[Fields]:
    """Messages in which the roles take turns, as AWS wants them: neighbours of one role become one."""
    written: list[Fields] = []
    documents = 0
    for place, message in enumerate(messages):
        if message.name is not None:
            refusals.add(f"{place_of(message, place)}.name", "put the name into the text")
        blocks: list[Fields] = []
        for part in message.content:
            for block in _blocks(part, place_of(message, place), refusals):
                documents += "document" in block
                blocks.append(_named(block, documents))
            blocks.extend(cache_point(part.cache, caches=caches))
        if written and written[-1]["role"] == message.role:
            written[-1]["content"].extend(blocks)
        elif blocks:
            written.append({"role": message.role, "content": blocks})
    return written


def cache_point(cache: Fields | None, *, caches: bool) -> list[Fields]:
    """What is to be cached ends here. `cache` is Anthropic's cache_control."""
    if cache is None or not caches:
        return []
    return [{"cachePoint": {"type": "default"} | ({"ttl": cache["ttl"]} if "ttl" in cache else {})}]


def tool_use_id(call_id: str) -> str:
    """AWS takes 64 characters of an alphabet; another provider's id that does not fit gets one that does, always the same."""
    plain = without_signature(call_id)
    return plain if _ID.fullmatch(plain) else "call_" + sha256(plain.encode()).hexdigest()[:24]


def _blocks(part: Part, place: str, refusals: Refusals) -> Iterator[Fields]:
    match part:
        case Text(text=text) | Refusal(text=text):
            if text.strip():
                yield {"text": text}
        case Image():
            yield from _image(part, place, refusals)
        case Audio():
            yield {"audio": {"format": part.format, "source": {"bytes": part.data}}}
        case File():
            yield from _document(part, place, refusals)
        case ToolCall():
            arguments = arguments_object(part.arguments, part.id)
            yield {"toolUse": {"toolUseId": tool_use_id(part.id), "name": part.name, "input": arguments}}
        case ToolResult():
            yield {"toolResult": _result(part, place, refusals)}
        case Thinking(redacted=str(redacted)):
            yield {"reasoningContent": {"redactedContent": redacted}}
        case Thinking(signature=str(signature)):
            if marked(signature) is None:
                yield {"reasoningContent": {"reasoningText": {"text": part.text, "signature": signature}}}
        case Thinking():
            pass
        case _:
            refusals.add(f"{place}.content", "leave that kind of part out")


def _result(part: ToolResult, place: str, refusals: Refusals) -> Fields:
    content: list[Fields] = []
    for inner in part.content:
        if isinstance(inner, Text | Image | File):
            content.extend(_named(block, len(content) + 1) for block in _blocks(inner, place, refusals))
        else:
            refusals.add(f"{place}.content", "a tool's result may hold text, images and documents")
    written: Fields = {"toolUseId": tool_use_id(part.call_id), "content": content}
    if part.error:
        written["status"] = "error"
    return written


def _image(part: Image, place: str, refusals: Refusals) -> Iterator[Fields]:
    media_type, data, url = part.media_type, part.data, part.url
    if url is not None and (found := data_of(url)) is not None:
        media_type, data = found
    if data is None and not (url or "").startswith("s3://"):
        refusals.add(f"{place}.image_url", "send the image's data instead of its address")
        return
    kind = _IMAGES.get(media_type or f"image/{PurePosixPath(url or '').suffix[1:].lower()}")
    if kind is None:
        refusals.add(f"{place}.image_url", f"send the image as one of {', '.join(sorted(set(_IMAGES.values())))}")
        return
    yield {"image": {"format": kind, "source": _source(data, url)}}


def _document(part: File, place: str, refusals: Refusals) -> Iterator[Fields]:
    media_type, data, url = part.media_type, part.data, part.url
    if url is not None and (found := data_of(url)) is not None:
        media_type, data = found
    if data is None and not (url or "").startswith("s3://"):
        refusals.add(f"{place}.file", "send the document's data instead of its address or another provider's id")
        return
    suffix = PurePosixPath(part.name or url or "").suffix[1:].lower()
    kind = _DOCUMENTS.get(media_type or "") or (suffix if suffix in _DOCUMENTS.values() else None)
    if kind is None:
        refusals.add(f"{place}.file", f"send the document as one of {', '.join(_DOCUMENTS.values())}")
        return
    document: Fields = {"format": kind, "source": _source(data, url)}
    if name := re.sub(r"[^a-zA-Z0-9()\[\] -]+|\s+", " ", PurePosixPath(part.name or "").stem).strip()[:200]:
        document["name"] = re.sub(r" {2,}", " ", name)
    yield {"document": document}


def _named(block: Fields, number: int) -> Fields:
    """A document has to have a name; the client's own where it gave one."""
    if "document" in block:
        block["document"].setdefault("name", f"document {number}")
    return block


def _source(data: str | None, url: str | None) -> Fields:
    return {"bytes": data} if data is not None else {"s3Location": {"uri": url}}
