"""A source in this process: the fake, whose contents and misfortunes a test decides."""

import hashlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

from stoa.domain.identity import Rights
from stoa.domain.sources import Connector, Connectors, Entry, Fetched, Origin, Plugin
from stoa.errors import InvalidRequest, SourceError, Unreadable


@dataclass
class MemoryPlace:
    """What lies there, by path. `away` says why it cannot be reached, `breaks_after` that a listing ends early with an error,
    `poisoned` why single documents cannot be fetched; `fetched` counts what was given out.
    """

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    rights: dict[str, Rights] = field(default_factory=dict[str, Rights])
    versioned: bool = True
    away: str | None = None
    breaks_after: int | None = None
    poisoned: dict[str, str] = field(default_factory=dict[str, str])
    fetched: list[str] = field(default_factory=list[str])
    closed: int = 0


class MemoryConnector(Connector):
    """The connector of a place."""

    def __init__(self, place: MemoryPlace, *, most_bytes: int = 1 << 30) -> None:
        self._place, self._most_bytes = place, most_bytes

    async def test(self) -> str:
        self._require_there()
        return f"There are {len(self._place.files)} documents in memory."

    async def entries(self) -> AsyncGenerator[Entry]:
        self._require_there()
        for number, (path, data) in enumerate(sorted(self._place.files.items())):
            if number == self._place.breaks_after:
                raise SourceError(f"The listing broke off after {number} documents.")
            version = _version(data) if self._place.versioned else None
            yield Entry(path=path, version=version, bytes=len(data), rights=self._place.rights.get(path))

    async def fetch(self, entry: Entry, *, known: str | None) -> Fetched | None:
        self._require_there()
        if (why := self._place.poisoned.get(entry.path)) is not None:
            raise Unreadable(why)
        data = self._place.files.get(entry.path)
        if data is None:
            raise Unreadable(f"{entry.path!r} is gone since it was listed.")
        if len(data) > self._most_bytes:
            raise Unreadable(
                f"{entry.path!r} has {len(data):,} bytes; the limit is {self._most_bytes:,} (worker.document_bytes)."
            )
        if (version := _version(data)) == known:
            return None
        self._place.fetched.append(entry.path)
        return Fetched(data, version)

    async def close(self) -> None:
        self._place.closed += 1

    def _require_there(self) -> None:
        if self._place.away is not None:
            raise SourceError(self._place.away)


class MemoryConnectors(Connectors):
    """Places by the name that an origin of type `plugin` gives."""

    def __init__(self, places: Mapping[str, MemoryPlace]) -> None:
        self._places = places

    def open(self, origin: Origin, credentials: Mapping[str, str], *, most_bytes: int) -> Connector:
        if not isinstance(origin, Plugin) or origin.plugin not in self._places:
            raise InvalidRequest(f"There is no such place: {origin!r}.", param="origin")
        return MemoryConnector(self._places[origin.plugin], most_bytes=most_bytes)


def connect(origin: Mapping[str, str | int | float | bool], credentials: Mapping[str, str], *, most_bytes: int) -> Connector:
    """As a plugin: a place that holds one document a text among the options."""
    files = {name: str(text).encode() for name, text in origin.items()}
    return MemoryConnector(MemoryPlace(files), most_bytes=most_bytes)


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
