"""Trier and Warden over the gateway's `/v1/guardrails`, with a token that speaks for whoever asks."""

from collections.abc import Callable, Sequence

import httpx
import msgspec

from stoa.adapters.gateway_client.asking import GatewayAsking
from stoa.domain.behalf import Behalf
from stoa.domain.guardrails import Stage
from stoa.domain.guards import Judged, Tried
from stoa.domain.passages import Passage
from stoa.domain.resources import Guardrail
from stoa.errors import ProviderError

_TRIED = msgspec.json.Decoder(Tried)
_JUDGED = msgspec.json.Decoder(Judged)


class GatewayTrier:
    """Implements `domain.guards.Trier`. `token` makes a credential that speaks for somebody, good for minutes."""

    def __init__(self, client: httpx.AsyncClient, *, token: Callable[[Behalf], str]) -> None:
        self._gateway = GatewayAsking(client, token=token)

    async def try_out(self, guardrail: Guardrail | str, text: str, *, stage: Stage, behalf: Behalf) -> Tried:
        body = {"guardrail": guardrail, "text": text, "stage": stage}
        so = "the guardrail cannot be tried."
        return await self._gateway.ask(
            "/v1/guardrails/try", body, _TRIED, behalf=behalf, what="the trial of a guardrail", so=so
        )


class GatewayWarden:
    """Implements `domain.guards.Warden`. `token` as above."""

    def __init__(self, client: httpx.AsyncClient, *, token: Callable[[Behalf], str]) -> None:
        self._gateway = GatewayAsking(client, token=token)

    async def judge_request(self, question: str, passages: Sequence[Passage], *, name: str, behalf: Behalf) -> Judged:
        return await self._judged("input", question, passages, name=name, behalf=behalf, asked=None)

    async def judge_answer(
        self, answer: str, passages: Sequence[Passage], *, name: str, behalf: Behalf, asked: str | None
    ) -> Judged:
        return await self._judged("output", answer, passages, name=name, behalf=behalf, asked=asked)

    async def _judged(
        self, stage: Stage, text: str, passages: Sequence[Passage], *, name: str, behalf: Behalf, asked: str | None
    ) -> Judged:
        body = {"stage": stage, "name": name, "text": text, "passages": passages, "asked": asked}
        so = "guardrails cannot judge this. Try again later."
        judged = await self._gateway.ask("/v1/guardrails/judge", body, _JUDGED, behalf=behalf, what="a judgement", so=so)
        if len(judged.passages) != len(passages):
            raise ProviderError("The gateway judged other passages than those that it was given.")
        return judged
