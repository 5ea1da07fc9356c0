"""How many requests one target answers at once, real time before batches.

A real-time request starts while fewer than `max_parallel` run. A batch's starts while besides that no real-time request waits
and batches have less than their share: half of `max_parallel`, at least one, or 8 where there is no limit. Who finds no room
waits in line, first come first served in each lane; a batch can wait for as long as real-time requests keep coming.

Callbacks, no tasks. A real-time request to a target without a limit costs one comparison.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from stoa.domain.operations import Lane
from stoa.errors import LimitReached

log = logging.getLogger("stoa.gateway")

BATCH_WITHOUT_LIMIT = 8
MOST_WAITING = 1024
"""In each lane of a target."""


class Timer(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], Timer]
"""As an event loop's: after so many seconds, this."""


class Ticket:
    """A place: in line until `running`, then at the target. `release` is to be called once either is over; twice is once."""

    __slots__ = ("_go", "_lanes", "_late", "_timer", "batch", "done", "running")

    def __init__(self, lanes: Lanes | None, batch: bool, go: Callable[[], None] | None) -> None:
        self.running = False
        self.batch = batch
        self.done = False
        self._lanes = lanes
        self._go = go
        self._late: Callable[[LimitReached], None] | None = None
        self._timer: Timer | None = None

    def release(self) -> None:
        """The request is over, or gives up waiting; the next in line starts."""
        if self._lanes is not None and not self.done:
            self.done = True
            self._forget_timer()
            self._lanes.left(self)

    def used(self, tokens: int) -> None:
        """So many tokens came of the request, which is about to be released; for places that count them."""

    def start(self) -> None:
        """For `Lanes`: its turn has come."""
        self.running = True
        self._forget_timer()
        go, self._go, self._late = self._go, None, None
        if go is None:
            return
        try:
            go()
        except Exception:
            log.exception("a request that waited for a target could not be started")
            self.release()

    def wait(self, late: Callable[[LimitReached], None], wait_s: float, call_later: CallLater) -> None:
        """For `Lanes`: told `late` when its turn has not come in time."""
        self._late = late
        self._timer = call_later(wait_s, self._expire)

    def _expire(self) -> None:
        late, self._late, self._timer = self._late, None, None
        if late is not None and not self.done and not self.running:
            self.release()
            late(
                LimitReached("No place at the model became free in time; try again later.", code="model_busy", retry_after_s=1)
            )

    def _forget_timer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()


LONGEST_WAIT_S = {"realtime": 30.0, "batch": 3600.0}
"""For a place at a target that has all the requests it takes."""
FREE = Ticket(None, batch=False, go=None)
"""The place of a request that no limit is set for: always running, nothing to release."""
FREE.running = True


class Lanes:
    """The places at one target. `limit` is its `max_parallel`, None for no limit."""

    __slots__ = ("_call_later", "_limit", "_most_waiting", "_waking", "batch", "realtime", "waiting_batch", "waiting_realtime")

    def __init__(self, limit: int | None, call_later: CallLater, most_waiting: int = MOST_WAITING) -> None:
        self.realtime = 0
        self.batch = 0
        self.waiting_realtime: OrderedDict[Ticket, None] = OrderedDict()
        self.waiting_batch: OrderedDict[Ticket, None] = OrderedDict()
        self._limit = limit
        self._call_later = call_later
        self._most_waiting = most_waiting
        self._waking = False

    @property
    def limit(self) -> int | None:
        return self._limit

    @limit.setter
    def limit(self, limit: int | None) -> None:
        """A higher one lets those in line start, a lower one holds for those who come; who came without one is not counted."""
        self._limit = limit
        self._wake()

    @property
    def most_batch(self) -> int:
        return BATCH_WITHOUT_LIMIT if self._limit is None else max(1, self._limit // 2)

    def acquire(
        self, lane: Lane, go: Callable[[], None], late: Callable[[LimitReached], None], *, wait_s: float = 60.0
    ) -> Ticket:
        """A place. When the ticket is `running` at once, go on, `go` is not called; else `go` is, or `late` after `wait_s`.

        Raises LimitReached when too many wait already.
        """
        batch = lane == "batch"
        if self._limit is None and not batch:
            return FREE
        ticket = Ticket(self, batch, go)
        waiting = self.waiting_batch if batch else self.waiting_realtime
        if not waiting and self._room_for(batch):
            self._count(ticket, 1)
            ticket.running = True
            return ticket
        if len(waiting) >= self._most_waiting:
            raise LimitReached(
                f"{len(waiting)} requests wait for a place at this model already; try again later.",
                code="model_busy",
                retry_after_s=1,
            )
        waiting[ticket] = None
        ticket.wait(late, wait_s, self._call_later)
        return ticket

    def take(self) -> Ticket | None:
        """A place for a real-time request that does not wait; None when there is none at once."""
        if self._limit is None:
            return FREE
        if self.waiting_realtime or not self._room_for(batch=False):
            return None
        ticket = Ticket(self, batch=False, go=None)
        self._count(ticket, 1)
        ticket.running = True
        return ticket

    def _room_for(self, batch: bool) -> bool:
        if self._limit is not None and self.realtime + self.batch >= self._limit:
            return False
        return not batch or (self.batch < self.most_batch and not self.waiting_realtime)

    def _count(self, ticket: Ticket, by: int) -> None:
        if ticket.batch:
            self.batch += by
        else:
            self.realtime += by

    def left(self, ticket: Ticket) -> None:
        """For `Ticket.release`."""
        if ticket.running:
            self._count(ticket, -1)
        else:
            (self.waiting_batch if ticket.batch else self.waiting_realtime).pop(ticket, None)
        self._wake()

    def _wake(self) -> None:
        """Start whoever has room now. What a start calls may release, so this is never entered twice."""
        if self._waking:
            return
        self._waking = True
        try:
            while True:
                if self.waiting_realtime and self._room_for(batch=False):
                    ticket, _ = self.waiting_realtime.popitem(last=False)
                elif self.waiting_batch and self._room_for(batch=True):
                    ticket, _ = self.waiting_batch.popitem(last=False)
                else:
                    return
                self._count(ticket, 1)
                ticket.start()
        finally:
            self._waking = False
