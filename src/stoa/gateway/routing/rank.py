"""The strategies: in which order a route's targets would be asked if all of them could be.

Ties are broken by weight, with one draw for the whole order. A target of weight 0 comes after all others, except where the
order is as written: with `ordered` and `complexity`.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from math import inf, log
from typing import NamedTuple, Protocol, TypeVar

from stoa.domain.operations import Lane
from stoa.domain.prices import ModelPrice
from stoa.domain.resources import Strategy
from stoa.errors import InvalidRequest
from stoa.gateway.routing.state import TargetState

INPUT_SHARE = 3
"""Prices are compared for three tokens of input to one of output, what chat traffic is like."""
KNOWN_FOR_S = 60.0
"""A target that did not answer for a minute is measured anew, by one request at a time."""
AS_FAST = 1.15
"""Latencies up to 15 % above the lowest are the same."""
TAGS_HEADER = "x-stoa-tags"
_MASK = (1 << 64) - 1


class Candidate(Protocol):
    """What a route's target must tell."""

    @property
    def model(self) -> str: ...

    @property
    def state(self) -> TargetState: ...

    @property
    def price(self) -> ModelPrice | None: ...

    @property
    def weight(self) -> int: ...

    @property
    def arm(self) -> str | None: ...

    @property
    def tags(self) -> Sequence[str] | frozenset[str]: ...


T = TypeVar("T", bound=Candidate)


class Wish(NamedTuple):
    """What of a request routing looks at; only routes that need it have one made."""

    lane: Lane = "realtime"
    tags: tuple[str, ...] = ()
    """Of `x-stoa-tags`."""
    user: str | None = None
    """Whom a sticky route keeps together: the user, or the key without one."""
    complexity: float = 0.0
    """From 0, simple, to 1."""

    @property
    def seed(self) -> int | None:
        """A digest of the user."""
        return None if self.user is None else seed_of(self.user)


NO_WISH = Wish()


def ranked(strategy: Strategy, targets: Sequence[T], wish: Wish, now: float, draw: float, *, sticky: bool) -> Sequence[T]:
    """The targets that the wish allows, best first. Raises InvalidRequest when its tags allow none."""
    if strategy == "tagged":
        targets = tagged(targets, wish.tags)
    if len(targets) == 1 or strategy == "ordered":
        return targets
    if strategy == "complexity":
        return by_complexity(targets, wish.complexity)
    stays = sticky and wish.user is not None
    drawn = by_user(targets, wish.user) if stays and wish.user is not None else by_weight(targets, draw)
    if strategy == "cheapest":
        return sorted(drawn, key=_cost)
    if stays or strategy in ("weighted", "tagged"):
        return drawn
    return sorted(drawn, key=_load) if strategy == "least_busy" else by_latency(drawn, now)


def by_weight(targets: Sequence[T], draw: float) -> list[T]:
    """Drawn one after the other without putting back. What is left of a draw after a choice is as good as a new one."""
    left, order = [target for target in targets if target.weight], list[T]()
    total = sum(target.weight for target in left)
    while len(left) > 1:
        mark, number = draw * total, 0
        for number, target in enumerate(left):  # noqa: B007 - the number is needed after the loop
            if mark < target.weight:
                break
            mark -= target.weight
        chosen = left.pop(number)
        order.append(chosen)
        total -= chosen.weight
        draw = min(mark / chosen.weight, 1.0)
    return [*order, *left, *(target for target in targets if not target.weight)]


def by_user(targets: Sequence[T], user: str) -> list[T]:
    """Weighted rendezvous hashing: the same on every gateway; a target that goes away or comes moves only its own users."""
    return by_seed(targets, seed_of(user))


def by_seed(targets: Sequence[T], seed: int) -> list[T]:
    """The same for the user's digest."""
    return sorted(targets, key=lambda target: _distance(seed, target))


def seed_of(user: str) -> int:
    """The digest of a user: 64 bits."""
    return _hash(user.encode())


def by_latency(targets: Sequence[T], now: float) -> list[T]:
    """Lowest mean time first: to the first content where all are known by it, else to the end of the answer.

    One that is not known, or not any more, comes first while nothing is under way to it, else last: so it is measured, and a
    slow one slows no more than one request at a time.
    """
    known = [target for target in targets if now - target.state.last_seen <= KNOWN_FOR_S and target.weight]
    first = {id(target): target.state.first_token_mean_ms() for target in known}
    if any(ms is None for ms in first.values()):
        first = {id(target): target.state.latency.value() for target in known}
    times = {which: ms for which, ms in first.items() if ms is not None}
    fast_enough = min(times.values(), default=0.0) * AS_FAST

    def key(target: T) -> float:
        if not target.weight:
            return inf
        ms = times.get(id(target))
        if ms is None:
            return -1.0 if target.state.inflight == 0 else 1e18
        return 0.0 if ms <= fast_enough else ms

    return sorted(targets, key=key)


def by_complexity(targets: Sequence[T], level: float) -> list[T]:
    """From the size that fits to the larger ones, then to the smaller ones. The targets are in order of size."""
    start = fitting(len(targets), level)
    return [*targets[start:], *reversed(targets[:start])]


def fitting(sizes: int, level: float) -> int:
    """Which of so many sizes a request of this level begins with: levels are shared out evenly."""
    return min(int(level * sizes), sizes - 1)


def tagged(targets: Sequence[T], tags: Sequence[str]) -> Sequence[T]:
    """Those with one of the tags, else those without any."""
    matching = [target for target in targets if not set(tags).isdisjoint(target.tags)]
    if matching:
        return matching
    untagged = [target for target in targets if not target.tags]
    if not untagged:
        known = ", ".join(sorted({repr(tag) for target in targets for tag in target.tags}))
        named = ", ".join(map(repr, tags)) or "no tag"
        raise InvalidRequest(
            f"No target of this route is for {named}; name one of {known} in {TAGS_HEADER}.", param=TAGS_HEADER
        )
    return untagged


def cost(target: Candidate) -> float | None:
    """Nano-dollars for `INPUT_SHARE` tokens of input and one of output; None when the price is not known."""
    price = target.price
    return None if price is None else INPUT_SHARE * price.input + price.output


def _cost(target: Candidate) -> tuple[bool, float]:
    nano_usd = cost(target)
    return not target.weight, inf if nano_usd is None else nano_usd


def _load(target: Candidate) -> float:
    return target.state.inflight / target.weight if target.weight else inf


def _hash(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big")


def _distance(seed: int, target: Candidate) -> float:
    """Exponentially distributed with the weight as rate, so that the smallest is the target's with probability of its share."""
    if not target.weight:
        return inf
    return -log((_mixed(seed ^ _seed_of(target.model)) + 0.5) / (_MASK + 1)) / target.weight


@lru_cache(4096)
def _seed_of(model: str) -> int:
    return _hash(model.encode())


def _mixed(value: int) -> int:
    """The finalizer of splitmix64 (Steele, Lea, Flood 2014): every bit of the input changes half of the output's."""
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & _MASK
    return value ^ (value >> 31)
