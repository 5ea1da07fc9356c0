"""Which model, if any, puts passages in order for a question; it is asked as requests ask it, within limits and at a cost."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec

from stoa.domain.passages import Reranked, Retriever
from stoa.domain.reranking import OFF, Rerank, Reranking
from stoa.errors import ProviderError
from stoa.gateway.local import ask
from stoa.gateway.plan import Plan
from stoa.gateway.stages import Stages
from stoa.gateway.surface import RERANK


class _Result(msgspec.Struct):
    index: int
    relevance_score: float


class _Answer(msgspec.Struct):
    results: list[_Result]


_decode = msgspec.json.Decoder(_Answer).decode
_encode = msgspec.json.Encoder().encode


class LocalReranker:
    """Implements `domain.reranking.Reranker` with one rerank model or route of the plan, through the gateway's own stages."""

    def __init__(self, stages: Stages, plan: Callable[[], Plan | None], model: str) -> None:
        self._stages, self._plan, self._model = stages, plan, model

    async def rerank(self, question: str, texts: Sequence[str], *, team: str) -> Sequence[float]:
        """Raises ProviderError when the model gives no order, whatever the reason."""
        plan = self._plan()
        client = plan.services.get(team) if plan is not None else None
        if plan is None or client is None:
            raise ProviderError(f"Team {team!r} is not known yet, so nothing can be reranked for it.", status=503)
        client = replace(
            client, content_days=None
        )  # what documents say is for those who may read them, and kept with them alone
        body = _encode({"model": self._model, "query": question, "documents": texts})
        status, answer = await ask(self._stages, plan, client, RERANK, self._model, body)
        if status != 200:
            raise ProviderError(f"Rerank model {self._model!r} gave no order: {answer[:500].decode(errors='replace')}")
        try:
            results = _decode(answer).results
        except msgspec.MsgspecError as error:
            raise ProviderError(f"Rerank model {self._model!r} answered nonsense: {error}.") from None
        scores = {each.index: each.relevance_score for each in results}
        if sorted(scores) != list(range(len(texts))) or len(results) != len(texts):
            raise ProviderError(f"Rerank model {self._model!r} answered {len(results)} scores for {len(texts)} passages.")
        return [scores[place] for place in range(len(texts))]


class Ordering:
    """Retrievers that rerank as collections say. `reranking` None is a gateway that never does."""

    def __init__(self, retriever: Retriever, reranking: Reranking | None, stages: Callable[[], Stages]) -> None:
        self._retriever, self._reranking, self._stages = retriever, reranking, stages

    def over(
        self, plan: Plan, collections: Sequence[str], told: Callable[[Reranked], None], *, model: str | None = None
    ) -> Retriever:
        """The retriever for a question to these. `model` is asked instead of the one they name, OFF none at all."""
        wanted = wanted_of(plan, collections, model)
        if self._reranking is None or wanted is None:
            return self._retriever
        if isinstance(wanted, Reranked):
            told(wanted)
            return self._retriever
        return self._reranking(self._retriever, wanted, LocalReranker(self._stages(), lambda: plan, wanted.model), told)


def wanted_of(plan: Plan, collections: Sequence[str], model: str | None) -> Rerank | Reranked | None:
    """How a question to these collections is reranked, that it cannot be, or None where it is not to be."""
    if model == OFF:
        return None
    said = [plan.reranks.get(name.partition("@")[0]) for name in dict.fromkeys(collections)]
    if model is not None:
        return msgspec.structs.replace(next(filter(None, said), Rerank(model=model)), model=model)
    ways = list(dict.fromkeys(said))
    if len(ways) < 2:
        return ways[0] if ways else None
    names = ", ".join(sorted({each.model if each is not None else "none" for each in ways}))
    return Reranked(
        "", "differ", why=f"The collections are not reranked in one way ({names}), so their passages are in the fused order."
    )
