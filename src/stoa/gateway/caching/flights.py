"""Requests for the same answer at the same time: the first asks, and the others wait for what it gets.

Nobody fails because of another. A first one that fails makes room for one of those that wait; if that fails too, or an answer
came that must not be given twice, the others ask for themselves, all at once: none shall wait for more than two failures.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from stoa.domain.operations import Lane
from stoa.domain.usage import CacheTier
from stoa.gateway.caching.entry import Entry

log = logging.getLogger("stoa.gateway")

_AT_ONCE = 64  # answers in one turn of the event loop


class Flier(Protocol):
    """A request whose answer may be another's too."""

    @property
    def lane(self) -> Lane: ...

    def lead(self, flight: Flight) -> None:
        """Told to one that waits: ask in place of the one that failed."""
        ...

    def land(self, entry: Entry | None, tier: CacheTier) -> None:
        """Told to one that waits: what was found, and how; None when everybody asks for itself."""
        ...

    def awaited(self, flight: Flight) -> None:
        """Told to the one that asks: somebody waits for its answer. From then on it tells the flight how it ends."""
        ...

    def deserted(self) -> None:
        """Told to the one that asks: nobody waits any more."""
        ...


class Flight:
    """One question that is under way, and those that wait for its answer, in order of arrival."""

    __slots__ = ("_failed", "_flights", "key", "lane", "leader", "waiting")

    def __init__(self, flights: Flights, key: bytes, leader: Flier) -> None:
        self._flights = flights
        self._failed = False
        self.key = key
        self.lane = leader.lane
        self.leader: Flier | None = leader
        self.waiting: dict[Flier, None] = {}

    def landed(self, entry: Entry, tier: CacheTier) -> None:
        """There is an answer for all."""
        self._end(entry, tier)

    def failed(self, *, answered: bool) -> None:
        """There is none: an error, or with `answered` one that is only for who asked."""
        if not self.waiting or answered or self._failed:
            self._end(None, "joined")
            return
        self._failed = True
        # One of the flight's own lane, so that nobody comes to wait for a slower one.
        following = next((each for each in self.waiting if each.lane == self.lane), next(iter(self.waiting)))
        del self.waiting[following]
        self.leader, self.lane = following, following.lane
        following.lead(self)

    def leave(self, flier: Flier) -> None:
        """The client of one that waits has gone."""
        self.waiting.pop(flier, None)
        if not self.waiting and self.leader is not None:
            self.leader.deserted()

    def _end(self, entry: Entry | None, tier: CacheTier) -> None:
        self._flights.forget(self.key, self)
        self.leader = None
        if self.waiting:
            asyncio.get_running_loop().call_soon(self._serve, entry, tier)

    def _serve(self, entry: Entry | None, tier: CacheTier) -> None:
        for flier in list(self.waiting)[:_AT_ONCE]:
            if flier not in self.waiting:
                continue  # it left while another was served
            del self.waiting[flier]
            try:
                flier.land(entry, tier)
            except Exception:  # of one of them: the others must not wait for ever
                log.exception("an answer that was waited for could not be given")
        if self.waiting:
            asyncio.get_running_loop().call_soon(self._serve, entry, tier)


class Flights:
    """What is under way in this process: whoever asks, or the flight once somebody else waits, which most never do."""

    def __init__(self) -> None:
        self._by_key: dict[bytes, Flier | Flight] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def join(self, key: bytes, flier: Flier) -> Flight | None:
        """Wait for the answer that is under way. None when there is none, or one in a slower lane than the request's own."""
        found = self._by_key.get(key)
        if found is None or (found.lane == "batch" and flier.lane != "batch"):
            return None
        if isinstance(found, Flight):
            found.waiting[flier] = None
            return found
        flight = self._by_key[key] = Flight(self, key, found)
        flight.waiting[flier] = None
        found.awaited(flight)
        return flight

    def begin(self, key: bytes, leader: Flier) -> None:
        """From now on those who ask the same wait."""
        self._by_key[key] = leader

    def forget(self, key: bytes, found: Flier | Flight) -> None:
        """It is over."""
        if self._by_key.get(key) is found:
            del self._by_key[key]
