"""What a detector says of a text."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Finding(msgspec.Struct, frozen=True, gc=False):
    """`text[start:end]` is of this kind, such as EMAIL_ADDRESS. `score` is in (0, 1]; 1 where a checksum proves it."""

    kind: str
    start: int
    end: int
    score: float = 1.0


class Detector(Protocol):
    """One kind of looking at text, set up once and then asked for every text. Thread-safe, and the same answer each time."""

    reach: int
    """Characters: of a stream so many are held back, so that nothing that a finding may begin with leaves before it is whole.
    0 where only the whole text can be judged."""

    def find(self, text: str) -> Sequence[Finding]:
        """In the order of their places, without overlap; empty when there is nothing to act on."""
        ...
