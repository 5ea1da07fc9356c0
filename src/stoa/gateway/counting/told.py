"""What is left of a limit, as clients look for it in an answer's headers: OpenAI's names, or Anthropic's."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from stoa.gateway.counting.rules import Rule, duration, iso

Spoken = tuple[str, Rule, int]
"""Unit, rule, and how much is left of it."""


def lines(spoken: Sequence[Spoken], now_ms: int, *, anthropic: bool) -> bytes:
    """Of each unit the rule of which least is left."""
    least: dict[str, Spoken] = {}
    for each in spoken:
        before = least.get(each[0])
        if before is None or each[2] < before[2]:
            least[each[0]] = each
    return b"".join([_line(unit, rule, left, now_ms, anthropic=anthropic) for unit, rule, left in least.values()])


def _line(unit: str, rule: Rule, left: int, now_ms: int, *, anthropic: bool) -> bytes:
    name, most, rest = unit.encode(), rule.meter.most, max(0, left)
    if anthropic:
        resets = iso(rule.ends_ms(now_ms)).encode()
        named = b"anthropic-ratelimit-" + name
        return b"%b-limit: %d\r\n%b-remaining: %d\r\n%b-reset: %b\r\n" % (named, most, named, rest, named, resets)
    # A minute is full again a minute after the last request, which is this one.
    resets = b"1m0s" if rule.window is None else duration(rule.ends_ms(now_ms) - now_ms).encode()
    return (
        b"x-ratelimit-limit-%b: %d\r\nx-ratelimit-remaining-%b: %d\r\nx-ratelimit-reset-%b: %b\r\n"
    ) % (name, most, name, rest, name, resets)  # fmt: skip


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
