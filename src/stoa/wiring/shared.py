"""What several roles are put together with."""

import time
from typing import TYPE_CHECKING

from stoa.settings import Settings

if TYPE_CHECKING:  # late: see the functions
    from stoa.adapters.database import Database
    from stoa.adapters.sources.table import ConnectorTable
    from stoa.batches.files import Files
    from stoa.domain.files import Blobs

SETTLED_S = 5
"""How long after its start a role does what can wait."""
PATIENCE_S = 5
"""How long a role that ends waits for what it has in hand."""


def now_ms() -> int:
    """UTC milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def clock_ms() -> float:
    """Milliseconds of a clock that only runs forward, for durations."""
    return time.perf_counter() * 1000


def files_of(settings: Settings, database: "Database", blobs: "Blobs") -> "Files":
    from stoa.adapters.database.files import FileTable
    from stoa.adapters.database.opening import opener
    from stoa.batches.files import Files

    return Files(write=opener(database.write, FileTable), blobs=blobs, most_bytes=settings.gateway.upload_bytes, now_ms=now_ms)


def connectors_of(settings: Settings) -> "ConnectorTable":
    from stoa.adapters.sources.surroundings import Surroundings
    from stoa.adapters.sources.table import ConnectorTable

    around = Surroundings(scratch=settings.home_folder.sources, website_allow=settings.worker.website_allow)
    return ConnectorTable(folders=settings.worker.folders, surroundings=around)
