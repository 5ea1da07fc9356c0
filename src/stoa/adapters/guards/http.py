"""Own guards over HTTP: one POST of JSON for each question, within the gateway's egress rules, redirects not followed.

The form is documented in docs/guide/guardrails.md. What is not of it is no verdict.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from stoa.adapters.providers.http import HttpFetch
from stoa.domain.guards import Question, Reply
from stoa.domain.upstream import Fetch, OriginLimits, Upstreams
from stoa.errors import ProviderError

_CONNECTIONS = 64
_LARGEST = 8 * 1024 * 1024
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Reply).decode


class HttpGuards:
    """Implements `domain.guards.OwnGuards`."""

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams

    def open(self, url: str, headers: Mapping[str, str], timeout_s: float) -> "HttpOwnGuard":
        parts = urlsplit(url)
        limits = OriginLimits(
            connect_timeout_s=timeout_s,
            first_byte_timeout_s=timeout_s,
            idle_timeout_s=timeout_s,
            longest_s=timeout_s,
            max_connections=_CONNECTIONS,
        )
        origin = self._upstreams.origin(f"{parts.scheme}://{parts.netloc}", limits)
        told = {"content-type": "application/json", "accept": "application/json", **headers}
        return HttpOwnGuard(
            HttpFetch(origin, told, name=f"The guard at {parts.netloc}", timeout_s=timeout_s), parts.path or "/"
        )


class HttpOwnGuard:
    """Implements `domain.guards.OwnGuard`."""

    def __init__(self, fetch: Fetch, path: str) -> None:
        self._fetch = fetch
        self._path = path

    async def judge(self, question: Question) -> Reply:
        answer = await self._fetch("POST", self._path, body=_encode(question))
        if answer.status != 200:
            raise ProviderError(f"The guard answered with status {answer.status}.", upstream_status=answer.status)
        if len(answer.body) > _LARGEST:
            raise ProviderError(f"The guard's reply has {len(answer.body)} bytes; at most {_LARGEST} are read.")
        try:
            return _decode(answer.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ProviderError(f"The guard's reply is not of the form: {error}.") from None
