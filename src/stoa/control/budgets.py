"""Every budget with what is spent of it: those that were applied, and those of teams and keys."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from stoa.domain.keys import DEFAULT_PERIOD, Key
from stoa.domain.periods import Period, Window, read_period
from stoa.domain.resources import Budget
from stoa.domain.teams import Team
from stoa.domain.usage import Told
from stoa.domain.users import User
from stoa.kit.money import usd

BudgetState = Literal["ok", "warned", "spent"]


class BudgetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One budget of one subject in its present window. `name` is None for a budget of a team or a key itself.

    `subject` is None for one of each, of which nobody has spent anything yet. `used_nano_usd` is of the facts that control has
    and whose cost is known; `unknown_cost_requests` counts the others.
    """

    name: str | None
    scope: str
    subject: str | None
    per: Period
    time_zone: str
    used_nano_usd: int
    unknown_cost_requests: int
    warn_nano_usd: int | None
    limit_nano_usd: int | None
    refuses_unknown: bool
    starts_ms: int
    resets_ms: int
    state: BudgetState


def budget_statuses(
    budgets: Iterable[Budget],
    *,
    teams: Sequence[Team],
    keys: Sequence[Key],
    users: Sequence[User],
    told: Iterable[Told],
    now_ms: int,
) -> list[BudgetStatus]:
    """The nearest to its end first."""
    spent = {(each.scope, each.subject, each.period): each for each in told}
    names: Mapping[str, Mapping[str, str]] = {
        "key": {key.id: key.name for key in keys if key.revoked_at_ms is None},
        "user": {user.id: user.name for user in users},
    }
    found: list[BudgetStatus] = []
    for budget in budgets:
        window, of_scope = Window(budget.per, budget.time_zone), names.get(budget.scope, {})
        subjects = [subject for scope, subject, period in spent if (scope, period) == (budget.scope, window.period)]
        if budget.subject is not None:
            subjects = [subject for subject in subjects if of_scope.get(subject, subject) == budget.subject]
        limit, warn = _nano(budget.limit_usd), _nano(budget.warn_usd)
        refuses = budget.unknown == "refuse"
        if not subjects:
            found.append(_status(budget.name, budget.scope, budget.subject, window, None, warn, limit, now_ms, refuses))
        for subject in subjects:
            sums, named = spent[budget.scope, subject, window.period], of_scope.get(subject, subject)
            found.append(_status(budget.name, budget.scope, named, window, sums, warn, limit, now_ms, refuses))
    month = Window("month")
    for team in teams:
        if team.monthly_budget is not None:
            sums = spent.get(("team", team.name, month.period))
            found.append(_status(None, "team", team.name, month, sums, None, team.monthly_budget, now_ms))
    for key in keys:
        if key.budget is not None and key.usable(now_ms):
            window = Window(*read_period(key.budget_period or DEFAULT_PERIOD))
            sums = spent.get(("key", key.id, window.period))
            found.append(_status(None, "key", key.name, window, sums, None, key.budget, now_ms))
    return sorted(found, key=lambda each: (-_share(each), each.scope, each.subject or "", each.name or ""))


def _status(
    name: str | None,
    scope: str,
    subject: str | None,
    window: Window,
    sums: Told | None,
    warn: int | None,
    limit: int | None,
    now_ms: int,
    refuses_unknown: bool = False,
) -> BudgetStatus:
    start = window.at(now_ms)
    current = sums if sums is not None and sums.starts_ms == start else None
    used = current.nano_usd if current is not None else 0
    state: BudgetState = "ok"
    if limit is not None and used >= limit:
        state = "spent"
    elif warn is not None and used >= warn:
        state = "warned"
    return BudgetStatus(
        name=name,
        scope=scope,
        subject=subject,
        per=window.per,
        time_zone=window.time_zone,
        used_nano_usd=used,
        unknown_cost_requests=current.unknown if current is not None else 0,
        warn_nano_usd=warn,
        limit_nano_usd=limit,
        refuses_unknown=refuses_unknown,
        starts_ms=start,
        resets_ms=window.end,
        state=state,
    )


def _share(status: BudgetStatus) -> float:
    """Of what is refused at, else of what is warned at."""
    bound = status.limit_nano_usd if status.limit_nano_usd is not None else status.warn_nano_usd
    return status.used_nano_usd / bound if bound else float(status.used_nano_usd > 0)


def _nano(amount: str | None) -> int | None:
    return None if amount is None else usd(amount)
