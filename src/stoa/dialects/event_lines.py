"""Server-sent events as upstreams write them, cut anywhere: bytes in, the data of whole events out.

Only `data` and `event` matter here: no upstream of these forms relies on ids, retries or comments.
"""

import re

LIMIT = 16 * 1024 * 1024
"""Bytes of one event; an upstream that never ends one may not fill the memory."""


class EventLines:
    """One stream. LF, CRLF and a lone CR all end a line, as the standard says."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._rest: list[bytes] = []
        self._event = b""
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """Name (empty when it has none) and data of each event that `data` completed. Raises ValueError over the limit."""
        if self._after_cr and data.startswith(b"\n"):
            data, self._after_cr = data[1:], False
        if data:
            self._after_cr = data.endswith(b"\r")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self._size += len(data)
        if self._size > self._limit:
            raise ValueError(f"an event of the stream is longer than {self._limit} bytes")
        self._rest.append(data)
        events: list[tuple[str, bytes]] = []
        if b"\n" not in data:  # long events come in many pieces: join them once
            return events
        lines = b"".join(self._rest).split(b"\n")
        self._rest = [lines[-1]]
        del lines[-1]
        for line in lines:
            if line:
                self._line(line)
            elif self._data:
                events.append((self._event.decode("utf-8", "replace"), b"\n".join(self._data)))
                self._event, self._data = b"", []
            else:
                self._event = b""
        self._size = len(self._rest[0]) + sum(map(len, self._data))
        return events

    def _line(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._event = value


class WholeEvents:
    """The bytes of a stream cut after whole events, for streams that pass untouched but for their line ends, which become LF.

    Each event ends with exactly one blank line, wherever the pieces were cut.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._rest: list[bytes] = []
        self._size = 0
        self._after_cr = False

    def feed(self, data: bytes) -> bytes:
        """The events that are whole by now. Raises ValueError over the limit."""
        if b"\r" in data or self._after_cr:
            if self._after_cr and data.startswith(b"\n"):
                data, self._after_cr = data[1:], False
            if data:
                self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self._rest.append(data)
        self._size += len(data)
        if self._size > self._limit:
            raise ValueError(f"an event of the stream is longer than {self._limit} bytes")
        if b"\n" not in data:  # long events come in many pieces: join them once
            return b""
        data = b"".join(self._rest)
        data = data.lstrip(b"\n")
        cut = data.rfind(b"\n\n") + 2
        if cut == 1:
            cut = 0
        rest = data[cut:].lstrip(b"\n")
        self._rest = [rest] if rest else []
        self._size = len(rest)
        events = data[:cut]
        return _BLANKS.sub(b"\n\n", events) if b"\n\n\n" in events else events


_BLANKS = re.compile(rb"\n{3,}")


def data_of(event: bytes) -> bytes:
    """The data of one whole event with plain line ends; empty when it has none."""
    if event.startswith(b"data:") and b"\n" not in event:
        return event[5:].strip()
    return b"\n".join(line[5:].strip() for line in event.split(b"\n") if line.startswith(b"data:"))
