"""A role's log file: what the role writes to its standard error, kept in a few files of bounded size."""

import contextlib
from pathlib import Path


class LogFile:
    """Append bytes to `path`; at `limit` bytes it becomes `path.1`, that one `path.2`, and the oldest goes.

    Rotates between lines only, so a file may exceed the limit by one piece of output. On a full disk output is lost: a role
    must not stop because its log cannot grow.
    """

    def __init__(self, path: Path, *, limit: int = 10_000_000, kept: int = 3) -> None:
        self._path = path
        self._limit = limit
        self._kept = kept
        self._file = path.open("ab", buffering=0)
        self._size = self._file.tell()
        self._line_ended = True
        path.chmod(0o600)

    @property
    def path(self) -> Path:
        return self._path

    def write(self, piece: bytes) -> None:
        with contextlib.suppress(OSError):
            if self._size >= self._limit and self._line_ended:
                self._rotate()
            self._file.write(piece)
            self._size += len(piece)
            self._line_ended = piece.endswith(b"\n")

    def tail(self, *, lines: int, start: int) -> list[str]:
        """The last lines of the present file, from the offset `start` on."""
        with self._path.open("rb") as file:
            file.seek(max(start, file.seek(0, 2) - 16_384))
            return file.read().decode(errors="replace").splitlines()[-lines:]

    @property
    def size(self) -> int:
        return self._size

    def close(self) -> None:
        self._file.close()

    def _rotate(self) -> None:
        self._file.close()
        for number in range(self._kept - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self._path.replace(self._numbered(1))
        self._file = self._path.open("ab", buffering=0)
        self._path.chmod(0o600)
        self._size = 0

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
