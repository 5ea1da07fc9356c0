"""A guard that is somebody else's service: asked beside a breaker, its reply turned into findings."""

from collections.abc import Sequence
from random import random
from time import perf_counter

from stoa.domain.guardrails import Stage
from stoa.domain.guards import OwnGuard, Question, Reply, RequestFacts
from stoa.domain.resources import Breaker
from stoa.errors import OperatorError, ProviderError, StoaError
from stoa.gateway.guarding.rules import Marked
from stoa.gateway.routing.breaker import REFUSED, CircuitBreaker

_BREAKER = Breaker(failures=5, cooldown_s=5.0, most_cooldown_s=60.0)
_FOUND = "FOUND"
"""What its findings are called where it names none."""


class AskedOutside:
    """Implements `rules.Late`. While the service only fails it is not asked, and nothing waits for it."""

    def __init__(self, service: OwnGuard, guardrail: str) -> None:
        self._service = service
        self._guardrail = guardrail
        self._breaker = CircuitBreaker(_BREAKER, random, lambda: None)

    async def __call__(self, texts: Sequence[str], facts: RequestFacts, stage: Stage) -> Sequence[Sequence[Marked]]:
        breaker = self._breaker
        entry = breaker.enter(perf_counter())
        if entry == REFUSED:
            raise OperatorError(
                "It failed several times in a row and is left alone for a moment.", code="guardrail_unavailable"
            )
        question = Question(stage=stage, texts=texts, request=facts, guardrail=self._guardrail)
        try:
            found = _found(await self._service.judge(question), texts)
        except StoaError:
            breaker.failed(perf_counter(), "server_error", None, entry)
            raise
        except BaseException:
            breaker.gave_up(entry)
            raise
        breaker.succeeded(entry)
        return found


def _found(reply: Reply, texts: Sequence[str]) -> list[list[Marked]]:
    """Raises ProviderError for a reply that contradicts itself: what it means is not guessed."""
    found: list[list[Marked]] = [[] for _ in texts]
    action = reply.action
    if action == "pass":
        return found
    for each in reply.findings:
        if not 0 <= each.text < len(texts) or not 0 <= each.start <= each.end <= len(texts[each.text]):
            raise ProviderError(f"Its finding {each.kind!r} lies outside of the texts.")
        if action != "mask" or reply.texts is None:
            found[each.text].append(Marked(_name(each.kind), each.start, each.end, 1.0, action))
    if action == "mask":
        if reply.texts is not None:
            _replaced(reply, texts, found)
        elif not any(one.end > one.start for one in reply.findings):
            raise ProviderError("It wants something masked and does not say what: give findings with places, or texts.")
    elif not reply.findings and texts:
        found[0].append(Marked(_FOUND, 0, 0, 1.0, action))
    return found


def _replaced(reply: Reply, texts: Sequence[str], found: list[list[Marked]]) -> None:
    """The texts it wants instead, as one finding in each that differs, from the first to the last difference."""
    assert reply.texts is not None
    if len(reply.texts) != len(texts):
        raise ProviderError(f"It gave {len(reply.texts)} texts for {len(texts)}.")
    kinds = {each.text: each.kind for each in reply.findings}
    for at, (text, wanted) in enumerate(zip(texts, reply.texts, strict=True)):
        if text == wanted:
            continue
        start = 0
        while start < min(len(text), len(wanted)) and text[start] == wanted[start]:
            start += 1
        tail = 0
        while tail < min(len(text), len(wanted)) - start and text[-1 - tail] == wanted[-1 - tail]:
            tail += 1
        kind = _name(kinds.get(at, _FOUND))
        found[at].append(Marked(kind, start, len(text) - tail, 1.0, "mask", put=wanted[start : len(wanted) - tail]))


def _name(kind: str) -> str:
    """As kinds are written, so that no service can put words of a text into verdicts and refusals by chance."""
    named = "".join(letter if letter.isalnum() else "_" for letter in kind.upper())[:40]
    return named if named.isascii() and named.strip("_") else _FOUND
