"""The best of a ranking in the order of a model that reads the question with each: a cross-encoder or late interaction.

Where it fails or is late, the order stands as it was: a search never waits for it longer than its time, and never fails for it.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from math import exp
from time import perf_counter

import msgspec

from stoa.domain.identity import AccessTag
from stoa.domain.passages import Among, Passage, Reranked, RerankState, Retriever, Scores, SearchMode
from stoa.domain.reranking import Rerank, Reranker
from stoa.errors import StoaError
from stoa.knowledge.redundancy import diverse

_LONGEST_WHY = 300
_NO_SCORES = Scores()


class RerankingRetriever:
    """The retriever port over another. `told` hears what came of each question for which there was something to order.

    Only a search by everything together is reranked; the others show what one part finds.
    """

    def __init__(self, retriever: Retriever, wanted: Rerank, reranker: Reranker, told: Callable[[Reranked], None]) -> None:
        self._retriever, self._wanted, self._reranker, self._told = retriever, wanted, reranker, told

    async def retrieve(
        self,
        question: str,
        *,
        collections: Sequence[str],
        acl: frozenset[AccessTag],
        limit: int,
        on_behalf_of: str,
        mode: SearchMode = "hybrid",
        among: Mapping[str, Among] | None = None,
    ) -> Sequence[Passage]:
        reranks = mode == "hybrid"
        found = await self._retriever.retrieve(
            question, collections=collections, acl=acl, limit=max(limit, self._wanted.top) if reranks else limit,
            on_behalf_of=on_behalf_of, mode=mode, among=among,
        )  # fmt: skip
        first = found[: self._wanted.top]
        if not reranks or len(first) < 2:
            return found[:limit]
        scores = await self._scores(question, first, on_behalf_of)
        if scores is None:
            return found[:limit]
        best = reordered(first, scores)
        return [*diverse(best, limit=limit), *below(found[len(first) :], best[-1].score)][:limit]

    async def _scores(self, question: str, passages: Sequence[Passage], team: str) -> Sequence[float] | None:
        """None where the model gave none."""
        began, why = perf_counter(), ""
        state: RerankState = "failed"
        scores: Sequence[float] | None = None
        try:
            async with asyncio.timeout(self._wanted.timeout_s):
                scores = await self._reranker.rerank(question, [read_text(each) for each in passages], team=team)
        except TimeoutError:
            state, why = "late", f"It gave no answer within {self._wanted.timeout_s:g} s."
        except StoaError as error:
            why = error.message[:_LONGEST_WHY]
        else:
            state = "reranked"
        self._told(Reranked(self._wanted.model, state, round((perf_counter() - began) * 1000, 1), why))
        return scores


def read_text(passage: Passage) -> str:
    """What the model reads of a passage: title and headings, and its text."""
    return "\n".join((" > ".join(filter(None, (passage.title, *passage.heading))), passage.text)).strip()


def reordered(passages: Sequence[Passage], scores: Sequence[float]) -> list[Passage]:
    """By these scores, best first; equal ones as they stood. A model's scores without bounds become such between 0 and 1."""
    bounded = all(0 <= score <= 1 for score in scores)
    made = [
        msgspec.structs.replace(
            passage,
            score=score if bounded else _logistic(score),
            scores=msgspec.structs.replace(passage.scores or _NO_SCORES, rerank=score),
        )
        for passage, score in zip(passages, scores, strict=True)
    ]
    order = sorted(range(len(made)), key=lambda place: -scores[place])
    return [made[place] for place in order]


def below(passages: Sequence[Passage], least: float) -> list[Passage]:
    """Those that the model did not read, in their order, with scores below the least that it gave."""
    return [msgspec.structs.replace(each, score=each.score * least) for each in passages]


def _logistic(score: float) -> float:
    return 1 / (1 + exp(-score)) if score >= 0 else exp(score) / (1 + exp(score))
