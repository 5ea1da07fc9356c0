"""The semantic tier as clients see it: who gets the answer to another question, what is told of it, and what it costs."""

import asyncio
import hashlib
import json
from typing import Any

import pytest

from stoa.adapters.providers.memory import JSON, Script, Scripted, Sent
from stoa.domain.resources import CachePolicy, Route, Target

ONE = "How do I reset my router password?"
SAME = "What is the best way to reset my router password?"
OTHER = "How do I reset my router name?"
BODY = {"model": "spread", "messages": [{"role": "user", "content": ONE}]}


def spread(policy: CachePolicy | None = None) -> dict[str, Any]:
    route = Route(name="spread", targets=(Target(model="mock"),), cache=policy or CachePolicy(semantic=True))
    return {"routes": {"spread": route}}


def upstream(make: Any, *, cosine: float = 0.983, embeds: Scripted | None = None) -> Script:
    """A model that counts its answers, and an embedder that puts `SAME` at that cosine from everything else."""
    answers = 0

    def answer(sent: Sent) -> Scripted:
        nonlocal answers
        if not sent.url.endswith("/embeddings"):
            answers += 1
            return make.whole(f"Answer {answers}.")
        if embeds is not None:
            return embeds
        texts = json.loads(sent.body)["input"]
        rest = (1 - cosine**2) ** 0.5
        vectors = [[cosine, rest] if text == SAME else [1.0, 0.0] for text in texts]
        data = [{"index": at, "embedding": vector} for at, vector in enumerate(vectors)]
        usage = {"prompt_tokens": 20, "total_tokens": 20}
        return Scripted(200, [json.dumps({"object": "list", "data": data, "model": "e", "usage": usage}).encode()], JSON)

    return answer


def embedded(here: Any) -> list[list[str]]:
    return [json.loads(sent.body)["input"] for sent in here.upstreams.sent if sent.url.endswith("/embeddings")]


async def test_a_question_that_says_the_same_gets_the_answer_and_is_told_so(house, make) -> None:
    here = house(upstream(make), **spread())
    first = await here.chat("spread", ONE)
    second = await here.chat("spread", SAME)
    assert second.body == first.body
    told = second.named
    assert (told["x-stoa-cache"], told["x-stoa-cache-tier"]) == ("hit", "semantic")
    assert told["x-stoa-cache-similarity"] == "0.983"
    assert told["x-stoa-cache-of"] == here.facts[0].id
    assert told["x-stoa-cost-nano-usd"] == "0"
    assert embedded(here) == [[SAME, ONE]]


async def test_the_facts_tell_whose_answer_it_was_what_was_saved_and_who_paid_for_the_comparison(house, make) -> None:
    here = house(upstream(make), **spread())
    await here.chat("spread", ONE)
    await here.chat("spread", SAME)
    asked, compared, hit = here.facts
    assert (hit.cache, hit.cache_tier, hit.cache_of, hit.saved_nano_usd) == ("hit", "semantic", asked.id, asked.cost_nano_usd)
    assert (hit.cost_nano_usd, hit.attempts) == (0, 0)
    assert (compared.operation, compared.parent_id, compared.team) == ("embedding", hit.id, "company")
    assert compared.cost_nano_usd == 20 * 150


async def test_nothing_is_embedded_for_a_question_that_nobody_asked(house, make) -> None:
    here = house(upstream(make), **spread())
    replies = [await here.chat("spread", text) for text in (ONE, OTHER)]
    assert [reply.named["x-stoa-cache"] for reply in replies] == ["miss", "miss"]
    assert embedded(here) == []


async def test_a_vector_is_kept_with_its_question(house, make) -> None:
    here = house(upstream(make), **spread())
    for text in (ONE, SAME, "How can I reset my router password?"):
        await here.chat("spread", text)
    assert embedded(here) == [[SAME, ONE], ["How can I reset my router password?"]]


async def test_it_is_off_unless_the_route_wants_it(house, make) -> None:
    here = house(upstream(make), **spread(CachePolicy()))
    assert [(await here.chat("spread", text)).named["x-stoa-cache"] for text in (ONE, SAME)] == ["miss", "miss"]
    assert embedded(here) == []


@pytest.mark.parametrize(("similarity", "cosine", "cache"), [(0.99, 0.983, "miss"), (0.98, 0.983, "hit"), (None, 0.89, "miss")])
async def test_it_must_be_as_near_as_the_route_says(house, make, similarity: float | None, cosine: float, cache: str) -> None:
    here = house(upstream(make, cosine=cosine), **spread(CachePolicy(semantic=True, similarity=similarity)))
    await here.chat("spread", ONE)
    reply = await here.chat("spread", SAME)
    assert reply.named["x-stoa-cache"] == cache
    assert ("x-stoa-cache-similarity" in reply.named) == (cache == "hit")


async def test_a_stream_is_answered_too(house, make) -> None:
    here = house(upstream(make), **spread())
    await here.chat("spread", ONE)
    reply = await here.chat("spread", SAME, stream=True)
    assert reply.named["x-stoa-cache-tier"] == "semantic"
    assert "".join(e["choices"][0]["delta"].get("content", "") for e in reply.events[:-1] if e["choices"]) == "Answer 1."


async def test_whatever_else_differs_asks_the_model(house, make) -> None:
    here = house(upstream(make), **spread())
    await here.chat("spread", ONE)
    asked = [
        await here.chat("spread", SAME, max_tokens=5),
        await here.chat("spread", SAME, messages=[{"role": "system", "content": "x"}, {"role": "user", "content": SAME}]),
        await here.chat("spread", SAME, messages=[{"role": "user", "content": "Hi"}, {"role": "user", "content": SAME}]),
        await here.ask("/v1/messages", {"model": "spread", "max_tokens": 5, "messages": [{"role": "user", "content": SAME}]}),
    ]
    assert [reply.named["x-stoa-cache"] for reply in asked] == ["miss"] * 4
    assert embedded(here) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"temperature": 0.4},
        {"n": 2},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"cache_control": "no-cache"},
        {"cache_control": "no-store"},
    ],
)
async def test_what_is_never_answered_from_the_cache_is_not_answered_by_meaning(house, make, fields: dict[str, object]) -> None:
    here = house(upstream(make), **spread())
    await here.chat("spread", ONE, **dict(fields))
    assert (await here.chat("spread", SAME, **dict(fields))).named["x-stoa-cache"] == "bypass"
    assert embedded(here) == []


async def test_nobody_gets_what_was_answered_under_other_rights(house, make) -> None:
    keys = {make.key(name): make.caller(name, team=team) for name, team in (("a", "x"), ("b", "y"), ("c", "x"))}
    services = {team: make.caller(f"service:{team}", team=team) for team in "xy"}
    here = house(upstream(make), keys=keys, teams={}, services=services, **spread())
    await here.chat("spread", ONE, key="a")
    assert [(await here.chat("spread", SAME, key=name)).named["x-stoa-cache"] for name in "bc"] == ["miss", "hit"]


async def test_an_answer_of_a_model_that_changed_is_not_given(house, make) -> None:
    here = house(upstream(make), **spread())
    await here.chat("spread", ONE)
    models = make.snapshot().models
    changed = {**models, "mock": type(models["mock"])(name="mock", provider="one", upstream_name="newer")}
    here.gateway.swap(make.snapshot(models=changed, **spread()))
    assert (await here.chat("spread", SAME)).named["x-stoa-cache"] == "miss"


@pytest.mark.parametrize("embeds", [Scripted(500, [b"{}"]), Scripted(200, [b"{}"]), Scripted(200, [], hold=True)])
async def test_an_embedder_that_fails_or_hangs_only_costs_the_hit(house, make, embeds: Scripted) -> None:
    here = house(upstream(make, embeds=embeds), **spread())
    await here.chat("spread", ONE)
    reply = await here.chat("spread", SAME)
    assert (reply.status, reply.named["x-stoa-cache"]) == (200, "miss")
    assert reply.json["choices"][0]["message"]["content"] == "Answer 2."
    assert here.facts[-1].cache_tier is None


async def test_requests_that_wait_for_the_same_question_get_what_it_finds(house, make) -> None:
    here = house(upstream(make), **spread())
    first = await here.chat("spread", ONE)
    body = {**BODY, "messages": [{"role": "user", "content": SAME}]}
    replies = [here.begin("/v1/chat/completions", body) for _ in range(3)]
    assert [(await reply.wait()).body for reply in replies] == [first.body] * 3
    assert {reply.named["x-stoa-cache-tier"] for reply in replies} == {"semantic"}
    assert len(embedded(here)) == 1


async def test_a_client_that_goes_while_questions_are_compared_is_written_down(house, make) -> None:
    here = house(upstream(make, embeds=Scripted(200, [], hold=True)), **spread())
    await here.chat("spread", ONE)
    reply = here.begin("/v1/chat/completions", {**BODY, "messages": [{"role": "user", "content": SAME}]})
    await asyncio.sleep(0)
    assert reply.intake is not None
    reply.intake.on_gone()
    await asyncio.sleep(0.01)
    gone = [fact for fact in here.facts if fact.operation == "chat"][-1]
    assert (gone.status, gone.error, gone.cost_nano_usd) == (499, "client_gone", 0)
    assert not [sent for sent in here.upstreams.sent[1:] if sent.url.endswith("/chat/completions")]


async def test_only_if_cached_takes_an_answer_by_meaning(house, make) -> None:
    here = house(upstream(make), **spread())
    await here.chat("spread", ONE)
    assert (await here.chat("spread", SAME, cache_control="only-if-cached")).named["x-stoa-cache-tier"] == "semantic"
    assert (await here.chat("spread", OTHER, cache_control="only-if-cached")).status == 504


async def test_questions_are_forgotten_with_their_answers(house, make) -> None:
    here = house(upstream(make), **spread())
    await here.chat("spread", ONE)
    caching = here.gateway.caching
    assert caching is not None
    assert len(caching.questions) == 1
    assert await caching.drop(hashlib.sha256(b"company\0team:company").digest()) == 1
    assert len(caching.questions) == 0
    assert (await here.chat("spread", SAME)).named["x-stoa-cache"] == "miss"


async def test_a_question_is_kept_where_its_answer_came_as_a_stream_or_past_the_cache(house, make) -> None:
    here = house(make.stream(*make.talk("a")), **spread())
    await here.chat("spread", ONE, stream=True)
    await here.chat("spread", OTHER, stream=True, cache_control="no-cache")
    assert here.gateway.caching is not None
    assert len(here.gateway.caching.questions) == 2
