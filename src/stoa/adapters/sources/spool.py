"""Documents that were made while a source was listed, kept in a file without a name until they are fetched."""

import tempfile
from pathlib import Path


class Spool:
    """Bytes by path. The file is gone with the process, however that ends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `close`
        self._places: dict[str, tuple[int, int]] = {}

    def put(self, path: str, data: bytes) -> None:
        """Raises KeyError for a path that is there."""
        if path in self._places:
            raise KeyError(path)
        self._places[path] = (self._file.seek(0, 2), len(data))
        self._file.write(data)

    def get(self, path: str) -> bytes | None:
        if path not in self._places:
            return None
        start, size = self._places[path]
        self._file.seek(start)
        return self._file.read(size)

    def clear(self) -> None:
        self._places.clear()
        self._file.seek(0)
        self._file.truncate()

    def close(self) -> None:
        self._places.clear()
        self._file.close()
