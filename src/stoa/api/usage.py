"""`/api/usage`: requests, tokens and cost, and how fast and how well models answered, grouped."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from stoa.adapters.database.usage import UsageTable
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import View
from stoa.api.moments import moment_in
from stoa.domain.ledger import LatencyBucket, LatencyGroup, Percentiles, UsageBucket, UsageGroup, UsageQuery, total_of
from stoa.errors import InvalidRequest
from stoa.policy.decide import Target
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/usage", tags=["usage"])

_DEFAULT_SPAN = timedelta(days=30)
_DEFAULT_LATENCY_SPAN = timedelta(days=1)
_MINUTE_MS = 60_000

Since = Annotated[str | None, Query(alias="from", description="Date, or date and time; 30 days ago if left out.")]
LatencySince = Annotated[str | None, Query(alias="from", description="Date, or date and time; a day ago if left out.")]
Until = Annotated[str | None, Query(alias="to", description="Date, which is included, or time; now if left out.")]


class UsageBucketView(View):
    """Sums over one day, model, team, key, user, project or assistant; `bucket` is null for what has none.

    `cost_nano_usd` is the known cost; how many requests have an unknown one is said beside it. `saved_nano_usd` is what answers
    from the cache had cost when they were made. `refused` are requests that were refused before a model was asked: they are
    among no other number, and of a flood of them only some are counted.
    """

    bucket: str | None
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost_nano_usd: int
    unknown_cost_requests: int
    cache_hits: int
    saved_nano_usd: int
    errors: int
    refused: int


class UsageReport(View):
    data: list[UsageBucketView]
    total: UsageBucketView


class PercentilesView(View):
    """Milliseconds to three figures, each a time that was measured."""

    p50: float
    p95: float
    p99: float


class LatencyView(View):
    """How one model, provider or route answered; `bucket` is null for requests that came to no target.

    Answers from the cache are not among it. `error_rate` is from 0 to 1: requests that ended without an answer or with a broken
    one; not those that a model refused for the caller's fault, and not callers who went away. Times are of whole answers, those
    of batches left out; `output_tokens_per_s` is of one answer.
    """

    bucket: str | None
    requests: int
    requests_per_minute: float
    errors: int
    error_rate: float
    latency_ms: PercentilesView | None
    first_token_ms: PercentilesView | None
    output_tokens_per_s: float | None
    completion_tokens: int


class LatencyReport(View):
    data: list[LatencyView]


@router.get("")
async def read_usage(
    caller: Annotated[Caller, allow("usage:read")],
    parts: Parts,
    since: Since = None,
    until: Until = None,
    group_by: UsageGroup = "day",
) -> UsageReport:
    """All of it for those who may see everybody's; for others their own requests and those of keys that they made."""
    query = _query(caller, since, until, _DEFAULT_SPAN)
    async with parts.database.read() as connection:
        buckets = await UsageTable(connection).buckets(query, group_by=group_by)
    return UsageReport(data=[_view(bucket) for bucket in buckets], total=_view(total_of(buckets)))


@router.get("/latency")
async def read_latency(
    caller: Annotated[Caller, allow("usage:read")],
    parts: Parts,
    since: LatencySince = None,
    until: Until = None,
    group_by: LatencyGroup = "model",
) -> LatencyReport:
    """How fast and how well each model answered, of the requests that the caller may see."""
    query = _query(caller, since, until, _DEFAULT_LATENCY_SPAN)
    async with parts.database.read() as connection:
        buckets = await UsageTable(connection).latencies(query, group_by=group_by)
    minutes = (query.to_ms - query.from_ms) / _MINUTE_MS
    return LatencyReport(data=[_latency_view(bucket, minutes) for bucket in buckets])


def _query(caller: Caller, since: str | None, until: str | None, span: timedelta) -> UsageQuery:
    to_ms = moment_in(until, "to", end_of_day=True) if until else now_ms() + 1
    from_ms = moment_in(since, "from") if since else to_ms - span // timedelta(milliseconds=1)
    if from_ms >= to_ms:
        raise InvalidRequest("'from' must be before 'to'.", param="from")
    return UsageQuery(from_ms, to_ms, user_id=None if caller.may(Target("Usage")) else caller.principal.id)


def _view(bucket: UsageBucket) -> UsageBucketView:
    return UsageBucketView(**{name: getattr(bucket, name) for name in UsageBucketView.model_fields})


def _latency_view(bucket: LatencyBucket, minutes: float) -> LatencyView:
    return LatencyView(
        bucket=bucket.bucket,
        requests=bucket.requests,
        requests_per_minute=bucket.requests / minutes,
        errors=bucket.errors,
        error_rate=bucket.errors / bucket.requests,
        latency_ms=_percentiles(bucket.latency_ms),
        first_token_ms=_percentiles(bucket.first_token_ms),
        output_tokens_per_s=bucket.output_tokens_per_s,
        completion_tokens=bucket.completion_tokens,
    )


def _percentiles(found: Percentiles | None) -> PercentilesView | None:
    return None if found is None else PercentilesView(p50=found.p50, p95=found.p95, p99=found.p99)
