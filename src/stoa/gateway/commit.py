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
        self._notes: list[UsageFact] = []

    def add(self, settled: Settled) -> None:
        if not self._waiting and not self._notes:
            asyncio.get_running_loop().call_soon(self.flush)
        self._waiting.append(settled)

    def note(self, fact: UsageFact) -> None:
        """A fact that nobody waits for: it is written with the next ones, or dropped when it cannot be."""
        if not self._waiting and not self._notes:
            asyncio.get_running_loop().call_soon(self.flush)
        self._notes.append(fact)

    def flush(self) -> None:
        """Write what waits, now."""
        waiting, self._waiting = self._waiting, []
        notes, self._notes = self._notes, []
        if not waiting and not notes:
            return
        facts = [settled.fact for settled in waiting]
        try:
            position = self._usage.append(facts + notes if notes else facts)
        except OperatorError as error:
            if not waiting:
                return
            log.error("%s", error)
            self._on_full(error)
            for settled in waiting:
                try:
                    settled.withhold(error)
                except Exception:
                    log.exception("an answer could not be withheld", extra={"request_id": settled.fact.request_id})
            return
        if not waiting:
            return
        self._on_written(facts, position)
        for settled in waiting:
            try:
                settled.release()
            except Exception:
                log.exception("an answer could not be released", extra={"request_id": settled.fact.request_id})
