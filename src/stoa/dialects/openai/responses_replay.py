"""One answer of OpenAI's responses in its two forms: whole, and as the stream of it."""

from typing import cast

import msgspec

from stoa.dialects.conversation import Fields

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_NONE: list[Fields] = []
_TERMINAL = ("completed", "incomplete")


def text_of(answer: bytes) -> str:
    """The text of all messages of a whole response."""
    output = _list(_fields(answer), "output")
    parts = [part for item in output if item.get("type") == "message" for part in _list(item, "content")]
    return "".join(part.get("text") or "" for part in parts if part.get("type") == "output_text")


def stream_of(answer: bytes) -> bytes | None:
    """The stream that amounts to a response; None for items that are neither messages nor summaries of thinking."""
    response = _fields(answer)
    if response.get("status") not in _TERMINAL:
        return None
    events = _Events()
    begun = response | {"status": "in_progress", "output": _NONE, "usage": None, "incomplete_details": None}
    begun.pop("stoa", None)
    events.add("response.created", response=begun)
    events.add("response.in_progress", response=begun)
    for index, item in enumerate(_list(response, "output")):
        if not _item(events, index, item):
            return None
    events.add(f"response.{response['status']}", response=response)
    return events.written()


class _Events:
    def __init__(self) -> None:
        self._events: list[bytes] = []

    def add(self, kind: str, **fields: object) -> None:
        event = {"type": kind, "sequence_number": len(self._events), **fields}
        self._events.append(b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode(event)))

    def written(self) -> bytes:
        return b"".join(self._events)


def _item(events: _Events, index: int, item: Fields) -> bool:
    """False for an item of a kind that is not known here."""
    match item.get("type"):
        case "message":
            begun = item | {"status": "in_progress", "content": _NONE}
        case "reasoning" if not item.get("content"):
            begun = item | {"summary": _NONE}
        case _:
            return False
    events.add("response.output_item.added", output_index=index, item=begun)
    where: Fields = {"item_id": item.get("id"), "output_index": index}
    for at, part in enumerate(_list(item, "content")):
        if not _part(events, {**where, "content_index": at}, part):
            return False
    for at, part in enumerate(_list(item, "summary")):
        _summary(events, {**where, "summary_index": at}, part)
    events.add("response.output_item.done", output_index=index, item=item)
    return True


def _part(events: _Events, where: Fields, part: Fields) -> bool:
    match part.get("type"):
        case "output_text":
            empty = part | {"text": "", "annotations": _NONE, "logprobs": _NONE}
            text, logprobs = part.get("text") or "", _list(part, "logprobs")
            events.add("response.content_part.added", **where, part=empty)
            events.add("response.output_text.delta", **where, delta=text, logprobs=logprobs)
            for at, annotation in enumerate(_list(part, "annotations")):
                events.add("response.output_text.annotation.added", **where, annotation_index=at, annotation=annotation)
            events.add("response.output_text.done", **where, text=text, logprobs=logprobs)
        case "refusal":
            refusal = part.get("refusal") or ""
            events.add("response.content_part.added", **where, part={**part, "refusal": ""})
            events.add("response.refusal.delta", **where, delta=refusal)
            events.add("response.refusal.done", **where, refusal=refusal)
        case _:
            return False
    events.add("response.content_part.done", **where, part=part)
    return True


def _summary(events: _Events, where: Fields, part: Fields) -> None:
    text = part.get("text") or ""
    events.add("response.reasoning_summary_part.added", **where, part={**part, "text": ""})
    events.add("response.reasoning_summary_text.delta", **where, delta=text)
    events.add("response.reasoning_summary_text.done", **where, text=text)
    events.add("response.reasoning_summary_part.done", **where, part=part)


def _fields(answer: bytes) -> Fields:
    return cast("Fields", _decode(answer))  # cast: it was read as an object before


def _list(fields: Fields, name: str) -> list[Fields]:
    return fields.get(name) or []
