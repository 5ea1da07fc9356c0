"""A request that one upstream takes in another shape: as one body or several, whose answers are made into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stoa.domain.upstream import Call, Endpoint, Failure, Headers, Receiver

AT_ONCE = 8
"""Bodies that are under way at the same time."""
_LARGEST = 67_108_864


class Reshaped:
    """Implements `domain.upstream.Endpoint`.

    `join` makes one answer of those to `bodies`; it raises ValueError. `lost` is told the answers that came in vain, since
    another of them failed or they do not fit: whoever gave them wants to be paid.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        bodies: Sequence[bytes],
        join: Callable[[Sequence[bytes]], bytes],
        lost: Callable[[Sequence[bytes]], None],
    ) -> None:
        self._endpoint = endpoint
        self._bodies = bodies
        self._join = join
        self._lost = lost

    def post(self, body: bytes, receiver: Receiver, lines: bytes = b"") -> Call:
        """The body as the client sent it is not what goes out."""
        del body
        return _Together(self._endpoint, self._bodies, self._join, self._lost, receiver, lines)


class _Together:
    """Implements `domain.upstream.Call` over several. The first that fails is the failure of all."""

    def __init__(
        self,
        endpoint: Endpoint,
        bodies: Sequence[bytes],
        join: Callable[[Sequence[bytes]], bytes],
        lost: Callable[[Sequence[bytes]], None],
        receiver: Receiver,
        lines: bytes,
    ) -> None:
        self._endpoint = endpoint
        self._bodies = bodies
        self._join = join
        self._lost = lost
        self._lines = lines
        self.receiver: Receiver | None = receiver
        self._answers: list[bytes | None] = [None] * len(bodies)
        self._calls: dict[int, Call] = {}
        self._next = 0
        for _ in range(min(AT_ONCE, len(bodies))):
            self._begin()

    def cancel(self) -> None:
        self.receiver = None
        calls, self._calls = self._calls, {}
        for call in calls.values():
            call.cancel()

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def write(self, data: bytes) -> None:
        raise AssertionError("the bodies are whole")

    def finish(self) -> None: ...

    def _begin(self) -> None:
        number = self._next
        if number < len(self._bodies):
            self._next += 1
            self._calls[number] = self._endpoint.post(self._bodies[number], _One(self, number), self._lines)

    def answered(self, number: int, status: int, headers: Headers, body: bytes) -> None:
        self._calls.pop(number, None)
        receiver = self.receiver
        if receiver is None:
            return
        if status != 200:
            self._fail()
            receiver.on_head(status, headers)
            receiver.on_body(body)
            receiver.on_end()
            return
        self._answers[number] = body
        self._begin()
        if self._calls:
            return
        self.receiver = None
        try:
            whole = self._join([answer for answer in self._answers if answer is not None])
        except ValueError as error:
            self._fail()
            receiver.on_failure(Failure("malformed", f"its answer is not what it should be: {error}"))
            return
        receiver.on_head(200, ((b"content-type", b"application/json"),))
        receiver.on_body(whole)
        receiver.on_end()

    def failed(self, number: int, failure: Failure) -> None:
        self._calls.pop(number, None)
        receiver = self.receiver
        if receiver is not None:
            self._fail()
            receiver.on_failure(failure)

    def _fail(self) -> None:
        """Give up the others."""
        self.cancel()
        in_vain = [answer for answer in self._answers if answer is not None]
        if in_vain:
            self._lost(in_vain)


class _One:
    """Implements `domain.upstream.Receiver` for one of the bodies."""

    def __init__(self, together: _Together, number: int) -> None:
        self._together = together
        self._number = number
        self._status = 0
        self._headers: Headers = ()
        self._body = bytearray()

    def on_head(self, status: int, headers: Headers) -> None:
        self._status, self._headers = status, headers

    def on_body(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > _LARGEST:
            self._together.failed(self._number, Failure("malformed", "its answer is too large"))

    def on_end(self) -> None:
        self._together.answered(self._number, self._status, self._headers, bytes(self._body))

    def on_failure(self, failure: Failure) -> None:
        self._together.failed(self._number, failure)

    def on_upload_pause(self) -> None: ...

    def on_upload_resume(self) -> None: ...
