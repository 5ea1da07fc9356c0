"""Short-lived tokens: asked for when first needed, kept, and renewed before they end, so that requests seldom wait.

The first request waits in a call of its own until the token is there. While a token is still good a failing token server only
costs a line in the log; once it is not, requests fail as if no connection could be made, and nobody is asked more than once
a second. No secret and no token stands in any message.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import msgspec

from stoa.adapters.providers.http import HttpFetch
from stoa.domain.upstream import Call, Endpoint, Failure, OriginLimits, Receiver, Upstreams
from stoa.errors import ProviderError

log = logging.getLogger("stoa.upstream")

_TIMEOUT_S = 10.0
_MARGIN_S = 10.0  # a token is not used in its last seconds
_AHEAD_S = 300.0  # and renewed this long before its end, or in its last quarter
_PAUSE_S = 1.0  # after a failure
_HEADER_SAFE = re.compile(r"[\x21-\x7e]+")
_CODE = re.compile(r"[A-Za-z_]{1,40}")


class Grant(NamedTuple):
    """How a token is asked for: where, and with what form. `body` gets unix seconds."""

    url: str
    body: Callable[[float], bytes]


class Waiter(Protocol):
    """Whoever waits for a token."""

    def ready(self, line: bytes) -> None: ...

    def failed(self, failure: Failure) -> None: ...


class _Answer(msgspec.Struct):
    access_token: str
    expires_in: float | str = 3600


class _Refusal(msgspec.Struct):
    error: str = ""


class TokenSource:
    """The token of one identity, as the line of a header."""

    def __init__(self, upstreams: Upstreams, grant: Grant, *, clock: Callable[[], float]) -> None:
        url = urlsplit(grant.url)
        self._grant = grant
        self._clock = clock
        self._place = f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
        self._target = url.path + (f"?{url.query}" if url.query else "")
        origin = upstreams.origin(self._place, OriginLimits(first_byte_timeout_s=_TIMEOUT_S, idle_timeout_s=_TIMEOUT_S))
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json", "user-agent": "stoa"}
        self._fetch = HttpFetch(origin, headers, name=f"the token server {self._place}", timeout_s=_TIMEOUT_S)
        self._line = b""
        self._usable_until = 0.0
        self._renew_at = 0.0
        self._failure: Failure | None = None
        self._waiting: list[Waiter] = []
        self._task: asyncio.Task[None] | None = None

    def line(self) -> bytes | None:
        """The header's line, None while there is none that can be used."""
        now = self._clock()
        if now >= self._renew_at:
            self._start()
        return self._line if now < self._usable_until else None

    def wait(self, waiter: Waiter) -> None:
        """Tell the waiter, in a later turn of the loop, what `line` could not."""
        if self._task is None and self._failure is not None and self._clock() < self._renew_at:
            asyncio.get_running_loop().call_soon(waiter.failed, self._failure)
            return
        self._waiting.append(waiter)
        self._start()

    def close(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._renew())

    async def _renew(self) -> None:
        try:
            self._take(await self._ask())
            self._failure = None
        except ProviderError as error:
            self._renew_at = self._clock() + _PAUSE_S
            self._failure = Failure("connect", error.message)
            log.warning("no token: %s", error.message)
        finally:
            self._task = None
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            if self._failure is None:
                waiter.ready(self._line)
            else:
                waiter.failed(self._failure)

    async def _ask(self) -> _Answer:
        status, body = await self._fetch("POST", self._target, body=self._grant.body(self._clock()))
        if status != 200:
            raise ProviderError(f"the token server {self._place} refused with {status}{_code(body)}")
        try:
            answer = msgspec.json.decode(body, type=_Answer)
            float(answer.expires_in)
        except (msgspec.MsgspecError, ValueError):
            raise ProviderError(f"the token server {self._place} answered something that is not a token") from None
        if not _HEADER_SAFE.fullmatch(answer.access_token):
            raise ProviderError(f"the token server {self._place} answered a token that no header can carry")
        return answer

    def _take(self, answer: _Answer) -> None:
        now, lifetime = self._clock(), float(answer.expires_in)
        self._line = b"authorization: Bearer " + answer.access_token.encode("ascii") + b"\r\n"
        self._usable_until = now + max(lifetime - _MARGIN_S, 0)
        self._renew_at = max(now + lifetime - min(_AHEAD_S, lifetime / 4) - _MARGIN_S, now)


def _code(body: bytes) -> str:
    """OAuth's short word for what is wrong; its description may repeat what was sent."""
    try:
        code = msgspec.json.decode(body, type=_Refusal).error
    except msgspec.MsgspecError:
        return ""
    return f" ({code})" if _CODE.fullmatch(code) else ""


class Tokens:
    """Every token source. The same identity gives the same one, so that tokens outlive a change of configuration.

    `clock` gives unix seconds.
    """

    def __init__(self, upstreams: Upstreams, *, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._upstreams = upstreams
        self._sources: WeakValueDictionary[bytes, TokenSource] = WeakValueDictionary()

    def source(self, identity: bytes, grant: Callable[[], Grant]) -> TokenSource:
        """`identity` is a digest of everything that the grant is made from."""
        found = self._sources.get(identity)
        if found is None:
            found = self._sources[identity] = TokenSource(self._upstreams, grant(), clock=self.clock)
        return found

    def close(self) -> None:
        for source in tuple(self._sources.values()):
            source.close()


class TokenEndpoint:
    """Implements `domain.upstream.Endpoint`: another endpoint, with the token of the moment."""

    __slots__ = ("_endpoint", "_source")

    def __init__(self, endpoint: Endpoint, source: TokenSource) -> None:
        self._endpoint = endpoint
        self._source = source

    def post(self, body: bytes, receiver: Receiver, lines: bytes = b"") -> Call:
        line = self._source.line()
        if line is not None:
            return self._endpoint.post(body, receiver, lines + line)
        call = _WaitingCall(self._endpoint, body, receiver, lines)
        self._source.wait(call)
        return call


class _WaitingCall:
    """A call that begins when there is a token. Implements `domain.upstream.Call` and `Waiter`."""

    def __init__(self, endpoint: Endpoint, body: bytes, receiver: Receiver, lines: bytes) -> None:
        self._endpoint = endpoint
        self._body = body
        self._receiver: Receiver | None = receiver
        self._lines = lines
        self._call: Call | None = None
        self._paused = False

    def ready(self, line: bytes) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            self._call = self._endpoint.post(self._body, receiver, self._lines + line)
            if self._paused:
                self._call.pause()

    def failed(self, failure: Failure) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.on_failure(failure)

    def cancel(self) -> None:
        self._receiver = None
        if self._call is not None:
            self._call.cancel()

    def pause(self) -> None:
        self._paused = True
        if self._call is not None:
            self._call.pause()

    def resume(self) -> None:
        self._paused = False
        if self._call is not None:
            self._call.resume()

    def write(self, data: bytes) -> None:
        """The body was given whole."""

    def finish(self) -> None:
        """The body was given whole."""
