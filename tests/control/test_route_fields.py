"""A route that contradicts itself, or holds what would have no effect, is refused with the field and the reason."""

from typing import Any

import msgspec
import pytest

from stoa.control.references import References
from stoa.domain.resources import Model, Provider, Resource
from stoa.errors import InvalidRequest

PROVIDER = Provider(name="one", base_url="http://one/v1", idle_timeout_s=60)
MODELS = [Model(name=name, provider="one") for name in ("small", "large", "spare")]
VECTORS = [Model(name=name, provider="one", operation="embedding") for name in ("vectors", "more-vectors")]


def check(**fields: Any) -> None:
    route = msgspec.convert({"kind": "Route", "name": "best", **fields}, Resource)
    existing = msgspec.convert({"kind": "Route", "name": "other", "targets": [{"model": "small"}]}, Resource)
    References([PROVIDER, *MODELS, *VECTORS, existing, route], teams=()).check(route)


def targets(*names: str, **fields: Any) -> list[dict[str, Any]]:
    return [{"model": name, **fields} for name in names]


BOTH = targets("small", "large")
TAGGED = [{"model": "small", "tags": ["eu"]}, {"model": "large"}]

GOOD: dict[str, dict[str, Any]] = {
    "one target": {"targets": targets("small")},
    "a canary": {"targets": [{"model": "small", "weight": 95, "arm": "stable"}, {"model": "large", "weight": 5, "arm": "new"}]},
    "a target of weight 0": {"targets": [{"model": "small"}, {"model": "large", "weight": 0}]},
    "tags": {"targets": TAGGED, "strategy": "tagged"},
    "sizes": {"targets": BOTH, "strategy": "complexity"},
    "the larger one for long prompts": {"targets": BOTH, "fallback": [{"model": "large", "on": ["context_window"]}]},
    "a budget for hedges alone": {"targets": BOTH, "hedge": {"after_s": 1}, "retries": {"budget": 0.05}},
    "a shadow": {"targets": targets("small"), "shadow": {"model": "large", "share": 0.1}},
    "times": {"targets": BOTH, "timeouts": {"first_token_s": 5, "idle_s": 20, "total_s": 60, "min_tokens_per_s": 5}},
    "vectors": {"targets": targets("vectors"), "fallback": ["more-vectors"]},
    "no cache": {"targets": BOTH, "cache": False},
}


@pytest.mark.parametrize("name", GOOD)
def test_what_makes_sense_is_taken(name: str) -> None:
    check(**GOOD[name])


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown target": ({"targets": targets("smal")}, "targets[0].model", "there is no 'smal'. Did you mean 'small'?"),
    "an unknown fallback": ({"targets": BOTH, "fallback": ["x"]}, "fallback[0]", "there is no 'x'"),
    "an unknown shadow": ({"targets": BOTH, "shadow": {"model": "x"}}, "shadow.model", "there is no 'x'"),
    "a route as target": ({"targets": targets("other")}, "targets[0].model", "no route leads back to itself"),
    "itself as target": ({"targets": targets("best")}, "targets[0].model", "no route leads back to itself"),
    "itself as fallback": ({"targets": BOTH, "fallback": ["best"]}, "fallback[0]", "no route leads back to itself"),
    "a model's name": ({"name": "small", "targets": targets("large")}, "name", "a model is called 'small' too"),
    "two operations": ({"targets": targets("small", "vectors")}, "targets[1].model", "'vectors' is for embedding"),
    "a fallback of another operation": ({"targets": BOTH, "fallback": ["vectors"]}, "fallback[0]", "for embedding"),
    "no weight": ({"targets": targets("small", "large", weight=0)}, "targets", "at least one weight must be above 0"),
    "a target twice": ({"targets": targets("small", "small")}, "targets[1].model", "a target twice"),
    "the arm of shadows": ({"targets": targets("small", arm="shadow")}, "targets[0].arm", "choose another name"),
    "one size": ({"targets": targets("small"), "strategy": "complexity"}, "strategy", "at least two targets"),
    "sizes of vectors": (
        {"targets": targets("vectors", "more-vectors"), "strategy": "complexity"},
        "strategy",
        "these models are for embedding",
    ),
    "weights with an order": (
        {"targets": [{"model": "small"}, {"model": "large", "weight": 3}], "strategy": "ordered"},
        "targets[1].weight",
        "leave the weight out",
    ),
    "tags nobody looks at": ({"targets": TAGGED}, "targets[0].tags", "not 'weighted'"),
    "no tags": ({"targets": BOTH, "strategy": "tagged"}, "strategy", "at least one target with tags"),
    "sticky to one": ({"targets": targets("small"), "sticky": True}, "sticky", "one target only"),
    "sticky in order": ({"targets": BOTH, "strategy": "ordered", "sticky": True}, "sticky", "everybody the same way"),
    "the only target as fallback": ({"targets": targets("small"), "fallback": ["small"]}, "fallback[0]", "its own fallback"),
    "a target as fallback": ({"targets": BOTH, "fallback": ["large"]}, "fallback[0]", "asked after such failures anyway"),
    "a fallback twice": ({"targets": BOTH, "fallback": ["spare", "spare"]}, "fallback[1]", "a fallback twice"),
    "a fallback for nothing": (
        {"targets": BOTH, "fallback": [{"model": "spare", "on": []}]},
        "fallback[0].on",
        "never be asked",
    ),
    "a hedge with one target": ({"targets": targets("small"), "hedge": {}}, "hedge", "a second target"),
    "a hedge without budget": ({"targets": BOTH, "hedge": {}, "retries": {"budget": 0}}, "retries.budget", "allows no hedge"),
    "two waits of a hedge": (
        {"targets": BOTH, "hedge": {"after_s": 1, "least_s": 2}},
        "hedge.least_s",
        "after_s says the wait",
    ),
    "retries without attempts": (
        {"targets": BOTH, "retries": {"wait_s": 1}},
        "retries.wait_s",
        "nothing is retried without retries.attempts",
    ),
    "a budget without attempts": ({"targets": BOTH, "retries": {"budget": 0.5}}, "retries.budget", "nothing is retried"),
    "retries without budget": ({"targets": BOTH, "retries": {"attempts": 1, "budget": 0}}, "retries.budget", "allows no retry"),
    "retries of nothing": ({"targets": BOTH, "retries": {"attempts": 1, "on": []}}, "retries.on", "nothing is retried"),
    "retries of what stays wrong": (
        {"targets": BOTH, "retries": {"attempts": 1, "on": ["context_window"]}},
        "retries.on",
        "the same target would say 'context_window' again",
    ),
    "waits upside down": (
        {"targets": BOTH, "retries": {"attempts": 1, "wait_s": 9}},
        "retries.wait_s",
        "more than most_wait_s",
    ),
    "pauses upside down": (
        {"targets": BOTH, "breaker": {"cooldown_s": 300}},
        "breaker.cooldown_s",
        "300, is more than most_cooldown_s, 120",
    ),
    "a first token after the end": (
        {"targets": BOTH, "timeouts": {"first_token_s": 30, "total_s": 20}},
        "timeouts.first_token_s",
        "which would end the request before",
    ),
    "more patience than the provider has": (
        {"targets": BOTH, "timeouts": {"idle_s": 90}},
        "timeouts.idle_s",
        "provider 'one' of 'small' gives up after 60 s",
    ),
    "the speed of vectors": (
        {"targets": targets("vectors"), "timeouts": {"min_tokens_per_s": 1}},
        "timeouts.min_tokens_per_s",
        "for streams of chats",
    ),
    "a shadow of itself": ({"targets": targets("small"), "shadow": {"model": "small"}}, "shadow.model", "the only target"),
    "a time to keep what is not kept": ({"targets": BOTH, "cache": False, "cache_ttl_s": 60}, "cache_ttl_s", "nothing is kept"),
    "a time to keep that is said twice": (
        {"targets": BOTH, "cache": {"max_temperature": 0.5}, "cache_ttl_s": 60},
        "cache_ttl_s",
        "cache.ttl_s says it",
    ),
    "a nearness that nothing is looked for by": (
        {"targets": BOTH, "cache": {"similarity": 0.9}},
        "cache.similarity",
        "without cache.semantic",
    ),
    "the temperature of vectors": (
        {"targets": targets("vectors"), "cache": {"max_temperature": 1}},
        "cache.max_temperature",
        "it is for chats",
    ),
    "the meaning of vectors": (
        {"targets": targets("vectors"), "cache": {"semantic": True}},
        "cache.semantic",
        "it is for chats",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_makes_none_is_refused_with_the_field_and_the_reason(name: str) -> None:
    fields, field, reason = BAD[name]
    with pytest.raises(InvalidRequest) as refused:
        check(**fields)
    assert refused.value.param == field
    assert reason in refused.value.message
    assert refused.value.message.startswith(f"Route {fields.get('name', 'best')!r}, field {field!r}: ")


@pytest.mark.parametrize(
    "fields",
    [
        {"targets": []},
        {"targets": targets("small", weight=-1)},
        {"targets": BOTH, "stratgy": "ordered"},
        {"targets": BOTH, "strategy": "random"},
        {"targets": BOTH, "retries": {"attempt": 1}},
        {"targets": BOTH, "retries": {"attempts": 6}},
        {"targets": BOTH, "timeouts": {"connect_s": 1}},
        {"targets": BOTH, "hedge": {"after": 1}},
        {"targets": BOTH, "shadow": {"model": "large", "share": 0}},
        {"targets": BOTH, "cache": "yes"},
        {"targets": BOTH, "cache": {"ttl": 60}},
        {"targets": BOTH, "cache": {"ttl_s": 0}},
        {"targets": BOTH, "cache": {"max_temperature": -1}},
        {"targets": BOTH, "cache": {"shared": "everyone"}},
        {"targets": BOTH, "cache": {"semantic": True, "similarity": 1.5}},
        {"targets": BOTH, "fallback": [{"model": "spare", "on": ["teapot"]}]},
    ],
)
def test_what_nobody_knows_is_refused_too(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        check(**fields)
