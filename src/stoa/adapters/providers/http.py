"""Every origin over HTTP, looked after by one timer; and one whole request at a time for those who can wait."""

import asyncio
from collections.abc import Mapping
from weakref import WeakValueDictionary

from stoa.adapters.providers.egress import Egress
from stoa.adapters.providers.origin import HttpOrigin
from stoa.adapters.providers.pressure import Pressure
from stoa.adapters.providers.tls import TlsContexts
from stoa.domain.upstream import Failure, Fetched, Headers, Origin, OriginLimits, TlsOptions
from stoa.errors import ProviderError

_TICK_S = 0.25


class HttpUpstreams:
    """Implements `domain.upstream.Upstreams`. Needs a running loop; `close` ends every connection."""

    def __init__(self, egress: Egress | None = None) -> None:
        self.egress = egress or Egress()
        self.tls = TlsContexts()
        self.pressure = Pressure()
        # An origin lives as long as somebody can still call it or a connection belongs to it.
        self._origins: WeakValueDictionary[tuple[str, OriginLimits, TlsOptions | None], HttpOrigin] = WeakValueDictionary()
        self._loop = asyncio.get_running_loop()
        self._timer = self._loop.call_later(_TICK_S, self._sweep)

    def origin(self, base_url: str, limits: OriginLimits, tls: TlsOptions | None = None) -> HttpOrigin:
        key = (base_url, limits, tls)
        found = self._origins.get(key)
        if found is None:
            found = self._origins[key] = HttpOrigin(self, base_url, limits, tls)
        return found

    def close(self) -> None:
        self._timer.cancel()
        self.pressure.close()
        for origin in tuple(self._origins.values()):
            origin.close()

    def _sweep(self) -> None:
        now = self._loop.time()
        for origin in tuple(self._origins.values()):
            origin.sweep(now)
        self._timer = self._loop.call_later(_TICK_S, self._sweep)


class HttpFetch:
    """Implements `domain.upstream.Fetch` for one origin and one set of headers, within one time for the whole answer."""

    def __init__(self, origin: Origin, headers: Mapping[str, str], *, name: str, timeout_s: float = 30.0) -> None:
        self._origin = origin
        self._headers = dict(headers)
        self._name = name
        self._timeout_s = timeout_s

    async def __call__(
        self, method: str, target: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Fetched:
        pairs = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in {**self._headers, **(headers or {})}.items()]
        whole = _Whole()
        call = self._origin.open(method.encode(), target.encode("ascii"), pairs, len(body), whole)
        if body:
            call.write(body)
            call.finish()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await whole.answer
        except TimeoutError:
            raise ProviderError(f"{self._name} did not answer {method} {target} within {self._timeout_s:g} s.") from None
        except _Failed as failed:
            raise ProviderError(f"{self._name} did not answer {method} {target}: {failed.failure.message}.") from None
        finally:
            call.cancel()


class _Failed(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _Whole:
    """A receiver that keeps everything."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Fetched] = asyncio.get_running_loop().create_future()
        self._status = 0
        self._body = bytearray()

    def on_head(self, status: int, headers: Headers) -> None:
        del headers
        self._status = status

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_end(self) -> None:
        if not self.answer.done():
            self.answer.set_result(Fetched(self._status, bytes(self._body)))

    def on_failure(self, failure: Failure) -> None:
        if not self.answer.done():
            self.answer.set_exception(_Failed(failure))

    def on_upload_pause(self) -> None:
        pass

    def on_upload_resume(self) -> None:
        pass
