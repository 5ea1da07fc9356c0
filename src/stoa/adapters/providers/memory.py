"""A scripted upstream without a network: the fake of the upstream port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stoa.domain.upstream import Failure, Headers, Method, OriginLimits, Receiver, TlsOptions

JSON = ((b"content-type", b"application/json"),)
EVENTS = ((b"content-type", b"text/event-stream"),)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was asked of the fake."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Scripted:
    """What the fake answers. A failure after the pieces, or instead of any answer when `status` is None.

    With `hold` it falls silent after its pieces and waits to be cancelled.
    """

    status: int | None = 200
    pieces: Sequence[bytes] = ()
    headers: Headers = JSON
    failure: Failure | None = None
    hold: bool = False


Script = Callable[[Sent], Scripted]


@dataclass
class MemoryUpstreams:
    """Implements `domain.upstream.Upstreams`; answers piece by piece, one an event-loop turn, as `script` says."""

    script: Script
    sent: list[Sent] = field(default_factory=list[Sent])
    cancelled: list[Sent] = field(default_factory=list[Sent])

    def origin(self, base_url: str, limits: OriginLimits, tls: TlsOptions | None = None) -> MemoryOrigin:
        del limits, tls
        return MemoryOrigin(self, base_url)


class MemoryOrigin:
    """Implements `domain.upstream.Origin`."""

    def __init__(self, upstreams: MemoryUpstreams, base_url: str) -> None:
        self._upstreams = upstreams
        self._base_url = base_url

    def endpoint(self, path: str, headers: Mapping[str, str], *, method: Method = "POST") -> MemoryEndpoint:
        del method
        return MemoryEndpoint(self._upstreams, self._base_url + path, headers)

    def open(self, method: bytes, target: bytes, headers: Headers, length: int | None, receiver: Receiver) -> MemoryCall:
        del method
        named = {name.decode(): value.decode() for name, value in headers}
        call = MemoryCall(self._upstreams, self._base_url + target.decode(), named, receiver)
        if length == 0:
            call.finish()
        return call


@dataclass(frozen=True, slots=True)
class MemoryEndpoint:
    """Implements `domain.upstream.Endpoint`."""

    upstreams: MemoryUpstreams
    url: str
    headers: Mapping[str, str]

    def post(self, body: bytes, receiver: Receiver, lines: bytes = b"") -> MemoryCall:
        further = dict(line.split(": ", 1) for line in lines.decode().split("\r\n") if line)
        call = MemoryCall(self.upstreams, self.url, {**self.headers, **further}, receiver)
        call.write(body)
        call.finish()
        return call


class MemoryCall:
    """Implements `domain.upstream.Call`."""

    def __init__(self, upstreams: MemoryUpstreams, url: str, headers: Mapping[str, str], receiver: Receiver) -> None:
        self._upstreams = upstreams
        self._url = url
        self._headers = headers
        self._receiver: Receiver | None = receiver
        self._body = bytearray()
        self._sent: Sent | None = None
        self._steps: Iterator[None] = iter(())
        self._paused = False

    def cancel(self) -> None:
        if self._receiver is not None and self._sent is not None:
            self._upstreams.cancelled.append(self._sent)
        self._receiver = None

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        if self._paused:
            self._paused = False
            self._later()

    def write(self, data: bytes) -> None:
        self._body += data

    def finish(self) -> None:
        self._sent = Sent(self._url, self._headers, bytes(self._body))
        self._upstreams.sent.append(self._sent)
        self._steps = self._play(self._upstreams.script(self._sent), receiver=self._receiver)
        self._later()

    def _play(self, answer: Scripted, *, receiver: Receiver | None) -> Iterator[None]:
        if receiver is None:
            return
        if answer.status is not None:
            receiver.on_head(answer.status, answer.headers)
            for piece in answer.pieces:
                yield
                receiver.on_body(piece)
            yield
        if answer.hold:
            return
        self._receiver = None
        if answer.failure is not None:
            receiver.on_failure(answer.failure)
        else:
            receiver.on_end()

    def _later(self) -> None:
        asyncio.get_running_loop().call_soon(self._step)

    def _step(self) -> None:
        if self._receiver is not None and not self._paused and next(self._steps, self) is None:
            self._later()
