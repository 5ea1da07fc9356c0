"""Usage facts on their way into the database, and the spend that the gateway checks budgets against."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

import msgspec

from stoa.domain.ledger import UsageRecorder, UsageStore
from stoa.domain.periods import Window
from stoa.domain.usage import Told, UsageFact
from stoa.errors import InvalidRequest

_FACTS = msgspec.msgpack.Decoder(list[UsageFact])
_ENCODER = msgspec.msgpack.Encoder()


async def record(body: bytes, *, recorder: UsageRecorder, now_ms: int) -> bytes:
    """Insert a batch as the gateway ships it and answer what is spent of every budget in its present window.

    Both are msgpack: a list of UsageFact, which may be empty, and {"spent": [Told]}, among it every team's month (UTC). A
    batch may come twice, in part or out of order; each fact counts once. Nothing of a batch stays when this raises, so the
    gateway sends it again.
    """
    found = await recorder.record(_decode(body), now_ms=now_ms)
    month = Window("month")
    start = month.at(now_ms)
    told = {each.subject for each in found.budgets if each.scope == "team" and each.period == month.period}
    months = [Told("team", team, month.period, start, cost) for team, cost in found.months.items() if team not in told]
    return _ENCODER.encode({"spent": [*found.budgets, *months]})


async def await_fact(
    fact_id: str,
    *,
    read: Callable[[], AbstractAsyncContextManager[UsageStore]],
    user_id: str | None,
    patience_s: float,
    look_every_s: float = 0.2,
) -> UsageFact | None:
    """One fact, of this user or of anybody; it is on its way for about a second, and waited for up to `patience_s`."""
    until = time.monotonic() + patience_s
    while True:
        async with read() as usage:
            found = await usage.find(fact_id, user_id=user_id)
        left_s = until - time.monotonic()
        if found is not None or left_s <= 0:
            return found
        await asyncio.sleep(min(look_every_s, left_s))


def _decode(body: bytes) -> Sequence[UsageFact]:
    try:
        return _FACTS.decode(body)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The body must be a msgpack list of usage facts: {error}.") from error
