"""Explainer over the gateway's `/v1/explain`, with a token that speaks for whoever asks."""

from collections.abc import Callable, Mapping, Sequence

import httpx
import msgspec

from stoa.adapters.gateway_client.asking import GatewayAsking
from stoa.domain.behalf import Behalf
from stoa.domain.resources import Route
from stoa.domain.targets import Explanation

_EXPLANATION = msgspec.json.Decoder(Explanation)


class GatewayExplainer:
    """Implements `domain.targets.Explainer`. `token` makes a credential that speaks for somebody, good for minutes."""

    def __init__(self, client: httpx.AsyncClient, *, token: Callable[[Behalf], str]) -> None:
        self._gateway = GatewayAsking(client, token=token)

    async def explain(self, route: Route, request: Mapping[str, object], *, tags: Sequence[str], behalf: Behalf) -> Explanation:
        body = {**request, "model": route.name, "route": route}
        return await self._gateway.ask(
            "/v1/explain",
            body,
            _EXPLANATION,
            behalf=behalf,
            what="a dry run",
            so="nobody can tell where a request would go.",
            headers={"x-stoa-tags": ",".join(tags)} if tags else {},
        )
