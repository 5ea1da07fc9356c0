"""Asks an OpenAI-compatible server on this machine which models it has."""

from collections.abc import Sequence

import httpx
import msgspec

from stoa.errors import InternalError

_TIMEOUT_S = 1.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


class HttpModelLister:
    """ModelLister over HTTP, for loopback alone: on a first start Stoa asks nobody outside."""

    async def models(self, base_url: str) -> Sequence[str] | None:
        if httpx.URL(base_url).host not in _LOOPBACK:
            raise InternalError(f"{base_url!r} is not on this machine and must not be asked.")
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
                response = await client.get(f"{base_url}/models")
                response.raise_for_status()
            return [model.id for model in msgspec.json.decode(response.content, type=_Models).data]
        except (httpx.HTTPError, msgspec.MsgspecError):
            return None
