"""What one client claims at one offering, worked out once: the way that most requests go where all is counted in this process.

It says yes to exactly those requests to which `LocalCounter.claim` does, and leaves everything else to it: refusals with their
words, budgets that warn or want a price, windows of an hour or a day, projects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from stoa.domain.counting import Claim
from stoa.domain.decision_bytes import claims_head
from stoa.gateway.counting.known import Known
from stoa.gateway.counting.sliding import Sliding
from stoa.gateway.counting.spans import Span
from stoa.gateway.counting.told import Spoken, lines

if TYPE_CHECKING:
    from stoa.gateway.counting.book import Rules
    from stoa.gateway.counting.local import LocalCounter
    from stoa.gateway.counting.rules import Rule

_pack = msgspec.msgpack.Encoder().encode
_NOTHING: Final = 0
_TOKENS: Final = 1
_MONEY: Final = 2


class Quick:
    """`generation` is the counter's when it was made: it holds the counts themselves, until the counter lets go of some."""

    __slots__ = (
        "_is_plain",
        "_pieces",
        "_units",
        "generation",
        "is_usable",
        "money",
        "parallel",
        "requests",
        "rules",
        "spoken",
        "tokens",
    )

    def __init__(self, rules: Rules, counter: LocalCounter) -> None:
        self.generation = counter.generation
        self.rules = rules
        self.requests: list[tuple[Sliding, int]] = []
        self.tokens: list[tuple[Sliding, int]] = []
        self.parallel: list[tuple[Span, int]] = []
        self.money: list[tuple[Span, Known, int]] = []
        self.spoken: list[tuple[Rule, Sliding]] = []
        self._pieces: list[tuple[bytes, int]] | None = None
        self.is_usable = all(self._takes(rule, counter) for rule in rules)
        """Whether this way can be gone at all."""
        self._units = list(dict.fromkeys(rule.unit for rule, _ in self.spoken))
        self._is_plain = bool(self.spoken) and all(rule.window is None for rule, _ in self.spoken)

    def _takes(self, rule: Rule, counter: LocalCounter) -> bool:
        count, most, unit = counter.count_of(rule.meter), rule.meter.most, rule.unit
        if isinstance(count, Sliding):
            (self.tokens if unit == "tokens" else self.requests).append((count, most))
            if rule.spoken:
                self.spoken.append((rule, count))
        elif unit == "parallel":
            self.parallel.append((count, most))
        elif rule.known is not None and not rule.watched:
            self.money.append((count, rule.known, most))
        else:
            return False
        return True

    def take(self, tokens: int, money: int, now_ms: int) -> bool:
        """All of it or nothing. False: ask the counter, which also knows why not."""
        second = now_ms // 1000
        for count, most in self.requests:
            if count.second != second:
                count.advance(second)
            if count.total >= most:
                return False
        for count, most in self.tokens:
            if count.second != second:
                count.advance(second)
            if count.total + tokens > most:
                return False
        for span, most in self.parallel:
            if span.held >= most:
                return False
        for span, known, most in self.money:
            window = known.window
            start = window.start
            if not start <= now_ms < window.end:
                start = window.at(now_ms)
            if start != known.start:
                known.roll(start)
            if start != span.start:
                span.roll(start)
            floor, settled = known.told + known.own, span.settled
            if (max(settled, floor)) + span.held >= most:
                return False
        for count, _ in self.requests:
            count.total += 1
            count.counts[count.place] += 1
        for count, _ in self.tokens:
            count.total += tokens
            count.counts[count.place] += tokens
        for span, _ in self.parallel:
            span.held += 1
        for span, _, _ in self.money:
            span.held += money
        return True

    def finish(self, claimed: int, money: int, at_ms: int, now_ms: int, tokens: int | None, cost: int | None) -> None:
        """What was taken at a moment came to so much; None is not known, and stays as it was claimed."""
        if tokens is not None and tokens != claimed:
            for count, _ in self.tokens:
                count.settle(claimed, tokens, at_ms, now_ms)
        for span, _ in self.parallel:
            span.held -= 1
        amount = money if cost is None else cost
        for span, _, _ in self.money:
            span.held -= money
            span.settled += amount

    def lines(self, now_ms: int, *, anthropic: bool) -> bytes:
        """Header lines: how much is left of what limits requests and tokens."""
        if len(self.spoken) == 1 and not anthropic:
            rule, count = self.spoken[0]
            left = rule.meter.most - count.total
            return b"%b%d%b" % (rule.head, max(0, left), rule.minute_tail)
        if not anthropic and self._is_plain:
            return self._plain_lines()
        spoken: Sequence[Spoken] = [(rule, rule.meter.most - count.total) for rule, count in self.spoken]
        return lines(spoken, now_ms, anthropic=anthropic) if spoken else b""

    def _plain_lines(self) -> bytes:
        """As `told.lines` makes them, where each of the rules is of any sixty seconds."""
        told: list[bytes] = []
        for unit in self._units:
            rule, left = self._least(unit)
            told.append(b"%b%d%b" % (rule.head, max(0, left), rule.minute_tail))
        return b"".join(told)

    def _least(self, unit: str) -> tuple[Rule, int]:
        """The rule of this unit of which least is left."""
        found: Rule | None = None
        least = 0
        for rule, count in self.spoken:
            if rule.unit == unit:
                left = rule.meter.most - count.total
                if found is None or left < least:
                    found, least = rule, left
        assert found is not None  # the units are those of the rules
        return found, least

    def claims(self, tokens: int, money: int, now_ms: int) -> list[Claim]:
        """As the counter would be asked."""
        amounts = {"tokens": tokens, "nano_usd": money}
        return [rule.fixed or rule.claim(amounts.get(rule.unit, 1), now_ms) for rule in self.rules]

    def recorded(self, tokens: int, money: int) -> bytes:
        """For the decision record, packed."""
        pieces = self._pieces
        if pieces is None:
            pieces = self._pieces = _pieces_of(self.rules)
        packed: list[bytes] = []
        for piece, unit in pieces:
            packed.append(piece)
            if unit:
                packed.append(_pack(money if unit == _MONEY else tokens))
        return b"".join(packed)


class Taken:
    """Implements `domain.counting.Held`, of a request that went this way."""

    __slots__ = ("at_ms", "money", "quick", "tokens")

    def __init__(self, quick: Quick, tokens: int, money: int, at_ms: int) -> None:
        self.quick = quick
        self.tokens = tokens
        self.money = money
        self.at_ms = at_ms

    def finish(self, now_ms: int, tokens: int | None, cost: int | None) -> None:
        self.quick.finish(self.tokens, self.money, self.at_ms, now_ms, tokens, cost)

    def settle(self, amounts: Sequence[int | None]) -> None:
        """In the order of the rules."""
        by_unit = {rule.unit: amount for rule, amount in zip(self.quick.rules, amounts, strict=True)}
        self.finish(self.at_ms, by_unit.get("tokens"), by_unit.get("nano_usd"))


def _pieces_of(rules: Rules) -> list[tuple[bytes, int]]:
    """The claims of a decision record, packed, but for the amounts that differ: what stands before each, and which it is."""
    pieces, static = list[tuple[bytes, int]](), [claims_head(len(rules))]
    for rule in rules:
        static.append(rule.recorded)
        if rule.fixed is None:
            pieces.append((b"".join(static), _MONEY if rule.known is not None else _TOKENS))
            static = [rule.recorded_end]
    pieces.append((b"".join(static), _NOTHING))
    return pieces
