"""Ships the usage log to control, oldest first, and brings back what is spent of each budget."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from stoa.domain.usage import Told, UsageLog, UsageSink
from stoa.errors import ProviderError

log = logging.getLogger("stoa.gateway")

_NOTHING = b"\x90"  # an empty msgpack array: asks for what is spent alone
_PAUSE_S = 0.5  # between two looks at a log that was empty, and two batches that were small
_WORTH_A_TRIP = 65_536  # bytes; each batch is a transaction of control's, which costs a hundred times what a fact in it does
_PRESSING = 134_217_728
_REFRESH_S = 15.0  # others spend too
_LONGEST_RETRY_S = 5.0


async def ship_forever(
    usage: UsageLog,
    sink: UsageSink,
    on_shipped: Callable[[int, Sequence[Told]], None],
    asks: Callable[[], bool] = lambda: False,
) -> None:
    """Until cancelled. `on_shipped` gets the position up to which control has everything, and what it told is spent.

    While `asks` says so it is asked for at once, though there is nothing to ship.
    """
    retry_s, refreshed = 0.25, 0.0
    while True:
        batch = usage.next_batch()
        now = time.monotonic()
        if batch is None and refreshed and now - refreshed < _REFRESH_S and not asks():
            await asyncio.sleep(_PAUSE_S)
            continue
        position, began = batch.position if batch is not None else 0, now
        try:
            told = await sink.ship(batch.facts if batch is not None else _NOTHING)
            if batch is not None:
                await usage.shipped(position, told=told, as_of_ms=time.time_ns() // 1_000_000)
        except Exception as error:
            expected = isinstance(error, (ProviderError, OSError))
            log.warning(
                "usage cannot be shipped, %d bytes wait: %s", usage.backlog_bytes, error, exc_info=None if expected else error
            )
            await asyncio.sleep(retry_s)
            retry_s = min(_LONGEST_RETRY_S, retry_s * 2)
            continue
        on_shipped(position, told)
        retry_s, refreshed = 0.25, now
        backlog = usage.backlog_bytes
        if backlog < _WORTH_A_TRIP:
            await asyncio.sleep(_PAUSE_S)
        elif backlog < _PRESSING:  # control that is slow may share a busy core: it rests as long as it worked
            await asyncio.sleep(min(_PAUSE_S, time.monotonic() - began))
