"""What a worker has left behind reaches control, and its folder goes."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from stoa.adapters.wal.left import ship_left
from stoa.adapters.wal.log import DiskLog
from stoa.domain.usage import UsageFact
from stoa.errors import ProviderError
from stoa.kit.home import Home

Fact = Callable[..., UsageFact]


class Control:
    """Takes usage, and refuses the first `failures` batches."""

    def __init__(self, failures: int = 0) -> None:
        self.taken: list[str] = []
        self._failures = failures

    async def ship(self, facts: bytes) -> Mapping[str, int]:
        if self._failures:
            self._failures -= 1
            raise ProviderError("control is away")
        self.taken += [each.id for each in msgspec.msgpack.decode(facts, type=list[UsageFact])]
        return {}


def left(home: Home, worker: int, *facts: UsageFact) -> Path:
    log = DiskLog(home.wal_of(worker))
    for each in facts:
        log.append([each])
    log.close()
    return home.wal_of(worker)


async def test_what_workers_left_that_there_are_no_more_is_shipped_and_removed(tmp_path: Path, fact: Fact) -> None:
    home, control = Home(tmp_path), Control(failures=2)
    left(home, 2, fact("own"))
    third, fourth = left(home, 3, fact("a"), fact("b")), left(home, 4)
    (tmp_path / "wal-old").mkdir()
    assert home.left_wals(2) == [third, fourth]
    await ship_left(home.left_wals(2), control, retry_s=0.001)
    assert control.taken == ["a", "b"]
    assert home.left_wals(1) == [home.wal_of(2)]


async def test_a_log_that_somebody_writes_is_passed_over(tmp_path: Path, fact: Fact) -> None:
    home, control = Home(tmp_path), Control()
    writing = DiskLog(home.wal_of(2))
    writing.append([fact("a")])
    left(home, 3, fact("b"))
    await ship_left(home.left_wals(1), control)
    assert control.taken == ["b"]
    assert home.wal_of(2).is_dir()
    writing.close()
