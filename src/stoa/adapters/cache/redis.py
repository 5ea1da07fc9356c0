"""Shared answers in Redis: asked for together with those of other requests of the moment, and sealed.

Redis is another server, which others may read, and in whose place somebody may write: a value opens only with this Stoa's
master key, and only under the name that it was put under.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from stoa.adapters.redis.client import RedisAway, RedisClient
from stoa.adapters.secrets.vault import Box
from stoa.errors import OperatorError

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = logging.getLogger("stoa.redis")

_WITHIN_S = 0.015
_LATELY_S = 1.0
_AT_ONCE = 64  # values in one answer
_WAITING = 1024  # puts, beyond which further ones are not worth their memory
_COMPLAINS_EVERY_S = 60.0
_SCANNED = 500

_Told = Callable[[bytes | None], None]


class RedisAnswers:
    """Implements `domain.answers.SharedAnswers`."""

    def __init__(self, client: RedisClient, box: Box) -> None:
        self._client = client
        self._box = box
        self._asked: list[tuple[bytes, _Told]] = []
        self._kept: list[tuple[bytes, bytes, int]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._complained_at = -_COMPLAINS_EVERY_S
        self._late_at = -_LATELY_S
        self.spares: Callable[[], bool] = bool
        """While it says so nobody waits here: they have waited for Redis in vain already."""

    @property
    def usable(self) -> bool:
        return self._client.usable

    def waited_s(self) -> float:
        """What a request may have waited here in vain: whatever it asks of Redis next has so much less time for it."""
        return _WITHIN_S if time.monotonic() - self._late_at < _LATELY_S else 0.0

    def get(self, scope: bytes, key: bytes, told: _Told) -> None:
        if not self._asked:
            asyncio.get_running_loop().call_soon(self._ask_all)
        self._asked.append((_name(scope, key), told))

    def put(self, scope: bytes, key: bytes, value: bytes, ttl_s: float) -> None:
        if not self.usable or len(self._kept) >= _WAITING:
            return
        if not self._kept:
            asyncio.get_running_loop().call_soon(self._put_all)
        self._kept.append((_name(scope, key), value, max(1, int(ttl_s * 1000))))

    async def drop(self, scope: bytes) -> int:
        names, dropped = b"stoa:answer:%b:*" % scope.hex().encode(), 0
        cursor: int | None = None
        try:
            while cursor != 0:
                cursor, found = await self._client.call(lambda redis, at=cursor or 0: redis.scan(at, names, _SCANNED))
                if found:
                    dropped += await self._client.call(lambda redis, gone=found: redis.unlink(*gone))
        except (RedisAway, RedisError) as error:
            raise OperatorError(f"Answers that gateways share could not all be forgotten: {error}. Do it again.") from None
        return dropped

    async def close(self) -> None:
        """Before its client."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # --- what one turn of the event loop has gathered

    def _ask_all(self) -> None:
        asked, self._asked = self._asked, []
        for start in range(0, len(asked), _AT_ONCE):
            self._begin(self._ask(asked[start : start + _AT_ONCE]))

    def _put_all(self) -> None:
        kept, self._kept = self._kept, []
        for start in range(0, len(kept), _AT_ONCE):
            self._begin(self._put(kept[start : start + _AT_ONCE]))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, asked: Sequence[tuple[bytes, _Told]]) -> None:
        names = [name for name, _ in asked]
        values: Sequence[bytes | None] = [None] * len(asked)
        try:
            if not self.spares():
                found = await self._client.call(lambda redis: redis.mget(names), within_s=_WITHIN_S)
                values = [each if isinstance(each, bytes) else None for each in found]
        except RedisAway:
            self._late_at = time.monotonic()
        except RedisError as error:
            self._complain(error)
        except Exception:  # whatever it is, requests wait for this
            log.exception("answers that gateways share could not be asked for")
        for (name, told), value in zip(asked, values, strict=True):
            try:
                told(self._box.open(value, name) if value is not None else None)
            except Exception:  # of one request: the others have theirs coming
                log.exception("a shared answer could not be given")

    async def _put(self, kept: Sequence[tuple[bytes, bytes, int]]) -> None:
        sealed = [(name, self._box.seal(value, name), ttl_ms) for name, value, ttl_ms in kept]

        async def put(redis: Redis) -> None:
            async with redis.pipeline(transaction=False) as pipeline:
                for name, value, ttl_ms in sealed:
                    pipeline.set(name, value, px=ttl_ms)
                await pipeline.execute()

        try:
            await self._client.call(put)
        except RedisAway:
            pass
        except RedisError as error:
            self._complain(error)

    def _complain(self, error: RedisError) -> None:
        now = time.monotonic()
        if now - self._complained_at >= _COMPLAINS_EVERY_S:
            self._complained_at = now
            log.warning("Redis refuses cached answers: %s", error)


def _name(scope: bytes, key: bytes) -> bytes:
    return b"stoa:answer:%b:%b" % (scope.hex().encode(), key.hex().encode())
