"""Stages 5 and 6, route and attempt: the tries of one request, until one of them gives the answer or nothing is left to try.

Usually there is one. Others follow a failure (another target, or the same again after a wait), or run beside a slow first one
(a hedge): then whichever is first to have content answers, and the other is cut off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import ClassVar

from stoa.dialects.conversation import Conversation
from stoa.dialects.table import CLIENTS
from stoa.domain.decisions import TryKind
from stoa.domain.operations import ClientForm, ErrorClass
from stoa.errors import InvalidRequest, LimitReached, ProviderError
from stoa.gateway.attempt import Attempt
from stoa.gateway.bodies import body_for
from stoa.gateway.counting.place import take_place
from stoa.gateway.faults import Fault
from stoa.gateway.plan import Target
from stoa.gateway.routing.breaker import REFUSED
from stoa.gateway.routing.explain import why_asked
from stoa.gateway.routing.hedge import hedge_after_s
from stoa.gateway.routing.lanes import FREE, LONGEST_WAIT_S, Ticket
from stoa.gateway.routing.order import Choices
from stoa.gateway.routing.retry import retry_after_s
from stoa.gateway.trail import Trail
from stoa.gateway.translation import not_offered, outgoing
from stoa.gateway.watcher import Watcher
from stoa.gateway.wire import Wire


class Tries(Trail):
    """The tries of one request. Everything happens on the event loop's thread, in callbacks."""

    # Defaults stand in the class, so that a request which needs none of it pays for none of it.
    attempt_of: ClassVar[type[Attempt]] = Attempt
    looks_at_heads = False
    running: Attempt | None = None
    drawn: float | None = None  # the number that chose among several targets
    _kind: TryKind = "first"  # of the next try
    _as_it_is = False
    _made = 0  # retries at the present target
    _timer: asyncio.Handle | None = None  # of a retry, of a hedge, or of a larger model
    _ticket: Ticket | None = None  # waits in line
    _rival: Attempt | None = None
    _cancelled = False

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
        draw = self.drawn = self._stages.draw()
        target = router.first(now, draw)
        if target is None:
            wish, tracks = self._asker.wish(), self._tracks()
            tracks.wish = wish
            choices = self._choices = router.choose(wish, now, draw)
            target = choices.next(now)
            tracks.passes_over(choices.order, target, now)
            if target is None:
                self._nothing_left(now)
            elif router.strategy != "weighted" or router.sticky:
                tracks.why = why_asked(router, target, wish, now)
        return target

    def cancel(self) -> Attempt | None:
        """The client has gone: give up everything. Returns the try that was under way."""
        self._cancelled = True
        if self._timer is not None:
            self._timer.cancel()
        if self._ticket is not None:
            self._ticket.release()
        running, rival = self.running, self._rival
        self.running = self._rival = None
        if running is not None:
            self._asker.place = running.ticket
        for attempt in filter(None, (running, rival)):
            attempt.cancel()
            attempt.ticket.release()
        if rival is not None:
            self._left_unused(rival, "client_gone")
        return running

    # --- called by the attempts

    def passes(self, wire: Wire) -> bool:
        """Whether what an upstream says in this dialect is what the client reads, and may be passed on."""
        return wire == self._asker.surface.form

    def new_stream(self, attempt: Attempt, *, events: bool) -> Watcher | None:
        return self._asker.new_stream(attempt, events=events)

    def commit(self, attempt: Attempt, events: bytes) -> Callable[[bytes], None]:
        self._won(attempt)
        return self._asker.commit(attempt, events)

    def streamed_whole(self, attempt: Attempt) -> None:
        self._over(attempt)
        self._asker.streamed_whole(attempt)

    def answered(self, attempt: Attempt, body: bytes) -> int:
        """Raises ValueError when the answer is not what it should be."""
        asker = self._asker
        if self._offering.router.strategy == "complexity" and self._escalates(attempt, body):
            return 0
        asker.place = attempt.ticket
        tokens = asker.answered(attempt, body)
        if self._timer is not None or self._rival is not None:
            self._won(attempt)
        self.running = None
        if attempt.ticket is not FREE:
            attempt.ticket.release()
        return tokens

    def broke_off(self, attempt: Attempt, fault: Fault) -> None:
        self._over(attempt)
        if not self._asker.shadow:
            self._stages.metrics.upstream_failed(fault.code)
        self._asker.broke_off(attempt, fault)

    def failed(self, attempt: Attempt, fault: Fault) -> None:
        """A try gave nothing: wait for its rival, try again, or go on to the next."""
        if not self._asker.shadow:
            self._stages.metrics.upstream_failed(fault.code)
        attempt.ticket.release()
        self._left_unused(attempt, fault.code, fault.error_class)
        self._note(attempt.target, fault)
        self._first_was(attempt.target)
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
                self._kind = "retry"
                self._timer = asyncio.get_running_loop().call_later(wait, self._again, target)
                return
        self._go_on(self._following(target).after(fault.error_class, now), now)

    def _go_on(self, following: Target | None, now: float) -> None:
        if following is None:
            self._nothing_left(now)
        else:
            self._made = 0
            self._kind = "next" if following in self._offering.router.targets else "fallback"
            self._approach(following)

    def _again(self, target: Target) -> None:
        self._timer = None
        self._approach(target)

    def _conversation(self) -> Conversation:
        """What goes out in another dialect: the client's own words, or what was made of them for an assistant."""
        if self._offering.assistant is None:
            return self._asker.conversation()
        return CLIENTS["chat"].read(self._body)

    def _following(self, tried: Target) -> Choices[Target]:
        if self._choices is None:
            self._choices = self._offering.router.choose(self._asker.wish(), perf_counter(), self.drawn or 0.0, tried=tried)
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
        named = error.message if error.message.startswith("Model ") else f"Model {target.model!r}: {error.message}"
        fault = Fault(429, error.code, named, "rate_limit", None, error.retry_after_s)
        self._note(target, fault)
        self._tracks().passes(target, f"no place at it ({error.code})")
        now = perf_counter()
        self._go_on(self._following(target).after(fault.error_class, now), now)  # to wait once is enough

    def _ask(self, target: Target, ticket: Ticket) -> None:
        """Ask it, if its own limits have room."""
        if not target.rules or self._asker.shadow:
            self._begin(target, ticket)
            return
        place = take_place(
            self._stages.admission, target.rules, ticket, self._asker.tokens, lambda found: self._placed_late(target, found)
        )
        if place is not None:
            self._placed(target, place)
        elif self.running is None:
            self._ticket = ticket

    def _placed_late(self, target: Target, place: Ticket | LimitReached) -> None:
        self._ticket = None
        if not self._cancelled and self.running is None:
            self._placed(target, place)
        elif not isinstance(place, LimitReached):
            place.release()

    def _placed(self, target: Target, place: Ticket | LimitReached) -> None:
        if not isinstance(place, LimitReached):
            self._begin(target, place)
        elif self.running is None:
            self._late(target, place)

    def _begin(self, target: Target, ticket: Ticket) -> None:
        asker, state, form = self._asker, target.state, self._form
        wire: Wire = form
        try:
            if self._as_it_is and target.as_it_is and (form is None or form in target.native):
                endpoint = target.door(asker.surface.door, stream=False)
                body = body_for(self._body, asker.ask, target.upstream_name, meter=False)
            else:
                endpoint, body, wire = outgoing(
                    asker.surface, target, asker.ask, self._body, form, self._conversation, paid=asker.paid
                )
            if endpoint is None:
                raise not_offered(target, asker.surface)
        except (InvalidRequest, ProviderError) as error:
            ticket.release()
            if self.running is None:
                error_class: ErrorClass = "invalid_request" if isinstance(error, InvalidRequest) else "not_found"
                fault = Fault(error.status, error.code, error.message, error_class, param=error.param)
                self._tracks().passes(target, f"it cannot be asked this ({error.code})")
                self._note(target, fault)
                self._after(target, fault)
            return
        now = perf_counter()
        entry = state.began(now, asker.lane)
        if entry == REFUSED:
            ticket.release()
            if self.running is None:
                self._tracks().passes(target, "it is left alone after failures")
                self._go_on(self._following(target).next(now), now)
            return
        self.count += 1
        attempt = self.attempt_of(self, target, entry, wire, ticket, now)
        if self._kind != "first":
            attempt.kind = self._kind
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
        if hedge is None or self._asker.lane == "batch":  # a batch has time
            return
        wait = hedge_after_s(hedge, target.state, perf_counter(), streamed=self._asker.streamed)
        if wait is not None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._hedge, target)

    def _hedge(self, target: Target) -> None:
        self._timer = None
        running, budget, now = self.running, self._offering.budget, perf_counter()
        if running is None or running.first_at or self._rival is not None or (budget is not None and not budget.allows(now)):
            return
        choices = self._following(target)
        second = choices.next(now)
        if second is None:
            return
        ticket = second.state.lanes.take()
        if ticket is None:
            choices.put_back(second)
            return
        if budget is not None:
            budget.take(now)
        self._kind = "hedge"
        self._first_was(target)
        self._ask(second, ticket)

    def _won(self, attempt: Attempt) -> None:
        """This one answers; whatever else is under way is cut off."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        loser = self._beside(attempt)
        if loser is not None:
            self.running, self._rival = attempt, None
            loser.cancel()
            loser.ticket.release()
            self._left_unused(loser, "lost")

    def _beside(self, attempt: Attempt) -> Attempt | None:
        """What else is under way."""
        rival = self._rival
        return rival if rival is None or attempt is self.running else self.running

    def _over(self, attempt: Attempt) -> None:
        self.running = None
        self._asker.place = attempt.ticket
        if attempt.ticket is not FREE:
            attempt.ticket.release()

    def _escalates(self, attempt: Attempt, body: bytes) -> bool:
        """Whether the answer of a small model is none, and a larger one answers instead."""
        if not self._asker.is_no_answer(attempt, body):
            return False
        other = self._beside(attempt)
        larger = self._following(attempt.target).larger(perf_counter()) if other is None else None
        if larger is None and other is None:
            return False
        self._asker.discard(attempt, body)
        self._left_unused(attempt, "no_answer")
        self._first_was(attempt.target)
        attempt.ticket.release()
        if larger is None:
            self.running, self._rival = other, None
            return True
        self.running = None
        self._kind = "larger"
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_soon(self._again, larger)  # the present try has to end first
        return True

    def beaten_by(self, attempt: Attempt) -> None:
        """The answer of this one is used; what is still under way beside it will be cut off."""
        if (loser := self._beside(attempt)) is not None:
            self._left_unused(loser, "lost")
