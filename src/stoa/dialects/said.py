"""What of a request a model reads, whatever the form: its texts, how many messages they stand in, and what is no text.

Tools and schemas count as the JSON that they are. Limits: how a provider words them to its model is its own affair, and what
an address leads to is not looked at.
"""

import base64
import binascii
import re
from typing import cast

import msgspec

from stoa.dialects.conversation import Fields
from stoa.dialects.image_size import image_size
from stoa.domain.operations import ClientForm

_UNREAD = frozenset((
    "type", "id", "role", "tool_use_id", "tool_call_id", "call_id", "cache_control", "signature", "data", "status", "format",
    "detail", "media_type", "filename", "file_id", "encrypted_content", "phase",
))  # fmt: skip
"""Fields within a message that are no part of what the model reads."""
_IMAGES = ("image", "image_url", "input_image")
_DOCUMENTS = ("document", "file", "input_file")
_PAGE = re.compile(rb"/Type\s*/Page\b")
_PAGE_TOKENS = 2000
_SOUND_TOKENS = 1000
_HEAD = 90_000
"""Characters of an image in base64 that its size is looked for in."""
_encode = msgspec.json.Encoder().encode

Image = tuple[int, int]
"""Width and height."""


class Said:
    """Filled by `said_in`."""

    __slots__ = ("images", "messages", "other", "small_images", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.messages = 0
        self.images: list[Image | None] = []
        """None where nobody knows the size."""
        self.small_images = 0
        """Those that the client wants to be looked at roughly."""
        self.other = 0
        """Tokens of documents and sound, and of texts that came as numbers of tokens."""

    def walk(self, value: object) -> None:
        """Whatever may stand in a message."""
        if isinstance(value, str):
            if value:
                self.texts.append(value)
        elif isinstance(value, list):
            for item in cast("list[object]", value):
                if type(item) is int:
                    self.other += 1
                else:
                    self.walk(item)
        elif isinstance(value, dict):
            self._object(cast("Fields", value))

    def _object(self, fields: Fields) -> None:
        kind = fields.get("type")
        if kind in _IMAGES:
            self._image(fields)
        elif kind in _DOCUMENTS:
            self._document(fields)
        elif kind == "input_audio":
            self.other += _SOUND_TOKENS
        else:
            for name, value in fields.items():
                if name == "input" and isinstance(value, dict):  # of a call
                    self.write(cast("Fields", value))
                elif name not in _UNREAD:
                    self.walk(value)

    def write(self, value: object) -> None:
        """What the model reads as JSON."""
        if value:
            self.texts.append(_encode(value).decode())

    def _image(self, fields: Fields) -> None:
        told, source = fields.get("image_url"), fields.get("source")
        detail, data = fields.get("detail"), ""
        if isinstance(told, dict):
            detail, told = cast("Fields", told).get("detail"), cast("Fields", told).get("url")
        if isinstance(source, dict):
            data = cast("Fields", source).get("data")
        elif isinstance(told, str) and told.startswith("data:"):
            data = told.partition(",")[2]
        if detail == "low":
            self.small_images += 1
        else:
            self.images.append(image_size(_bytes(data[:_HEAD])) if isinstance(data, str) else None)

    def _document(self, fields: Fields) -> None:
        for name in ("title", "context"):
            self.walk(fields.get(name))
        source, file = fields.get("source"), fields.get("file")
        if isinstance(source, dict):
            told = cast("Fields", source)
            data: object = told.get("data")
            if told.get("type") in ("text", "content"):
                self.walk(told.get("content") if data is None else data)
                return
        else:
            data = (cast("Fields", file) if isinstance(file, dict) else fields).get("file_data")
        pages = len(_PAGE.findall(_bytes(data.rpartition(",")[2]))) if isinstance(data, str) else 0
        self.other += _PAGE_TOKENS * max(1, pages)


def said_in(fields: Fields, form: ClientForm | None) -> Said:
    """Of a request's body. Without a form there are no messages, and nothing is written around its texts."""
    said = Said()
    for name in ("system", "instructions"):
        if fields.get(name):
            said.messages += 1
            said.walk(fields[name])
    messages = fields.get("messages")
    if isinstance(messages, list):
        turns = cast("list[object]", messages)
        said.messages += len(turns)
        said.walk(turns)
    for name in ("input", "prompt"):
        value = fields.get(name)
        said.walk(value)
        if name == "input" and form == "responses":
            said.messages += _turns(value)
    for name in ("tools", "functions"):
        said.write(fields.get(name))
    for name, inner in (("response_format", "json_schema"), ("text", "format"), ("output_config", "format")):
        holder = fields.get(name)
        if isinstance(holder, dict):
            schema = cast("Fields", holder).get(inner)
            if isinstance(schema, dict) and "schema" in schema:
                said.write(cast("Fields", schema))
    return said


def _turns(value: object) -> int:
    if isinstance(value, list):
        return sum([isinstance(item, dict) and "role" in item for item in cast("list[object]", value)])
    return 1 if value else 0


def _bytes(data: str) -> bytes:
    try:
        return base64.b64decode(data[: len(data) // 4 * 4], validate=True)
    except (binascii.Error, ValueError):
        return b""
