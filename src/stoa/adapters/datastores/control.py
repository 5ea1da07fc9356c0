"""Queries through control, which alone has their SQL and their databases: for gateways, wherever they run."""

import json
from typing import Any

import msgspec

from stoa.domain.datastores import Lookup, Lookups, Rows
from stoa.domain.upstream import Fetch
from stoa.errors import Forbidden, InvalidRequest, LimitReached, NotFound, ProviderError, SourceError

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Rows).decode
_REFUSALS = {400: InvalidRequest, 403: Forbidden, 404: NotFound, 429: LimitReached}


class ControlLookups(Lookups):
    """Over `/internal/lookups`. Raises what control raised, with its message."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def look_up(self, lookup: Lookup) -> Rows:
        status, body = await self._fetch(
            "POST", "/internal/lookups", headers={"content-type": "application/msgpack"}, body=_encode(lookup)
        )
        if status == 200:
            return _decode(body)
        message, code = _told(body)
        if (refusal := _REFUSALS.get(status)) is not None:
            raise refusal(message)
        if code.startswith("source_"):
            raise SourceError(message, code=code)
        raise ProviderError(f"Control answered {status} to a query: {message}", upstream_status=status)


def _told(body: bytes) -> tuple[str, str]:
    """Message and code of an error."""
    try:
        error: Any = json.loads(body)["error"]  # Any: JSON
        return str(error["message"]), str(error["code"])
    except (ValueError, KeyError, TypeError):
        return body[:300].decode("utf-8", "replace"), ""
