"""Contents on their way to control: shipped batch by batch, oldest first, apart from usage and after it."""

import asyncio
import logging

from stoa.domain.contents import ContentSpool
from stoa.domain.upstream import Fetch
from stoa.errors import ProviderError

log = logging.getLogger("stoa.contents")

_PAUSE_S = 1.0
_LONGEST_RETRY_S = 30.0
_MSGPACK = {"content-type": "application/msgpack"}


async def ship_contents(spool: ContentSpool, fetch: Fetch) -> None:
    """Until cancelled."""
    retry_s = _PAUSE_S
    while True:
        try:
            for batch in await asyncio.to_thread(spool.batches):
                await _ship(spool, fetch, batch)
            retry_s = _PAUSE_S
            await asyncio.sleep(_PAUSE_S)
        except (ProviderError, OSError) as error:
            log.warning("contents cannot be shipped yet: %s", error)
            await asyncio.sleep(retry_s)
            retry_s = min(_LONGEST_RETRY_S, retry_s * 2)


async def _ship(spool: ContentSpool, fetch: Fetch, batch: str) -> None:
    body = await asyncio.to_thread(spool.read, batch)
    status, answer = await fetch("POST", "/internal/contents", headers=_MSGPACK, body=body)
    if status == 400:
        log.error("control cannot read a batch of contents, which is dropped: %r", answer[:300])
    elif status != 204:
        raise ProviderError(f"Control answered {status} to a batch of contents: {answer[:300]!r}.", upstream_status=status)
    await asyncio.to_thread(spool.remove, batch)
