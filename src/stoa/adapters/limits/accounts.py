"""What one gateway knows of one meter in one window: what it has taken ahead, what it has under way, what it has yet to tell.

An account outlives its calls: what could not be told is told by the next call that gets through.
"""

from collections.abc import Sequence

from stoa.adapters.limits.share import Share
from stoa.domain.counting import Claim, Meter

SLIDING, FIXED, MONEY, PARALLEL = 1, 2, 3, 4
_LEASES = 64  # of each gateway, in a limit
_RING_S = 61

Wire = tuple[int, int, int, int, int, int, Sequence[int], int]
"""An account as count.lua reads it."""


class Account:
    """Amounts are of the meter's unit; seconds are of Redis' clock."""

    __slots__ = (
        "added", "as_of_ms", "demand", "dirty", "ends_ms", "floor", "key", "kind", "late", "left", "mark", "meter", "second",
        "sent_added", "sent_late", "share", "starts_ms", "under_way", "unsure", "used",
    )  # fmt: skip

    def __init__(self, claim: Claim, key: str) -> None:
        self.meter = meter = claim.meter
        self.key = key
        self.kind = SLIDING if meter.sliding else kind_of(meter)
        self.starts_ms, self.ends_ms = claim.starts_ms, claim.ends_ms
        self.floor = claim.floor
        self.left = 0
        """Taken ahead and not used."""
        self.second = 0
        """The one that what was taken ahead counts in, of any sixty."""
        self.demand = 0
        """Asked for lately."""
        self.under_way = 0
        """Reserved, or at work."""
        self.added = self.sent_added = 0
        self.late: dict[int, int] = {}
        self.sent_late: dict[int, int] = {}
        self.dirty = False
        self.unsure = False
        """Redis may not know what was told before."""
        self.used = claim.floor
        self.as_of_ms = 0
        self.mark = 0
        """Of money what is settled, as Redis told last."""
        self.share = Share(meter)
        """What was used while Redis was lost."""

    def has(self, amount: int, second: int) -> bool:
        """Whether so much was taken ahead, for this second."""
        return self.left >= (amount or 1) and (self.kind != SLIDING or self.second == second)

    def take(self, amount: int) -> None:
        """Of what was taken ahead."""
        self.left -= amount
        self.demand += amount
        if self.kind == MONEY:
            self.under_way += amount

    def granted(self, amount: int) -> None:
        """By Redis, or by the share while it is lost."""
        if self.kind >= MONEY:
            self.under_way += amount

    def settle(self, claimed: int, came_to: int | None, second: int, now_second: int) -> bool:
        """Whether there is something to tell. `second` is the one that it was claimed in."""
        if self.kind == PARALLEL:
            self.under_way -= claimed
        elif self.kind == MONEY:
            self.under_way -= claimed
            self.added += claimed if came_to is None else came_to
        else:
            by = 0 if came_to is None else came_to - claimed
            if by == 0:
                return False
            self.add(by, now_second if by > 0 else second)
        self.dirty = True
        return True

    def add(self, amount: int, second: int) -> None:
        """Yet to be told."""
        if self.kind == SLIDING:
            self.late[second] = self.late.get(second, 0) + amount
        else:
            self.added += amount

    def give_back(self) -> bool:
        """What was taken ahead and not used; whether there was any."""
        left, self.left = self.left, 0
        if left == 0:
            return False
        if self.kind != MONEY:  # whose holder tells all that it has reserved
            self.add(-left, self.second)
        self.dirty = True
        return True

    # --- calls

    def tell(self, floor: int, asked: int, *, second: int, alive: int) -> Wire:
        """For a call. `asked` is what requests in it ask for."""
        if self.kind == SLIDING and self.second != second:
            self.give_back()
        self.sent_added, self.added = self.added, 0
        self.sent_late, self.late = self.late, {}
        self.dirty = False
        if floor > self.floor:
            self.floor = floor
        floor, added = self.floor, self.sent_added
        if self.kind == MONEY:
            # What is settled never becomes less: whoever remembers tells a Redis that has forgotten. What it may have heard
            # already is told as what is known to be used, which is not counted twice.
            floor, added = max(floor, self.mark + added if self.unsure else self.mark), 0 if self.unsure else added
        elif self.unsure and self.kind == FIXED:
            floor = max(floor, self.used)
        wanted = 0
        if asked and self.kind != PARALLEL:
            wanted = min(self.demand, self.meter.most // (_LEASES * alive))
            self.demand += asked
        late = [number for pair in self.sent_late.items() for number in pair]
        return (self.kind, self.meter.most, self.ends_ms, floor, self.under_way + self.left, added, late, wanted)

    def told(self, used: int, leased: int, mark: int, now_ms: int) -> None:
        """Redis has it all."""
        self.sent_added, self.sent_late = 0, {}
        self.unsure = False
        self.used, self.mark, self.as_of_ms = used, mark, now_ms
        self.share.found()
        if leased:
            if self.kind == SLIDING and self.second != mark:
                self.give_back()
            self.second = mark
            self.left += leased

    def untold(self, *, certain: bool) -> None:
        """The call failed. Unless it is certain that Redis counted nothing of it, nothing is given back twice."""
        if certain or self.sent_added > 0 or self.kind == MONEY:
            self.added += self.sent_added
        for second, amount in self.sent_late.items():
            if certain or amount > 0:
                self.add(amount, second)
        self.sent_added, self.sent_late = 0, {}
        self.dirty = True
        self.unsure = self.unsure or self.kind == MONEY

    def forgotten(self) -> None:
        """By Redis: what can be told again is."""
        self.unsure = self.dirty = self.kind != SLIDING

    # --- while Redis is lost

    def lacks_alone(self, claim: Claim, second: int) -> int | None:
        """How much is used of what may be used here, where the claim does not fit; None where it does."""
        known = max(claim.floor, self.floor, self.mark) + self.added + self.under_way
        return self.share.lacks(claim, second, under_way=self.under_way, known=known)

    def take_alone(self, amount: int, second: int) -> None:
        self.share.add(amount, second)
        self.granted(amount)
        if self.kind <= FIXED:
            self.add(amount, second)
        self.dirty = True

    def idle(self, second: int) -> bool:
        """Whether nothing is lost with it."""
        ended = 0 < self.ends_ms < second * 1000
        if self.left or self.under_way or self.dirty or self.share.used(second):
            return False
        return ended or (self.ends_ms == 0 and self.as_of_ms < (second - 2 * _RING_S) * 1000)


def kind_of(meter: Meter) -> int:
    match meter.unit:
        case "nano_usd":
            return MONEY
        case "parallel":
            return PARALLEL
        case "requests" | "tokens":
            return FIXED
