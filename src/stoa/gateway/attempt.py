"""Stage 6, attempt: one try at one target, with a state of its own. Nothing of a try that failed reaches the next.

An answer is judged before the client sees any of it: a whole one when it is whole, a stream at its first content.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from stoa.domain.upstream import Call, Failure, Headers
from stoa.gateway.events import ErrorBody, EventStream
from stoa.gateway.plan import Target
from stoa.gateway.usage import usage_in

if TYPE_CHECKING:
    from stoa.gateway.inference import Inference

LARGEST_ANSWER = 67_108_864
_LARGEST_REFUSAL = 65_536
_THE_CALLERS_FAULT = frozenset((400, 413, 415, 422))
_FAILURE_STATUS = {"timeout": 504, "busy": 503, "connect": 503}


class Fault(NamedTuple):
    """Why a try did not give an answer. `final`: another target would say the same. `body` is a refusal to pass on as it is."""

    status: int
    code: str
    message: str
    final: bool = False
    body: bytes | None = None
    retry_after: bytes | None = None


class _Refusal(msgspec.Struct):
    error: ErrorBody | str | None = None


_refusal = msgspec.json.Decoder(_Refusal).decode


class Attempt:
    """Implements `domain.upstream.Receiver`, and tells the inference what came of it, once."""

    __slots__ = ("_call", "_committed", "_held", "_inference", "_parts", "_retry_after", "_size", "_status", "stream", "target")

    def __init__(self, inference: Inference, target: Target) -> None:
        self._inference: Inference | None = inference
        self.target = target
        self.stream: EventStream | None = None
        self._call: Call | None = None
        self._status = 0
        self._size = 0
        self._parts: list[bytes] = []
        self._held: list[bytes] = []  # events before the first content
        self._committed = False
        self._retry_after: bytes | None = None

    def begin(self, body: bytes) -> None:
        self._call = self.target.endpoint.post(body, self)

    def cancel(self) -> None:
        """Give up; nothing more is told."""
        self._inference = None
        if self._call is not None:
            self._call.cancel()

    def pause(self) -> None:
        if self._call is not None:
            self._call.pause()

    def resume(self) -> None:
        if self._call is not None:
            self._call.resume()

    # --- called by the upstream

    def on_head(self, status: int, headers: Headers) -> None:
        self._status = status
        inference = self._inference
        if inference is None or (status == 200 and not inference.streamed):
            return
        for name, value in headers:
            if name == b"content-type" and status == 200 and value.startswith(b"text/event-stream"):
                self.stream = inference.new_stream()
            elif name == b"retry-after" and value.isdigit():
                self._retry_after = value

    def on_body(self, data: bytes) -> None:
        if self.stream is not None:
            self._on_events(data)
            return
        self._parts.append(data)
        self._size += len(data)
        if self._size > (LARGEST_ANSWER if self._status == 200 else _LARGEST_REFUSAL):
            self._fail(self._fault(502, "upstream_too_large", "its answer is too large"), cut=True)

    def on_end(self) -> None:
        inference = self._inference
        self._call = None
        if inference is None:
            return
        if self.stream is not None:
            self._fail(self._fault(502, "upstream_truncated", "its stream ended without the terminal [DONE]"))
        elif self._status == 200:
            body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            try:
                usage = usage_in(body)
            except ValueError as error:
                self._fail(self._fault(502, "upstream_malformed", str(error)))
                return
            self._inference = None
            inference.answered(self, body, usage)
        else:
            self._fail(self._refused(b"".join(self._parts)))

    def on_failure(self, failure: Failure) -> None:
        self._call = None
        status = _FAILURE_STATUS.get(failure.kind, 502)
        self._fail(self._fault(status, f"upstream_{failure.kind}", failure.message))

    def on_upload_pause(self) -> None:
        pass

    def on_upload_resume(self) -> None:
        pass

    # --- what came of it

    def _on_events(self, data: bytes) -> None:
        inference, stream = self._inference, self.stream
        if inference is None or stream is None:
            return  # what follows the end of the answer
        try:
            events = stream.feed(data)
        except ValueError as error:
            self._fail(self._fault(502, "upstream_malformed", str(error)), cut=True)
            return
        if self._committed:
            if events:
                inference.relay(events)
        elif stream.content or stream.done:
            self._committed = True
            inference.commit(self, b"".join([*self._held, events]))
            self._held.clear()
        elif events:
            self._held.append(events)
        if stream.error is not None:
            fault = _in_stream(stream.error)
            self._fail(self._fault(fault, "upstream_error", stream.error.message or "an error in its stream"), cut=True)
        elif stream.done:
            self._inference = None
            inference.streamed_whole(self)

    def _fail(self, fault: Fault, *, cut: bool = False) -> None:
        inference, self._inference = self._inference, None
        if cut and self._call is not None:
            self._call.cancel()
        if inference is None:
            return
        if self._committed:
            inference.broke_off(self, fault)
        else:
            inference.failed(fault)

    def _fault(self, status: int, code: str, message: str) -> Fault:
        return Fault(status, code, f"Model {self.target.model!r} of provider {self.target.provider!r} failed: {message}.")

    def _refused(self, body: bytes) -> Fault:
        """An answer that is no success: the caller's fault as it is, everything else as the upstream's."""
        status, said = self._status, _said(body)
        if status in _THE_CALLERS_FAULT:
            named = f"Model {self.target.model!r} refused the request: {said or f'status {status}'}"
            return Fault(status, "upstream_refused", named, final=True, body=body if said is not None else None)
        if status in (401, 403):
            return self._fault(502, "upstream_credentials", "it does not accept the credentials it is configured with")
        if 300 <= status < 400:
            return self._fault(502, "upstream_redirect", f"it answered with a redirect ({status}), which is not followed")
        known = status == 429 or status in (503, 504)
        fault = self._fault(status if known else 502, "upstream_error", f"it answered {status}: {(said or 'no reason')[:500]}")
        if status == 429:
            fault = fault._replace(code="upstream_rate_limited")
        return fault._replace(retry_after=self._retry_after)


def _in_stream(error: ErrorBody) -> int:
    return 429 if "rate_limit" in f"{error.code} {error.type}" or error.code == 429 else 502


def _said(body: bytes) -> str | None:
    """The message of a refusal in OpenAI's form, None when it has another form."""
    try:
        error = _refusal(body).error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return error.message if isinstance(error, ErrorBody) else error
