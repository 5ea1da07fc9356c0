"""The texts of one JSON document, request, answer or event: where each stands, whose it is, and how to put others there.

Whatever is not known to be structure is text: a field that nobody here has heard of is judged too. Not looked into are images,
sound, files, and thinking that a model has signed and gets back.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, cast

import msgspec

from stoa.guards.finding import Finding
from stoa.guards.together import settled

Role = Literal["user", "assistant", "system", "tools", "documents", "calls", "text", "thinking", "other"]
"""Of a request the first five and `calls`; of an answer `text`, `thinking` and `calls`."""
Fields = dict[str, Any]
"""A JSON object. Any: it is the client's or the upstream's."""

STRUCTURE = frozenset((
    "type", "role", "id", "name", "model", "tool_call_id", "call_id", "tool_use_id", "item_id", "response_id",
    "media_type", "mime_type", "format", "detail", "status", "object", "signature", "encrypted_content", "redacted",
    "file_data", "file_id", "b64_json", "cache_control", "service_tier", "reasoning_effort", "tool_choice",
    "response_format", "strict", "index", "system_fingerprint", "created", "created_at", "encoding_format",
    "input_type", "voice", "size", "quality", "style", "background", "output_format", "stop", "stop_sequences",
    "stop_sequence", "finish_reason", "stop_reason", "previous_response_id", "conversation", "include", "truncation",
    "logprobs", "top_logprobs", "usage", "safety_identifier", "prompt_cache_key", "modalities", "verbosity", "store",
    "stream", "stream_options", "sequence_number", "obfuscation", "container", "expires_at", "language",
    "response_model", "thought_signature",
))  # fmt: skip
"""Fields that hold no words. Not so within the arguments of calls, whose names are anybody's."""
_ROLES: dict[str, Role] = {
    "user": "user", "assistant": "assistant", "system": "system", "developer": "system", "tool": "tools", "function": "tools",
}  # fmt: skip
_DOCUMENTS = ("document", "search_result", "file", "input_file")
_THINKING = ("thinking", "redacted_thinking", "reasoning", "compaction")
_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use", "custom_tool_call")
_PARTS = ("text", "input_text", "output_text")
_DEFINITIONS = ("tools", "functions")
_ADDRESSES = ("url", "image_url", "file_url")
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Cell(NamedTuple):
    """One string in its object or list."""

    holder: Any  # Any: a dict or a list of JSON
    key: Any  # Any: its name or number there
    text: str


class Place:
    """A text; of several cells where neighbouring parts of one message are read as one."""

    __slots__ = ("cells", "role", "text")

    def __init__(self, role: Role, cells: list[Cell]) -> None:
        self.role: Role = role
        self.cells = cells
        self.text = cells[0].text if len(cells) == 1 else "".join([cell.text for cell in cells])

    def find(self, find: Callable[[str], Sequence[Finding]], *, apart: bool = True) -> Sequence[Finding]:
        """Of the text as a whole and, with `apart`, of each of its parts: at their edges words may begin."""
        found = find(self.text)
        if len(self.cells) == 1 or not apart:
            return found
        every, at = list(found), 0
        for cell in self.cells:
            every += [Finding(each.kind, at + each.start, at + each.end, each.score) for each in find(cell.text)]
            at += len(cell.text)
        return settled(every)

    def write(self, findings: Sequence[Finding], replace: Callable[[Finding, str], str]) -> None:
        """Put something else where findings are, which are in order and do not overlap."""
        at = 0
        rest = [(each, replace(each, self.text[each.start : each.end])) for each in findings]
        for cell in self.cells:
            end, parts, copied = at + len(cell.text), list[str](), at
            for finding, put in rest:
                if finding.end <= at or finding.start >= end:
                    continue
                parts.append(self.text[copied : max(copied, finding.start)])
                if finding.start >= at:
                    parts.append(put)
                copied = min(end, finding.end)
            if parts:
                cell.holder[cell.key] = "".join([*parts, self.text[copied:end]])
            at = end


class Texts:
    """What a document says. `places` are in its order; `unread`: some of it is words in a form that nobody here can read."""

    __slots__ = ("_json", "fields", "places", "unread")

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        self.places: list[Place] = []
        self.unread = False
        self._json: list[tuple[Any, Any, object, bytes]] = []

    @property
    def characters(self) -> int:
        return sum([len(place.text) for place in self.places])

    def body(self) -> bytes:
        """The document as it is now."""
        self.close()
        return _encode(self.fields)

    def close(self) -> None:
        """Write the arguments of calls back into their strings."""
        for holder, key, inner, before in self._json:
            after = _encode(inner)
            if after != before:
                holder[key] = after.decode()

    # --- what is where

    def request(self) -> None:
        """All of a request's body but its structure."""
        self.unread = any(_tokens(self.fields.get(key)) for key in ("input", "prompt"))
        for key, value in self.fields.items():
            if key in _DEFINITIONS:
                self._descriptions(value)
            elif key == "system" or key == "instructions":
                self._walk(value, self.fields, key, "system")
            elif key in ("user", "metadata"):
                self.strings(value, "other", holder=self.fields, key=key)
            elif key not in STRUCTURE and not (key == "text" and isinstance(value, dict)):
                self._walk(value, self.fields, key, "documents" if key == "documents" else "user")

    def answer(self, *roots: str) -> None:
        """What of an answer stands under these names."""
        for root in roots:
            if root in self.fields:
                self._walk(self.fields[root], self.fields, root, "text", thinking=True)

    def strings(self, value: object, role: Role, *, holder: Any, key: Any) -> None:
        """Every string in it, and every number long enough to be one of something."""
        if isinstance(value, str):
            if value:
                self.places.append(Place(role, [Cell(holder, key, value)]))
        elif isinstance(value, list):
            for number, inner in enumerate(cast("list[object]", value)):
                self.strings(inner, role, holder=value, key=number)
        elif isinstance(value, dict):
            for name, inner in cast("Fields", value).items():
                self.strings(inner, role, holder=value, key=name)
        elif isinstance(value, int) and abs(value) > 99_999:  # bool is none of those
            self.places.append(Place(role, [Cell(holder, key, str(value))]))

    def arguments(self, holder: Fields, key: str) -> None:
        """The arguments of a call: JSON in a string."""
        text = holder[key]
        try:
            inner: object = _decode(text)
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
            inner = None
        if isinstance(inner, dict | list):
            document = cast("object", inner)
            self._json.append((holder, key, document, _encode(document)))
            self.strings(document, "calls", holder=holder, key=key)
        elif text:
            self.places.append(Place("calls", [Cell(holder, key, text)]))

    def _walk(self, value: object, holder: Any, key: Any, role: Role, *, thinking: bool = False) -> None:
        if isinstance(value, str):
            if value and not value.startswith("data:"):
                self.places.append(Place(role, [Cell(holder, key, value)]))
        elif isinstance(value, list):
            self._list(cast("list[object]", value), role, thinking=thinking)
        elif isinstance(value, dict):
            self._object(cast("Fields", value), role, thinking=thinking)

    def _list(self, items: list[object], role: Role, *, thinking: bool) -> None:
        before: Place | None = None
        for number, item in enumerate(items):
            here = len(self.places)
            self._walk(item, items, number, role, thinking=thinking)
            part = isinstance(item, dict) and cast("Fields", item).get("type") in _PARTS and len(self.places) == here + 1
            if not part:
                before = None
            elif before is None:
                before = self.places[-1]
            else:
                self.places.pop(here - 1)
                before = self.places[-1] = Place(before.role, before.cells + self.places[-1].cells)

    def _object(self, fields: Fields, role: Role, *, thinking: bool) -> None:
        kind, told = fields.get("type"), fields.get("role")
        if isinstance(told, str) and not thinking:
            role = _ROLES.get(told, "user")
        if isinstance(kind, str):
            if kind.endswith(("_result", "_output")):
                role = "tools"
            elif kind in _DOCUMENTS and not thinking:
                role = "documents"
            elif kind in _THINKING:
                if not thinking:
                    return
                role = "thinking"
        for key, value in fields.items():
            if key == "arguments" and isinstance(value, str):
                self.arguments(fields, key)
            elif key == "input" and kind in _CALLS:
                self.strings(value, "calls", holder=fields, key=key)
            elif key in STRUCTURE or (key == "data" and kind != "text") or (key in _ADDRESSES and isinstance(value, str)):
                continue
            elif key in ("reasoning_content", "reasoning", "reasoning_details"):
                if thinking or isinstance(value, str):  # else it is signed
                    self._walk(value, fields, key, "thinking" if thinking else "assistant", thinking=thinking)
            else:
                self._walk(value, fields, key, role, thinking=thinking)

    def _descriptions(self, value: object) -> None:
        for fields in _objects(value):
            text = fields.get("description")
            if isinstance(text, str) and text:
                self.places.append(Place("system", [Cell(fields, "description", text)]))


def _tokens(value: object) -> bool:
    """Whether it is numbers of tokens, of one text or of several."""
    if not isinstance(value, list) or not value:
        return False
    return any(isinstance(item, int) or _tokens(item) for item in cast("list[object]", value))


def _objects(value: object) -> Iterator[Fields]:
    if isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _objects(inner)
    elif isinstance(value, dict):
        yield cast("Fields", value)
        for inner in cast("Fields", value).values():
            yield from _objects(inner)


def read(body: bytes) -> Texts:
    """Raises ValueError for what is no JSON object."""
    fields: object = _decode(body)
    if not isinstance(fields, dict):
        raise ValueError("it is no JSON object")
    return Texts(cast("Fields", fields))
