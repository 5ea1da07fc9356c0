"""Stage 6, attempt: one try at one target, with a state of its own. Nothing of a try that failed reaches the next.

An answer is judged before the client sees any of it: a whole one when it is whole, a stream at its first content.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from stoa.domain.operations import ErrorClass
from stoa.domain.upstream import Call, Endpoint, Failure, Headers
from stoa.gateway.events import ErrorBody
from stoa.gateway.plan import Target
from stoa.gateway.routing.classify import classify
from stoa.gateway.routing.lanes import Ticket
from stoa.gateway.watching import Watcher
from stoa.gateway.wire import Wire, upstream_of

if TYPE_CHECKING:
    from stoa.gateway.tries import Tries

LARGEST_ANSWER = 67_108_864
_LARGEST_REFUSAL = 65_536
_FAILURE_STATUS = {"timeout": 504, "busy": 503, "connect": 503}
_EVENT_STREAMS = (b"text/event-stream", b"application/vnd.amazon.eventstream")
_STATUS: dict[ErrorClass, int] = {"rate_limit": 429, "timeout": 504, "context_window": 400, "content_policy": 400}


class Fault(NamedTuple):
    """Why a try did not give an answer. `body` is a refusal to pass on as it is."""

    status: int
    code: str
    message: str
    error_class: ErrorClass
    body: bytes | None = None
    retry_after_s: float | None = None
    param: str | None = None


class _Refusal(msgspec.Struct):
    error: ErrorBody | str | None = None
    message: str | None = None


_refusal = msgspec.json.Decoder(_Refusal).decode


class Attempt:
    """Implements `domain.upstream.Receiver`, and tells what came of it, once."""

    stream: Watcher | None = None
    content_type: bytes | None = None
    first_at = 0.0
    heard = 0
    paused = False
    call: Call | None = None
    _status = 0
    _size = 0
    _committed = False
    _held: list[bytes] | None = None  # events before the first content
    _retry_after_s: float | None = None

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
    def begun(self) -> bool:
        return self.first_at != 0.0 or (self.stream is None and self._status != 0)

    def characters(self) -> int:
        return self.stream.count_characters() if self.stream is not None else 0

    def begin(self, endpoint: Endpoint, body: bytes, lines: bytes) -> None:
        self.call = endpoint.post(body, self, lines) if lines else endpoint.post(body, self)

    def cancel(self) -> None:
        """Give up; nothing more is told."""
        if self._tries is not None:
            self._tries = None
            self.target.state.gave_up(perf_counter(), self._entry)
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
        self._fail(self._fault(504, "upstream_timeout", what, "timeout"), cut=True)

    # --- called by the upstream

    def on_head(self, status: int, headers: Headers) -> None:
        self._status = status
        tries = self._tries
        if tries is None or (status == 200 and not tries.looks_at_heads):
            return
        for name, value in headers:
            if name == b"content-type":
                self.content_type = value
            elif name == b"retry-after" and value.isdigit():
                self._retry_after_s = float(value)
        if status == 200:
            events = self.content_type is not None and self.content_type.startswith(_EVENT_STREAMS)
            self.stream = tries.new_stream(self, events=events)

    def on_body(self, data: bytes) -> None:
        self.heard += 1
        if self.stream is not None:
            self._on_events(data)
            return
        self._parts.append(data)
        self._size += len(data)
        if self._size > (LARGEST_ANSWER if self._status == 200 else _LARGEST_REFUSAL):
            self._fail(self._fault(502, "upstream_too_large", "its answer is too large", "server_error"), cut=True)

    def on_end(self) -> None:
        tries = self._tries
        self.call = None
        if tries is None:
            return
        if self.stream is not None:
            if self.stream.closed():
                self._ended_well(0)
                tries.streamed_whole(self)
            else:
                self._fail(self._fault(502, "upstream_truncated", "its stream ended without a terminal marker", "server_error"))
        elif self._status == 200:
            parts = self._parts
            try:
                tokens = tries.answered(self, parts[0] if len(parts) == 1 else b"".join(parts))
            except ValueError as error:
                self._fail(self._fault(502, "upstream_malformed", str(error), "server_error"))
                return
            self._ended_well(tokens)
        else:
            self._fail(self._refused(b"".join(self._parts)))

    def on_failure(self, failure: Failure) -> None:
        self.call = None
        status = _FAILURE_STATUS.get(failure.kind, 502)
        error_class: Literal["timeout", "server_error"] = "timeout" if failure.kind == "timeout" else "server_error"
        self._fail(self._fault(status, f"upstream_{failure.kind}", failure.message, error_class))

    def on_upload_pause(self) -> None:
        pass

    def on_upload_resume(self) -> None:
        pass

    # --- what came of it

    def _on_events(self, data: bytes) -> None:
        tries, stream = self._tries, self.stream
        if tries is None or stream is None:
            return  # what follows the end of the answer
        try:
            events = stream.feed(data)
        except ValueError as error:
            self._fail(self._fault(502, "upstream_malformed", str(error), "server_error"), cut=True)
            return
        if self._committed:
            if events:
                tries.relay(events)
        elif stream.content or (stream.done and stream.error is None):
            self._committed = True
            now = self.first_at = perf_counter()
            self.target.state.first_content(now, (now - self.began_at) * 1000)
            tries.commit(self, b"".join([*(self._held or ()), events]))
            self._held = None
        elif events:
            self._held = [*(self._held or ()), events]
        if stream.error is not None:
            self._fail(self._in_stream(stream.error, stream.error_class), cut=True)
        elif stream.done:
            self._ended_well(0)
            tries.streamed_whole(self)

    def _ended_well(self, tokens: int) -> None:
        self._tries = None
        now = perf_counter()
        self.target.state.ended_well(now, (now - self.began_at) * 1000, tokens, self._entry)

    def _fail(self, fault: Fault, *, cut: bool = False) -> None:
        tries, self._tries = self._tries, None
        if cut and self.call is not None:
            self.call.cancel()
            self.call = None
        if tries is None:
            return
        self.target.state.ended_badly(perf_counter(), fault.error_class, fault.message, fault.retry_after_s, self._entry)
        if self._committed:
            tries.broke_off(self, fault)
        else:
            tries.failed(self, fault)

    def _fault(self, status: int, code: str, message: str, error_class: ErrorClass) -> Fault:
        named = f"Model {self.target.model!r} of provider {self.target.provider!r} failed: {message}."
        return Fault(status, code, named, error_class, retry_after_s=self._retry_after_s)

    def _in_stream(self, error: ErrorBody, told: ErrorClass | None) -> Fault:
        code = str(error.code) if error.code is not None else error.type
        number = error.code if isinstance(error.code, int) else None
        found = classify(number, code or error.type, error.message)
        error_class = told if told is not None and found in ("server_error", "invalid_request") else found
        status = _STATUS.get(error_class, 502)
        return self._fault(status, "upstream_error", error.message or "an error in its stream", error_class)

    def _refused(self, body: bytes) -> Fault:
        """An answer that is no success: the caller's fault as it is, everything else as the upstream's."""
        status, said, code, param = self._status, *_said(body, self._status, self.wire)
        if 300 <= status < 400:
            message = f"it answered with a redirect ({status}), which is not followed"
            return self._fault(502, "upstream_redirect", message, "server_error")
        error_class = classify(status, code, said)
        if error_class in ("invalid_request", "context_window", "content_policy"):
            named = f"Model {self.target.model!r} refused the request: {said or f'status {status}'}"
            given = status if status in (400, 413, 415, 422) else 400
            return Fault(given, "upstream_refused", named, error_class, body if said is not None else None, param=param)
        if error_class == "credentials":
            return self._fault(
                502, "upstream_credentials", "it does not accept the credentials it is configured with", error_class
            )
        known = status == 429 or status in (503, 504)
        fault = self._fault(
            status if known else 502, "upstream_error", f"it answered {status}: {(said or 'no reason')[:500]}", error_class
        )
        return fault._replace(code="upstream_rate_limited") if error_class == "rate_limit" else fault


def _said(body: bytes, status: int, wire: Wire) -> tuple[str | None, str | None, str | None]:
    """Message, code and field of a refusal; message None when it has no form that is known."""
    form = upstream_of(wire)
    if form is not None:
        error = form.read_error(status, body)
        return error.message or None, error.code, error.param
    try:
        told = _refusal(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None, None, None
    error = told.error
    if isinstance(error, ErrorBody):
        return error.message, str(error.code) if error.code is not None else error.type, error.param
    return error or told.message, None, None
