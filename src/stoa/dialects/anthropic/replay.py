"""One answer of Anthropic's messages in its two forms, without anything in between: a message, and the stream of it."""

from collections.abc import Iterator
from typing import cast

import msgspec

from stoa.dialects.conversation import Fields
from stoa.dialects.event_lines import data_of

_TEXTS = {"text_delta": "text", "thinking_delta": "thinking", "signature_delta": "signature"}
"""Deltas that add to a text of their block, and which."""
_NONE: list[Fields] = []
_KINDS = ("text", "thinking", "redacted_thinking")
_ENDS = ("stop_reason", "stop_sequence", "stop_details", "container")
_START_USAGE = {"output_tokens": 0, "output_tokens_details": None}
_DELTA_USAGE = (
    "input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens_details",
    "server_tool_use",
)  # fmt: skip

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def whole_of(events: bytes) -> bytes | None:
    """The message that a finished stream amounts to; None when it has more in it than text and thinking."""
    message: Fields | None = None
    blocks: list[Fields] = []
    pieces: dict[str, list[str]] = {}
    for event in _events(events):
        match event.get("type"):
            case "message_start":
                message = event["message"]
            case "content_block_start":
                if event["content_block"].get("type") not in _KINDS:
                    return None
                _fill(blocks, pieces)
                blocks.append(event["content_block"])
            case "content_block_delta":
                if not blocks or not _add(event["delta"], blocks[-1], pieces):
                    return None
            case "message_delta" if message is not None:
                message = _ended(message, event)
            case "message_stop" if message is not None:
                _fill(blocks, pieces)
                return _encode(message | {"content": blocks})
            case _:
                pass
    return None


def stream_of(message: bytes) -> bytes | None:
    """The stream that amounts to a message; None when it has more in it than text and thinking. `stoa` goes last."""
    fields = cast("Fields", _decode(message))  # cast: it was read as an object before
    content: list[Fields] = fields.get("content") or []
    if any(block.get("type") not in _KINDS for block in content):
        return None
    usage: Fields = fields.get("usage") or {}
    stoa = fields.pop("stoa", None)
    begun = usage | {name: value for name, value in _START_USAGE.items() if name in usage}
    start = fields | {"content": _NONE, "usage": begun} | {name: None for name in _ENDS if name in fields}
    events: list[Fields] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(content):
        opened, deltas = _opened(block)
        events.append({"type": "content_block_start", "index": index, "content_block": opened})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    ended = {name: fields.get(name) for name in _ENDS if name in fields}
    told = {name: usage[name] for name in _DELTA_USAGE if name in usage}
    events.append({"type": "message_delta", "delta": ended, "usage": told})
    events.append({"type": "message_stop"} if stoa is None else {"type": "message_stop", "stoa": stoa})
    return b"".join([b"event: %b\ndata: %b\n\n" % (event["type"].encode(), _encode(event)) for event in events])


def _ended(message: Fields, event: Fields) -> Fields:
    """Usage is told anew in part; what is not told stays."""
    told: Fields = event.get("usage") or {}
    usage: Fields = message.get("usage") or {}
    delta: Fields = event.get("delta") or {}
    return message | delta | {"usage": usage | {name: value for name, value in told.items() if value is not None}}


def _events(events: bytes) -> Iterator[Fields]:
    for event in events.split(b"\n\n"):
        data = data_of(event)
        if data:
            yield cast("Fields", _decode(data))  # cast: it was read as an object before


def _add(delta: Fields, block: Fields, pieces: dict[str, list[str]]) -> bool:
    """False for a delta that is of no kind known here."""
    kind = delta.get("type")
    if kind == "citations_delta":
        block["citations"] = [*(block.get("citations") or ()), delta.get("citation")]
        return True
    name = _TEXTS.get(kind or "")
    if name is None:
        return False
    pieces.setdefault(name, []).append(delta.get(name) or "")
    return True


def _fill(blocks: list[Fields], pieces: dict[str, list[str]]) -> None:
    """The last block is over: its pieces become its texts."""
    for name, found in pieces.items():
        blocks[-1][name] = (blocks[-1].get(name) or "") + "".join(found)
    pieces.clear()


def _opened(block: Fields) -> tuple[Fields, list[Fields]]:
    """A block as it begins, and the deltas that fill it."""
    match block["type"]:
        case "text":
            cited = [{"type": "citations_delta", "citation": each} for each in block.get("citations") or ()]
            return block | {"text": ""} | ({"citations": _NONE} if cited else {}), [
                {"type": "text_delta", "text": block.get("text") or ""},
                *cited,
            ]
        case "thinking":
            thought = {"type": "thinking_delta", "thinking": block.get("thinking") or ""}
            signed = {"type": "signature_delta", "signature": block.get("signature") or ""}
            return block | {"thinking": "", "signature": ""}, [thought, signed]
        case _:
            return block, []
