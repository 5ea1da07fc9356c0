"""Retrieval behind the cache of answers, as a gateway has it: what was found is kept in an answer's place."""

import json
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from stoa.adapters.vocabularies.memory import MemoryTokenizers
from stoa.domain.identity import AccessTag
from stoa.domain.passages import Passage, Retriever
from stoa.domain.resources import Assistant, CachePolicy, Collection, Model, Provider, Route, Target
from stoa.domain.snapshot import Access, Caller, Snapshot
from stoa.domain.upstream import Facts
from stoa.domain.usage import Kept
from stoa.gateway.bodies import read_chat
from stoa.gateway.caching.key import Keys, is_shared
from stoa.gateway.counting.gauge import Gauges
from stoa.gateway.counting.known import Ledger
from stoa.gateway.guarding.ready import Workshop
from stoa.gateway.plan import Plan
from stoa.gateway.planning import compile_plan
from stoa.gateway.routing.state import TargetStates
from stoa.gateway.surface import CHAT

BODY = json.dumps(
    {"model": "assistant/a", "temperature": 0, "messages": [{"role": "user", "content": "common words?"}]}
).encode()


class CachedRetrieval:
    """Answers of one assistant over the collection `c`, which asks for `common words`."""

    def __init__(self, retriever: Retriever) -> None:
        self._retriever = retriever
        self._kept: dict[bytes, Sequence[Passage]] = {}

    async def ask(self, plan: Plan, name: str) -> Sequence[Passage]:
        """What a caller of the plan is given: what is kept under the key that the gateway would use, else what is found."""
        client, offering = plan.users[name], plan.offerings["chat"]["assistant/a"]
        key, policy = Keys().of(client, offering, CHAT, read_chat(BODY), BODY, {}), offering.cache
        assert key is not None
        assert policy is not None
        if key in self._kept:
            return self._kept[key]
        found = await self._retriever.retrieve(
            "common words", collections=["c"], acl=client.caller.acl, limit=80, on_behalf_of="asker"
        )
        if is_shared(client, offering, policy, found):
            self._kept[key] = found
        return found


def plan_of(
    callers: Mapping[str, frozenset[AccessTag]],
    corpus: Mapping[str, int],
    *,
    personal: frozenset[str] = frozenset(),
    collection: Collection | None = None,
) -> Plan:
    """What a gateway would serve from: one model, one assistant over the collection, callers of one team by name."""
    users = {name: Caller(id=name, name=name, team="company", acl=acl, access=0) for name, acl in callers.items()}
    names = frozenset({"assistant/a"})
    snapshot = Snapshot(
        version=1, made_at_ms=0, price_version="", keys={}, users=users, services={},
        access=(Access(list_models=True, chat=names, embed=frozenset()),), teams={},
        providers={"p": Provider(name="p", base_url="http://localhost/v1")},
        models={"m": Model(name="m", provider="p")}, prices={},
        routes={"r": Route(name="r", targets=(Target(model="m"),), cache=CachePolicy(shared="team"))},
        assistants={"a": Assistant(name="a", route="r", collections=("c",))},
        collections={"c": collection or Collection(name="c", team="company")}, corpus=dict(corpus), personal=personal,
    )  # fmt: skip
    link = SimpleNamespace(form="chat", native=frozenset({"chat"}), facts=lambda model: Facts())
    providers: Any = SimpleNamespace(link=lambda provider, opened: link)  # nothing is called through it
    states = TargetStates(draw=lambda: 0.0, call_later=lambda seconds, call: pytest.fail("nothing waits"))
    workshop = Workshop(vectors=providers, own=None, presidio=None)
    return compile_plan(
        snapshot, providers=providers, unsealer=providers, states=states, workshop=workshop, ledger=Ledger(Kept(), now_ms=1),
        gauges=Gauges(MemoryTokenizers()), now_ms=1,
    )  # fmt: skip
