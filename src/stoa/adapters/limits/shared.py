"""All limits that one gateway worker counts together with the others of its machine."""

import asyncio
import time
from pathlib import Path

from stoa.adapters.limits.file import LimitsFile
from stoa.adapters.limits.spending import SharedSpending
from stoa.adapters.limits.windows import SharedWindow, SharedWindows

_EVERY_S = 1.0


class MachineLimits:
    """Implements `domain.limits.SharedLimits` on one file. Raises OperatorError when it cannot be made."""

    def __init__(self, path: Path, *, worker: int, workers: int) -> None:
        self._file = LimitsFile(path, worker=worker, workers=workers)
        self._windows = SharedWindows(self._file)
        self.spending = SharedSpending(self._file)

    def window(self, key: str) -> SharedWindow:
        return self._windows.window(key)

    async def give_back(self) -> None:
        """Until cancelled: what was leased and not used is there for the other workers within a second or two."""
        while True:
            await asyncio.sleep(_EVERY_S)
            self._windows.give_back(int(time.monotonic()))

    def close(self) -> None:
        self._file.close()
