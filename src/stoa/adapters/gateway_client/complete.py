"""Completer over the gateway: requests of Stoa's own, metered to the team they are for, on the lane of batches."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import msgspec

from stoa.adapters.gateway_client.lines import LANE
from stoa.domain.behalf import Behalf
from stoa.errors import ProviderError

_TRIES, _PAUSE_S = 3, 1.0
_AGAIN = frozenset({429, 500, 502, 503, 504})


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Answer(msgspec.Struct):
    choices: list[_Choice]


class GatewayCompleter:
    """`token` makes a credential that speaks for somebody, good for minutes."""

    def __init__(self, client: httpx.AsyncClient, *, token: Callable[[Behalf], str], pause_s: float = _PAUSE_S) -> None:
        self._client, self._token, self._pause_s = client, token, pause_s

    async def complete(self, request: Mapping[str, Any], *, team: str) -> str:
        reason = ""
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(self._pause_s * 2**attempt)
            headers = LANE | {"authorization": f"Bearer {self._token(Behalf(team=team))}"}
            try:
                answer = await self._client.post("/v1/chat/completions", json=dict(request), headers=headers)
            except httpx.HTTPError as error:
                reason = f"the gateway cannot be reached, or broke off ({error or type(error).__name__})"
                continue
            if answer.status_code == 200:
                return _text(answer.content)
            reason = f"the gateway answered {answer.status_code}: {answer.text[:300]}"
            if answer.status_code not in _AGAIN:
                break
        raise ProviderError(f"{request.get('model')!r} gave no answer; {reason}.")


def _text(content: bytes) -> str:
    try:
        answer = msgspec.json.decode(content, type=_Answer)
    except msgspec.DecodeError as error:
        raise ProviderError(f"The gateway's answer is no chat completion: {error}.") from None
    text = answer.choices[0].message.content if answer.choices else None
    if not text:
        raise ProviderError("The gateway's answer has no text.")
    return text
