"""Stages 5 and 6, route and attempt: the tries of one request, until one of them gives the answer or nothing is left to try.

Usually there is one. Others follow a failure (another target, or the same again after a wait), or run beside a slow first one
(a hedge): then whichever is first to have content answers, and the other is cut off.
"""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

from stoa.dialects.conversation import Conversation
from stoa.domain.operations import ClientForm, Lane
from stoa.errors import InvalidRequest, LimitReached, ProviderError
from stoa.gateway.ask import Ask, body_for
from stoa.gateway.attempt import Attempt, Fault
from stoa.gateway.plan import Offering, Target
from stoa.gateway.routing.breaker import REFUSED
from stoa.gateway.routing.hedge import hedge_after_s
from stoa.gateway.routing.lanes import FREE, Ticket
from stoa.gateway.routing.order import Choices
from stoa.gateway.routing.rank import Wish
from stoa.gateway.routing.retry import retry_after_s
from stoa.gateway.surface import Surface
from stoa.gateway.translation import not_offered, outgoing
from stoa.gateway.watching import Watcher

if TYPE_CHECKING:
    from stoa.gateway.stages import Stages

LONGEST_WAIT_S = {"realtime": 30.0, "batch": 3600.0}
"""For a place at a target that has all the requests it takes."""


class Asker(Protocol):
    """The request, as its tries see it."""

    @property
    def surface(self) -> Surface: ...

    @property
    def ask(self) -> Ask: ...

    @property
    def streamed(self) -> bool: ...

    @property
    def lane(self) -> Lane: ...

    @property
    def lines(self) -> bytes:
        """Header lines that go to the upstream with it."""
        ...

    def wish(self) -> Wish: ...

    def conversation(self) -> Conversation: ...

    def new_stream(self, attempt: Attempt, *, events: bool) -> Watcher | None: ...

    def commit(self, attempt: Attempt, events: bytes) -> None:
        """The first content is there: from here on this target answers."""
        ...

    def relay(self, events: bytes) -> None: ...

    def answered(self, attempt: Attempt, body: bytes) -> int:
        """A whole answer. Returns its tokens. Raises ValueError."""
        ...

    def is_no_answer(self, attempt: Attempt, body: bytes) -> bool:
        """Whether a small model's whole answer calls for a larger one. Raises ValueError."""
        ...

    def discard(self, attempt: Attempt, body: bytes) -> None:
        """A whole answer is paid for and not used. Raises ValueError."""
        ...

    def streamed_whole(self, attempt: Attempt) -> None: ...

    def broke_off(self, attempt: Attempt, fault: Fault) -> None: ...

    def gave_up(self, fault: Fault) -> None:
        """Nothing is left to try."""
        ...


class Tries:
    """The tries of one request. Everything happens on the event loop's thread, in callbacks."""

    # Defaults stand in the class, so that a request which needs none of it pays for none of it.
    attempt_of: type[Attempt] = Attempt
    count = 0
    looks_at_heads = False
    running: Attempt | None = None
    _as_it_is = False
    _draw = 0.5
    _choices: Choices[Target] | None = None
    _fault: Fault | None = None
    _made = 0  # retries at the present target
    _timer: asyncio.TimerHandle | None = None  # of a retry, or of a hedge
    _ticket: Ticket | None = None  # waits in line
    _rival: Attempt | None = None

    def __init__(self, stages: Stages, offering: Offering, asker: Asker) -> None:
        self._stages = stages
        self._offering = offering
        self._asker = asker

    def begin(self, body: bytes, form: ClientForm | None) -> None:
        """`form` is the body's dialect."""
        self._body = body
        self._form: ClientForm | None = form
        asker, offering = self._asker, self._offering
        surface = asker.surface
        if asker.streamed or surface.relays_type:
            self.looks_at_heads = True
        else:
            self._as_it_is = form is not None and form == surface.form and not surface.form_data
        if offering.budget is not None:
            offering.budget.requested(perf_counter())
        target = offering.router.only
        if target is None or not target.state.plain:
            target = self._first()
            if target is None:
                return
        if target.max_parallel is None and asker.lane == "realtime":
            self._ask(target, FREE)
        else:
            self._approach(target)

    def _first(self) -> Target | None:
        router, now = self._offering.router, perf_counter()
        draw = self._draw = self._stages.draw()
        target = router.first(now, draw)
        if target is None:
            self._choices = router.choose(self._asker.wish(), now, draw)
            target = self._choices.next(now)
            if target is None:
                self._nothing_left(now)
        return target

    def cancel(self) -> Attempt | None:
        """The client has gone: give up everything. Returns the try that was under way."""
        if self._timer is not None:
            self._timer.cancel()
        if self._ticket is not None:
            self._ticket.release()
        running, rival = self.running, self._rival
        self.running = self._rival = None
        for attempt in (running, rival):
            if attempt is not None:
                attempt.cancel()
                attempt.ticket.release()
        return running

    # --- called by the attempts

    def new_stream(self, attempt: Attempt, *, events: bool) -> Watcher | None:
        return self._asker.new_stream(attempt, events=events)

    def commit(self, attempt: Attempt, events: bytes) -> None:
        self._won(attempt)
        self._asker.commit(attempt, events)

    def relay(self, events: bytes) -> None:
        self._asker.relay(events)

    def streamed_whole(self, attempt: Attempt) -> None:
        self._over(attempt)
        self._asker.streamed_whole(attempt)

    def answered(self, attempt: Attempt, body: bytes) -> int:
        """Raises ValueError when the answer is not what it should be."""
        asker = self._asker
        if self._offering.router.strategy == "complexity" and self._escalates(attempt, body):
            return 0
        if self._timer is not None or self._rival is not None:
            self._won(attempt)
        self.running = None
        tokens = asker.answered(attempt, body)
        if attempt.ticket is not FREE:
            attempt.ticket.release()
        return tokens

    def broke_off(self, attempt: Attempt, fault: Fault) -> None:
        self._over(attempt)
        self._stages.metrics.upstream_failed(fault.code)
        self._asker.broke_off(attempt, fault)

    def failed(self, attempt: Attempt, fault: Fault) -> None:
        """A try gave nothing: wait for its rival, try again, or go on to the next."""
        self._stages.metrics.upstream_failed(fault.code)
        attempt.ticket.release()
        self._fault = fault
        if self._rival is not None:
            if attempt is self.running:
                self.running = self._rival
            self._rival = None
            return
        self.running = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._after(attempt.target, fault)

    # --- one after the other

    def _after(self, target: Target, fault: Fault) -> None:
        offering, now = self._offering, perf_counter()
        budget = offering.budget
        if budget is not None:
            wait = retry_after_s(
                offering.route.retries, self._made, fault.error_class, fault.retry_after_s, self._stages.draw()
            )
            if wait is not None and target.state.usable(now + wait) and budget.take(now):
                self._made += 1
                self._timer = asyncio.get_running_loop().call_later(wait, self._again, target)
                return
        following = self._following(target).after(fault.error_class, now)
        if following is None:
            self._give_up(fault)
        else:
            self._made = 0
            self._approach(following)

    def _again(self, target: Target) -> None:
        self._timer = None
        self._approach(target)

    def _following(self, tried: Target) -> Choices[Target]:
        if self._choices is None:
            self._choices = self._offering.router.choose(self._asker.wish(), perf_counter(), self._draw, tried=tried)
        return self._choices

    def _approach(self, target: Target) -> None:
        """Ask the target, once there is a place at it."""
        lane = self._asker.lane
        if target.max_parallel is None and lane == "realtime":
            self._ask(target, FREE)
            return
        try:
            ticket = target.state.lanes.acquire(
                lane, lambda: self._at_last(target), lambda error: self._late(target, error), wait_s=LONGEST_WAIT_S[lane]
            )
        except LimitReached as error:
            self._late(target, error)
            return
        if ticket.running:
            self._ask(target, ticket)
        else:
            self._ticket = ticket

    def _at_last(self, target: Target) -> None:
        ticket, self._ticket = self._ticket, None
        assert ticket is not None
        self._ask(target, ticket)

    def _late(self, target: Target, error: LimitReached) -> None:
        self._ticket = None
        fault = Fault(429, error.code, f"Model {target.model!r}: {error.message}", "rate_limit", None, error.retry_after_s)
        self._fault = fault
        self._after(target, fault)

    def _ask(self, target: Target, ticket: Ticket) -> None:
        asker, state, wire = self._asker, target.state, self._form
        try:
            if self._as_it_is and target.as_it_is and (wire is None or wire in target.native):
                endpoint = target.door(asker.surface.door, stream=False)
                body = body_for(self._body, asker.ask, target.upstream_name, meter=False)
            else:
                endpoint, body, wire = outgoing(asker.surface, target, asker.ask, self._body, wire, asker.conversation)
            if endpoint is None:
                raise not_offered(target, asker.surface)
        except (InvalidRequest, ProviderError) as error:
            ticket.release()
            error_class = "invalid_request" if isinstance(error, InvalidRequest) else "not_found"
            self._fault = Fault(error.status, error.code, error.message, error_class, param=error.param)
            self._after(target, self._fault)
            return
        now = perf_counter()
        entry = state.began(now, asker.lane)
        if entry == REFUSED:
            ticket.release()
            following = self._following(target).next(now)
            if following is None:
                self._nothing_left(now)
            else:
                self._approach(following)
            return
        self.count += 1
        attempt = self.attempt_of(self, target, entry, wire, ticket, now)
        if self.running is None:
            self.running = attempt
        else:
            self._rival = attempt
        attempt.begin(endpoint, body, asker.lines)
        offering = self._offering
        if offering.watched:
            self._stages.deadlines.add(attempt, offering.route.timeouts)
        if offering.route.hedge is not None and self._rival is None and self._timer is None:
            self._hedge_later(target)

    # --- beside each other

    def _hedge_later(self, target: Target) -> None:
        hedge = self._offering.route.hedge
        wait = hedge_after_s(hedge, target.state, perf_counter()) if hedge is not None else None
        if wait is not None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._hedge, target)

    def _hedge(self, target: Target) -> None:
        self._timer = None
        running, budget, now = self.running, self._offering.budget, perf_counter()
        if running is None or running.first_at or self._rival is not None or (budget is not None and not budget.take(now)):
            return
        second = self._following(target).next(now)
        if second is not None and second.max_parallel is None:
            self._ask(second, FREE)

    def _won(self, attempt: Attempt) -> None:
        """This one answers; whatever else is under way is cut off."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        rival = self._rival
        if rival is not None:
            loser = rival if attempt is self.running else self.running
            self.running, self._rival = attempt, None
            if loser is not None:
                loser.cancel()
                loser.ticket.release()

    def _over(self, attempt: Attempt) -> None:
        self.running = None
        if attempt.ticket is not FREE:
            attempt.ticket.release()

    def _escalates(self, attempt: Attempt, body: bytes) -> bool:
        """Whether the answer of a small model is none, and a larger one is asked instead."""
        if not self._asker.is_no_answer(attempt, body):
            return False
        larger = self._following(attempt.target).larger(perf_counter())
        if larger is None:
            return False
        self._asker.discard(attempt, body)
        self._over(attempt)
        asyncio.get_running_loop().call_soon(self._approach, larger)  # the present try has to end first
        return True

    # --- the end

    def _nothing_left(self, now: float) -> None:
        left = self._following_nothing().nothing_left(now)
        body_fault = Fault(503, "no_target", left.message, "server_error", retry_after_s=left.wait_s)
        self._give_up(self._fault or body_fault)

    def _following_nothing(self) -> Choices[Target]:
        assert self._choices is not None
        return self._choices

    def _give_up(self, fault: Fault) -> None:
        if self.count > 1:
            fault = fault._replace(message=f"All {self.count} targets of {self._offering.name!r} failed. {fault.message}")
        self._asker.gave_up(fault)
