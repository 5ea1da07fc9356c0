"""A guarded stream: nothing of an answer leaves before it is judged.

It stands behind whatever watches the upstream's stream, and reads the events as the client would get them. Each text of the
answer has a window of its own, or is gathered until it is over; arguments of calls always are. Events keep their order, but
for the end of one text, which may come after the beginning of another.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

import msgspec

from stoa.dialects.event_lines import data_of
from stoa.domain.operations import ClientForm, ErrorClass
from stoa.gateway.event_data import ErrorBody
from stoa.gateway.guarding.channels import FORMS, Channel, Piece, every
from stoa.gateway.guarding.judging import Judge, Refused, Unavailable, merged
from stoa.gateway.guarding.rules import Marked
from stoa.gateway.guarding.texts import Cell, Fields, Place, Role, Texts, read
from stoa.gateway.usage import Usage
from stoa.gateway.watcher import Watcher
from stoa.guards.finding import Finding
from stoa.guards.personal.masking import Placeholders, Restorer
from stoa.guards.window import Window

ROOTS: dict[str | None, tuple[str, ...]] = {
    "chat": ("choices",),
    "completions": ("choices",),
    "messages": ("content",),
    "responses": ("output",),
    "rerank": ("results",),
    "image": ("data",),
    "image_edit": ("data",),
    "image_variation": ("data",),
    "transcription": ("text", "segments", "words"),
    "translation": ("text", "segments", "words"),
}
"""By form, or by door where there is none: what of a whole answer may hold words."""
_ENOUGH = 2_000_000  # characters of one text that are gathered

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class GuardedStream:
    """Implements `watching.Watcher` around another. `whole`: texts are gathered until they are over.

    With checks that take their time all events are kept; after `done`, `judge_late` and then `released` give them back.
    """

    def __init__(
        self, inner: Watcher, form: ClientForm, judge: Judge, placeholders: Placeholders | None, *, whole: bool, acting: bool
    ) -> None:
        self.inner = inner
        self._name: ClientForm = form
        self._form = FORMS[form]
        self.judge = judge
        self._placeholders = placeholders or None
        self._whole = whole
        self.waits = judge.waits
        self._acting = acting or self.waits  # what takes its time says only later what it wants done
        self._kept: list[bytes] = []
        self._late: dict[str, list[Marked]] = {}
        self._asked: dict[str, Place] | None = None  # while texts are only gathered for checks that take their time
        self._texts: dict[Channel, _Text] = {}
        self._number: int | None = None  # of the next event, in forms that number them
        self.refused: Refused | Unavailable | None = None

    # --- as every watcher

    @property
    def content(self) -> bool:
        return self.inner.content

    @property
    def done(self) -> bool:
        return self.inner.done or self.refused is not None

    @property
    def error(self) -> ErrorBody | None:
        return self.inner.error if self.refused is None else None

    @property
    def error_class(self) -> ErrorClass | None:
        return self.inner.error_class

    @property
    def usage(self) -> Usage | None:
        return self.inner.usage

    def feed(self, data: bytes) -> bytes:
        if self.refused is not None:
            return b""
        events = self.inner.feed(data)
        if self.waits:
            self._kept.append(events)
            return b""
        return self._passed(events, last=self.inner.done)

    def closed(self) -> bool:
        return self.inner.closed()

    def count_characters(self) -> int:
        return self.inner.count_characters()

    def text(self) -> str | None:
        """The judged text, with placeholders in it; None also for one that is refused, or not judged yet."""
        text = self.inner.text()
        if not text or not self._acting:
            return text
        if self.waits and text not in self._late:
            return None
        place = Place("text", [Cell([text], 0, text)])
        try:
            self._judge_place(place)
        except (Refused, Unavailable):
            return None
        return cast("str", place.cells[0].holder[0])

    def whole(self) -> bytes | None:
        """The judged answer; None also for one that is refused."""
        answer = self.inner.whole()
        if answer is None or self._placeholders is not None or self.refused is not None:
            return None
        texts = read(answer)
        texts.answer(*ROOTS[self._name])
        if self.waits and any(place.text not in self._late for place in texts.places):
            return None
        try:
            for place in texts.places:
                self._judge_place(place)
        except (Refused, Unavailable):
            return None
        return texts.body()

    def end(self, stoa: object) -> bytes:
        """Sets `refused` and fails instead, should the whole show what its pieces did not."""
        left = self._passed(self.inner.end(stoa), last=False)
        refused = self.refused
        return left if refused is None else self.fail(refused.status, refused.code, refused.message)

    def fail(self, status: int, code: str, message: str) -> bytes:
        events = [event for event in self.inner.fail(status, code, message).split(b"\n\n") if event.strip()]
        return b"".join([self._written(event, _object(data_of(event))) for event in events])

    # --- what takes its time

    async def judge_late(self) -> bytes:
        """Everything that may leave, once all of it is judged. Sets `refused` instead."""
        kept, self._kept = b"".join(self._kept), []
        try:
            self._asked = {}
            self._passed(kept, last=True)
            places, self._asked = list(self._asked.values()), None
            self._texts.clear()
            self._number = None
            found = await self.judge.found_late(places)
        except (Refused, Unavailable) as error:
            self.refused = error
            return b""
        self._late = {place.text: each for place, each in zip(places, found, strict=True)}
        return self._passed(kept, last=True)

    # --- events

    def _passed(self, events: bytes, *, last: bool) -> bytes:
        left: list[bytes] = []
        try:
            for event in events.split(b"\n\n"):
                if event.strip():
                    self._event(event, left)
            if last:
                self._close(every, left, ())
        except (Refused, Unavailable) as error:
            self.refused = error
        except RecursionError:
            raise ValueError("an event of its stream is nested too deeply") from None
        return b"".join(left)

    def _event(self, event: bytes, left: list[bytes]) -> None:
        data = data_of(event)
        if not data:
            left.append(event + b"\n\n")  # a comment, which keeps the connection alive
            return
        if data == b"[DONE]":
            left.append(event + b"\n\n")
            return
        told = _object(data)
        pieces = self._form.pieces(told)
        for piece in pieces:
            piece.holder[piece.key] = self._text(piece, told).feed(piece.holder[piece.key])
        for choice in cast("list[Any]", told.get("choices") or ()):  # Any: the upstream's
            if isinstance(choice, dict):
                cast("Fields", choice).pop("logprobs", None)
        told.pop("logprobs", None)
        closes = self._form.closes(told)
        if closes is not None:
            self._close(closes, left, pieces)
        if pieces and not any(piece.holder[piece.key] for piece in pieces) and self._form.bare(told):
            return
        self._rest(told)
        left.append(self._written(event, told))

    def _text(self, piece: Piece, event: Fields) -> "_Text":
        text = self._texts.get(piece.channel)
        if text is None:
            holds = self._acting or self._placeholders is not None
            text = self._texts[piece.channel] = _Text(self, piece, gathers=holds and (self._whole or piece.json))
        text.like = event
        return text

    def _close(self, closes: Callable[[Channel], bool], left: list[bytes], pieces: Sequence[Piece]) -> None:
        """The rest of texts that are over: into the piece of this very event, or as an event of its own before it."""
        here = {piece.channel: piece for piece in pieces}
        for channel in [each for each in self._texts if closes(each)]:
            text = self._texts.pop(channel)
            rest = text.flush()
            piece = here.get(channel)
            if piece is not None:
                piece.holder[piece.key] += rest
            elif rest:
                event = self._form.carry(channel, rest, text.like)
                left.append(self._written(b"event: x" if self._name in ("messages", "responses") else b"", event))

    def _written(self, event: bytes, fields: Fields) -> bytes:
        if "sequence_number" in fields:
            number = fields["sequence_number"] if self._number is None else self._number
            fields["sequence_number"] = number
            self._number = number + 1
        data = _encode(fields)
        if event.startswith(b"event:"):
            return b"event: %b\ndata: %b\n\n" % (str(fields.get("type")).encode(), data)
        return b"data: %b\n\n" % data

    def _rest(self, event: Fields) -> None:
        """What else of an event holds words: whole texts, such as those that responses repeat."""
        for holder, name in self._form.rest(event):
            texts = Texts(holder)
            if name == "arguments" and isinstance(holder[name], str):
                texts.arguments(holder, name)
            else:
                texts.answer(name)
            for place in texts.places:
                self._judge_place(place, restore=True)
            texts.close()

    # --- judging

    def judge_text(self, text: str, role: Role) -> list[Marked]:
        """A whole text, by everything that may change it. Raises Refused and Unavailable."""
        return self._settled(Place(role, [Cell([text], 0, text)]), counted=True)

    def _settled(self, place: Place, *, counted: bool) -> list[Marked]:
        if self._asked is not None:
            self._asked.setdefault(place.text, place)
            return []
        found = [*self.judge.found(place, acting=True), *self._late.get(place.text, ())]
        return self.judge.settle(found, counted=counted) if found else []

    def _judge_place(self, place: Place, *, restore: bool = False) -> None:
        """One that was judged in pieces before: it is not counted again."""
        if self._acting:
            changes = self._settled(place, counted=False)
            if changes:
                place.write(changes, self.judge.put)
        if restore and self._placeholders is not None:
            restore_in(place, self._placeholders)

    def note(self, text: str, role: Role) -> None:
        """What only warns has its say once a text is over."""
        if self._asked is None:
            found = self.judge.found(Place(role, [Cell([text], 0, text)]), acting=False)
            self.judge.settle(found)

    def arguments(self, text: str) -> str:
        """The arguments of a call, judged and with the originals back."""
        fields: Fields = {"arguments": text}
        texts = Texts(fields)
        texts.arguments(fields, "arguments")
        for place in texts.places:
            changes = self._settled(place, counted=True) if self._acting else []
            if changes:
                place.write(changes, self.judge.put)
            self.note(place.text, "calls")
            if self._placeholders is not None:
                restore_in(place, self._placeholders)
        texts.close()
        return fields["arguments"]

    def window(self, role: Role) -> Window | None:
        """None where nothing that is found changes the text."""
        if not self._acting:
            return None

        def find(text: str) -> Sequence[Finding]:
            found = self.judge.found(Place(role, [Cell([text], 0, text)]), acting=True)
            return merged(found) if found else found

        return Window(find, reach=self.judge.reach, replace=self.judge.leaving)

    def restorer(self) -> Restorer | None:
        return Restorer(self._placeholders) if self._placeholders is not None else None


class _Text:
    """One text of the answer on its way: judged, then with the originals back in it."""

    __slots__ = ("_gathered", "_json", "_noted", "_restorer", "_role", "_size", "_stream", "_window", "like")

    def __init__(self, stream: GuardedStream, piece: Piece, *, gathers: bool) -> None:
        self._stream = stream
        self._role: Role = piece.role
        self._json = piece.json
        self._window = None if gathers else stream.window(piece.role)
        self._restorer = stream.restorer()
        self._gathered: list[str] | None = [] if gathers else None
        self._noted: list[str] = []
        self._size = 0
        self.like: Fields = {}

    def feed(self, piece: str) -> str:
        self._size += len(piece)
        if self._gathered is not None:
            self._gathered.append(piece)
            if self._size > _ENOUGH:
                raise ValueError(f"a text of its stream is longer than {_ENOUGH} characters, more than guardrails can gather")
            return ""
        if self._size <= _ENOUGH:
            self._noted.append(piece)
        left = self._window.feed(piece) if self._window is not None else piece
        return self._restorer.feed(left) if self._restorer is not None else left

    def flush(self) -> str:
        """The rest: the text is over."""
        stream = self._stream
        if self._gathered is not None:
            text = "".join(self._gathered)
            if self._json:
                return stream.arguments(text)
            place = Place(self._role, [Cell([text], 0, text)])
            changes = stream.judge_text(text, self._role) if text else []
            place.write(changes, stream.judge.put)
            stream.note(text, self._role)
            left = cast("str", place.cells[0].holder[0])
        else:
            stream.note("".join(self._noted), self._role)
            left = self._window.flush() if self._window is not None else ""
        if self._restorer is None:
            return left
        return self._restorer.feed(left) + self._restorer.flush()


def _object(data: bytes) -> Fields:
    """An event's data. Raises ValueError when it is no JSON object."""
    try:
        fields: object = _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"an event cannot be read: {error}") from None
    if not isinstance(fields, dict):
        raise ValueError("an event is no JSON object")
    return cast("Fields", fields)


def restore_in(place: Place, placeholders: Placeholders) -> None:
    """The originals in the place of their placeholders."""
    for cell in place.cells:
        now = cell.holder[cell.key]
        if isinstance(now, str):
            cell.holder[cell.key] = placeholders.restore(now)
