"""Stage 2, admission: is there room for this request in everything that limits it? One claim, all of it or nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from math import ceil
from time import monotonic, time_ns
from typing import TYPE_CHECKING

from stoa.domain.counting import Claim, Counter, Held, Outcome, Refused
from stoa.errors import InvalidRequest, LimitReached, OperatorError
from stoa.gateway.counting.book import Rules
from stoa.gateway.counting.estimate import tokens_in
from stoa.gateway.counting.local import LocalCounter
from stoa.gateway.counting.quick import Quick, Taken
from stoa.gateway.counting.rules import Rule, iso
from stoa.gateway.counting.told import Spoken, lines
from stoa.kit.money import format_usd
from stoa.kit.names import is_name

if TYPE_CHECKING:
    from stoa.gateway.delivery import Delivery
    from stoa.gateway.plan import Client, Offering

log = logging.getLogger("stoa.gateway")

PROJECT = b"x-stoa-project"
_CODES = {"nano_usd": "insufficient_quota", "parallel": "parallel_limit"}


class Admission:
    """`now_ms` tells UTC milliseconds; `warned` is told the name of a budget for each request that is over its soft limit."""

    def __init__(self, counter: Counter, *, now_ms: Callable[[], int], warned: Callable[[str], None]) -> None:
        self._counter = counter
        self._local = counter if type(counter) is LocalCounter else None
        self.now_ms = now_ms
        self._warned = warned
        self._closed: OperatorError | None = None
        self._closed_until = 0.0

    def admit(self, request: Delivery, body: bytes) -> bool:
        """Estimate the request and claim everything it needs. Whether it may go on now; else it is `told` later.

        Raises LimitReached, InvalidRequest for a project that cannot be one, or OperatorError.
        """
        if self._closed is not None:
            self._look_again()
        client, offering, ask = request.client, request.offering, request.ask
        headers, book = request.exchange.headers, request.plan.book
        rules, project = client.rules, client.caller.project
        if offering.rules:
            rules = client.merged.get(offering) or _merged(client, offering)
        if PROJECT in headers:
            project = _project_of(headers[PROJECT])
        tokens, price, guessed = 0, offering.ceiling, False
        if request.surface.estimates:
            if offering.gauge is None:
                read = tokens_in(body)
            else:
                read, request.estimated_by = offering.gauge.read(body, request.surface.form)
            written = ask.output_tokens
            if written is None:
                guessed = True
                written = int(offering.targets[0].state.usual_answer) if offering.targets else 0
            request.tokens_read = read
            tokens = request.tokens = read + written
            if price is not None:
                request.estimate = ceil(read * price.input + written * price.output + (price.request or 0))
        if project is not None:
            request.project = project
            if book.has_projects:
                rules += book.of_project(project, self.now_ms())
        if not rules:
            return True
        now_ms, money = self.now_ms(), request.estimate or 0
        if project is None and self._local is not None:
            quick = client.quick.get(offering)
            if quick is None or quick.generation != self._local.generation:
                quick = client.quick[offering] = Quick(rules, self._local)
            if quick.is_usable and not (guessed and quick.tokens) and quick.take(tokens, money, now_ms):
                request.rules, request.quick = rules, quick
                request.held = Taken(quick, tokens, money, now_ms)
                return True
        claims: list[Claim] = []
        watched = False
        for rule in rules:
            fixed, known = rule.fixed, rule.known
            if fixed is not None:
                claims.append(fixed)
            elif known is None:
                amount = tokens if rule.meter.unit == "tokens" else 1
                if guessed and amount > rule.meter.most:
                    amount = rule.meter.most  # a guess refuses nobody for ever
                claims.append(rule.claim(amount, now_ms))
            else:
                window = known.window
                start = window.start
                if not start <= now_ms < window.end:
                    start = window.at(now_ms)
                if start != known.start:
                    known.roll(start)
                claims.append(Claim(rule.meter, money, start, window.end, known.told + known.own))
                if rule.watched:
                    watched = True
                    if not rule.allows_unknown and not offering.priced:
                        raise _unpriced(rule, offering.name)
        request.rules, request.claims = rules, claims
        outcome = self._counter.claim(claims, now_ms, request.told)
        if outcome is None:
            return False
        if watched or isinstance(outcome, Refused):
            self.take(request, outcome)
        else:
            request.held = outcome
        return True

    def take(self, request: Delivery, outcome: Outcome) -> None:
        """What became of a request's claim. Raises LimitReached."""
        if isinstance(outcome, Refused):
            raise refusal(request.rules, request.claims, outcome, self.now_ms())
        request.held = outcome
        for rule, claim in zip(request.rules, request.claims, strict=True):
            if rule.warn is not None:
                self._look_at(request, rule, claim)

    def claims(self, rules: Rules, tokens: int) -> list[Claim]:
        """What one try wants of the limits of its model."""
        now_ms = self.now_ms()
        return [rule.fixed or rule.claim(tokens if rule.meter.unit == "tokens" else 1, now_ms) for rule in rules]

    def claim(self, claims: Sequence[Claim], told: Callable[[Outcome], None]) -> Outcome | None:
        return self._counter.claim(claims, self.now_ms(), told)

    def refused(self, rules: Rules, claims: Sequence[Claim], outcome: Refused) -> LimitReached:
        return refusal(rules, claims, outcome, self.now_ms())

    def used(self, claim: Claim) -> int:
        """How much is used of a claim's meter, as far as it is known here."""
        return self._counter.used(claim, self.now_ms())[0]

    def lines(self, request: Delivery) -> bytes:
        """Header lines: how much is left of what limits requests and tokens."""
        if request.quick is not None:
            return request.quick.lines(self.now_ms(), anthropic=request.surface.form == "messages")
        now_ms, used = self.now_ms(), self._counter.used
        spoken: list[Spoken] = []
        for rule, claim in zip(request.rules, request.claims, strict=True):
            if rule.spoken:
                spoken.append((rule, rule.meter.most - used(claim, now_ms)[0]))
        return lines(spoken, now_ms, anthropic=request.surface.form == "messages") if spoken else b""

    def close(self, error: OperatorError) -> None:
        """The usage log cannot be written: for a moment refuse at once, before a model is paid for an answer nobody gets."""
        self._closed = error
        self._closed_until = monotonic() + 1.0

    def _look_again(self) -> None:
        if monotonic() >= self._closed_until:
            self._closed = None
        elif self._closed is not None:
            raise self._closed

    def _look_at(self, request: Delivery, rule: Rule, claim: Claim) -> None:
        """Say it where a soft limit is passed; in the log once in a window."""
        used, _ = self._counter.used(claim, self.now_ms())
        warn = rule.warn
        if warn is None or used < warn:
            return
        told = f"{rule.who} has used {format_usd(used)} of {format_usd(warn)} this {rule.per}; anew {iso(claim.ends_ms)}"
        request.warning += b"x-stoa-budget-warning: %b: %b\r\n" % (rule.name.encode(), told.encode())
        self._warned(rule.meter.id.split("/")[1])
        if rule.warned_at != claim.starts_ms:
            rule.warned_at = claim.starts_ms
            log.warning("%s: %s", rule.name, told)


def settled(claims: Sequence[Claim], tokens: int | None, cost: int | None) -> list[int | None]:
    """What each of the claims came to. None is not known: it stays as it was claimed."""
    found: list[int | None] = []
    for claim in claims:
        unit = claim.meter.unit
        found.append(None if unit == "requests" else cost if unit == "nano_usd" else tokens if unit == "tokens" else 0)
    return found


def finish(held: Held, claims: Sequence[Claim], tokens: int | None, cost: int | None) -> None:
    """A request came to so much; None is not known."""
    if type(held) is Taken:
        held.finish(time_ns() // 1_000_000, tokens, cost)
    else:
        held.settle(settled(claims, tokens, cost))


def give_back(held: Held, claims: Sequence[Claim]) -> None:
    """Nothing came of a request: its tokens and its money are free again; that it was made stays counted."""
    finish(held, claims, 0, 0)


def _merged(client: Client, offering: Offering) -> Rules:
    found = client.merged[offering] = client.rules + offering.rules
    return found


def refusal(rules: Rules, claims: Sequence[Claim], outcome: Refused, now_ms: int) -> LimitReached:
    """Why a claim was refused, in words and for programs."""
    place = claims.index(outcome.claim)
    rule, used, as_of_ms, wait_s = rules[place], outcome.used, outcome.as_of_ms, outcome.retry_after_s
    return LimitReached(
        rule.refusal(used, outcome.claim.amount, now_ms, as_of_ms, wait_s, lost=outcome.lost),
        code=_CODES.get(rule.meter.unit),
        retry_after_s=wait_s,
        told=rule.told(used, now_ms, as_of_ms, wait_s),
    )


def _project_of(sent: bytes) -> str:
    name = sent.decode("latin-1").strip()
    if not is_name(name):
        raise InvalidRequest(
            f"{name[:80]!r} cannot name a project: use 1 to 63 lower-case letters, digits, dots, dashes and underscores, a "
            "letter or digit first.",
            param=PROJECT.decode(),
        )
    return name


def _unpriced(rule: Rule, name: str) -> LimitReached:
    return LimitReached(
        f"{rule.who} takes part in {rule.name}, which refuses requests whose cost is unknown, and {name!r} has a model without "
        "a price. Whoever runs Stoa can give the model one (Model, field 'price').",
        code="insufficient_quota",
        told={"limit": rule.name, "unit": "nano_usd", "most": rule.meter.most},
    )
