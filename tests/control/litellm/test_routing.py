"""Several deployments of one name, and what the router is told about them, become routes."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.control.litellm.conftest import Converted

Convert = Callable[..., Converted]


def entry(name: str, model: str = "openai/gpt-4o", info: Mapping[str, Any] | None = None, **params: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"model_name": name, "litellm_params": {"model": model, "api_key": "os.environ/K", **params}}
    return made | ({"model_info": dict(info)} if info else {})


def configured(*entries: dict[str, Any], router: Mapping[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    return {"model_list": list(entries), "router_settings": dict(router or {}), **sections}


A, B, C = entry("a"), entry("b", "anthropic/claude-sonnet-4-6"), entry("c", "groq/llama")


def test_one_deployment_under_a_name_is_a_model_of_that_name(converted: Convert) -> None:
    assert converted(configured(A)).names == ["Provider/openai", "Model/a"]


def test_several_under_a_name_are_a_route_of_that_name(converted: Convert) -> None:
    found = converted(configured(entry("a"), entry("a", "anthropic/claude-sonnet-4-6"), entry("a", info={"id": "mine"})))
    assert found.names == [
        "Provider/openai",
        "Provider/anthropic",
        "Model/a-openai",
        "Model/a-anthropic",
        "Model/mine",
        "Route/a",
    ]
    assert [target["model"] for target in found.fields("Route", "a")["targets"]] == ["a-openai", "a-anthropic", "mine"]


@pytest.mark.parametrize(
    ("params", "weights"),
    [
        ([{"weight": 9}, {"weight": 1}], [9, 1]),
        ([{"rpm": 600}, {"rpm": 300}], [2, 1]),
        ([{"tpm": 100_000}, {"tpm": 40_000}], [5, 2]),
        ([{"weight": 0.25}, {"weight": 0.75}], [333, 1000]),
        ([{"rpm": 10}, {}], [1, 0]),
        ([{}, {}], [1, 1]),
        ([{"weight": 1, "rpm": 5}, {"weight": 3, "rpm": 5}], [1, 3]),
    ],
)
def test_shares_follow_weight_then_rpm_then_tpm(converted: Convert, params: list[dict[str, Any]], weights: list[int]) -> None:
    found = converted(configured(*(entry("a", **each) for each in params)))
    assert [target.get("weight", 1) for target in found.fields("Route", "a")["targets"]] == weights


def test_a_share_of_one_is_none(converted: Convert) -> None:
    alone = [entry("a", rpm=5, weight=2), entry("b", "groq/x", rpm=5)]
    found = converted(configured(*alone, router={"fallbacks": [{"a": ["b"]}]}))
    assert found.outcome("model_list[0].litellm_params.weight") == "unneeded"
    assert "limits keys, not models" in found.note("model_list[0].litellm_params.rpm")
    assert "limits keys, not models" in found.note("model_list[1].litellm_params.rpm")


def test_where_litellm_once_had_rpm_it_still_counts(converted: Convert) -> None:
    found = converted(configured(entry("a") | {"rpm": 4}, entry("a") | {"rpm": 2}))
    assert [target.get("weight", 1) for target in found.fields("Route", "a")["targets"]] == [2, 1]
    assert "no limit" in found.note("model_list[0].rpm")


def test_a_higher_order_is_asked_after_the_lowest(converted: Convert) -> None:
    found = converted(configured(entry("a", order=2), entry("a", order=1), entry("a"), entry("a", order=1)))
    route = found.fields("Route", "a")
    assert [target["model"] for target in route["targets"]] == ["a-openai-2", "a-openai-4"]
    assert [each["model"] for each in route["fallback"]] == ["a-openai", "a-openai-3"]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("simple-shuffle", None),
        ("least-busy", "least_busy"),
        ("latency-based-routing", "lowest_latency"),
        ("cost-based-routing", "cheapest"),
        ("usage-based-routing-v2", None),
        ("my-own", None),
    ],
)
def test_a_strategy_becomes_the_one_that_does_the_same(converted: Convert, theirs: str, ours: str | None) -> None:
    found = converted(configured(A, A, router={"routing_strategy": theirs}))
    assert found.fields("Route", "a").get("strategy") == ours
    expected = {"my-own": "left", "usage-based-routing-v2": "changed"}.get(theirs, "carried")
    assert found.outcome("router_settings.routing_strategy") == expected


def test_tags_choose_targets_and_the_tag_default_is_no_tag(converted: Convert) -> None:
    router = {"enable_tag_filtering": True}
    found = converted(configured(entry("a", tags=["Free Tier"]), entry("a", tags=["default"]), router=router))
    route = found.fields("Route", "a")
    assert (route["strategy"], [target.get("tags") for target in route["targets"]]) == ("tagged", [("free-tier",), None])
    assert "'free-tier' in the header x-stoa-tags" in found.note("model_list[0].litellm_params.tags[0]")


def test_tags_without_tag_filtering_are_left(converted: Convert) -> None:
    found = converted(configured(entry("a", tags=["x"]), A))
    assert "strategy" not in found.fields("Route", "a")
    assert found.outcome("model_list[0].litellm_params.tags") == "left"


def test_fallbacks_name_the_models_of_the_other_group_by_class_of_failure(converted: Convert) -> None:
    router = {
        "fallbacks": [{"a": ["b"]}],
        "context_window_fallbacks": [{"a": ["c"]}],
        "content_policy_fallbacks": [{"b": ["c"]}],
    }
    found = converted(configured(A, B, B, C, router=router))
    assert found.fields("Route", "a")["fallback"] == (
        {"model": "b-anthropic"}, {"model": "b-anthropic-2"}, {"model": "c", "on": ("context_window",)},
    )  # fmt: skip
    assert found.fields("Route", "b")["fallback"] == ({"model": "c", "on": ("content_policy",)},)
    assert "Model/c" in found.names


def test_default_fallbacks_are_for_groups_without_their_own_and_never_for_themselves(converted: Convert) -> None:
    settings = {"default_fallbacks": ["c"], "fallbacks": [{"a": ["b"]}]}
    found = converted(configured(A, B, C, litellm_settings=settings))
    assert found.fields("Route", "a")["fallback"] == ({"model": "b-anthropic"},)
    assert found.fields("Route", "b")["fallback"] == ({"model": "c"},)
    assert "Model/c" in found.names


@pytest.mark.parametrize(
    ("fallbacks", "path", "told"),
    [
        ([{"a": ["nobody"]}], "[0].a[0]", "no model 'nobody'"),
        ([{"nobody": ["a"]}], "[0].nobody[0]", "no model 'nobody'"),
        ([{"a": ["e"]}], "[0].a[0]", "'e' is for embedding"),
        ([{"a": [{"model": "b", "messages": []}]}], "[0].a[0]", "changes the request"),
        (["b"], "[0]", "not of the form"),
    ],
)
def test_a_fallback_that_cannot_be_is_named(converted: Convert, fallbacks: list[Any], path: str, told: str) -> None:
    embeds = entry("e", "openai/text-embedding-3-small")
    found = converted(configured(A, B, embeds, router={"fallbacks": fallbacks}))
    outcome, note = found.finding(f"router_settings.fallbacks{path}")
    assert outcome == "left"
    assert told in note


@pytest.mark.parametrize(("targets", "retries", "attempts"), [(1, 3, 3), (2, 3, 1), (3, 2, 0), (1, 9, 5), (2, 2, 1)])
def test_further_tries_are_no_fewer_than_before(converted: Convert, targets: int, retries: int, attempts: int) -> None:
    found = converted(configured(*[A] * targets, router={"num_retries": retries, "retry_after": 2}))
    route = found.fields("Route", "a")
    assert route.get("retries", {}) == ({"attempts": attempts, "wait_s": 2.0} if attempts else {})


def test_a_wait_without_retries_is_not_needed(converted: Convert) -> None:
    found = converted(configured(A, A, router={"retry_after": 2}))
    assert "retries" not in found.fields("Route", "a")
    assert found.outcome("router_settings.retry_after") == "unneeded"


def test_a_model_that_several_lists_name_is_one_fallback_for_all_their_classes(converted: Convert) -> None:
    router = {name: [{"a": ["b"]}] for name in ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")}
    (fallback,) = converted(configured(A, B, router=router)).fields("Route", "a")["fallback"]
    assert {"rate_limit", "context_window", "content_policy"} <= {*fallback["on"]}


def test_a_retry_policy_names_the_classes(converted: Convert) -> None:
    policy = {"RateLimitErrorRetries": 2, "TimeoutErrorRetries": 3, "BadRequestErrorRetries": 1, "SomethingRetries": 1}
    found = converted(configured(A, router={"retry_policy": policy}))
    assert found.fields("Route", "a")["retries"] == {"attempts": 3, "on": ("rate_limit", "timeout")}
    assert found.outcome("router_settings.retry_policy.BadRequestErrorRetries") == "left"
    assert found.outcome("router_settings.retry_policy.SomethingRetries") == "left"


def test_allowed_fails_and_cooldown_are_the_breaker(converted: Convert) -> None:
    found = converted(configured(A, router={"allowed_fails": 2, "cooldown_time": 300}))
    assert found.fields("Route", "a")["breaker"] == {"failures": 3, "cooldown_s": 300.0, "most_cooldown_s": 300.0}


def test_router_settings_come_before_litellm_settings(converted: Convert) -> None:
    found = converted(configured(A, router={"timeout": 20}, litellm_settings={"timeout": 99, "request_timeout": 98}))
    assert found.fields("Provider", "openai")["first_byte_timeout_s"] == 20
    assert found.outcome("litellm_settings.timeout") == "unneeded"
    assert found.outcome("litellm_settings.request_timeout") == "unneeded"


def test_an_alias_is_a_route_of_its_own(converted: Convert) -> None:
    aliases = {"gpt-4": "a", "best": {"model": "b", "hidden": True}, "gone": "nobody", "c": "a"}
    found = converted(configured(A, A, B, C, router={"model_group_alias": aliases}))
    assert found.fields("Route", "gpt-4") == found.fields("Route", "a")
    assert found.fields("Route", "best")["targets"] == ({"model": "b"},)
    assert "not hidden" in found.note("router_settings.model_group_alias.best")
    assert found.outcome("router_settings.model_group_alias.gone") == "left"
    assert found.outcome("router_settings.model_group_alias.c") == "left"


def test_names_that_stoa_does_not_allow_are_said_to_be_others(converted: Convert) -> None:
    found = converted(
        configured(entry("Team A/GPT"), entry("team-a-gpt", "groq/x"), entry("***", "openai/*"), entry("stoa-reader"))
    )
    assert found.conversion.renamed == {
        "Team A/GPT": "team-a-gpt",
        "team-a-gpt": "team-a-gpt-2",
        "stoa-reader": "stoa-reader-2",
    }
    assert "Clients say 'team-a-gpt'" in found.note("model_list[0].model_name")


def test_a_wildcard_stands_for_the_models_that_are_asked_for(converted: Convert) -> None:
    wild = [entry("*", "openai/*"), entry("anthropic/*", "anthropic/*"), entry("fixed-*", "groq/llama")]
    found = converted(configured(*wild), asked=["gpt-5.4", "anthropic/claude-sonnet-4-6", "fixed-x"])
    assert found.fields("Model", "gpt-5.4") == {"provider": "openai"}
    assert found.fields("Model", "anthropic-claude-sonnet-4-6")["upstream_name"] == "claude-sonnet-4-6"
    assert found.fields("Model", "fixed-x")["upstream_name"] == "llama"
    assert found.conversion.renamed == {"anthropic/claude-sonnet-4-6": "anthropic-claude-sonnet-4-6"}


def test_a_wildcard_that_nobody_asks_is_left_with_what_to_do(converted: Convert) -> None:
    found = converted(configured(entry("openai/*", "openai/*")))
    assert found.resources == []
    assert "--model NAME" in found.note("model_list[0]")


def test_deployments_of_one_name_are_for_one_operation(converted: Convert) -> None:
    found = converted(configured(A, entry("a", "openai/text-embedding-3-small")))
    assert found.names == ["Provider/openai", "Model/a"]
    assert "It is for embedding" in found.note("model_list[1]")


def test_a_cache_that_is_off_is_off_and_its_time_is_kept(converted: Convert) -> None:
    off = converted(configured(A, A, litellm_settings={"cache": False}))
    assert off.fields("Route", "a")["cache"] is False
    on = converted(configured(A, A, litellm_settings={"cache": True, "cache_params": {"type": "redis", "ttl": 60}}))
    assert on.fields("Route", "a")["cache_ttl_s"] == 60
    assert on.outcome("litellm_settings.cache_params.type") == "left"
