"""One client of Redis for each process: pooled, bounded in time, and switched off while Redis does not answer.

Nobody waits for a Redis that is down or frozen: after a few failures in a row every call fails at once, while the client itself
asks once a second whether it is back. It opens its first connection the same way, so that no request waits for that either.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from stoa.adapters.redis.patience import Patience
from stoa.errors import MissingExtra, OperatorError
from stoa.sections import RedisSettings

if TYPE_CHECKING:  # late: few are configured with Redis
    from redis.asyncio import Redis

log = logging.getLogger("stoa.redis")

_FAILURES = 3  # in a row, until it counts as away
_EVERY_S = 1.0
_CONNECT_S = 2.0  # for the connection that is opened while nobody waits
_CONNECTIONS = 8  # of one event loop, which waits for all of them at once

_T = TypeVar("_T")


class RedisAway(Exception):
    """Redis is not there, or did not answer in time. Whether it did what was asked is not known."""


class RedisClient:
    """`start` it inside the event loop; until then, and while Redis is away, `call` raises at once."""

    def __init__(self, redis: Redis, *, place: str, timeout_s: float, every_s: float = _EVERY_S) -> None:
        self._redis = redis
        self._place = place
        self._timeout_s = timeout_s
        self._every_s = every_s
        self._failures = 0
        self._asking: asyncio.Task[None] | None = None
        self.usable = False
        """Whether Redis answered lately."""

    def start(self) -> None:
        """Look for Redis until it is there."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask_until_there())

    async def open(self) -> None:
        """Look once, for a start that may wait, then as `start`. Raises OperatorError where Redis does not let us in."""
        from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

        try:
            async with asyncio.timeout(_CONNECT_S):
                await self._redis.execute_command("PING")
        except (AuthenticationError, NoPermissionError) as error:
            raise OperatorError(
                f"Redis at {self._place} does not let Stoa in ({error}). Set redis.url to redis://user:password@host:port/0 "
                "with the user and the password it knows."
            ) from None
        except (RedisError, OSError, TimeoutError):
            self.start()
        else:
            self.usable = True

    async def call(self, ask: Callable[[Redis], Awaitable[_T]], *, within_s: float | None = None) -> _T:
        """What Redis answers to `ask`, which is a command or a pipeline's `execute`.

        Raises RedisAway after `within_s`, which is `timeout_s` at most, and at once while it is away. Errors by which Redis
        answers, such as one of a script, are raised as redis-py's ResponseError.
        """
        if not self.usable:
            raise RedisAway(f"Redis at {self._place} is away.")
        from redis.exceptions import ConnectionError as Disconnected  # a look into a table: it was imported with the client
        from redis.exceptions import TimeoutError as TooSlow

        limit = self._timeout_s if within_s is None else min(within_s, self._timeout_s)
        try:
            async with Patience(limit):
                answer = await ask(self._redis)
        except TimeoutError:
            raise self._failed(f"it did not answer within {limit * 1000:g} ms") from None
        except (Disconnected, TooSlow, OSError) as error:
            raise self._failed(str(error)) from None
        self._failures = 0
        return answer

    async def close(self) -> None:
        self.usable = False
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait([self._asking])
        await self._redis.aclose()

    def _failed(self, why: str) -> RedisAway:
        self._failures += 1
        if self._failures >= _FAILURES and self.usable:
            self.usable = False
            log.warning("Redis at %s is away: %s. Going on without it, and asking again.", self._place, why)
            self.start()
        return RedisAway(f"Redis at {self._place}: {why}.")

    async def _ask_until_there(self) -> None:
        from redis.exceptions import RedisError

        told = self._failures > 0
        while True:
            try:
                async with asyncio.timeout(_CONNECT_S):
                    await self._redis.execute_command("PING")
            except (RedisError, OSError, TimeoutError) as error:
                if not told:
                    log.warning("Redis at %s cannot be reached: %s. Going on without it.", self._place, error or "no answer")
                    told = True
                await asyncio.sleep(self._every_s)
            else:
                self._failures = 0
                self.usable = True
                log.info("Redis at %s answers.", self._place)
                return


def open_redis(settings: RedisSettings, *, every_s: float = _EVERY_S) -> RedisClient | None:
    """None where no Redis is named. Raises MissingExtra."""
    if settings.url is None:
        return None
    if importlib.util.find_spec("redis") is None:
        raise MissingExtra(
            "redis.url is set, but the package for it is not installed. Install it with: pip install 'stoa[redis]'"
        )
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    # Whoever finds all connections in use waits for one, as long as `call` lets it. No retries: they would come too late.
    never = Retry(NoBackoff(), 0)
    pool = BlockingConnectionPool.from_url(settings.url, max_connections=_CONNECTIONS, timeout=None, retry=never)
    return RedisClient(Redis.from_pool(pool), place=_place(settings.url), timeout_s=settings.timeout_s, every_s=every_s)


def _place(url: str) -> str:
    """Where it is, without who we are there."""
    parts = urlsplit(url)
    return parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port or 6379}"
