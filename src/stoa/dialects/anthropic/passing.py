"""Streams of Anthropic's messages that pass untouched."""

import msgspec

from stoa.dialects.answer import Failed
from stoa.dialects.anthropic.answer import MessagesError, error_of
from stoa.dialects.anthropic.errors import error_body
from stoa.dialects.anthropic.reader import Delta, MessagesEvent, decode
from stoa.dialects.anthropic.replay import whole_of
from stoa.dialects.anthropic.usage import read_usage
from stoa.dialects.event_lines import data_of
from stoa.dialects.passing import Seen

_encode = msgspec.json.Encoder().encode
_NOTHING = Seen()


class MessagesPassing:
    """Implements `passing.Passing`."""

    def matters(self, events: bytes) -> bool:
        return b'"message_' in events or b'"error"' in events

    def look(self, event: bytes) -> Seen:
        data = data_of(event)
        if not data:
            return _NOTHING
        found = decode(data)
        match found.type:
            case "message_start":
                return Seen(usage=read_usage(found.message.usage) if found.message is not None else None)
            case "message_delta":
                stopped = found.delta is not None and found.delta.stop_reason is not None
                return Seen(content=stopped, usage=read_usage(found.usage))
            case "message_stop":
                return Seen(ended=True)
            case "error":
                error = error_of(found.error or MessagesError(), 0)
                return Seen(failed=Failed(error.message, error.error_class, error.code))
            case _:
                return Seen(content=_says_something(found))

    def characters(self, events: bytes) -> int:
        return sum(_characters(data_of(event)) for event in events.split(b"\n\n"))

    def whole(self, events: bytes) -> bytes | None:
        return whole_of(events)

    def end(self, last: bytes, stoa: object) -> bytes:
        return last if stoa is None else b"event: message_stop\ndata: %b\n\n" % _encode({"type": "message_stop", "stoa": stoa})

    def fail(self, status: int, code: str, message: str, *, first: bytes, latest: bytes) -> bytes:
        del code, first, latest
        return b"event: error\ndata: %b\n\n" % error_body(status, message)


def _characters(data: bytes) -> int:
    try:
        delta = decode(data).delta if data else None
    except ValueError:
        return 0
    return 0 if delta is None else len(delta.text or "") + len(delta.thinking or "") + len(delta.partial_json or "")


def _says_something(event: MessagesEvent) -> bool:
    """A block of text or thinking begins empty; of every other kind its beginning is content."""
    if event.type == "content_block_start" and event.content_block is not None:
        block = event.content_block
        return bool(block.type not in ("text", "thinking") or block.text or block.thinking)
    delta: Delta | None = event.delta
    return delta is not None and bool(delta.text or delta.thinking or delta.partial_json or delta.signature or delta.citation)
