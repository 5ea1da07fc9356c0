"""`/api/usage`: requests, tokens and cost, grouped."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from stoa.adapters.database.usage import UsageTable
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import View, milliseconds
from stoa.domain.ledger import UsageBucket, UsageGroup, UsageQuery, total_of
from stoa.errors import InvalidRequest
from stoa.policy.decide import Target
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/usage", tags=["usage"])

_DEFAULT_SPAN = timedelta(days=30)


class UsageBucketView(View):
    """Sums over one day, model, team, key or assistant; `bucket` is null for what has none.

    `cost_nano_usd` is the known cost; how many requests have an unknown one is said beside it.
    """

    bucket: str | None
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost_nano_usd: int
    unknown_cost_requests: int
    cache_hits: int
    errors: int


class UsageReport(View):
    data: list[UsageBucketView]
    total: UsageBucketView


@router.get("")
async def read_usage(
    caller: Annotated[Caller, allow("usage:read")],
    parts: Parts,
    since: Annotated[str | None, Query(alias="from", description="Date, or date and time; 30 days ago if left out.")] = None,
    until: Annotated[str | None, Query(alias="to", description="Date, which is included, or time; now if left out.")] = None,
    group_by: UsageGroup = "day",
) -> UsageReport:
    """All of it for those who may see everybody's; for others their own requests and those of keys that they made."""
    to_ms = milliseconds(_moment(until, "to", end_of_day=True)) if until else now_ms() + 1
    from_ms = milliseconds(_moment(since, "from")) if since else to_ms - _DEFAULT_SPAN // timedelta(milliseconds=1)
    if from_ms >= to_ms:
        raise InvalidRequest("'from' must be before 'to'.", param="from")
    of = None if caller.may(Target("Usage")) else caller.principal.id
    async with parts.database.read() as connection:
        buckets = await UsageTable(connection).buckets(UsageQuery(from_ms, to_ms, user_id=of), group_by=group_by)
    return UsageReport(data=[_view(bucket) for bucket in buckets], total=_view(total_of(buckets)))


def _view(bucket: UsageBucket) -> UsageBucketView:
    return UsageBucketView(**{name: getattr(bucket, name) for name in UsageBucketView.model_fields})


def _moment(text: str, param: str, *, end_of_day: bool = False) -> datetime:
    """A date is its first moment in UTC, or the first of the next day; a time without a zone is UTC."""
    try:
        if len(text) == len("2026-11-21"):
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            return day + timedelta(days=1) if end_of_day else day
        found = datetime.fromisoformat(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"{param!r} must be a date such as 2026-11-21, or a time such as 2026-11-21T08:00:00Z, but it is {text[:40]!r}.",
            param=param,
        ) from None
