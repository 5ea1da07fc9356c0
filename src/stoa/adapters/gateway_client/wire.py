"""ModelApi over the gateway: bytes there and back, with a token that speaks for the user."""

from collections.abc import AsyncGenerator, Callable

import httpx

from stoa.domain.playground import ApiHead, ApiRequest
from stoa.errors import ProviderError


class GatewayWire:
    """`token` makes a credential that speaks for a user, good for minutes."""

    def __init__(self, client: httpx.AsyncClient, *, token: Callable[[str], str]) -> None:
        self._client, self._token = client, token

    async def call(self, request: ApiRequest, *, user_id: str) -> AsyncGenerator[ApiHead | bytes]:
        headers = {**request.headers, "authorization": f"Bearer {self._token(user_id)}", "accept-encoding": "identity"}
        try:
            async with self._client.stream("POST", request.path, content=request.body, headers=headers) as response:
                yield ApiHead(response.status_code, dict(response.headers))
                async for piece in response.aiter_raw():
                    yield piece
        except httpx.TimeoutException as error:
            raise ProviderError("The gateway sent nothing for too long, so the answer was given up.", code="timeout") from error
        except httpx.RemoteProtocolError as error:
            raise ProviderError("The answer broke off before its end.", code="broke_off") from error
        except httpx.HTTPError as error:
            raise ProviderError("The gateway cannot be reached, or broke off.", code="gateway_away") from error
