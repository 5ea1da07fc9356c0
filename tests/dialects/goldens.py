"""Golden transcripts: what a form's codec must make of a conversation, of an answer, of a stream and of an error.

A case may hold `conversation` and `request`; `wire_answer` and `answer`; `wire_stream` and `events`; `wire_error` and `error`.
"""

import json
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from stoa.dialects import answer as forms_of_answers
from stoa.dialects.bedrock.eventstream import encode
from stoa.dialects.conversation import Conversation, Message, Part, ToolResult
from stoa.dialects.forms import Upstream
from stoa.domain.upstream import Facts

FOLDER = Path(__file__).parent / "golden"


def cases(form: str, section: str) -> list[str]:
    """The names of the cases that hold this section."""
    found = [path.stem for path in sorted((FOLDER / form).glob("*.json")) if section in load(form, path.stem)]
    assert found, f"no golden case of {form} has {section!r}"
    return found


def load(form: str, name: str) -> dict[str, Any]:
    return json.loads((FOLDER / form / f"{name}.json").read_text(encoding="utf-8"))


def conversation_of(case: dict[str, Any]) -> Conversation:
    told = case["conversation"]
    messages = [
        Message(role=message["role"], content=_parts(message["content"]), name=message.get("name"))
        for message in told["messages"]
    ]
    request = msgspec.convert({**told, "messages": []}, Conversation)
    request.messages = messages
    return request


def facts_of(case: dict[str, Any]) -> Facts:
    told = case.get("facts", {})
    return Facts(fields=told.get("fields"), drop=frozenset(told.get("drop", ())))


def written(value: object) -> Any:
    """Answers and errors as JSON, without what is None or empty by default."""
    return _bare(msgspec.to_builtins(value))


def events_written(events: Iterable[object]) -> list[Any]:
    return [[type(event).__name__, written(event)] for event in events]


def read_in_pieces(codec: Upstream, case: dict[str, Any], data: bytes, cuts: Iterable[int]) -> list[Any]:
    """The events of a stream that arrives cut at these places."""
    reader = codec.stream_reader(model=case["model"])
    places = [0, *sorted({cut % (len(data) + 1) for cut in cuts}), len(data)]
    found = [event for start, end in pairwise(places) for event in reader.feed(data[start:end])]
    assert all(type(event).__name__ in dir(forms_of_answers) for event in found)
    return events_written(found)


def server_events(chunks: list[Any]) -> bytes:
    """Data of server-sent events; with `type` in the data, as the event's name too."""
    lines: list[str] = []
    for chunk in chunks:
        name = f"event: {chunk['type']}\n" if "type" in chunk else ""
        lines.append(f"{name}data: {json.dumps(chunk)}\r\n\r\n")
    return "".join(lines).encode()


def frames(chunks: list[Any]) -> bytes:
    """AWS' frames: `[event type, payload]`, or `["!exception type", payload]`."""
    encoded: list[bytes] = []
    for kind, payload in chunks:
        if kind.startswith("!"):
            headers = {":exception-type": kind[1:], ":content-type": "application/json", ":message-type": "exception"}
        else:
            headers = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
        encoded.append(encode(headers, json.dumps(payload).encode()))
    return b"".join(encoded)


_PARTS: dict[str, type[Part]] = {str(part.__struct_config__.tag): part for part in Part.__subclasses__()}
STREAMS: dict[str, Callable[[list[Any]], bytes]] = {"gemini": server_events, "cohere": server_events, "bedrock": frames}


def _parts(told: list[dict[str, Any]]) -> list[Part]:
    found: list[Part] = []
    for part in told:
        inner = {name: value for name, value in part.items() if name != "content"}
        read = msgspec.convert({**inner, "content": []} if "content" in part else inner, _PARTS[part["type"]])
        if isinstance(read, ToolResult):
            read.content = _parts(part["content"])
        found.append(read)
    return found


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _bare(inner) for name, inner in value.items() if inner is not None}
    return [_bare(inner) for inner in value] if isinstance(value, list | tuple) else value
