"""The tier that gateways share: the same entries, as bytes. What another version of Stoa wrote is not there."""

import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from stoa.domain.answers import SharedAnswers
from stoa.gateway.caching.entry import Entry
from stoa.gateway.tokens import Tokens, ToldBy

_SHAPE = 1
LARGEST_SHARED = 262_144


class _Took(NamedTuple):
    prompt: int | None
    completion: int | None
    told_by: ToldBy


class _Kept(msgspec.Struct, array_like=True, frozen=True):
    shape: int
    answer: bytes
    of: str
    model: str | None
    provider: str | None
    arm: str | None
    tokens: _Took
    cost_nano_usd: int | None
    kept_at_ms: int
    """UTC: clocks of machines differ, and an answer seems that much older or younger."""


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Kept).decode


class SharedTier:
    """Entries in a store of bytes."""

    def __init__(self, answers: SharedAnswers) -> None:
        self._answers = answers

    @property
    def usable(self) -> bool:
        return self._answers.usable

    def get(self, scope: bytes, key: bytes, told: Callable[[bytes | None], None]) -> None:
        """`told` gets what `read` reads, or None."""
        self._answers.get(scope, key, told)

    def put(self, key: bytes, entry: Entry, *, ttl_s: float) -> None:
        if len(entry.answer) > LARGEST_SHARED or not self._answers.usable:
            return
        tokens = _Took(entry.tokens.prompt, entry.tokens.completion, entry.tokens.told_by)
        kept = _Kept(
            _SHAPE, entry.answer, entry.of, entry.model, entry.provider, entry.arm, tokens, entry.cost_nano_usd,
            time.time_ns() // 1_000_000,
        )  # fmt: skip
        self._answers.put(entry.scope, key, _encode(kept), ttl_s)

    async def drop(self, scope: bytes) -> int:
        """Raises OperatorError."""
        return await self._answers.drop(scope)


def read(value: bytes, *, scope: bytes, fingerprint: bytes, now_s: float) -> Entry | None:
    """The entry that was put, as old as it is by now; None for what this version cannot read."""
    try:
        kept = _decode(value)
    except msgspec.MsgspecError:
        return None
    if kept.shape != _SHAPE:
        return None
    age_s = max(0.0, time.time() - kept.kept_at_ms / 1000)
    return Entry(
        answer=kept.answer, of=kept.of, model=kept.model, provider=kept.provider, arm=kept.arm, tokens=Tokens(*kept.tokens),
        cost_nano_usd=kept.cost_nano_usd, kept_at_s=now_s - age_s, scope=scope, fingerprint=fingerprint,
    )  # fmt: skip
