"""Answers that gateways share: what was asked of one is answered by all."""

from collections.abc import Callable
from typing import Protocol


class SharedAnswers(Protocol):
    """A store beside the gateways that may be away at any time. All calls on the event loop's thread; none blocks.

    `scope` is whose answers these are, `key` what was asked, both digests; `value` is the gateway's own.
    """

    @property
    def usable(self) -> bool:
        """Whether it answered lately; `get` is not worth a wait otherwise."""
        ...

    def get(self, scope: bytes, key: bytes, told: Callable[[bytes | None], None]) -> None:
        """`told` is called once, later and within 20 ms; None for what is not there, and for whatever goes wrong."""
        ...

    def put(self, scope: bytes, key: bytes, value: bytes, ttl_s: float) -> None:
        """Kept for that long, if it is not too large, and if there is time for it."""
        ...

    async def drop(self, scope: bytes) -> int:
        """Forget every answer of a scope; how many there were. Raises OperatorError when that is not certain."""
        ...
