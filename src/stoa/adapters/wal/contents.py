"""The log of contents: beside that of usage, and never in its way. A thread seals and writes; what finds no room is dropped.

A batch is one file, complete once it has its last name: a msgpack array's items, each a sealed content. Batches that a former
process left complete are shipped; one that it was writing is lost, as contents are kept at best effort.
"""

import logging
import os
import struct
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from stoa.domain.contents import Content, TransitSeal
from stoa.kit.ids import new_id

log = logging.getLogger("stoa.contents")

_EVERY_S = 0.5
_BATCH_BYTES = 1_048_576
_OVERHEAD = 512  # bytes of a content beside what was asked and answered
_SUFFIX = ".contents"
_BIN32 = struct.Struct(">BI")


class DiskContents:
    """Implements `domain.contents.ContentLog` and `ContentSpool` in a folder."""

    def __init__(
        self, folder: Path, seal: TransitSeal, *, waiting_bytes: int = 16_777_216, spool_bytes: int = 268_435_456
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for torn in folder.glob("*.part"):
            torn.unlink(missing_ok=True)
        self._folder = folder
        self._seal = seal
        self._waiting: deque[Content] = deque()
        self._waiting_bytes = 0
        self._most_waiting = waiting_bytes
        self._most_spooled = spool_bytes
        self._spooled = sum(path.stat().st_size for path in folder.glob(f"*{_SUFFIX}"))
        self._lock = threading.Lock()
        self.kept = 0
        self.dropped = 0
        self._stop = threading.Event()
        self._writer = threading.Thread(target=self._write_regularly, name="contents-log", daemon=True)
        self._writer.start()

    def keep(self, content: Content) -> None:
        size = _size(content)
        if self._waiting_bytes + size > self._most_waiting or self._spooled > self._most_spooled:
            self.dropped += 1
            return
        with self._lock:
            self._waiting_bytes += size
        self._waiting.append(content)
        self.kept += 1

    def batches(self) -> Sequence[str]:
        return sorted(path.name for path in self._folder.glob(f"*{_SUFFIX}"))

    def read(self, batch: str) -> bytes:
        data = (self._folder / batch).read_bytes()
        return b"\xdd" + data  # the file begins with the count

    def remove(self, batch: str) -> None:
        path = self._folder / batch
        size = path.stat().st_size
        path.unlink()
        with self._lock:
            self._spooled -= size

    def close(self) -> None:
        """Write what waits."""
        self._stop.set()
        self._writer.join()
        self.flush()

    def flush(self) -> None:
        """Write everything that waits, in batches."""
        while self._waiting:
            try:
                self._write_batch()
            except OSError as error:
                log.error("contents cannot be written to %s, and are dropped: %s", self._folder, error)

    def _write_regularly(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self.flush()

    def _write_batch(self) -> None:
        items: list[bytes] = []
        total = taken = 0
        while self._waiting and total < _BATCH_BYTES:
            content = self._waiting.popleft()
            taken += _size(content)
            wrapped = self._seal.wrap(content)
            items.append(_BIN32.pack(0xC6, len(wrapped)) + wrapped)
            total += len(items[-1])
        with self._lock:
            self._waiting_bytes -= taken
        name = new_id()
        part = self._folder / f"{name}.part"
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(len(items).to_bytes(4, "big"))
                file.writelines(items)
            part.rename(self._folder / f"{name}{_SUFFIX}")
        except OSError:
            self.kept -= len(items)
            self.dropped += len(items)
            part.unlink(missing_ok=True)
            raise
        with self._lock:
            self._spooled += total + 4


def _size(content: Content) -> int:
    return len(content.request) + len(content.answer or b"") + _OVERHEAD
