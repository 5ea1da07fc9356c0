"""A batch's price limit: no line is asked once what was spent, and what is under way, has come to it."""

from stoa.domain.batches import Batch, Fault
from stoa.kit.money import format_usd

LIMITS = frozenset({"cost_limit_reached", "cost_unknown"})
"""Codes of what stops a batch with such a limit."""


class Purse:
    """What is under way is taken to cost what lines cost on average so far, so that the limit is passed by little, if at all.

    Until one has been answered that is not known, and only one line at a time is asked.
    """

    def __init__(self, batch: Batch) -> None:
        self._limit = batch.cost_limit_nano_usd
        self._spent = batch.cost_nano_usd
        self._answered = batch.completed + batch.failed
        self._under_way = 0
        self._unknown = batch.unknown_cost_lines
        self.fault: Fault | None = self._found()
        """Why no further line is asked."""

    @property
    def is_open(self) -> bool:
        """Whether another line may be asked now."""
        if self._limit is None:
            return True
        if self.fault is not None or (not self._answered and self._under_way):
            return False
        each = self._spent / self._answered if self._answered else 0
        return self._spent + each * self._under_way < self._limit

    def begin(self) -> None:
        self._under_way += 1

    def end(self, cost_nano_usd: int | None) -> None:
        """A line was answered; None when nobody knows what it cost."""
        self._under_way -= 1
        self._answered += 1
        if cost_nano_usd is None:
            self._unknown += 1
        else:
            self._spent += cost_nano_usd
        self.fault = self.fault or self._found()

    def _found(self) -> Fault | None:
        if self._limit is None:
            return None
        if self._unknown:
            message = (
                f"The cost of a line is not known, so that the limit of {format_usd(self._limit)} cannot be held. Set the "
                "price of the model, or order the batch without a limit."
            )
            return Fault("cost_unknown", message, param="cost_limit_usd")
        if self._spent >= self._limit:
            message = (
                f"{format_usd(self._spent)} were spent, and the limit is {format_usd(self._limit)}. Lines that are left were "
                "not asked."
            )
            return Fault("cost_limit_reached", message, param="cost_limit_usd")
        return None
