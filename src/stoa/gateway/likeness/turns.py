"""The question in a request's body: its last user turn, and everything else of it as one digest."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, cast

import msgspec

from stoa.gateway.bodies import canonical, fields_of

_encode = msgspec.json.Encoder().encode
_TURNS = {"/v1/chat/completions": "messages", "/v1/messages": "messages", "/v1/responses": "input"}
"""Where the turns are. Other operations answer no question, or have no turns: embeddings, completions, moderations."""

_TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
_TALKING = frozenset({"system", "developer", "user", "assistant"})


class Question(NamedTuple):
    """`rest` is the same for requests that differ in nothing but this text."""

    text: str
    rest: bytes


def question(body: bytes, path: str) -> Question | None:
    """None when the last turn is not a user's words, or anything but words was ever said: images, files, calls of tools.

    The body was read before as the request of that path. What it asks of tools, temperature and `n` is not looked at here.
    """
    name = _TURNS.get(path)
    if name is None:
        return None
    fields = fields_of(body)
    turns: object = fields.get(name)
    if isinstance(turns, str):
        return _asked({**fields, name: None}, turns, path)
    if not isinstance(turns, list) or not turns:
        return None
    said = cast("list[object]", turns)  # cast: JSON
    if not all(_only_words(turn) for turn in said):
        return None
    last = cast("dict[str, Any]", said[-1])  # cast: _only_words saw that it is one
    if last.get("role") != "user":
        return None
    text = _text(last["content"])
    return _asked({**fields, name: [*said[:-1], {**last, "content": None}]}, text, path)


def _asked(rest: Mapping[str, object], text: str, path: str) -> Question:
    return Question(text, sha256(b"%b\0%b" % (path.encode(), canonical(_encode(rest)))).digest())


def _only_words(turn: object) -> bool:
    """A turn of the conversation whose content is text or a list of texts."""
    if not isinstance(turn, dict):
        return False
    fields = cast("dict[str, object]", turn)  # cast: JSON
    if fields.get("role") not in _TALKING or fields.get("type", "message") != "message" or fields.get("tool_calls"):
        return False
    content = fields.get("content")
    if isinstance(content, str):
        return True
    return isinstance(content, list) and all(_is_text(part) for part in cast("list[object]", content))  # cast: JSON


def _is_text(part: object) -> bool:
    if not isinstance(part, dict):
        return False
    fields = cast("dict[str, object]", part)  # cast: JSON
    return fields.get("type") in _TEXT_PARTS and isinstance(fields.get("text"), str)


def _text(content: str | Sequence[Mapping[str, str]]) -> str:
    return content if isinstance(content, str) else "\n".join(part["text"] for part in content)
