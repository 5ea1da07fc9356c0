"""Percentiles of usage facts, in one statement that SQLite and PostgreSQL both understand.

Each measured time gets its rank among those of its bucket; the percentile is the time at the rank that is nearest from above.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, RowMapping, Select, and_, case, cast, func, or_, select
from sqlalchemy.sql import ColumnElement

from stoa.adapters.database.tables import usage
from stoa.domain.ledger import LatencyBucket, LatencyGroup, Percentiles

_PERCENTILES = (50, 95, 99)

_BUCKETS: Mapping[LatencyGroup, ColumnElement[Any]] = {  # Any: text, which may be null
    "model": usage.c.model,
    "provider": usage.c.provider,
    "route": usage.c.requested,
}

_asked_a_model = and_(
    usage.c.cache != "hit",
    or_(usage.c.operation != "chat", usage.c.form.is_not(None)),  # a count of tokens is a chat without a form
    or_(usage.c.arm.is_(None), usage.c.arm != "shadow"),
)
_failed = or_(usage.c.status >= 500, usage.c.status == 429, and_(usage.c.status < 400, usage.c.error.is_not(None)))
_timed = and_(usage.c.status < 400, usage.c.error.is_(None), usage.c.lane == "realtime")


def latencies(
    within: Sequence[ColumnElement[bool]], group_by: LatencyGroup
) -> Select[*tuple[Any, ...]]:  # Any: columns of a row
    """A row for each bucket, to be read by `latency_bucket`."""
    bucket = _BUCKETS[group_by]
    timed, first = _flag(_timed), _flag(and_(_timed, usage.c.first_token_ms.is_not(None)))
    facts = (
        select(
            bucket.label("bucket"),
            usage.c.latency_ms,
            usage.c.first_token_ms,
            usage.c.completion_tokens,
            _flag(_failed).label("failed"),
            timed.label("timed"),
            first.label("first"),
            *_ranked("latency", usage.c.latency_ms, bucket, timed),
            *_ranked("first", usage.c.first_token_ms, bucket, first),
        )
        .where(_asked_a_model, *within)
        .subquery()
    )
    told = and_(facts.c.timed == 1, facts.c.completion_tokens > 0)
    return select(
        facts.c.bucket,
        func.count().label("requests"),
        func.sum(facts.c.failed).label("errors"),
        func.coalesce(cast(func.sum(facts.c.completion_tokens), BigInteger), 0).label("completion_tokens"),
        cast(func.sum(case((told, facts.c.completion_tokens))), BigInteger).label("told_tokens"),
        func.sum(case((told, facts.c.latency_ms))).label("told_ms"),
        *_picked("latency", facts.c.latency_ms, facts.c, facts.c.timed),
        *_picked("first", facts.c.first_token_ms, facts.c, facts.c.first),
    ).group_by(facts.c.bucket)


def latency_bucket(row: RowMapping) -> LatencyBucket:
    told_ms = row["told_ms"]
    return LatencyBucket(
        bucket=row["bucket"],
        requests=row["requests"],
        errors=row["errors"],
        completion_tokens=row["completion_tokens"],
        latency_ms=_percentiles(row, "latency"),
        first_token_ms=_percentiles(row, "first"),
        output_tokens_per_s=row["told_tokens"] * 1000 / told_ms if told_ms else None,
    )


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _ranked(
    name: str, measured: ColumnElement[Any], bucket: ColumnElement[Any], counts: ColumnElement[int]
) -> tuple[ColumnElement[int], ...]:
    """Its rank among those that count, from 1, and how many they are."""
    among = (bucket, counts)
    rank = func.row_number().over(partition_by=among, order_by=measured).label(f"{name}_rank")
    return rank, func.count().over(partition_by=among).label(f"{name}_many")


def _picked(name: str, measured: ColumnElement[Any], facts: Any, counts: ColumnElement[int]) -> list[ColumnElement[Any]]:
    many, rank = facts[f"{name}_many"], facts[f"{name}_rank"]
    return [
        func.max(case((and_(counts == 1, rank == (many * percent + 99) // 100), measured))).label(f"{name}_p{percent}")
        for percent in _PERCENTILES
    ]


def _percentiles(row: RowMapping, name: str) -> Percentiles | None:
    found = [row[f"{name}_p{percent}"] for percent in _PERCENTILES]
    return None if found[0] is None else Percentiles(*found)
