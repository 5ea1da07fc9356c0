"""The group commit: the facts of one turn of the event loop are written together, then their last bytes leave.

One write for all who finish at the same moment costs each of them almost nothing, and no answer ends before its fact is safe.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from stoa.domain.usage import UsageFact, UsageLog
from stoa.errors import OperatorError

log = logging.getLogger("stoa.gateway")


class Settled(Protocol):
    """An answer whose last bytes wait for its fact."""

    fact: UsageFact

    def release(self) -> None:
        """The fact is in the log."""
        ...

    def withhold(self, error: OperatorError) -> None:
        """The fact could not be written: the answer must not end well."""
        ...


class GroupCommit:
    """`on_written` is told the facts and the log's position after them, before any is released; `on_full` why it cannot be."""

    def __init__(
        self,
        usage: UsageLog,
        on_written: Callable[[Sequence[UsageFact], int], None],
        on_full: Callable[[OperatorError], None],
    ) -> None:
        self._usage = usage
        self._on_written = on_written
        self._on_full = on_full
        self._waiting: list[Settled] = []

    def add(self, settled: Settled) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append(settled)

    def flush(self) -> None:
        """Write what waits, now."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        facts = [settled.fact for settled in waiting]
        try:
            position = self._usage.append(facts)
        except OperatorError as error:
            log.error("%s", error)
            self._on_full(error)
            for settled in waiting:
                settled.withhold(error)
            return
        self._on_written(facts, position)
        for settled in waiting:
            try:
                settled.release()
            except Exception:
                log.exception("an answer could not be released", extra={"request_id": settled.fact.request_id})
