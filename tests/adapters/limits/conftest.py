"""Several workers that count in one file, in this process, by a clock that the test sets."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stoa.adapters.limits.file import LimitsFile
from stoa.adapters.limits.machine import MachineCounter
from stoa.domain.counting import Claim, Held, Meter, Refused

SMALL = {"buckets": 2, "ways": 4, "sum_buckets": 2, "sum_ways": 4}


@dataclass
class Machine:
    """`counters` are its workers; `second` is what all their clocks say."""

    path: Path
    sizes: dict[str, Any]
    second: int = 1000

    def __post_init__(self) -> None:
        self.counters: list[MachineCounter] = []

    def start(self, worker: int, workers: int) -> MachineCounter:
        """A worker, or another in place of one that died."""
        counter = MachineCounter(
            LimitsFile(self.path, worker=worker, workers=workers, **self.sizes), clock=lambda: float(self.second)
        )
        self.counters[worker - 1 : worker] = [counter]
        return counter

    def claim(self, worker: int, *claims: Claim) -> Held | Refused:
        outcome = self.counters[worker].claim(claims, self.second * 1000, _never)
        assert outcome is not None
        return outcome

    def take(self, worker: int, meter: Meter, amount: int = 1) -> bool:
        return not isinstance(self.claim(worker, Claim(meter, amount)), Refused)


def _never(outcome: Held | Refused) -> None:
    raise AssertionError(f"told {outcome}, which was to be there at once")


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Machine]:
    """`machine(3)`: three workers on a fresh file."""
    made: list[int] = []

    def make(workers: int, **sizes: Any) -> Machine:
        made.append(workers)
        here = Machine(tmp_path / f"limits-{len(made)}", SMALL | sizes)
        for worker in range(1, workers + 1):
            here.start(worker, workers)
        return here

    return make


def requests(most: int, name: str = "m", *, share: float = 0.0) -> Meter:
    return Meter(name, "requests", most, sliding=True, open_share=share)
