"""A transport in memory for tests of protocols: keeps what is written, and says when it would rather not be fed."""

import asyncio
import itertools
from typing import Any


class Pipe(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.paused = self.closing = self.ended = False

    def write(self, data: Any) -> None:
        assert not self.closing
        self.written += data

    def writelines(self, pieces: Any) -> None:
        self.write(b"".join(pieces))

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.closing = True

    abort = close

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...


def cut(data: bytes, at: list[int]) -> list[bytes]:
    """The data in pieces, cut at these places."""
    marks = sorted({0, len(data), *(mark % (len(data) + 1) for mark in at)})
    return [data[start:end] for start, end in itertools.pairwise(marks)]
