"""Percentiles of usage facts, on SQLite and PostgreSQL alike.

The database counts times to three figures, and the percentile is found among the counts: a tenth of the work of putting every
time in order, and of the rows to fetch there are a few thousand for a model, however many facts there are.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, and_, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from stoa.adapters.database.tables import usage
from stoa.domain.ledger import LatencyBucket, LatencyGroup, Percentiles

Times = Mapping[str | None, Sequence[tuple[float, int]]]
"""By bucket: each time in milliseconds, in order, and how often it was measured."""

_BUCKETS: Mapping[LatencyGroup, ColumnElement[Any]] = {  # Any: text, which may be null
    "model": usage.c.model,
    "provider": usage.c.provider,
    "route": usage.c.requested,
}

_asked_a_model = and_(
    usage.c.cache != "hit",
    or_(usage.c.operation != "chat", usage.c.form.is_not(None)),  # a count of tokens is a chat without a form
    or_(usage.c.arm.is_(None), usage.c.arm != "shadow"),
    usage.c.refused.is_(False),
)
_failed = or_(usage.c.status >= 500, usage.c.status == 429, and_(usage.c.status < 400, usage.c.error.is_not(None)))
_timed = and_(usage.c.status < 400, usage.c.error.is_(None), usage.c.lane == "realtime")


async def latencies(
    connection: AsyncConnection, within: Sequence[ColumnElement[bool]], group_by: LatencyGroup
) -> list[LatencyBucket]:
    bucket, among = _BUCKETS[group_by], (_asked_a_model, *within)
    whole = await _times(connection, bucket, usage.c.latency_ms, among)
    first = await _times(connection, bucket, usage.c.first_token_ms, among)
    told = and_(_timed, usage.c.completion_tokens > 0)
    rows = await connection.execute(
        select(
            bucket,
            func.count(),
            func.sum(case((_failed, 1), else_=0)),
            func.coalesce(cast(func.sum(usage.c.completion_tokens), BigInteger), 0),
            cast(func.sum(case((told, usage.c.completion_tokens))), BigInteger),
            func.sum(case((told, usage.c.latency_ms))),
        )
        .where(*among)
        .group_by(bucket)
    )
    return [
        LatencyBucket(
            bucket=name,
            requests=requests,
            errors=errors,
            completion_tokens=tokens,
            latency_ms=percentiles(whole.get(name, ())),
            first_token_ms=percentiles(first.get(name, ())),
            output_tokens_per_s=told_tokens * 1000 / told_ms if told_ms else None,
        )
        for name, requests, errors, tokens, told_tokens, told_ms in rows
    ]


def percentiles(times: Sequence[tuple[float, int]]) -> Percentiles | None:
    """By nearest rank; None of nothing."""
    many = sum(count for _, count in times)
    return Percentiles(*(_at(times, -(-many * share // 100)) for share in (50, 95, 99))) if many else None


def _at(times: Sequence[tuple[float, int]], rank: int) -> float:
    for time, count in times:
        rank -= count
        if rank <= 0:
            return time
    raise ValueError("a rank beyond the last")


async def _times(
    connection: AsyncConnection, bucket: ColumnElement[Any], measured: ColumnElement[Any], among: Sequence[ColumnElement[bool]]
) -> Times:
    timed = select(bucket.label("bucket"), _three_figures(measured).label("time"))
    timed = timed.where(_timed, measured.is_not(None), *among).subquery()
    counted = select(timed.c.bucket, timed.c.time, func.count()).group_by(timed.c.bucket, timed.c.time)
    found: dict[str | None, list[tuple[float, int]]] = defaultdict(list)
    for name, time, count in await connection.execute(counted):
        found[name].append((time, count))
    return {name: sorted(times) for name, times in found.items()}


def _three_figures(time: ColumnElement[Any]) -> ColumnElement[Any]:
    """Rounded to hundredths below 10 ms, to tenths below 100, and so on."""
    steps = [(time < 10.0**power, func.round(time * 10.0 ** (3 - power)) / 10.0 ** (3 - power)) for power in range(1, 7)]
    return case(*steps, else_=func.round(time / 10_000.0) * 10_000.0)
