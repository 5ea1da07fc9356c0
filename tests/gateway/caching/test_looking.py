"""What an answer from the cache says of itself, whom it is given to, and what makes it unreachable."""

from typing import Any

import pytest
from msgspec.structs import replace

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.domain.resources import CachePolicy, Model, Provider, Route, Target
from stoa.settings import GatewaySettings


def cached(policy: CachePolicy | bool, **fields: Any) -> dict[str, Any]:
    return {"routes": {"spread": Route(name="spread", targets=(Target(model="mock"),), cache=policy, **fields)}}


async def outcomes(here: Any, *asked: dict[str, Any]) -> list[str]:
    return [(await here.chat(**fields)).named["x-stoa-cache"] for fields in asked]


def at(here: Any, seconds: float) -> None:
    """The cache's own time stands still, here."""
    here.gateway.caching.clock = lambda: 1000.0 + seconds


# --- what a hit says


async def test_a_hit_says_what_it_was_of_which_request_and_what_it_saved(house) -> None:
    here = house()
    first, second = await here.chat(), await here.chat()
    filled, found = here.facts
    assert second.named["x-stoa-cache"] == "hit"
    assert second.named["x-stoa-cache-tier"] == "exact"
    assert second.named["x-stoa-cache-of"] == filled.id
    assert second.named["x-stoa-saved-nano-usd"] == first.named["x-stoa-cost-nano-usd"] == str(filled.cost_nano_usd) == "13500"
    assert second.named["age"] == "0"
    assert second.named["cache-control"] in ("private, max-age=3600", "private, max-age=3599")
    assert (found.cache_tier, found.cache_of, found.saved_nano_usd) == ("exact", filled.id, 13500)
    assert (found.cost_nano_usd, found.prompt_tokens, found.completion_tokens) == (0, 10, 20)
    assert (found.provider_usage, found.attempts) == (None, 0)
    assert (filled.cache_tier, filled.cache_of, filled.saved_nano_usd) == (None, None, None)
    assert "age" not in first.named


async def test_what_a_hit_saved_is_unknown_where_the_price_is(house) -> None:
    here = house(prices={})
    await here.chat()
    assert (await here.chat()).named["x-stoa-saved-nano-usd"] == "unknown"
    assert [(fact.cost_nano_usd, fact.saved_nano_usd) for fact in here.facts] == [(None, None), (0, None)]


async def test_a_streamed_hit_says_the_same_and_has_one_cache_control(house, make) -> None:
    here = house(make.stream(*make.talk("Dev", "Ops")))
    await here.chat(stream=True)
    for _ in range(2):
        reply = await here.chat(stream=True)
        assert reply.lines.lower().count(b"cache-control:") == 1
        assert reply.named["cache-control"].startswith("private, max-age=")
        assert (reply.named["content-type"], reply.named["x-stoa-cache-of"]) == ("text/event-stream", here.facts[0].id)
        assert reply.events[-1] == "[DONE]"


@pytest.mark.parametrize("stream", [False, True])
async def test_a_miss_says_for_how_long_its_answer_is_kept(house, make, stream: bool) -> None:
    here = house(make.stream(*make.talk("Dev")) if stream else make.whole("Dev"), **cached(CachePolicy(ttl_s=90)))
    first, second = await here.chat("spread", stream=stream), await here.chat("spread", stream=stream)
    assert (first.named["x-stoa-cache"], first.named["x-stoa-cache-ttl"]) == ("miss", "90")
    assert (second.named["x-stoa-cache"], "x-stoa-cache-ttl" in second.named) == ("hit", False)


async def test_what_is_not_kept_says_no_time(house) -> None:
    here = house()
    assert "x-stoa-cache-ttl" not in (await here.chat(cache_control="no-store")).named
    failing = house(Scripted(400, [b'{"error": {"message": "no"}}'], JSON))
    failed = await failing.chat()
    assert (failed.status, failed.named["x-stoa-cache"], "x-stoa-cache-ttl" in failed.named) == (400, "miss", False)


# --- cache-control


async def test_a_request_for_a_fresh_answer_leaves_it_for_those_that_follow(house, make) -> None:
    texts = iter("abc")
    here = house(lambda sent: make.whole(next(texts)))
    replies = [await here.chat(), await here.chat(cache_control="no-cache"), await here.chat()]
    assert [reply.json["choices"][0]["message"]["content"] for reply in replies] == ["a", "b", "b"]
    assert [reply.named["x-stoa-cache"] for reply in replies] == ["miss", "bypass", "hit"]


async def test_what_must_not_be_stored_is_neither_looked_up_nor_kept(house) -> None:
    here = house()
    assert await outcomes(here, {"cache_control": "no-store"}, {}, {"cache_control": "no-store"}) == [
        "bypass",
        "miss",
        "bypass",
    ]


async def test_an_answer_older_than_the_request_wants_is_a_miss_and_made_anew(house) -> None:
    here = house()
    at(here, 0)
    await here.chat()
    at(here, 100)
    found = await here.chat(cache_control="max-age=200")
    assert (found.named["x-stoa-cache"], found.named["cache-control"]) == ("hit", "private, max-age=3500")
    assert found.named["age"] == "100"
    assert await outcomes(here, {"cache_control": "min-fresh=3550"}, {"cache_control": "max-age=50"}) == ["miss", "hit"]
    at(here, 200)
    assert await outcomes(here, {"cache_control": "max-age=50"}, {"cache_control": "max-age=50"}) == ["miss", "hit"]


@pytest.mark.parametrize(
    ("path", "where"),
    [("/v1/chat/completions", lambda body: body["error"]["code"]), ("/v1/messages", lambda body: body["error"]["type"])],
)
async def test_only_from_the_cache_is_refused_in_the_forms_own_words_where_nothing_is_kept(
    house, path: str, where: Any
) -> None:
    here = house()
    body = {"model": "mock", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 10}
    refused = await here.ask(path, body, cache_control="only-if-cached")
    assert refused.status == 504
    assert where(refused.json) in ("not_cached", "timeout_error")
    assert "only-if-cached" in refused.error["message"]
    assert (here.upstreams.sent, here.facts) == ([], [])
    if path == "/v1/chat/completions":
        await here.ask(path, body)
        assert (await here.ask(path, body, cache_control="only-if-cached")).status == 200
        assert (await here.ask(path, body | {"n": 2}, cache_control="only-if-cached")).status == 504


# --- a route's policy


async def test_a_route_says_how_warm_a_request_may_be(house) -> None:
    here = house(**cached(CachePolicy(max_temperature=0.9)))
    warm, hot = {"model": "spread", "temperature": 0.9}, {"model": "spread", "temperature": 0.91}
    assert await outcomes(here, warm, warm, hot, hot) == ["miss", "hit", "bypass", "bypass"]
    here = house(**cached(CachePolicy(max_temperature=0)))
    assert await outcomes(here, {"model": "spread", "temperature": 0.1}, {"model": "spread", "temperature": 0}) == [
        "bypass",
        "miss",
    ]


async def test_a_shorter_time_counts_at_once(house, make) -> None:
    here = house(**cached(CachePolicy(ttl_s=1000)))
    at(here, 0)
    await here.chat("spread")
    at(here, 100)
    assert (await here.chat("spread")).named["x-stoa-cache"] == "hit"
    here.gateway.swap(make.snapshot(version=8, **cached(CachePolicy(ttl_s=50))))
    assert (await here.chat("spread")).named["x-stoa-cache"] == "miss"


async def test_the_short_way_to_write_a_policy_still_counts(house) -> None:
    here = house(**cached(True, cache_ttl_s=50))
    at(here, 0)
    await here.chat("spread")
    assert (await here.chat("spread")).named["cache-control"] in ("private, max-age=50", "private, max-age=49")
    at(here, 51)
    assert (await here.chat("spread")).named["x-stoa-cache"] == "miss"


async def test_what_is_the_keys_own_no_other_key_of_its_team_gets(house, make) -> None:
    keys = {make.key(name): make.caller(name) for name in "ab"}
    for policy, expected in (
        (CachePolicy(shared="key"), ["miss", "miss", "hit", "hit"]),
        (CachePolicy(), ["miss", "hit", "hit", "hit"]),
    ):
        here = house(keys=keys, **cached(policy))
        assert [(await here.chat("spread", key=name)).named["x-stoa-cache"] for name in "abab"] == expected


async def test_without_a_cache_every_request_passes_it_by(house) -> None:
    here = house(**cached(False))
    assert await outcomes(here, {"model": "spread"}, {"model": "spread"}) == ["bypass", "bypass"]
    here = house(settings=GatewaySettings(cache_bytes=0))
    assert await outcomes(here, {}, {}) == ["bypass", "bypass"]
    assert (await here.chat(cache_control="only-if-cached")).status == 504


# --- what an answer depends on


async def test_headers_that_change_an_answer_are_part_of_the_question(house, make) -> None:
    here = house(make.whole())
    body = {"model": "mock", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 10}
    asked = [{}, {"anthropic_beta": "a"}, {"anthropic_beta": "b"}, {"anthropic_beta": "a"}]
    found = [(await here.ask("/v1/messages", body, **each)).named["x-stoa-cache"] for each in asked]
    assert found == ["miss", "miss", "miss", "hit"]


async def test_a_tagged_request_is_not_answered_by_another_tags_target(house, make) -> None:
    targets = (Target(model="mock", tags=("us",)), Target(model="other", tags=("eu",)))
    here = house(routes={"spread": Route(name="spread", targets=targets, strategy="tagged")})
    body = {"model": "spread", "messages": [{"role": "user", "content": "hi"}]}
    found = [await here.ask("/v1/chat/completions", body, x_stoa_tags=tag) for tag in ("us", "eu", "us", "eu")]
    assert [reply.named["x-stoa-model"] for reply in found] == ["mock", "other", "mock", "other"]
    assert [reply.named["x-stoa-cache"] for reply in found] == ["miss", "miss", "hit", "hit"]


ONE = Provider(name="one", base_url="http://one/v1", api_key="sealed:sk-one")
MOCK = Model(name="mock", provider="one")


def changed(make: Any, value: Provider | Model) -> Any:
    kind = "providers" if isinstance(value, Provider) else "models"
    return make.snapshot(version=8, **{kind: getattr(make.snapshot(), kind) | {value.name: value}})


@pytest.mark.parametrize(
    ("what", "value", "outcome"),
    [
        ("its model's name at the provider", replace(MOCK, upstream_name="mock-2"), "miss"),
        ("its model's provider", replace(MOCK, provider="two"), "miss"),
        ("its provider's address", replace(ONE, base_url="http://three/v1"), "miss"),
        ("its provider's type", replace(ONE, type="openai"), "miss"),
        ("what is left out on the way", replace(MOCK, drop_fields=("seed",)), "miss"),
        ("the provider's key", replace(ONE, api_key="sealed:sk-two"), "hit"),
        ("how many requests it takes", replace(MOCK, max_parallel=3), "hit"),
        ("what it is described as", replace(MOCK, description="a mock"), "hit"),
    ],
)
async def test_an_answer_goes_with_what_it_came_from(house, make, what: str, value: Any, outcome: str) -> None:
    here = house()
    await here.chat()
    here.gateway.swap(changed(make, value))
    assert (await here.chat()).named["x-stoa-cache"] == outcome, what


async def test_a_new_price_costs_no_cached_answer(house, make) -> None:
    here = house()
    await here.chat()
    here.gateway.swap(make.snapshot(version=8, prices={}, price_version="p2"))
    found = await here.chat()
    assert (found.named["x-stoa-cache"], found.named["x-stoa-saved-nano-usd"]) == ("hit", "13500")


async def test_a_person_who_joins_a_group_is_not_answered_with_what_was_known_before(house, make) -> None:
    def groups(*names: str) -> Any:
        return {make.key(): replace(make.caller(), acl=frozenset({"team:company", *names}))}

    here = house(keys=groups())
    ask = lambda: here.chat("assistant/handbook")  # noqa: E731
    assert (await ask()).named["x-stoa-cache"] == "miss"
    here.gateway.swap(make.snapshot(version=8, keys=groups("group:hr")))
    assert (await ask()).named["x-stoa-cache"] == "miss"
    here.gateway.swap(make.snapshot(version=9, keys=groups()))
    assert (await ask()).named["x-stoa-cache"] == "hit", "the same rights as at first"


async def test_a_model_that_is_gone_takes_its_answers_with_it(house, make) -> None:
    here = house()
    for model in ("mock", "other"):
        await here.chat(model)
    models = {name: each for name, each in make.snapshot().models.items() if name != "other"}
    routes = {"spread": Route(name="spread", targets=(Target(model="mock"),))}
    here.gateway.swap(make.snapshot(version=8, models=models, routes=routes))
    assert "stoa_cache_entries 1" in (await here.ask("/metrics", method="GET", key=None)).body.decode()
    assert (await here.chat()).named["x-stoa-cache"] == "hit"


async def test_what_is_explained_is_what_the_cache_would_say(house) -> None:
    here = house()
    body = {"model": "mock", "messages": [{"role": "user", "content": "What is DevOps?"}]}

    async def outlook(**headers: str) -> str:
        return (await here.ask("/v1/explain", body, **headers)).json["cache"]

    assert [await outlook(), await outlook(cache_control="no-cache")] == ["miss", "bypass"]
    await here.chat()
    assert [await outlook(), await outlook(cache_control="no-store")] == ["hit", "bypass"]


async def test_an_answer_whose_cost_could_not_be_written_down_is_given_to_nobody(house) -> None:
    here = house()
    body = {"model": "mock", "messages": [{"role": "user", "content": "What is DevOps?"}]}
    begun = [here.begin("/v1/chat/completions", body) for _ in range(3)]
    here.log.full = True
    assert {(await reply.wait()).status for reply in begun} == {503}
    here.log.full = False
    assert len(here.gateway.caching.entries) == 0


async def test_a_refused_request_leaves_nothing(house) -> None:
    here = house(Scripted(429, [b'{"error":{"message":"slow down"}}'], JSON))
    assert [(await here.chat()).status for _ in range(2)] == [429, 429]
    assert len(here.upstreams.sent) == 2
