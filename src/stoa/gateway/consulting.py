"""The documents behind assistants, by the plan of this moment: embedders, indexes, rerankers, and what stands beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stoa.domain.identity import AccessTag
from stoa.domain.passages import Embedder, Reranked
from stoa.gateway.augment import Augmented, Judged, LookedUp, Widened, augment, prompt_tokens
from stoa.gateway.beside import widened
from stoa.gateway.local import LocalEmbedder
from stoa.gateway.lookups import Looking
from stoa.gateway.plan import Client, Offering, Plan
from stoa.gateway.ports import Ports
from stoa.gateway.reranking import Ordering
from stoa.gateway.stages import PARENT, Stages


class Consulting:
    """Implements `stages.Augment`. `plan` raises OperatorError while there is none."""

    def __init__(self, ports: Ports, plan: Callable[[], Plan], stages: Callable[[], Stages]) -> None:
        self._ports, self._plan, self._stages = ports, plan, stages
        self._embedders: dict[str, Embedder] = {}
        self._looking: Looking | None = None
        self.ordering = Ordering(ports.retriever(self._embedder_of, self._index_of), ports.reranking, stages)

    async def __call__(
        self, body: bytes, offering: Offering, client: Client, *, parent_id: str, judged: Judged | None = None
    ) -> Augmented:
        assert offering.assistant is not None
        PARENT.set(parent_id)  # of the request's own task
        caller, reranked = client.caller, list[Reranked]()
        made = await augment(
            body,
            offering.assistant,
            acl=caller.acl,
            team=caller.team,
            retriever=self.ordering.over(self._plan(), offering.assistant.collections, reranked.append),
            rewrite=self._ports.rewrite,
            decompose=self._ports.decompose,
            judged=judged,
            looked_up=self._looked_up(offering, client, parent_id),
            widened=self._widened(offering, caller.acl),
        )
        return Augmented(made.body, made.passages, tuple(reranked))

    async def vectors(self, model: str, texts: Sequence[str], team: str) -> Sequence[Sequence[float]]:
        """Of texts, with any embedding model. Raises ProviderError."""
        return await self._embedder(model).embed(texts, team=team)

    def _looked_up(self, offering: Offering, client: Client, parent_id: str) -> LookedUp | None:
        """None where nothing is to be looked up."""
        assert offering.assistant is not None
        lookups = self._ports.lookups
        if lookups is None or not offering.assistant.tools:
            return None
        if self._looking is None:
            self._looking = Looking(self._stages(), lookups)
        return self._looking.gathering(self._plan(), offering, client, parent_id)

    def _widened(self, offering: Offering, acl: frozenset[AccessTag]) -> Widened | None:
        """None where nothing beside what was found is wanted."""
        assert offering.assistant is not None
        reach = offering.assistant.neighbours
        if not reach:
            return None
        reader, index_of = self._ports.passages, self._index_of
        return lambda found, budget: widened(
            found, reach=reach, budget=budget, tokens_of=prompt_tokens, reader=reader, index_of=index_of, acl=acl
        )

    def _embedder_of(self, collection: str) -> Embedder:
        """In this process; the team pays as for any other request."""
        return self._embedder(
            self._plan().indexes[collection].embedding_model
        )  # an assistant's collections are in its snapshot

    def _embedder(self, model: str) -> Embedder:
        if model not in self._embedders:
            self._embedders[model] = LocalEmbedder(self._stages(), self._plan, model)
        return self._embedders[model]

    def _index_of(self, collection: str) -> str:
        return self._plan().indexes[collection].name
