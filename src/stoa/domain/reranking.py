"""Putting passages found into another order with a model that reads the question with each of them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from stoa.domain.passages import Reranked, Retriever
from stoa.domain.resources import Rerank

OFF = "off"
"""Instead of a model's name: the order without one."""


class Reranker(Protocol):
    """One model."""

    async def rerank(self, question: str, texts: Sequence[str], *, team: str) -> Sequence[float]:
        """How well each text answers the question, higher is better, in their order. `team` is who pays. Raises StoaError."""
        ...


Reranking = Callable[[Retriever, Rerank, Reranker, Callable[[Reranked], None]], Retriever]
"""A retriever whose first passages a model puts in order; what came of it is told after each question."""
