"""Trier over the gateway's `/v1/guardrails/try`, with a token that speaks for whoever asks."""

from collections.abc import Callable

import httpx
import msgspec

from stoa.adapters.gateway_client.http import refused
from stoa.domain.behalf import Behalf
from stoa.domain.guardrails import Stage
from stoa.domain.guards import Tried
from stoa.domain.resources import Guardrail
from stoa.errors import ProviderError

_TRIED = msgspec.json.Decoder(Tried)


class GatewayTrier:
    """Implements `domain.guards.Trier`. `token` makes a credential that speaks for somebody, good for minutes."""

    def __init__(self, client: httpx.AsyncClient, *, token: Callable[[Behalf], str]) -> None:
        self._client = client
        self._token = token

    async def try_out(self, guardrail: Guardrail | str, text: str, *, stage: Stage, behalf: Behalf) -> Tried:
        headers = {"authorization": f"Bearer {self._token(behalf)}", "content-type": "application/json"}
        body = msgspec.json.encode({"guardrail": guardrail, "text": text, "stage": stage})
        try:
            response = await self._client.post("/v1/guardrails/try", content=body, headers=headers)
        except httpx.HTTPError as error:
            raise ProviderError("The gateway cannot be reached, so the guardrail cannot be tried.") from error
        if response.status_code != 200:
            raise refused(response, response.content)
        try:
            return _TRIED.decode(response.content)
        except msgspec.MsgspecError as error:
            raise ProviderError("The gateway answered the trial of a guardrail with something else.") from error
