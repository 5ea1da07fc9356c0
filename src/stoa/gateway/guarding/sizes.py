"""How large a request is: told from its bytes where that is enough, counted only near the limit.

A body has at least as many bytes as its texts have characters, and those at least as many as tokens are estimated for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from stoa.domain.guards import Verdict
from stoa.gateway.ask import ChatAsk, MessagesAsk, ResponsesAsk
from stoa.gateway.guarding.judging import Refused
from stoa.gateway.guarding.rules import Size
from stoa.gateway.usage import tokens_in

if TYPE_CHECKING:
    from stoa.gateway.guarding.guarded import Guarded

_CHARACTERS, _TOKENS, _MESSAGES = "TOO_MANY_CHARACTERS", "TOO_MANY_TOKENS", "TOO_MANY_MESSAGES"


def measure(request: Guarded, sizes: Sequence[Size], body: bytes) -> None:
    """Raises Refused."""
    length = len(body)
    for size in sizes:
        if size.characters is not None and length > size.characters and (found := request.count_characters()) > size.characters:
            _over(request, size, _CHARACTERS, found, size.characters, "characters")
        elif (
            size.tokens is not None and length > size.tokens and (found := tokens_in(request.count_characters())) > size.tokens
        ):
            _over(request, size, _TOKENS, found, size.tokens, "tokens")
        elif size.messages is not None and (found := _messages(request)) > size.messages:
            _over(request, size, _MESSAGES, found, size.messages, "messages")
        else:
            _told(request, size.passed)


def _messages(request: Guarded) -> int:
    ask = request.ask
    if isinstance(ask, ChatAsk | MessagesAsk):
        return len(ask.messages)
    if isinstance(ask, ResponsesAsk):
        return 1 if isinstance(ask.input, str) else len(ask.input)
    return 1


def _over(request: Guarded, size: Size, kind: str, found: int, most: int, what: str) -> None:
    action = "warn" if size.warn else "refuse"
    _told(request, Verdict(guardrail=size.guardrail, guard="size", stage="input", action=action, kinds={kind: 1}))
    if not size.warn:
        raise Refused(f"Guardrail {size.guardrail!r} allows {most} {what}, and the request has {found}. Send less.")


def _told(request: Guarded, verdict: Verdict) -> None:
    if request.verdicts is None:
        request.verdicts = [verdict]
    else:
        request.verdicts.append(verdict)
    request.stages.metrics.guarded(verdict)
