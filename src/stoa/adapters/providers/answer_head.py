"""The header lines of an answer, split only when somebody looks at them: of most answers nobody does."""

from collections.abc import Iterator, Sequence
from typing import overload

Line = tuple[bytes, bytes]


class AnswerHead(Sequence[Line]):
    """Names in lower case. `pieces` is what came from the answer's first byte on, its syntax checked by the parser.

    The parser takes line ends of CR LF only and no folded lines, so splitting says what it understood. `interim` answers
    came before the one that is meant.
    """

    __slots__ = ("_interim", "_lines", "_pieces")

    def __init__(self, pieces: list[bytes], interim: int) -> None:
        self._pieces = pieces
        self._interim = interim
        self._lines: list[Line] | None = None

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | Sequence[Line]:
        return self._read()[index]

    def __iter__(self) -> Iterator[Line]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def names(self, *names: bytes) -> bool:
        """Whether one of these headers is there."""
        return any(name in names for name, _ in self._read())

    def size(self) -> int:
        """Bytes of its lines."""
        return sum(len(name) + len(value) + 4 for name, value in self._read())

    def _read(self) -> list[Line]:
        if self._lines is None:
            rest = b"".join(self._pieces)
            for _ in range(self._interim):
                rest = rest.lstrip(b"\r\n").partition(b"\r\n\r\n")[2]
            lines = rest.lstrip(b"\r\n").partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
            parts = (line.partition(b":") for line in lines)
            self._lines = [(name.lower(), value.strip(b" \t")) for name, _, value in parts]
            self._pieces = []
        return self._lines
