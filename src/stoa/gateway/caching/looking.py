"""Stage 3, cache: a request looks for its answer where it may already be, and leaves its own for those that follow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from time import perf_counter

from stoa.domain.resources import CachePolicy
from stoa.domain.usage import CacheTier
from stoa.errors import NotKept, OperatorError, StoaError
from stoa.gateway.answering import Answering
from stoa.gateway.caching.directives import NONE, Directives, directives_of
from stoa.gateway.caching.entry import Entry
from stoa.gateway.caching.flights import Flight
from stoa.gateway.caching.key import is_shared, scope_of
from stoa.gateway.caching.shared import read
from stoa.gateway.caching.tiers import CONTROL, Caching
from stoa.gateway.delivery import JSON
from stoa.gateway.plan import Target
from stoa.gateway.replay import stream_of
from stoa.gateway.tokens import NO_TOKENS, Tokens

CLIENT_GONE = 499
_STREAM = b"content-type: text/event-stream\r\nx-accel-buffering: no\r\n"
_LARGEST_STREAM = 65_536


class Looking(Answering, ABC):
    """Implements `flights.Flier`. What comes after the cache is `_augment`."""

    _gone: bool = False  # the client is
    _directives: Directives
    _cache_key: bytes | None = None
    _kept: bytes | None = None  # the answer, for those that follow
    _shares: Entry | None = None  # with other gateways, once its fact is safe
    _found: Entry | None = None
    _tier: CacheTier = "exact"  # in which it was found
    _leads: bool = False  # whoever asks the same waits
    _flight: Flight | None = None  # with those that do
    _awaits: Flight | None = None

    @property
    def cache_key(self) -> bytes | None:
        return self._cache_key

    @abstractmethod
    def _augment(self) -> None:
        """The next stage."""

    @abstractmethod
    def _abandon(self) -> None:
        """The client has gone, and nobody else waits for the answer."""

    @abstractmethod
    def on_resume(self) -> None: ...

    def _go_on(self, stage: Callable[[], None]) -> None:
        """For whoever calls a stage from outside of one: the server, or what the stage before has waited for."""
        if self._gone and (self._flight is None or not self._flight.waiting):
            return
        try:
            stage()
        except StoaError as error:
            self.refuse(error)
        except BaseException:
            self._fail(answered=False)  # whoever waits must not do so for ever
            if self.status == 0:
                self.give_back()  # nobody settles it any more
            raise

    def _look_up(self) -> None:
        """In this process."""
        caching, headers = self.stages.caching, self.exchange.headers
        directives = self._directives = directives_of(headers[CONTROL]) if CONTROL in headers else NONE
        key = None
        if caching is not None and directives.store:
            key = self._cache_key = caching.keys.of(self.client, self.offering, self.surface, self.ask, self._body, headers)
        if caching is None or key is None or not directives.look:
            if self.clock is not None:
                self.clock.mark("cache")
            self._missed()
            return
        self.cache = "miss"
        policy = self.offering.cache
        assert policy is not None  # there is a key
        entry = caching.entries.get(key, now_s=caching.clock(), ttl_s=policy.ttl_s)
        if self.clock is not None:
            self.clock.mark("cache")
        if entry is not None and self._replay(entry, "exact"):
            return
        if not directives.only:
            self._awaits = caching.flights.join(key, self)
            if self._awaits is not None:
                return
            self._leads = True
            caching.flights.begin(key, self)
        shared = caching.shared
        if shared is not None and shared.usable:
            shared.get(scope_of(self.client, self.offering, policy), key, self._told)
        else:
            self._missed()

    def _told(self, value: bytes | None) -> None:
        """By what gateways share."""
        caching, key, policy = self._cached()
        if value is not None:
            scope, fingerprint = scope_of(self.client, self.offering, policy), self.offering.fingerprint
            entry = self._found = read(value, scope=scope, fingerprint=fingerprint, now_s=caching.clock())
            if entry is not None:
                caching.entries.put(key, entry)
        if self.clock is not None:
            self.clock.mark("cache")
        self._go_on(self._take)

    def _take(self) -> None:
        """What was found, where that took a while."""
        self.looked_up_at = perf_counter()
        entry, self._found = self._found, None
        if entry is None or not self._replay(entry, self._tier):
            self._missed()

    def _missed(self) -> None:
        """There is no such answer: a model is asked."""
        if self._directives.only:
            raise NotKept(
                "No answer to this request is kept, and its 'cache-control: only-if-cached' wants no other. Send it without."
                if self.cache == "miss"
                else "Answers to such requests are not kept, but its 'cache-control: only-if-cached' wants no other. "
                "Send it without."
            )
        self._augment()

    # --- an answer that was given before

    def _replay(self, entry: Entry, tier: CacheTier) -> bool:
        """Give it, in the form that was asked for; False when it is not as the request wants it."""
        directives, policy, caching = self._directives, self.offering.cache, self.stages.caching
        assert policy is not None
        assert caching is not None
        age = self.age_s = caching.clock() - entry.kept_at_s
        if age >= policy.ttl_s or (directives is not NONE and not directives.allows(age, policy.ttl_s - age)):
            return False
        answer: bytes | None = entry.answer
        if self.streamed:
            answer = self._stream_of(entry)
            if answer is None:
                return False
            self.answer_type = _STREAM
        else:
            self.answer_type = JSON
        if not entry.lines:
            entry.be_given()
        self.cache, self.cache_tier, self.cache_of = "hit", tier, entry.of
        self.saved, self.answer = entry.cost_nano_usd, answer
        self.settle(200, None, entry.tokens, entry=entry)
        return True

    def _stream_of(self, entry: Entry) -> bytes | None:
        with_usage = self.ask.wants_usage
        known = entry.streams.get(with_usage) if entry.streams is not None else None
        if known is not None:
            return known
        made = stream_of(self.surface.form, entry.answer, with_usage=with_usage)
        if made is not None and len(made) <= _LARGEST_STREAM:
            caching, key, _ = self._cached()
            caching.entries.put_stream(key, entry, with_usage=with_usage, events=made)
        return made

    # --- the end

    def settle(
        self, status: int, target: Target | None, tokens: Tokens, *, entry: Entry | None = None, error: str | None = None
    ) -> None:
        if self._gone and error is None:
            status, error = CLIENT_GONE, "client_gone"  # it was finished for others
        super().settle(status, target, tokens, entry=entry, error=error)
        if self._kept is not None:
            entry = self._keep(self._kept, tokens)
        if not self._leads:
            return
        flight = self._flight
        if entry is None or flight is None:
            self._fail(answered=error is None)
        else:
            self._leads, self._flight = False, None
            flight.landed(entry, self.cache_tier or "joined")

    def _keep(self, answer: bytes, tokens: Tokens) -> Entry | None:
        """None where it is not to be shared."""
        (caching, key, policy), fact = self._cached(), self.fact
        if not is_shared(self.client, self.offering, policy, self._passages):
            return None
        entry = Entry(
            answer=answer, of=fact.id, model=fact.model, provider=fact.provider, arm=fact.arm,
            tokens=tokens, cost_nano_usd=fact.cost_nano_usd,
            kept_at_s=caching.clock(), scope=scope_of(self.client, self.offering, policy),
            fingerprint=self.offering.fingerprint,
        )  # fmt: skip
        caching.entries.put(key, entry)
        if caching.shared is not None:
            self._shares = entry
        return entry

    def _cached(self) -> tuple[Caching, bytes, CachePolicy]:
        """The cache, the key and the policy of a request that has a key."""
        caching, key, policy = self.stages.caching, self._cache_key, self.offering.cache
        assert caching is not None
        assert key is not None
        assert policy is not None
        return caching, key, policy

    def release(self) -> None:
        super().release()
        if self._shares is not None:  # only now: what is withheld here must not be given elsewhere
            caching, key, policy = self._cached()
            assert caching.shared is not None  # there is something to share
            caching.shared.put(key, self._shares, ttl_s=policy.ttl_s)

    def withhold(self, error: OperatorError) -> None:
        super().withhold(error)
        if self._kept is not None:  # what it cost stands nowhere, so nobody is given it for nothing
            caching, key, _ = self._cached()
            caching.entries.forget(key)

    def refuse(self, error: StoaError) -> None:
        super().refuse(error)
        self._fail(answered=False)

    def _fail(self, *, answered: bool) -> None:
        """There is no answer for those that wait, if any do."""
        if not self._leads:
            return
        flight, self._leads, self._flight = self._flight, False, None
        if flight is not None:
            flight.failed(answered=answered)
        else:
            caching, key, _ = self._cached()
            caching.flights.forget(key, self)

    # --- requests for the same answer

    def lead(self, flight: Flight) -> None:
        self._awaits, self._leads, self._flight = None, True, flight
        self._go_on(self._missed)

    def land(self, entry: Entry | None, tier: CacheTier) -> None:
        self._awaits = None
        if self.clock is not None:
            self.clock.mark("upstream")
        self._found, self._tier = entry, tier
        self._go_on(self._take)

    def awaited(self, flight: Flight) -> None:
        self._flight = flight
        self.on_resume()  # however slowly its own client reads

    def deserted(self) -> None:
        if self._gone:
            self._abandon()

    def on_gone(self) -> None:
        """What others wait for is finished for them all the same, and paid for by who asked first."""
        self._gone = True
        if self._awaits is not None:
            flight, self._awaits = self._awaits, None
            self.settle(CLIENT_GONE, None, NO_TOKENS, error="client_gone")
            flight.leave(self)
        elif self._flight is None or not self._flight.waiting:
            self._abandon()
