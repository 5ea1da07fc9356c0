"""Anthropic's count_tokens: what is asked to be counted, and how the count is told."""

import msgspec

from stoa.dialects.fields import read_object
from stoa.dialects.said import Said, said_in

_encode = msgspec.json.Encoder().encode


def read_count(body: bytes) -> Said:
    """Raises InvalidRequest that names the field. `max_tokens` may be missing."""
    reader = read_object(body)
    reader.need_text("model")
    if not reader.children("messages"):
        raise reader.missing("messages")
    reader.fields("output_config")
    return said_in(reader.whole, "messages")


def write_count(tokens: int) -> bytes:
    return _encode({"input_tokens": tokens})
