"""`/api/budgets`: how much of each budget is spent, and when it begins anew."""

from typing import Annotated, Literal

from fastapi import APIRouter

from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Moment, View, moment
from stoa.control.budgets import BudgetStatus, budget_statuses
from stoa.domain.resources import Budget
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/budgets", tags=["budgets"])


class BudgetView(View):
    """One budget of one subject. `name` is null for the budget of a team or a key itself.

    `subject` is null for one of each, of which nobody has spent anything yet. `used_nano_usd` is the known cost of the requests
    that gateways have delivered by `as_of`; how many had an unknown one is said beside it. `reserved_nano_usd` is what requests
    under way have set aside: the gateways alone know it, so it is null.
    """

    name: str | None
    scope: Literal["key", "user", "team", "project", "assistant"]
    subject: str | None
    per: Literal["minute", "hour", "day", "week", "month"]
    time_zone: str
    used_nano_usd: int
    reserved_nano_usd: int | None
    unknown_cost_requests: int
    unknown: Literal["allow", "refuse"]
    warn_nano_usd: int | None
    limit_nano_usd: int | None
    state: Literal["ok", "warned", "spent"]
    starts_at: Moment
    resets_at: Moment
    as_of: Moment


class Budgets(View):
    data: list[BudgetView]


@router.get("")
async def list_budgets(caller: Annotated[Caller, allow("budget:list")], parts: Parts) -> Budgets:
    """The nearest to its end first."""
    now = now_ms()
    told = await parts.usage.spent(now_ms=now)
    async with parts.read() as stores:
        found = budget_statuses(
            [each for each in await stores.resources.all() if isinstance(each, Budget)],
            teams=await stores.teams.all(),
            keys=await stores.keys.page(after=None, limit=None),
            users=await stores.users.page(after=None, limit=None),
            told=told,
            now_ms=now,
        )
    return Budgets(data=[_view(each, now) for each in found])


def _view(status: BudgetStatus, now: int) -> BudgetView:
    return BudgetView.model_validate(
        {
            "name": status.name,
            "scope": status.scope,
            "subject": status.subject,
            "per": status.per,
            "time_zone": status.time_zone,
            "used_nano_usd": status.used_nano_usd,
            "reserved_nano_usd": None,
            "unknown_cost_requests": status.unknown_cost_requests,
            "unknown": "refuse" if status.refuses_unknown else "allow",
            "warn_nano_usd": status.warn_nano_usd,
            "limit_nano_usd": status.limit_nano_usd,
            "state": status.state,
            "starts_at": moment(status.starts_ms),
            "resets_at": moment(status.resets_ms),
            "as_of": moment(now),
        }
    )
