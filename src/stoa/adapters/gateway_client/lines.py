"""Asker over the gateway: one line of a batch, with a token that speaks for the batch's owner, on the batch lane."""

from collections.abc import Callable

import httpx

from stoa.domain.batches import Answered
from stoa.domain.behalf import Behalf
from stoa.errors import ProviderError

LANE = {"x-stoa-lane": "batch"}

# The gateway's own timeouts are shorter and say more.
_TIMEOUT = httpx.Timeout(connect=5.0, write=60.0, pool=None, read=900.0)


def make_lines_client(url: str, *, at_once: int) -> httpx.AsyncClient:
    """A pool of connections to the gateway at this URL. Whoever makes it closes it."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=at_once)
    return httpx.AsyncClient(base_url=url, timeout=_TIMEOUT, limits=limits, trust_env=False, verify=url.startswith("https:"))


class GatewayAsker:
    """`token` makes a credential that speaks for somebody, good for minutes."""

    def __init__(self, client: httpx.AsyncClient, *, token: Callable[[Behalf], str]) -> None:
        self._client, self._token = client, token

    async def ask(self, endpoint: str, body: bytes, *, behalf: Behalf, request_id: str) -> Answered:
        headers = LANE | {
            "authorization": f"Bearer {self._token(behalf)}",
            "content-type": "application/json",
            "x-request-id": request_id,
        }
        try:
            answer = await self._client.post(endpoint, content=body, headers=headers)
        except httpx.ReadTimeout as error:
            raise ProviderError("The gateway did not answer in 15 minutes.", code="timeout") from error
        except httpx.HTTPError as error:
            raise ProviderError("The gateway cannot be reached, or broke off.", code="gateway_away") from error
        told, cost = answer.headers.get("retry-after", ""), answer.headers.get("x-stoa-cost-nano-usd", "")
        return Answered(
            answer.status_code,
            answer.content,
            answer.headers.get("x-request-id", request_id),
            float(told) if told.isdecimal() else None,
            int(cost) if cost.isdecimal() else None,
        )
