"""The script that counts, called over the client: what goes in, what comes out."""

import hashlib
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from stoa.adapters.limits.accounts import Wire
from stoa.adapters.redis.client import RedisAway, RedisClient

if TYPE_CHECKING:  # late: few are configured with Redis
    from redis.asyncio import Redis

PREFIX = "stoa:{limits}:"
"""What is in braces makes a Redis Cluster keep all of it on one node, without which no step could be one."""

Told = tuple[int, int, int]
"""Of an account: used, leased, mark."""
Answer = int | tuple[int, int, int]
"""0, or the place of the claim that does not fit, how much is used, and ms until the next may."""


class Counted(NamedTuple):
    """Redis' clock in ms, whether it had not heard of this holder, how many holders live, and what was asked for.

    Only the clock, and nobody alive, of a call that came too late to be counted.
    """

    now_ms: int
    fresh: int = 0
    alive: int = 0
    accounts: tuple[Told, ...] = ()
    outcomes: tuple[Answer, ...] = ()


_decode = msgspec.msgpack.Decoder(Counted).decode
_encode = msgspec.msgpack.Encoder().encode


class NotCounted(Exception):
    """Redis could not be asked, cannot count, or did not answer in time; of the last it is not `certain` whether it counted."""

    def __init__(self, why: str, *, certain: bool) -> None:
        super().__init__(why)
        self.certain = certain


class Script:
    """One of each process; `holder` is another name each time it starts."""

    def __init__(self, client: RedisClient, *, holder: str, lease_ms: int) -> None:
        self._client = client
        self._holder = holder
        self._lease_ms = lease_ms
        self._text = files("stoa.adapters.limits").joinpath("count.lua").read_text()
        self._hash = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def count(
        self, keys: list[str], accounts: list[Wire], requests: list[list[int]], *, latest_ms: int, within_s: float
    ) -> Counted:
        """Raises NotCounted."""
        from redis.exceptions import NoScriptError, ReadOnlyError, ResponseError

        given = _encode((self._holder, latest_ms, self._lease_ms, accounts, requests))
        keys = [f"{PREFIX}holders", *keys]

        async def ask(redis: "Redis") -> bytes:
            try:
                return await redis.evalsha(self._hash, len(keys), *keys, given)
            except NoScriptError:  # it was started anew, or emptied
                return await redis.eval(self._text, len(keys), *keys, given)
            except ReadOnlyError:  # it was the primary once: its name may lead to another by now
                await redis.connection_pool.disconnect()
                raise

        sent = self._client.usable
        try:
            return _decode(await self._client.call(ask, within_s=within_s))
        except ResponseError as error:
            raise NotCounted(f"Redis says {str(error)!r}", certain=True) from None
        except (RedisAway, msgspec.MsgspecError) as error:
            raise NotCounted(str(error), certain=not sent) from None
