"""How far a long verb is: a bar in a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from stoa.cli import output

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

_LINE_EVERY_S = 5.0
_STILL_EVERY_S = 30.0  # where nothing was done since the last one
_END_AFTER_S = 2.0


class Progress(Protocol):
    """One step after another; each counts from 0 to a total."""

    def step(self, name: str, total: int) -> None: ...

    def reach(self, done: int, note: str = "") -> None:
        """`note` stands behind the bar, such as `12.5 pages/s`."""
        ...


class Bar:
    """A bar on stderr with the time left."""

    def __init__(self) -> None:
        self._bars: RichProgress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bars:
            self._bars.stop()

    def step(self, name: str, total: int) -> None:
        if self._bars is None:
            self._bars = _rich_bars()
            self._bars.start()
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(name, total=total, note="")

    def reach(self, done: int, note: str = "") -> None:
        if self._bars and self._task is not None:
            self._bars.update(self._task, completed=done, note=note)


class Lines:
    """A line on stderr every few seconds of a step, and at the end of one that took so long; none for a quick step."""

    def __init__(self, prefix: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._prefix = prefix
        self._clock = clock
        self._name = ""
        self._total = 0
        self._began = 0.0
        self._said = 0.0
        self._done = -1  # as of the last line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        pass

    def step(self, name: str, total: int) -> None:
        self._name, self._total = name, total
        self._began = self._said = self._clock()
        self._done = -1

    def reach(self, done: int, note: str = "") -> None:
        now = self._clock()
        finished = done >= self._total
        wait = _END_AFTER_S if finished else _STILL_EVERY_S if done == self._done else _LINE_EVERY_S
        if now - self._said < wait:
            return
        self._said, self._done = now, done
        left = "" if finished or done == 0 else f"about {(now - self._began) / done * (self._total - done):.0f} s left"
        output.note(", ".join(part for part in (f"{self._prefix}{self._name}: {done} of {self._total}", note, left) if part))


def progress() -> Bar | Lines:
    """What fits where stderr goes."""
    return Bar() if sys.stderr.isatty() else Lines()


def _rich_bars() -> "RichProgress":
    from rich.console import Console  # late: 40 ms
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    return RichProgress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
