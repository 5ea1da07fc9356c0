"""The fake keeps what every connector keeps; the real ones join in tests of their own."""

import pytest
from tests.contracts.sources import *  # noqa: F403 - the suite
from tests.contracts.sources import Traits

from stoa.adapters.sources.memory import MemoryConnector, MemoryPlace
from stoa.domain.identity import Rights
from stoa.domain.sources import Connector


class Remembered:
    """A place in memory."""

    traits = Traits()

    def __init__(self, *, versioned: bool) -> None:
        self._place = MemoryPlace(versioned=versioned)

    async def put(self, path: str, text: str, rights: Rights | None = None) -> None:
        self._place.files[path] = text.encode()
        self._place.rights.pop(path, None)
        if rights is not None:
            self._place.rights[path] = rights

    async def remove(self, path: str) -> None:
        del self._place.files[path]

    async def vanish(self) -> None:
        self._place.away = "The place cannot be reached: it was taken away by a test."

    def path_of(self, path: str) -> str:
        return path

    async def connect(self, *, most_bytes: int = 1 << 20) -> Connector:
        return MemoryConnector(self._place, most_bytes=most_bytes)


@pytest.fixture(params=["versioned", "unversioned"])
def place(request: pytest.FixtureRequest) -> Remembered:
    return Remembered(versioned=request.param == "versioned")
