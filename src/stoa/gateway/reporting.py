"""Tells control how each target is doing, every two seconds.

A report says how things are now, so one that is lost is not sent again: the next one says it better.
"""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from stoa.domain.targets import WorkerReport
from stoa.domain.upstream import Fetch
from stoa.errors import ProviderError

log = logging.getLogger("stoa.gateway")

EVERY_S = 2.0
_encode = msgspec.msgpack.Encoder().encode


async def report_forever(fetch: Fetch, report: Callable[[], WorkerReport], *, every_s: float = EVERY_S) -> None:
    """Until cancelled. That control is away is logged when it begins; whoever ships usage says how it goes on."""
    away = False
    while True:
        try:
            status, body = await fetch(
                "POST",
                "/internal/targets",
                headers={"content-type": "application/msgpack"},
                body=_encode(without_words(report())),
            )
            if status != 204:
                raise ProviderError(
                    f"Control answered {status} to a report on targets: {body[:300]!r}.", upstream_status=status
                )
            away = False
        except Exception as error:
            expected = isinstance(error, (ProviderError, OSError))
            if not away or not expected:
                log.warning("how targets are doing cannot be told: %s", error, exc_info=None if expected else error)
            away = True
        await asyncio.sleep(every_s)


def without_words(report: WorkerReport) -> WorkerReport:
    """The report without what a provider's server said, which may repeat what somebody asked."""
    return msgspec.structs.replace(
        report, targets=tuple(msgspec.structs.replace(each, last_error_message=None) for each in report.targets)
    )
