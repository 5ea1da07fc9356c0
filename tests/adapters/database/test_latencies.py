"""Percentiles of usage facts, on SQLite and on PostgreSQL, beside the same made from a list."""

import math
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from tests.adapters.database.test_usage import EVER, NOON, fact, put

from stoa.adapters.database import Database
from stoa.adapters.database.usage import UsageTable
from stoa.domain.ledger import LatencyBucket, LatencyGroup, Percentiles, UsageQuery


async def latencies(
    database: Database, group_by: LatencyGroup = "model", query: UsageQuery = EVER
) -> dict[str | None, LatencyBucket]:
    async with database.read() as connection:
        return {each.bucket: each for each in await UsageTable(connection).latencies(query, group_by=group_by)}


def chat(fact_id: str, **changed: Any) -> Any:
    return fact(fact_id, **({"form": "chat"} | changed))


def nearest(times: Sequence[float]) -> list[Any]:
    ordered = sorted(times)
    return [pytest.approx(ordered[math.ceil(len(ordered) * share / 100) - 1], rel=0.005) for share in (50, 95, 99)]


def three(found: Percentiles | None) -> list[float]:
    assert found is not None
    return [found.p50, found.p95, found.p99]


async def test_one_request_is_every_percentile_of_itself(database: Database) -> None:
    await put(database, chat("a", latency_ms=500.0, first_token_ms=100.0, completion_tokens=20))
    assert await latencies(database) == {
        "gpt": LatencyBucket(
            bucket="gpt", requests=1, completion_tokens=20, latency_ms=Percentiles(500.0, 500.0, 500.0),
            first_token_ms=Percentiles(100.0, 100.0, 100.0), output_tokens_per_s=40.0,
        )
    }  # fmt: skip


async def test_percentiles_are_those_of_the_sorted_list(database: Database) -> None:
    draw = Random(3)
    models: dict[str, list[Any]] = {"gpt": [], "claude": [], "slow": []}
    for number in range(400):
        model = draw.choice(list(models))
        first = draw.choice([None, draw.uniform(1, 50)])
        made = chat(f"f{number}", model=model, latency_ms=draw.lognormvariate(5, 1), first_token_ms=first)
        models[model].append(made)
    await put(database, *(each for found in models.values() for each in found))
    for model, bucket in (await latencies(database)).items():
        facts = models[str(model)]
        assert bucket.requests == len(facts)
        assert three(bucket.latency_ms) == nearest([each.latency_ms for each in facts])
        assert three(bucket.first_token_ms) == nearest([each.first_token_ms for each in facts if each.first_token_ms])


@pytest.mark.parametrize("time", [0.0, 0.004, 1.234, 9.999, 12.34, 99.96, 567.8, 1234.0, 98_765.0, 123_456.0, 3_600_000.0, 1e7])
async def test_a_time_is_told_to_three_figures(database: Database, time: float) -> None:
    await put(database, chat("a", latency_ms=time))
    found = (await latencies(database))["gpt"].latency_ms
    assert three(found) == [pytest.approx(time, rel=0.005, abs=0.005)] * 3


async def test_what_failed_counts_as_an_error_and_has_no_time(database: Database) -> None:
    await put(
        database,
        chat("whole", latency_ms=10.0),
        chat("down", status=502, error="upstream_error", latency_ms=9000.0),
        chat("limited", status=429, error="upstream_rate_limited", latency_ms=1.0),
        chat("broken", status=200, error="upstream_truncated", latency_ms=9000.0),
        chat("refused", status=400, error="upstream_refused", latency_ms=1.0),
        chat("gone", status=499, error="client_gone", latency_ms=1.0),
    )
    bucket = (await latencies(database))["gpt"]
    assert (bucket.requests, bucket.errors, bucket.latency_ms) == (6, 3, Percentiles(10.0, 10.0, 10.0))


async def test_a_model_that_only_fails_has_errors_and_no_times(database: Database) -> None:
    await put(database, chat("a", status=504, error="upstream_timeout", completion_tokens=None, prompt_tokens=None))
    assert await latencies(database) == {"gpt": LatencyBucket(bucket="gpt", requests=1, errors=1)}


async def test_the_cache_counts_of_tokens_and_shadows_are_left_out_and_batches_are_not_timed(database: Database) -> None:
    await put(
        database,
        chat("a", latency_ms=10.0, completion_tokens=1),
        chat("hit", cache="hit", latency_ms=0.1),
        fact("count", form=None, latency_ms=0.1),
        chat("shadow", arm="shadow", latency_ms=0.1),
        chat("batch", lane="batch", latency_ms=900_000.0, completion_tokens=7),
    )
    bucket = (await latencies(database))["gpt"]
    assert (bucket.requests, bucket.completion_tokens) == (2, 8)
    assert (bucket.latency_ms, bucket.output_tokens_per_s) == (Percentiles(10.0, 10.0, 10.0), 100.0)


async def test_other_operations_are_measured_too(database: Database) -> None:
    await put(database, fact("a", operation="embedding", model="embed", completion_tokens=0, latency_ms=3.0))
    bucket = (await latencies(database))["embed"]
    assert (bucket.latency_ms, bucket.output_tokens_per_s) == (Percentiles(3.0, 3.0, 3.0), None)


async def test_it_is_grouped_by_provider_and_by_what_was_asked_for_the_busiest_first(database: Database) -> None:
    await put(
        database,
        chat("a", requested="fast"),
        chat("b", requested="fast", model="claude", provider="anthropic"),
        chat("c", requested="smart", model="claude", provider="anthropic"),
        chat("d", requested="smart", model=None, provider=None, status=503, error="no_target"),
        chat("e", requested="smart"),
    )
    assert {name: each.requests for name, each in (await latencies(database, "route")).items()} == {"smart": 3, "fast": 2}
    assert list(await latencies(database, "provider")) == ["anthropic", "openai", None]


async def test_a_window_and_a_user_bound_it(database: Database) -> None:
    await put(database, chat("a"), chat("b", at_ms=NOON + 1, user_id="bob"), chat("c", at_ms=NOON + 2))
    within = await latencies(database, query=UsageQuery(NOON, NOON + 2))
    assert within["gpt"].requests == 2
    assert (await latencies(database, query=UsageQuery(NOON, NOON + 9, user_id="bob")))["gpt"].requests == 1
    assert await latencies(database, query=UsageQuery(0, 1)) == {}
