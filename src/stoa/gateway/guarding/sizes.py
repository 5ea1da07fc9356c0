"""How large a request is: told from its bytes where that is enough, counted only near the limit.

A body has at least as many bytes as its texts have characters, and those at least as many as they are tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stoa.domain.guards import Taken, Verdict
from stoa.gateway.accounts import tokens_in
from stoa.gateway.ask import Ask, ChatAsk, MessagesAsk, ResponsesAsk
from stoa.gateway.guarding.judging import Refused
from stoa.gateway.guarding.rules import Rules, Size

if TYPE_CHECKING:
    from stoa.gateway.guarding.guarded import Guarded

_CHARACTERS, _TOKENS, _MESSAGES = "TOO_MANY_CHARACTERS", "TOO_MANY_TOKENS", "TOO_MANY_MESSAGES"


def measure(request: Guarded, rules: Rules, body: bytes) -> None:
    """Raises Refused."""
    length = len(body)
    if length <= rules.small and (rules.messages is None or messages_in(request.ask) <= rules.messages):
        request.within = rules.within
        request.verdicts = rules.within.verdicts
        request.stages.metrics.guards_passed(rules.counted)
        return
    for size in rules.sizes:
        if size.characters is not None and length > size.characters and (found := request.count_characters()) > size.characters:
            _over(request, size, _CHARACTERS, found, size.characters, "characters")
        elif size.tokens is not None and length > size.tokens and (found := _tokens_in(request)) > size.tokens:
            _over(request, size, _TOKENS, found, size.tokens, "tokens")
        elif size.messages is not None and (found := messages_in(request.ask)) > size.messages:
            _over(request, size, _MESSAGES, found, size.messages, "messages")
        else:
            _told(request, size.passed)


def _tokens_in(request: Guarded) -> int:
    """As its limits count it; of what has no tokens by itself, such as a form, by its characters."""
    return tokens_in(request.count_characters()) if request.tokens_read is None else request.tokens_read


def messages_in(ask: Ask) -> int:
    if isinstance(ask, ChatAsk) or isinstance(ask, MessagesAsk):  # noqa: SIM101 - a union is made anew each time
        return len(ask.messages)
    if isinstance(ask, ResponsesAsk):
        return 1 if isinstance(ask.input, str) else len(ask.input)
    return 1


def _over(request: Guarded, size: Size, kind: str, found: int, most: int, what: str) -> None:
    action: Taken = "warn" if size.warn else "refuse"
    _told(request, Verdict(guardrail=size.guardrail, guard="size", stage="input", action=action, kinds={kind: 1}))
    if not size.warn:
        raise Refused(f"Guardrail {size.guardrail!r} allows {most} {what}, and the request has {found}. Send less.")


def _told(request: Guarded, verdict: Verdict) -> None:
    request.verdicts = [*(request.verdicts or ()), verdict]
    request.stages.metrics.guarded(verdict)
