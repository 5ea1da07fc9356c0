"""Ships usage to control over HTTP."""

from collections.abc import Sequence

import msgspec

from stoa.domain.upstream import Fetch
from stoa.domain.usage import Told
from stoa.errors import ProviderError


class _Answer(msgspec.Struct):
    spent: tuple[Told, ...]


class HttpUsageSink:
    """Implements `domain.usage.UsageSink` with `POST /internal/usage`."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def ship(self, facts: bytes) -> Sequence[Told]:
        status, body = await self._fetch("POST", "/internal/usage", headers={"content-type": "application/msgpack"}, body=facts)
        if status != 200:
            raise ProviderError(f"Control answered {status} to a batch of usage: {body[:300]!r}.", upstream_status=status)
        try:
            return msgspec.msgpack.decode(body, type=_Answer).spent
        except msgspec.MsgspecError as error:
            raise ProviderError(f"Control answered a batch of usage with something else than what is spent: {error}.") from None
