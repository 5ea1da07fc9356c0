"""Server-sent events of a chat completion: cut into whole events, watched, and passed on as the bytes they are.

Events that only carry content are never parsed one by one. Three kinds are: those before the first content, those that may hold
usage or an error, and the terminal `[DONE]`, which is kept back: whoever relays the stream sends it when all else is done.
"""

import re
from typing import Any

import msgspec

from stoa.domain.operations import ErrorClass
from stoa.domain.refusal import refusal
from stoa.gateway.accounts import account_in
from stoa.gateway.event_data import Choice, Chunk, ErrorBody
from stoa.gateway.event_runs import CONTENT, joined_runs
from stoa.gateway.replay import DONE, event_of, text_of, whole_of
from stoa.gateway.usage import Usage

_MAX_EVENT = 4 * 1024 * 1024

_MARKS = (b'"prompt_tokens"', b"[DONE]", b'"error"')
_ESCAPED = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)")
"""One character: beyond the basic plane it is written as a pair of surrogates."""
_decode = msgspec.json.Decoder(Chunk).decode
_any = msgspec.json.Decoder()


class EventStream:
    """Takes the bytes of a stream and gives whole events back. Raises ValueError when they are no such events.

    What was passed on is kept up to `keep_bytes`; of the rest only the characters are counted.
    """

    __slots__ = (
        "_after_cr",
        "_keep_bytes",
        "_kept",
        "_middle",
        "_middle_bytes",
        "_overflowed",
        "_plain",
        "_rest",
        "_strip_usage",
        "_stripped",
        "characters",
        "content",
        "done",
        "error",
        "error_class",
        "finished",
        "usage",
    )

    def __init__(self, *, strip_usage: bool, keep_bytes: int) -> None:
        self._plain = False  # there was content, and the next byte begins an event
        self._rest = b""
        self._after_cr = False
        self._middle: list[bytes] = []  # what came after `_rest`, without a line end
        self._middle_bytes = 0
        self._keep_bytes = keep_bytes
        self._strip_usage = strip_usage
        self._kept = bytearray()  # and not the pieces: what is freed at once is used again while it is in the processor's cache
        self._overflowed = False
        self._stripped = b""  # the event with the usage, when the client did not ask for it
        self.characters = 0  # of content, in what is no longer kept
        self.content = False  # whether some came
        self.done = False
        self.error: ErrorBody | None = None
        self.error_class: ErrorClass | None = None  # this dialect has none
        self.usage: Usage | None = None

    def feed(self, data: bytes) -> bytes:
        """The events that are whole by now and that the client is to get. After `done` or `error` nothing is."""
        if (
            self._plain
            and data.endswith(b"\n\n")
            and 13 not in data  # a CR
            and data.find(b'"prompt_tokens"') < 0  # as `_may_matter`
            and data.find(b"[DONE]") < 0
            and data.find(b'"error"') < 0
        ):
            kept = self._kept
            kept += data
            if len(kept) > self._keep_bytes:
                self._overflow()
            return data
        passed = self._feed(data)
        self._plain = self.content and not (self.done or self.error or self._rest or self._middle or self._after_cr)
        return passed

    def _feed(self, data: bytes) -> bytes:
        if self.done or self.error is not None:
            return b""
        if b"\r" in data or self._after_cr:
            data = self._plain_line_ends(data)
        if b"\n" not in data:  # the middle of a long event: joined once, when it ends
            self._middle.append(data)
            self._middle_bytes += len(data)
            if self._middle_bytes + len(self._rest) > _MAX_EVENT:
                raise ValueError(f"an event is longer than {_MAX_EVENT} bytes")
            return b""
        if self._rest or self._middle:
            data = b"".join((self._rest, *self._middle, data))
            self._rest, self._middle, self._middle_bytes = b"", [], 0
        if not data.endswith(b"\n\n"):
            cut = data.rfind(b"\n\n") + 2
            if cut == 1:
                cut = 0
            self._rest = data[cut:]
            data = data[:cut]
            if len(self._rest) > _MAX_EVENT:
                raise ValueError(f"an event is longer than {_MAX_EVENT} bytes")
        if not self.content or _may_matter(data):
            data = self._examine(data)
        self._kept += data
        if len(self._kept) > self._keep_bytes:
            self._overflow()
        return data

    def closed(self) -> bool:
        """Whether the end of the answer ends the stream well: it does not without its `[DONE]`."""
        return False

    def text(self) -> str | None:
        """The text of the first choice; None when the stream was too large to keep."""
        answer = self.whole()
        return text_of(answer) if answer is not None else None

    def whole(self) -> bytes | None:
        """The chat completion that the stream amounts to; None when it was too large, or something of it would be lost."""
        chunks = self.parsed()
        return whole_of(chunks) if chunks else None

    def end(self, stoa: object) -> bytes:
        if stoa is None:
            return DONE
        return event_of({"object": "chat.completion.chunk", "choices": [], "stoa": stoa}) + DONE

    def fail(self, status: int, code: str, message: str) -> bytes:
        return b"data: " + refusal(status, code, message) + b"\n\n"

    def parsed(self) -> list[dict[str, Any]] | None:
        """Everything that came, usage included; None when it was too large to keep, or nonsense, for content passes unread.

        Neighbouring pieces of one text are one chunk. Any: it is the upstream's.
        """
        if self._overflowed:
            return None
        events = joined_runs([*bytes(self._kept).split(b"\n\n"), self._stripped])
        try:
            return [_any.decode(data) for data in map(_data, events) if data]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None

    def count_characters(self) -> int:
        """How many characters of content were passed on."""
        return self.characters + _characters(self._kept)

    def _plain_line_ends(self, data: bytes) -> bytes:
        """A bare CR cannot occur inside JSON, so that every one ends a line."""
        if self._after_cr and data.startswith(b"\n"):
            data, self._after_cr = data[1:], False
        if data:
            self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _examine(self, data: bytes) -> bytes:
        """Of whole events: what the client gets. Once there was content, those that cannot matter are not looked at."""
        passed: list[bytes] = []
        at, last = 0, len(data)
        while at < last:
            if self.content:
                start = _first_that_may_matter(data, at)
                if start > at:
                    passed.append(data[at:start])
                    at = start
                    continue
            end = data.find(b"\n\n", at)
            event = data[at : end + 2] if end >= 0 else data[at:]  # a line end too many
            at += len(event)
            if not event.strip():
                continue
            if _data(event[:-2]) == b"[DONE]":
                self.done = True
                break
            chunk = _chunk(event[:-2])
            if chunk is None:
                passed.append(event)  # a comment, which keeps the connection alive
                continue
            self.error = chunk.failure()
            if self.error is not None:
                break
            if chunk.usage is not None:
                self.usage = chunk.usage
                self.usage.raw = account_in(event)
                if self._strip_usage and not chunk.choices:
                    self._stripped = event[:-2]
                    continue
            for choice in chunk.choices:
                self.content = self.content or _says_something(choice)
            passed.append(event)
        return b"".join(passed)

    def _overflow(self) -> None:
        self.characters += _characters(self._kept)
        self._kept.clear()
        self._overflowed = True


def _may_matter(data: bytes) -> bool:
    """Whether usage, an error or the end may be in it. The quotes of text are escaped, so content rarely looks like it."""
    # As `_MARKS`. Looking for bytes with `in` takes twice as long: it tries them as a number first.
    return data.find(b'"prompt_tokens"') >= 0 or data.find(b"[DONE]") >= 0 or data.find(b'"error"') >= 0


def _first_that_may_matter(data: bytes, at: int) -> int:
    """Where the first such event begins, from `at` on, where one begins; the end of the data without one."""
    places = [place for mark in _MARKS if (place := data.find(mark, at)) >= 0]
    if not places:
        return len(data)
    before = data.rfind(b"\n\n", at, min(places))
    return at if before < 0 else before + 2


def _says_something(choice: Choice) -> bool:
    delta = choice.delta
    return bool(
        delta.content
        or delta.refusal
        or delta.reasoning_content
        or delta.tool_calls is not None
        or delta.function_call is not None
        or choice.finish_reason is not None
    )


def _data(event: bytes) -> bytes:
    if event.startswith(b"data:") and b"\n" not in event:
        return event[5:].strip()
    return b"\n".join(line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:"))


def _chunk(event: bytes) -> Chunk | None:
    """The event's data; None for an event without any. Raises ValueError for data that is no JSON object."""
    data = _data(event)
    if not data or data == b"[DONE]":
        return None
    try:
        return _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"an event is not a chat completion chunk: {error}") from None


def _characters(data: bytearray) -> int:
    """Of content and reasoning, as far as they can be told without parsing: this is for what nobody counted."""
    texts = b"".join(CONTENT.findall(data))
    return len(_ESCAPED.sub(b"x", texts).decode("utf-8", "replace"))
