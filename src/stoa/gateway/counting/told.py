"""What is left of a limit, as clients look for it in an answer's headers: OpenAI's names, or Anthropic's."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from stoa.gateway.counting.rules import Rule, duration, iso

Spoken = tuple[Rule, int]
"""How much is left of it."""


def lines(spoken: Sequence[Spoken], now_ms: int, *, anthropic: bool) -> bytes:
    """Of each unit the rule of which least is left."""
    if len(spoken) == 1:
        return _line(*spoken[0], now_ms, anthropic=anthropic)
    least: dict[str, Spoken] = {}
    for rule, left in spoken:
        unit = rule.meter.unit
        if unit not in least or left < least[unit][1]:
            least[unit] = (rule, left)
    return b"".join([_line(rule, left, now_ms, anthropic=anthropic) for rule, left in least.values()])


def _line(rule: Rule, left: int, now_ms: int, *, anthropic: bool) -> bytes:
    rest = max(0, left)
    if anthropic:
        resets, named = iso(rule.ends_ms(now_ms)).encode(), b"anthropic-ratelimit-" + rule.meter.unit.encode()
        return b"%b-limit: %d\r\n%b-remaining: %d\r\n%b-reset: %b\r\n" % (named, rule.meter.most, named, rest, named, resets)
    if rule.window is None:
        return b"%b%d%b" % (rule.head, rest, rule.minute_tail)
    return b"%b%d%b%b\r\n" % (rule.head, rest, rule.tail, duration(rule.ends_ms(now_ms) - now_ms).encode())


def with_told(refusal: bytes, told: Mapping[str, object]) -> bytes:
    """A refusal whose error object says for programs what its message says; as it is where there is no such object."""
    body: Any = msgspec.json.decode(refusal)  # Any: JSON of our own
    if not isinstance(body, dict):
        return refusal
    error: Any = cast("dict[str, Any]", body).get("error")
    if not isinstance(error, dict):
        return refusal
    cast("dict[str, Any]", error).update(told)
    return msgspec.json.encode(body)
