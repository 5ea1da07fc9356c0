"""Stage 6, attempt: one try at one target, with a state of its own. Nothing of a try that failed reaches the next.

An answer is judged before the client sees any of it: a whole one when it is whole, a stream at its first content.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, time
from typing import TYPE_CHECKING

from stoa.dialects.forms import AnswerFailed
from stoa.domain.decisions import TryKind
from stoa.domain.upstream import Call, Endpoint, Failure, Headers
from stoa.gateway.faults import Fault, fault, in_stream, no_answer, refused, unreachable
from stoa.gateway.plan import Target
from stoa.gateway.routing.engine_work import EngineWork
from stoa.gateway.routing.lanes import Ticket
from stoa.gateway.routing.told import told_by_headers
from stoa.gateway.watcher import Watcher
from stoa.gateway.wire import Wire

if TYPE_CHECKING:
    from stoa.gateway.tries import Tries

LARGEST_ANSWER = 67_108_864
LARGEST_STREAM = 268_435_456
"""An upstream whose stream never ends is cut off here: a hundred times the longest answers there are."""
_LARGEST_REFUSAL = 65_536
_LARGEST_PRELUDE = 16_777_216  # of a stream, before its first content
_EVENT_STREAMS = (b"text/event-stream", b"application/vnd.amazon.eventstream")


class Attempt:
    """Implements `domain.upstream.Receiver`, and tells what came of it, once."""

    stream: Watcher | None = None
    content_type: bytes | None = None
    kind: TryKind = "first"
    head_at = 0.0
    """Of a whole answer that went well nobody looks: it is judged at its end."""
    first_at = 0.0
    ended_at = 0.0
    """Of a whole answer, when it was."""
    heard = 0
    paused = False
    work: EngineWork | None = None
    """Its share of the engine's time, where the model is paid by that."""
    call: Call | None = None
    _status = 0
    _size = 0
    _committed = False
    _relay: Callable[[bytes], None] | None = None  # takes what comes, once it is committed and until it is over
    _held: list[bytes] | None = None  # events before the first content
    _told_s: float | None = None  # when to come back, by the head of a refusal

    def __init__(self, tries: Tries, target: Target, entry: int, wire: Wire, ticket: Ticket, now: float) -> None:
        self._tries: Tries | None = tries
        self.target = target
        self.wire: Wire = wire
        self.ticket = ticket
        self.began_at = now
        self._entry = entry
        self._parts: list[bytes] = []

    @property
    def over(self) -> bool:
        return self._tries is None

    @property
    def status(self) -> int:
        """The upstream's, 0 before there is one."""
        return self._status

    @property
    def begun(self) -> bool:
        return self.first_at != 0.0 or (self.stream is None and self._status != 0)

    def characters(self) -> int:
        return self.stream.count_characters() if self.stream is not None else 0

    def begin(self, endpoint: Endpoint, body: bytes, lines: bytes) -> None:
        price = self.target.price
        if price is not None and price.engine_second is not None:
            self.work = self.target.state.engine.begin(perf_counter())
        self.call = endpoint.post(body, self, lines) if lines else endpoint.post(body, self)

    def cancel(self) -> None:
        """Give up; nothing more is told."""
        if self._tries is not None:
            self._tries = self._relay = None
            now = perf_counter()
            self.target.state.gave_up(now, self._entry)
            if self.work is not None:
                self.work.end(now)
        if self.call is not None:
            self.call.cancel()
            self.call = None

    def pause(self) -> None:
        self.paused = True
        if self.call is not None:
            self.call.pause()

    def resume(self) -> None:
        self.paused = False
        if self.call is not None:
            self.call.resume()

    def time_out(self, what: str) -> None:
        """One of the route's times is over."""
        self._fail(fault(self.target, 504, "upstream_timeout", what, "timeout"), cut=True)

    # --- called by the upstream

    def on_head(self, status: int, headers: Headers) -> None:
        self._status = status
        tries = self._tries
        if tries is None or (status == 200 and not tries.looks_at_heads):
            return
        self.head_at = perf_counter()
        for name, value in headers:
            if name == b"content-type":
                self.content_type = value
        if status != 200:
            self._told_s = told_by_headers(headers, time())
        else:
            events = self.content_type is not None and self.content_type.startswith(_EVENT_STREAMS)
            self.stream = tries.new_stream(self, events=events)

    def on_body(self, data: bytes) -> None:
        self.heard += 1
        stream = self.stream
        if stream is not None:
            relay = self._relay
            if relay is None:
                self._on_events(data)
                return
            self._size += len(data)
            try:
                events = stream.feed(data)
            except ValueError as error:
                self._malformed(error)
                return
            if events:
                relay(events)
            if stream.done or stream.error is not None or self._size > LARGEST_STREAM:
                self._stream_over(stream)
            return
        self._parts.append(data)
        self._size += len(data)
        if self._size > (LARGEST_ANSWER if self._status == 200 else _LARGEST_REFUSAL):
            self._too_large("its answer is too large")

    def on_end(self) -> None:
        tries = self._tries
        self.call = None
        if tries is None:
            return
        if self.stream is not None:
            if self.stream.closed() and self._committed:
                self._ended_well(0, perf_counter())
                tries.streamed_whole(self)
            else:
                what = "its stream ended without a terminal marker"
                self._fail(fault(self.target, 502, "upstream_truncated", what, "server_error"))
        elif self._status == 200:
            parts, now = self._parts, perf_counter()
            self.ended_at = now
            try:
                tokens = tries.answered(self, parts[0] if len(parts) == 1 else b"".join(parts))
            except AnswerFailed as failed:
                self._fail(no_answer(self.target, failed.error))
                return
            except ValueError as error:
                self._fail(fault(self.target, 502, "upstream_malformed", str(error), "server_error"))
                return
            self._ended_well(tokens, now)
        else:
            body, passes = b"".join(self._parts), tries.passes(self.wire)
            self._fail(refused(self.target, self.wire, self._status, body, self._told_s, passes=passes))

    def on_failure(self, failure: Failure) -> None:
        self.call = None
        self._fail(unreachable(self.target, failure))

    def on_upload_pause(self) -> None:
        pass

    def on_upload_resume(self) -> None:
        pass

    # --- what came of it

    def _on_events(self, data: bytes) -> None:
        """Before the first content: nothing reaches the client yet."""
        tries, stream = self._tries, self.stream
        if tries is None or stream is None:
            return  # what follows the end of the answer
        self._size += len(data)
        if self._size > _LARGEST_PRELUDE:
            self._too_large(f"its stream gave no content in {self._size} bytes")
            return
        try:
            events = stream.feed(data)
        except ValueError as error:
            self._malformed(error)
            return
        if stream.content or (stream.done and stream.error is None):
            self._committed = True
            now = self.first_at = perf_counter()
            self.target.state.first_content(now, (now - self.began_at) * 1000)
            self._relay = tries.commit(self, b"".join([*(self._held or ()), events]))
            self._held = None
        elif events:
            if self._held is None:
                self._held = []
            self._held.append(events)
        if stream.done or stream.error is not None:
            self._stream_over(stream)

    def _stream_over(self, stream: Watcher) -> None:
        tries = self._tries
        if stream.error is not None:
            self._fail(in_stream(self.target, stream.error, stream.error_class), cut=True)
        elif not stream.done:
            self._too_large("its stream is too large")
        elif tries is not None:
            self._ended_well(0, perf_counter())
            tries.streamed_whole(self)

    def _malformed(self, error: ValueError) -> None:
        self._fail(fault(self.target, 502, "upstream_malformed", str(error), "server_error"), cut=True)

    def _too_large(self, what: str) -> None:
        self._fail(fault(self.target, 502, "upstream_too_large", what, "server_error"), cut=True)

    def _ended_well(self, tokens: int, now: float) -> None:
        self._tries = self._relay = None
        self.target.state.ended_well(now, (now - self.began_at) * 1000, tokens, self._entry)
        if self.work is not None:
            self.work.end(now)

    def _fail(self, why: Fault, *, cut: bool = False) -> None:
        tries = self._tries
        self._tries = self._relay = None
        if cut and self.call is not None:
            self.call.cancel()
            self.call = None
        if tries is None:
            return
        now = perf_counter()
        self.target.state.ended_badly(now, why.error_class, why.message, why.retry_after_s, self._entry)
        if self.work is not None:
            self.work.end(now)
        if self._committed:
            tries.broke_off(self, why)
        else:
            tries.failed(self, why)
