"""What is to be embedded, and what comes back: between OpenAI's form and that of an upstream."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec


class EmbeddingRequest(msgspec.Struct, kw_only=True, frozen=True):
    """`input_type` is Cohere's word for what the texts are for, such as search_query; OpenAI's form has none."""

    texts: list[str]
    base64: bool = False
    """Vectors are wanted as 32-bit floats in base64."""
    dimensions: int | None = None
    input_type: str | None = None


class Vectors(NamedTuple):
    """One call's answer. `tokens` is None when the upstream does not tell."""

    vectors: list[list[float]]
    tokens: int | None


def batches(texts: list[str], most: int) -> Iterator[list[str]]:
    """The texts in their order, at most so many at a time."""
    for start in range(0, len(texts), most):
        yield texts[start : start + most]
