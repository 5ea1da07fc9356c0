"""Documents that were made while a source was listed, kept in a file without a name until they are fetched."""

import os
import tempfile
import threading
from pathlib import Path


class Spool:
    """Bytes by path. The file is gone with the process, however that ends. For several threads at once."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - closed by `close`
        self._places: dict[str, tuple[int, int]] = {}
        self._end = 0
        self._changing = threading.Lock()

    def put(self, path: str, data: bytes) -> None:
        """Raises KeyError for a path that is there."""
        with self._changing:
            if path in self._places:
                raise KeyError(path)
            start, view = self._end, memoryview(data)
            while view:
                view = view[os.pwrite(self._file.fileno(), view, start + len(data) - len(view)) :]
            self._end += len(data)
            self._places[path] = (start, len(data))

    def get(self, path: str) -> bytes | None:
        """Where it lies is told with each read: one that seeks first could be given what another has asked for."""
        if path not in self._places:
            return None
        start, size = self._places[path]
        return os.pread(self._file.fileno(), size, start)

    def clear(self) -> None:
        with self._changing:
            self._places.clear()
            self._end = 0
            self._file.truncate(0)

    def close(self) -> None:
        self._places.clear()
        self._file.close()
