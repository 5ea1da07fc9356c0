"""Shared answers in memory: the fake of the port, which can be away."""

import asyncio
import time
from collections.abc import Callable


class MemoryAnswers:
    """Implements `domain.answers.SharedAnswers`. What is `away` tells nothing but that, and takes nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[tuple[bytes, bytes], tuple[bytes, float]] = {}
        self.away = False
        self.asked: list[bytes] = []
        """The keys that were asked for."""

    @property
    def usable(self) -> bool:
        return not self.away

    def get(self, scope: bytes, key: bytes, told: Callable[[bytes | None], None]) -> None:
        self.asked.append(key)
        asyncio.get_running_loop().call_soon(lambda: told(self._found(scope, key)))

    def put(self, scope: bytes, key: bytes, value: bytes, ttl_s: float) -> None:
        if not self.away:
            self._values[scope, key] = (value, self._clock() + ttl_s)

    async def drop(self, scope: bytes) -> int:
        found = [each for each in self._values if each[0] == scope]
        for each in found:
            del self._values[each]
        return len(found)

    def _found(self, scope: bytes, key: bytes) -> bytes | None:
        value, until = self._values.get((scope, key), (b"", 0.0))
        return value if self._clock() < until and not self.away else None
