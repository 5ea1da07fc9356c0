"""Several workers' tables on one file, in this process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stoa.adapters.limits.file import LimitsFile
from stoa.adapters.limits.spending import SharedSpending
from stoa.adapters.limits.windows import SharedWindows


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., list[LimitsFile]]:
    """`files(3)`: what three workers map, of one fresh file."""
    made: list[int] = []

    def make(workers: int, **sizes: Any) -> list[LimitsFile]:
        made.append(workers)
        path = tmp_path / f"limits-{len(made)}"
        return [LimitsFile(path, worker=worker, workers=workers, **sizes) for worker in range(1, workers + 1)]

    return make


@pytest.fixture
def windows(files: Callable[..., list[LimitsFile]]) -> Callable[..., list[SharedWindows]]:
    return lambda workers, **sizes: [SharedWindows(file) for file in files(workers, **sizes)]


@pytest.fixture
def spendings(files: Callable[..., list[LimitsFile]]) -> Callable[..., list[SharedSpending]]:
    return lambda workers, **sizes: [SharedSpending(file) for file in files(workers, **sizes)]
