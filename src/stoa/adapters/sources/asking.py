"""One request of a crawl: slowly, politely, within the site, and no more of an answer than is wanted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from stoa.adapters.sources.crawl import Pace, Site, normal
from stoa.adapters.sources.reach import Reach
from stoa.errors import SourceError

if TYPE_CHECKING:
    import httpx

    _Read = Callable[[httpx.AsyncClient, httpx.Request, str], Awaitable["Answer"]]

USER_AGENT = "stoa/1.0 (indexes documents; honours robots.txt as stoa)"

_REDIRECTS = 5
_TRIES = 3
_LONGEST_WAIT_S = 60.0
_TRY_LATER = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """`url` is where it came from after redirects, `leads_to` where it leads instead. `body` is None if it is too large."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes | None = b""
    leads_to: str | None = None

    @property
    def ok(self) -> bool:
        return self.status == 200

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")


def _anything(_: str) -> bool:
    return True


class Asker:
    """Connections to one site. `silence_s` is how long it may say nothing, `longest_s` how long one answer may take in all."""

    def __init__(
        self, site: Site, reach: Reach, pace: Pace, *, most_bytes: int, silence_s: float = 30.0, longest_s: float = 300.0
    ) -> None:
        self._site, self._reach, self._pace = site, reach, pace
        self._most_bytes, self._silence_s, self._longest_s = most_bytes, silence_s, longest_s
        self._client: httpx.AsyncClient | None = None

    async def once(self, url: str, headers: Mapping[str, str], *, wanted: Callable[[str], bool]) -> Answer:
        """Follows nothing. The body is read if its content type is `wanted`. Raises SourceError without an answer."""
        return await self._patient(url, headers, most_bytes=self._most_bytes, wanted=wanted)

    async def get(
        self, url: str, headers: Mapping[str, str] | None = None, *, most_bytes: int | None = None, on_host: bool = False
    ) -> Answer:
        """Follows redirects within the site, or on its host. Raises SourceError without an answer."""
        belongs = self._site.on_host if on_host else self._site.within
        for _ in range(_REDIRECTS + 1):
            answer = await self._patient(url, headers or {}, most_bytes=most_bytes or self._most_bytes)
            if answer.leads_to is None or not belongs(answer.leads_to):
                return answer
            url = normal(answer.leads_to)
        raise SourceError(f"{url!r} leads on and on: more than {_REDIRECTS} redirects.")

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _patient(
        self, url: str, headers: Mapping[str, str], *, most_bytes: int, wanted: Callable[[str], bool] = _anything
    ) -> Answer:
        """Tries again where there was no answer, and comes back later where that is asked."""
        for left in reversed(range(_TRIES)):
            try:
                await self._pace.turn()
                answer = await self._once(url, headers, partial(self._read, most_bytes=most_bytes, wanted=wanted))
            except SourceError:
                if not left:
                    raise
                await asyncio.sleep(self._pace.interval_s)
                continue
            if answer.status not in _TRY_LATER or not left:
                return answer
            await asyncio.sleep(_asked_to_wait(answer.headers.get("retry-after"), otherwise=self._pace.interval_s))
        raise AssertionError

    async def _once(self, url: str, headers: Mapping[str, str], read: "_Read") -> Answer:
        import httpx

        split = urlsplit(url)
        host, port = split.hostname or "", split.port or (443 if split.scheme == "https" else 80)
        if self._client is None:
            timeout = httpx.Timeout(self._silence_s, connect=min(10.0, self._silence_s))
            self._client = httpx.AsyncClient(timeout=timeout, trust_env=False, follow_redirects=False)
        failed: Exception | None = None
        for place in await self._reach.addresses(host, port):
            # The name goes into the Host header and the certificate's check; the connection goes to the address looked at.
            target = httpx.URL(url).copy_with(host=place)
            sent = {"user-agent": USER_AGENT, "accept": "*/*", **headers, "host": split.netloc}
            request = self._client.build_request("GET", target, headers=sent, extensions={"sni_hostname": host})
            try:
                async with asyncio.timeout(self._longest_s):
                    return await read(self._client, request, url)
            except httpx.ConnectError as error:
                failed = error
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
                raise SourceError(f"{url!r} did not answer: {_reason(error)}.") from None
        raise SourceError(f"{url!r} cannot be reached: {_reason(failed)}.")

    async def _read(
        self,
        client: "httpx.AsyncClient",
        request: "httpx.Request",
        url: str,
        *,
        most_bytes: int,
        wanted: Callable[[str], bool],
    ) -> Answer:
        response = await client.send(request, stream=True)
        client.cookies.clear()
        try:
            headers = {name.lower(): value for name, value in response.headers.items()}
            status, target = response.status_code, headers.get("location")
            if 300 <= status < 400 and status != 304 and target is not None:
                return Answer(url, status, headers, leads_to=urljoin(url, target))
            if status != 200:
                return Answer(url, status, headers)
            if not wanted(headers.get("content-type", "")) or int(headers.get("content-length", "0")) > most_bytes:
                return Answer(url, status, headers, body=None)
            body, size = list[bytes](), 0
            async for piece in response.aiter_bytes():
                body.append(piece)
                size += len(piece)
                if size > most_bytes:
                    return Answer(url, status, headers, body=None)
            return Answer(url, status, headers, b"".join(body))
        finally:
            await response.aclose()


def _asked_to_wait(said: str | None, *, otherwise: float) -> float:
    try:
        return min(_LONGEST_WAIT_S, max(0.0, float(said))) if said is not None else otherwise
    except ValueError:
        return otherwise  # a date; this once is soon enough


def _reason(error: Exception | None) -> str:
    return str(error) or type(error).__name__
