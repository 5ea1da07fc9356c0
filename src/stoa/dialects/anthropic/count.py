"""Anthropic's count_tokens, answered without asking anybody: an estimate.

Four characters a token over everything that a model reads: instructions, messages, tools, schema. An image takes as many tokens
as Anthropic documents for its pixels, a PDF 2,000 a page. The estimate is meant to be near for English text and code and is low
for scripts with more tokens a character; whoever needs the exact number asks Anthropic.
"""

import base64
import binascii
import re
from typing import cast

import msgspec

from stoa.dialects.anthropic.image_size import image_size
from stoa.dialects.conversation import Fields
from stoa.dialects.fields import read_object

_CHARACTERS_PER_TOKEN = 4
_PIXELS_PER_TOKEN = 750
_LONGEST_EDGE = 1568
_MOST_IMAGE_TOKENS = 1600
"""What an image takes that Anthropic scales down, and one whose size nobody knows."""
_PDF_PAGE_TOKENS = 2000
_UNREAD = ("type", "id", "tool_use_id", "role", "cache_control", "signature", "data")
"""Fields that are no part of what the model reads."""
_PAGE = re.compile(rb"/Type\s*/Page\b")
_encode = msgspec.json.Encoder().encode


def count(body: bytes) -> int:
    """Raises InvalidRequest that names the field. `max_tokens` may be missing."""
    reader = read_object(body)
    reader.need_text("model")
    messages = [reader.get("messages")] if reader.children("messages") else []
    if not messages:
        raise reader.missing("messages")
    schema = reader.fields("output_config")
    characters, tokens = _weigh([reader.get("system"), messages])
    characters += sum(len(_encode(part)) for part in (reader.get("tools"), schema) if part)
    return max(1, -(-characters // _CHARACTERS_PER_TOKEN) + tokens)


def write_count(tokens: int) -> bytes:
    return _encode({"input_tokens": tokens})


def _weigh(found: object) -> tuple[int, int]:
    """Characters of all texts, and tokens of what is no text."""
    match found:
        case str():
            return len(found), 0
        case list():
            weights = [_weigh(item) for item in cast("list[object]", found)]
        case dict():
            fields = cast("Fields", found)
            source = fields.get("source")
            if isinstance(source, dict) and fields.get("type") in ("image", "document"):
                return _weigh_source(str(fields["type"]), cast("Fields", source))
            weights = [_weigh(value) for name, value in fields.items() if name not in _UNREAD]
        case _:
            return len(str(found)) if found is not None else 0, 0
    return sum(weight[0] for weight in weights), sum(weight[1] for weight in weights)


def _weigh_source(kind: str, source: Fields) -> tuple[int, int]:
    if source.get("type") in ("text", "content"):
        return _weigh(source.get("data") or source.get("content"))
    try:
        data = base64.b64decode(source.get("data") or "", validate=True)
    except (binascii.Error, TypeError, ValueError):
        data = b""
    if kind == "document":
        return 0, _PDF_PAGE_TOKENS * max(1, len(_PAGE.findall(data)))
    size = image_size(data)
    return 0, _MOST_IMAGE_TOKENS if size is None else image_tokens(*size)


def image_tokens(width: int, height: int) -> int:
    """Width times height by 750, once the longer edge is no longer than 1568 pixels."""
    scale = min(1.0, _LONGEST_EDGE / max(1, width, height))
    return max(1, min(_MOST_IMAGE_TOKENS, round(width * scale * height * scale / _PIXELS_PER_TOKEN)))
