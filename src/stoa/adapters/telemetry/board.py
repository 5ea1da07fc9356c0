"""The numbers of several gateway workers as one: each keeps a file in the run folder, and whoever is asked reads them all.

A worker that is started again takes up what its predecessor has left, so that no sum ever goes back. What was shown was put
into the file first; therefore a worker that dies takes at most what nobody has seen with it.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from stoa.domain.metrics import METRICS, Histogram, Labels, Sheet

log = logging.getLogger("stoa.telemetry")

EVERY_S = 2.0
OLD_S = 10.0
"""Numbers older than this are of a worker that is gone: what it counted stays, what it measured does not."""


class _Post(msgspec.Struct):
    """One file. `run` tells a start of Stoa from another; `at_s` is in unix seconds."""

    run: int
    at_s: float
    sheet: Sheet


_decode = msgspec.msgpack.Decoder(_Post).decode


class FileBoard:
    """Implements `domain.metrics.Board` for the worker of that name. `now` gives unix seconds."""

    def __init__(self, folder: Path, name: str, *, run: int, now: Callable[[], float] = time.time) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._name = name
        self._run = run
        self._now = now
        self._failing = False
        left = self._read(self._path(name))
        self._before = _Counted()
        if left is not None:
            self._before.left = left.sheet

    def post(self, own: Sheet) -> None:
        self._post(own)

    def whole(self, own: Sheet) -> Sheet:
        whole = self._post(own)
        for path in sorted(self._folder.glob("*.msgpack")):
            post = self._read(path) if path != self._path(self._name) else None
            if post is None:
                continue
            alive = self._now() - post.at_s < OLD_S
            whole.take(post.sheet, gauges=alive)
            if not alive:
                whole.add("stoa_worker_up", 0, path.stem)
        return whole

    def _post(self, own: Sheet) -> Sheet:
        sheet = self._before.on_top(own)
        try:
            path = self._path(self._name)
            beside = path.with_suffix(".new")
            # Not flushed to disk: what a crash of the machine loses is of no use after it.
            beside.write_bytes(msgspec.msgpack.encode(_Post(self._run, self._now(), sheet)))
            beside.replace(path)
            self._failing = False
        except OSError as error:
            if not self._failing:
                log.warning("the numbers of %s cannot be put where other workers find them: %s", self._name, error)
            self._failing = True
        return sheet

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.msgpack"

    def _read(self, path: Path) -> _Post | None:
        """None when there is none of this run and this version."""
        try:
            post = _decode(path.read_bytes())
        except (OSError, msgspec.MsgspecError):
            return None
        known = METRICS.keys() >= post.sheet.numbers.keys() | post.sheet.histograms.keys()
        return post if post.run == self._run and known else None


class _Counted:
    """What was counted before: by a predecessor, and by whatever was counted from zero again since."""

    def __init__(self) -> None:
        self.left = Sheet()
        self._last = Sheet()

    def on_top(self, own: Sheet) -> Sheet:
        """The sheet with what came before added. Its counters never fall, whatever those of `own` do."""
        for name, series in self._last.numbers.items():
            if METRICS[name].kind == "counter":
                for labels, value in series.items():
                    if own.numbers.get(name, {}).get(labels, 0) < value:
                        self.left.add(name, value, *labels)
        for name, shapes in self._last.histograms.items():
            for labels, shape in shapes.items():
                if _count(own.histograms.get(name, {}), labels) < sum(shape.buckets):
                    self.left.observe(name, shape.buckets, shape.total, *labels)
        self._last = own
        whole = Sheet()
        whole.take(own)
        whole.take(self.left, gauges=False)
        return whole


def _count(shapes: dict[Labels, Histogram], labels: Labels) -> int:
    return sum(shapes[labels].buckets) if labels in shapes else 0


async def keep_posted(board: FileBoard, sheet: Callable[[], Sheet]) -> None:
    """Put the numbers up every two seconds, until cancelled."""
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(EVERY_S)
            board.post(sheet())
