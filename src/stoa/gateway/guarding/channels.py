"""Where the events of each client's form carry pieces of text, and how an event that carries one more piece is made.

A channel is one text of an answer, such as the content of its second choice: pieces of one channel make one text, whatever
stands between them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

from stoa.domain.operations import ClientForm
from stoa.gateway.guarding.texts import STRUCTURE, Fields, Role

Channel = tuple[Any, ...]
"""Where an answer's text stands; its first item is what `closes` speaks of. Any: names and numbers."""


_NESTED = ("tool_calls", "function_call", "function", "custom", "reasoning_details", "audio")
"""What of a delta of chat holds pieces further in."""
_WHOLE = ("part", "item", "text", "refusal", "arguments", "annotation", "delta", "input", "code")
"""What of an event of responses repeats texts, or tells others at once."""


class Piece(NamedTuple):
    """A piece of text within an event: `holder[key]`. `json`: it is part of a call's arguments."""

    channel: Channel
    holder: Fields
    key: str
    role: Role
    json: bool = False


class EventForm(Protocol):
    """One client's form."""

    def rest(self, event: Fields) -> list[tuple[Fields, str]]:
        """What else of an event may hold words, whole: each in its object under its name."""
        ...

    def pieces(self, event: Fields) -> list[Piece]: ...

    def closes(self, event: Fields) -> Callable[[Channel], bool] | None:
        """Which texts are over with this event; None when none is."""
        ...

    def bare(self, event: Fields) -> bool:
        """Whether the event says nothing besides its pieces, so that it may be left out when they are empty."""
        ...

    def carry(self, channel: Channel, text: str, like: Fields) -> Fields:
        """An event with a piece of the channel and nothing else. `like` is one that carried such a piece."""
        ...


def every(channel: Channel) -> bool:
    """That all texts are over."""
    del channel
    return True


class ChatEvents:
    """Chat completions and completions. Any string in a delta is a text of its own, whether its name is known or not."""

    def rest(self, event: Fields) -> list[tuple[Fields, str]]:
        found: list[tuple[Fields, str]] = []
        for choice in _dicts(event.get("choices")):
            found += [(choice, name) for name in choice if name not in ("delta", "text") and name not in STRUCTURE]
            delta = _dict(choice.get("delta"))
            found += [
                (delta, name) for name in delta if not isinstance(delta[name], str) and name not in (*_NESTED, *STRUCTURE)
            ]
        return found

    def pieces(self, event: Fields) -> list[Piece]:
        found: list[Piece] = []
        for choice in _dicts(event.get("choices")):
            index = choice.get("index") or 0
            if isinstance(choice.get("text"), str):
                found.append(Piece((index, "text"), choice, "text", "text"))
            delta = choice.get("delta")
            if isinstance(delta, dict):
                _pieces(cast("Fields", delta), (index, "delta"), found)
        return found

    def closes(self, event: Fields) -> Callable[[Channel], bool] | None:
        over = [choice.get("index") or 0 for choice in _dicts(event.get("choices")) if choice.get("finish_reason")]
        return (lambda channel: channel[0] in over) if over else None

    def bare(self, event: Fields) -> bool:
        if event.get("usage") or "stoa" in event:
            return False
        for choice in _dicts(event.get("choices")):
            delta = choice.get("delta")
            if choice.get("finish_reason") or (isinstance(delta, dict) and _says_more(cast("Fields", delta))):
                return False
        return True

    def carry(self, channel: Channel, text: str, like: Fields) -> Fields:
        index, first, *path = channel
        inner: Any = text  # Any: built from the inside out
        for name in reversed(path):
            inner = [{"index": name, **inner}] if isinstance(name, int) else {name: inner}
        choice: Fields = {"index": index, first: inner, "finish_reason": None}
        if first == "text":
            choice["logprobs"] = None
        head = {name: value for name, value in like.items() if name not in ("choices", "usage")}
        return {**head, "choices": [choice]}


class MessagesEvents:
    """Anthropic's messages."""

    def rest(self, event: Fields) -> list[tuple[Fields, str]]:
        if self.pieces(event):
            return []
        return [(event, name) for name in ("content_block", "delta", "message") if name in event]

    def pieces(self, event: Fields) -> list[Piece]:
        found: list[Piece] = []
        index = event.get("index")
        block, delta = event.get("content_block"), event.get("delta")
        if event.get("type") == "content_block_start" and isinstance(block, dict):
            begun = cast("Fields", block)
            for key, kind in (("text", "text_delta"), ("thinking", "thinking_delta")):
                if isinstance(begun.get(key), str):
                    found.append(Piece((index, kind, key), begun, key, _role(key)))
        if event.get("type") == "content_block_delta" and isinstance(delta, dict):
            told = cast("Fields", delta)
            for key, value in told.items():
                if isinstance(value, str) and key not in STRUCTURE:
                    found.append(Piece((index, told.get("type"), key), told, key, _role(key), key == "partial_json"))
        return found

    def closes(self, event: Fields) -> Callable[[Channel], bool] | None:
        kind, index = event.get("type"), event.get("index")
        if kind == "content_block_stop":
            return lambda channel: channel[0] == index
        if kind == "content_block_delta" and _dict(event.get("delta")).get("type") == "signature_delta":
            return lambda channel: channel[0] == index
        return every if kind in ("message_delta", "message_stop") else None

    def bare(self, event: Fields) -> bool:
        return event.get("type") == "content_block_delta"

    def carry(self, channel: Channel, text: str, like: Fields) -> Fields:
        index, kind, key = channel
        return {"type": "content_block_delta", "index": index, "delta": {"type": kind, key: text}}


class ResponsesEvents:
    """OpenAI's responses, whose later events repeat the texts whole."""

    def rest(self, event: Fields) -> list[tuple[Fields, str]]:
        if self.pieces(event) or event.get("type") == "response.audio.delta":
            return []
        found = [(event, name) for name in _WHOLE if name in event]
        response = event.get("response")
        return [*found, (cast("Fields", response), "output")] if isinstance(response, dict) and "output" in response else found

    def pieces(self, event: Fields) -> list[Piece]:
        kind = event.get("type")
        if not isinstance(kind, str) or not kind.endswith(".delta") or not isinstance(event.get("delta"), str):
            return []
        if kind == "response.audio.delta":
            return []
        role: Role = "thinking" if "reasoning" in kind else "text"
        place = (event.get("output_index"), kind, event.get("content_index"), event.get("summary_index"))
        return [Piece(place, event, "delta", role, "arguments" in kind)]

    def closes(self, event: Fields) -> Callable[[Channel], bool] | None:
        kind = str(event.get("type") or "")
        if not kind.startswith("response.") or kind.endswith(".delta"):
            return None
        index = event.get("output_index")
        if index is not None:
            return (lambda channel: channel[0] == index) if kind.endswith(".done") else None
        return every if kind.endswith((".completed", ".incomplete", ".failed")) else None

    def bare(self, event: Fields) -> bool:
        return str(event.get("type")).endswith(".delta")

    def carry(self, channel: Channel, text: str, like: Fields) -> Fields:
        return {**{name: value for name, value in like.items() if name not in ("logprobs", "obfuscation")}, "delta": text}


FORMS: Mapping[ClientForm, EventForm] = {
    "chat": ChatEvents(),
    "completions": ChatEvents(),
    "messages": MessagesEvents(),
    "responses": ResponsesEvents(),
}


def _pieces(fields: Fields, path: Channel, found: list[Piece]) -> None:
    for key, value in fields.items():
        if isinstance(value, str):
            if key not in STRUCTURE and key != "data":
                role: Role = "calls" if key == "arguments" else "thinking" if "reasoning" in str((*path, key)) else "text"
                found.append(Piece((*path, key), fields, key, role, key == "arguments"))
        elif key in _NESTED:
            if isinstance(value, dict):
                _pieces(cast("Fields", value), (*path, key), found)
            for number, inner in enumerate(_dicts(cast("object", value))):
                index = inner.get("index")
                _pieces(inner, (*path, key, index if isinstance(index, int) else number), found)


def _says_more(delta: Fields) -> bool:
    """Whether anything but empty strings is in it."""
    for value in delta.values():
        if isinstance(value, dict):
            if _says_more(cast("Fields", value)):
                return True
        elif isinstance(value, list):
            if any(_says_more({k: v for k, v in inner.items() if k != "index"}) for inner in _dicts(cast("object", value))):
                return True
        elif value not in ("", None):
            return True
    return False


def _role(key: str) -> Role:
    return "thinking" if key == "thinking" else "calls" if key == "partial_json" else "text"


def _dict(value: object) -> Fields:
    return cast("Fields", value) if isinstance(value, dict) else {}


def _dicts(value: object) -> Sequence[Fields]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Fields", item) for item in items if isinstance(item, dict)]
