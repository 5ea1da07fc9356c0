"""What was sent on the streams of sessions, kept for a while: a client whose connection breaks goes on where it was.

Kept in memory as the sessions are, within bounds, the oldest stream let go first. What is told a second time is held against
the rights of that moment: a call notes whose words its answer may hold. Changes are not repeated but looked for again, see
`watching`.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from dataclasses import dataclass, field

import mcp_types as types
from mcp.server.streamable_http import GET_STREAM_KEY, EventCallback, EventStore

from stoa.api.mcp.catalog import Held
from stoa.errors import InvalidRequest

KEPT_S = 120.0
"""How long a stream is kept when its answer is there."""
RETURN_S = 30.0
"""A client whose connection broke off is waited for so long, where a call asks it something."""
MOST_BYTES = 128_000_000
MOST_OF_ONE = 4_000_000
"""Bytes of all sessions, and of one."""
_MOST_CHANGES = 500
_OVERHEAD = 200

_CHANGES, _CALL = "c", "r"
"""How ids of events begin: those of the session's own stream, and those of answers."""
_WITHHELD = (
    "The answer was ready, but not all that it was made from may be read by you any more. Make the call again, to have it from "
    "what you may read now."
)


@dataclass(frozen=True, slots=True)
class Event:
    """`data` is JSON, none for one that only has an id. `answers` is the request that it ends; `asks`: the client is asked."""

    number: int
    data: str
    answers: types.RequestId | None = None
    asks: bool = False

    @property
    def id(self) -> str:
        return f"{_CALL}{self.number}"


@dataclass(eq=False, slots=True)
class Stream:
    """The answer to one request: what was sent so far, and whether that is all."""

    name: str
    held: Held = field(default_factory=Held)
    events: list[Event] = field(default_factory=list[Event])
    bytes: int = 0
    ended_at: float | None = None
    lost: bool = False
    """It was let go."""
    gone: asyncio.Event | None = None
    """Set when the client is not waited for any more."""
    readers: int = 0
    """How often it was taken up again, so that the newest connection is the one."""
    grown: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self.grown.set()
        self.grown = asyncio.Event()


class Room:
    """What is kept of all sessions."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._streams: OrderedDict[Stream, Events] = OrderedDict()
        self.bytes = 0

    def add(self, stream: Stream, owner: "Events") -> None:
        self._streams[stream] = owner

    def grew(self, stream: Stream, by: int) -> None:
        stream.bytes += by
        self.bytes += by
        self._streams[stream].bytes += by
        if stream.ended_at is None and stream.events and stream.events[-1].answers is not None:
            stream.ended_at = self._now()

    def drop(self, stream: Stream) -> None:
        owner = self._streams.pop(stream, None)
        if owner is not None:
            self.bytes -= stream.bytes
            owner.bytes -= stream.bytes
            stream.lost = True
            stream.wake()
            owner.forget(stream)

    def let_go(self) -> None:
        """Of what is too old, and of the oldest where it is too much."""
        old = self._now() - KEPT_S
        while self._streams:
            first = next(iter(self._streams))
            if self.bytes <= MOST_BYTES and (first.ended_at is None or first.ended_at > old):
                return
            self.drop(first)


class Events(EventStore):
    """Of one session."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._streams: dict[str, Stream] = {}
        self._number = 0
        self._changes: deque[tuple[int, str | None]] = deque(maxlen=_MOST_CHANGES)
        self._forgotten = 0
        """The number of the newest change that is not kept any more."""
        self.bytes = 0

    # --- what the transport asks

    async def store_event(self, stream_id: str, message: types.JSONRPCMessage | None) -> str:
        self._number += 1
        if stream_id == GET_STREAM_KEY:
            if len(self._changes) == _MOST_CHANGES:
                self._forgotten = self._changes[0][0]
            self._changes.append((self._number, _uri_in(message)))
            return f"{_CHANGES}{self._number}"
        stream = self._streams.get(stream_id)
        if stream is None or message is None or stream.ended_at is not None:
            stream = self._begin(stream_id)
        data = "" if message is None else message.model_dump_json(by_alias=True, exclude_unset=True)
        answers = message.id if isinstance(message, types.JSONRPCResponse | types.JSONRPCError) else None
        event = Event(self._number, data, answers, isinstance(message, types.JSONRPCRequest))
        stream.events.append(event)
        self._room.grew(stream, len(data) + _OVERHEAD)
        self._let_go(stream)
        self._room.let_go()
        stream.wake()
        return event.id

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        """Never asked: whoever comes again is answered by `after` and `follow`, which look at rights."""
        raise NotImplementedError

    # --- what a call notes

    def holding(self, request_id: types.RequestId, gone: asyncio.Event) -> Stream:
        """The stream of the answer to a request, on which is noted what it is made from before that is told."""
        name = str(request_id)
        stream = self._streams.get(name)
        if stream is None or stream.ended_at is not None:
            stream = self._begin(name)
        stream.gone = gone
        return stream

    def left(self, stream: Stream, reader: int) -> None:
        """A connection of a call ended, the first being reader 0. Unless another takes it up in time, the client is gone."""
        if stream.gone is None or stream.readers != reader:
            return
        if stream.ended_at is not None or not stream.events:
            stream.gone.set()
            return
        gone = stream.gone
        asyncio.get_running_loop().call_later(RETURN_S, lambda: gone.set() if stream.readers == reader else None)

    # --- what comes again

    def is_of_changes(self, event_id: str) -> bool:
        return event_id.startswith(_CHANGES)

    def missed(self, event_id: str) -> Collection[str | None] | None:
        """What changed after this one was told, by address, and None for the list; None where that is not known any more."""
        number = _number(event_id.removeprefix(_CHANGES))
        if number is None or number < self._forgotten:
            return None
        return {uri for told, uri in self._changes if told > number}

    def after(self, event_id: str) -> tuple[Stream, int]:
        """The stream that an event is of, and its number. Raises InvalidRequest for one that is not kept, or never was."""
        number = _number(event_id.removeprefix(_CALL)) if event_id.startswith(_CALL) else None
        for stream in self._streams.values():
            if number is not None and any(each.number == number for each in stream.events):
                return stream, number
        raise InvalidRequest(
            f"What came after event {event_id[:100]!r} is not kept here (any more): answers are kept for {KEPT_S:.0f} seconds. "
            "Make the call again.", param="last-event-id", code="events_not_kept",
        )  # fmt: skip

    def take_up(self, stream: Stream) -> int:
        """Who reads it from now on; whoever did so before is let go."""
        stream.readers += 1
        stream.wake()
        return stream.readers

    async def follow(
        self, stream: Stream, number: int, reader: int, may_read: Callable[[Held], Awaitable[bool]]
    ) -> AsyncGenerator[tuple[str, str]]:
        """Id and data of every event after this one, until the answer was told or somebody else takes the stream up."""
        while True:
            grown = stream.grown
            for event in [each for each in stream.events if each.number > number]:
                if (event.answers is not None or event.asks) and not await may_read(stream.held):
                    if event.asks:  # its call ends without the answer, and says so
                        if stream.gone is not None:
                            stream.gone.set()
                        number = event.number
                        continue
                    event = _withheld(event)
                if stream.readers != reader:
                    return
                number = event.number
                yield event.id, event.data
            if stream.ended_at is not None or stream.lost or stream.readers != reader:
                return
            await grown.wait()

    # --- letting go

    def close(self) -> None:
        for stream in list(self._streams.values()):
            self._room.drop(stream)

    def forget(self, stream: Stream) -> None:
        if self._streams.get(stream.name) is stream:
            del self._streams[stream.name]

    def _begin(self, name: str) -> Stream:
        if (before := self._streams.get(name)) is not None:
            self._room.drop(before)
        stream = self._streams[name] = Stream(name)
        self._room.add(stream, self)
        return stream

    def _let_go(self, newest: Stream) -> None:
        while self.bytes > MOST_OF_ONE:
            oldest = next((each for each in self._streams.values() if each is not newest), newest)
            self._room.drop(oldest)


def _uri_in(message: types.JSONRPCMessage | None) -> str | None:
    params = message.params if isinstance(message, types.JSONRPCNotification) else None
    uri = (params or {}).get("uri")
    return uri if isinstance(uri, str) else None


def _withheld(event: Event) -> Event:
    assert event.answers is not None
    error = types.ErrorData(code=types.INVALID_REQUEST, message=_WITHHELD)
    told = types.JSONRPCError(jsonrpc="2.0", id=event.answers, error=error)
    return Event(event.number, told.model_dump_json(by_alias=True, exclude_unset=True), event.answers)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
