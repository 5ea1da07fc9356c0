"""Explainer over the gateway's `/v1/explain`, with a token that speaks for whoever asks."""

from collections.abc import Callable, Mapping, Sequence

import httpx
import msgspec

from stoa.adapters.gateway_client.http import refused
from stoa.domain.behalf import Behalf
from stoa.domain.resources import Route
from stoa.domain.targets import Explanation
from stoa.errors import ProviderError

_EXPLANATION = msgspec.json.Decoder(Explanation)


class GatewayExplainer:
    """Implements `domain.targets.Explainer`. `token` makes a credential that speaks for somebody, good for minutes."""

    def __init__(self, client: httpx.AsyncClient, *, token: Callable[[Behalf], str]) -> None:
        self._client = client
        self._token = token

    async def explain(self, route: Route, request: Mapping[str, object], *, tags: Sequence[str], behalf: Behalf) -> Explanation:
        body = msgspec.json.encode({**request, "model": route.name, "route": route})
        headers = {"authorization": f"Bearer {self._token(behalf)}", "content-type": "application/json"}
        if tags:
            headers["x-stoa-tags"] = ",".join(tags)
        try:
            response = await self._client.post("/v1/explain", content=body, headers=headers)
        except httpx.HTTPError as error:
            raise ProviderError("The gateway cannot be reached, so nobody can tell where a request would go.") from error
        if response.status_code != 200:
            raise refused(response, response.content)
        try:
            return _EXPLANATION.decode(response.content)
        except msgspec.MsgspecError as error:
            raise ProviderError("The gateway answered a dry run with something else.") from error
