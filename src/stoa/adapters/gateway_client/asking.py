"""One question to the gateway and its whole answer: what the adapters share that do not stream."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import httpx
import msgspec

from stoa.adapters.gateway_client.http import refused
from stoa.domain.behalf import Behalf
from stoa.errors import ProviderError

_T = TypeVar("_T")
_NOTHING: Mapping[str, str] = {}


class GatewayAsking:
    """`token` makes a credential that speaks for somebody, good for minutes."""

    def __init__(self, client: httpx.AsyncClient, *, token: Callable[[Behalf], str]) -> None:
        self._client = client
        self._token = token

    async def ask(
        self,
        path: str,
        body: object,
        answer: msgspec.json.Decoder[_T],
        *,
        behalf: Behalf,
        what: str,
        so: str,
        headers: Mapping[str, str] = _NOTHING,
    ) -> _T:
        """Raises the gateway's refusal in its own words, and ProviderError: not reached, `so` ...; something else to `what`."""
        own = {"authorization": f"Bearer {self._token(behalf)}", "content-type": "application/json"}
        try:
            response = await self._client.post(path, content=msgspec.json.encode(body), headers={**own, **headers})
        except httpx.HTTPError as error:
            raise ProviderError(f"The gateway cannot be reached, so {so}") from error
        if response.status_code != 200:
            raise refused(response, response.content)
        try:
            return answer.decode(response.content)
        except msgspec.MsgspecError as error:
            raise ProviderError(f"The gateway answered {what} with something else.") from error
