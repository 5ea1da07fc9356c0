"""Lists of numbers and of texts, each in two flat arrays.

A list of lists is `flat`, all of them behind each other, and `first`, where each begins, with the end of the last behind.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Keys = NDArray[np.uint64]
Array = NDArray[Any]  # Any: of whatever type its file says


class Lists(NamedTuple):
    """Lists of numbers."""

    first: Ints
    flat: Array

    @classmethod
    def of(cls, lists: Iterable[Sequence[int]], dtype: type[np.generic]) -> "Lists":
        kept = list(lists)
        counts = np.fromiter(map(len, kept), dtype=np.int64, count=len(kept))
        flat = np.fromiter((number for numbers in kept for number in numbers), dtype=dtype, count=int(counts.sum()))
        return cls(begins(counts), flat)

    @property
    def counts(self) -> Ints:
        return np.diff(self.first)

    def take(self, which: NDArray[np.integer]) -> "Lists":
        """These of the lists, in this order."""
        counts = self.first[which + 1] - self.first[which]
        return Lists(begins(counts), self.flat[spans(self.first[which], counts)])


class Texts(NamedTuple):
    """Texts as UTF-8 behind each other."""

    first: Ints
    flat: NDArray[np.uint8]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Texts":
        encoded = [text.encode() for text in texts]
        counts = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
        return cls(begins(counts), np.frombuffer(b"".join(encoded), dtype=np.uint8))

    def take(self, which: NDArray[np.integer]) -> "Texts":
        return Texts(*Lists(self.first, self.flat).take(which))

    def at(self, places: NDArray[np.integer]) -> list[str]:
        """The texts at these places."""
        pairs = zip(self.first[places].tolist(), self.first[places + 1].tolist(), strict=True)
        return [self.flat[first:last].tobytes().decode() for first, last in pairs]


def begins(counts: NDArray[np.integer]) -> Ints:
    """Where each list begins, and where the last one ends."""
    first = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=first[1:])
    if first[-1] > np.iinfo(np.int32).max:
        raise OverflowError("A segment of the graph holds at most 2**31 entries.")
    return first.astype(np.int32)


def spans(starts: NDArray[np.integer], counts: NDArray[np.integer]) -> NDArray[np.int64]:
    """The numbers from each start on, as many as counted, all behind each other."""
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total, dtype=np.int64) + np.repeat(starts - (ends - counts), counts)


def join_lists(parts: Sequence[Lists]) -> Lists:
    counts = np.concatenate([part.counts for part in parts])
    return Lists(begins(counts), np.concatenate([part.flat for part in parts]))


def join_texts(parts: Sequence[Texts]) -> Texts:
    return Texts(*join_lists([Lists(*part) for part in parts]))


def key_of(text: str) -> int:
    """64 bits that stand for a text: among ten million texts two share one with a chance of 1 in 400,000."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
