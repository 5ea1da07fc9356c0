"""A fake embedder: each word is hashed into one of a few dimensions, so texts that share words lie near each other."""

import hashlib
import math
import re
from collections.abc import Sequence


class HashingEmbedder:
    """Deterministic unit vectors without a model."""

    def __init__(self, width: int = 64) -> None:
        self.width = width
        self.embedded = 0

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        self.embedded += len(texts)
        return [self._vector(text) for text in texts]

    def _vector(self, text: str) -> list[float]:
        vector = [0.0] * self.width
        for word in re.findall(r"\w+", text.lower()):
            vector[int.from_bytes(hashlib.blake2s(word.encode(), digest_size=4).digest()) % self.width] += 1.0
        length = math.sqrt(sum(value * value for value in vector))
        return [value / length for value in vector] if length else [1.0, *vector[1:]]
