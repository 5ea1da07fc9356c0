"""Putting passages found into another order with a model that reads the question with each of them."""

from collections.abc import Callable, Sequence
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from stoa.domain.passages import Reranked, Retriever

OFF = "off"
"""Instead of a model's name: the order without one."""


class Rerank(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A model that puts the passages found first into another order, by reading the question with each of them."""

    model: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
    """A rerank model, or a route to some."""
    top: Annotated[int, Meta(ge=2, le=100)] = 30
    """How many it reads."""
    timeout_s: Annotated[float, Meta(gt=0, le=30)] = 1.0
    """When it is not waited for any longer, and the order stands as it was."""


class Reranker(Protocol):
    """One model."""

    async def rerank(self, question: str, texts: Sequence[str], *, team: str) -> Sequence[float]:
        """How well each text answers the question, higher is better, in their order. `team` is who pays. Raises StoaError."""
        ...


Reranking = Callable[[Retriever, Rerank, Reranker, Callable[[Reranked], None]], Retriever]
"""A retriever whose first passages a model puts in order; what came of it is told after each question."""
