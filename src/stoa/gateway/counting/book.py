"""Which limits and budgets apply to whom: a snapshot's, turned into rules that a request only has to walk along."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from stoa.domain.counting import Meter, Unit
from stoa.domain.periods import period_text
from stoa.domain.resources import LOCAL_SHARE, Budget, Limit
from stoa.domain.snapshot import Caller, Snapshot
from stoa.gateway.counting.known import Ledger, Sum
from stoa.gateway.counting.rules import Rule
from stoa.kit.money import usd

_MOST_PROJECTS = 4096
"""Tags that are remembered; the one that was not seen for longest makes place, and the ledger tells of it if it comes again."""
_UNLIMITED = 2**62
MONTH = "month UTC"

Rules = tuple[Rule, ...]


class Book:
    """The rules of one snapshot. `ledger` gives the sums; those that no rule needs any more are forgotten by `close`."""

    def __init__(self, snapshot: Snapshot, ledger: Ledger, *, now_ms: int) -> None:
        self._ledger = ledger
        self._now_ms = now_ms
        self._teams = snapshot.teams
        self._limits = tuple(snapshot.limits.values())
        self._budgets = tuple(snapshot.budgets.values())
        self._sums: set[Sum] = set()
        self._shared: dict[tuple[str, str], Rules] = {}
        self._project_budgets = tuple(each for each in self._budgets if each.scope == "project")
        self._projects: OrderedDict[str, Rules] = OrderedDict()

    def of_caller(self, caller: Caller) -> Rules:
        """Of the key or user, and of its team. Stoa's own work for a team counts against its budgets alone."""
        found: list[Rule] = []
        service = caller.key_id is None and caller.user_id is None
        if not service:
            found += self._own(caller)
            scope = "user" if caller.user_id is not None else "key"
            found += self._rules(scope, caller.name, caller.user_id or caller.key_id or "", f"{caller.name!r}")
        team = self._of_team(caller.team)
        found += [rule for rule in team if not service or rule.meter.unit == "nano_usd"]
        return tuple(found)

    def of_route(self, name: str) -> Rules:
        return self._of("route", name, f"Route {name!r}")

    def of_model(self, name: str) -> Rules:
        return self._of("model", name, f"Model {name!r}")

    def of_assistant(self, name: str) -> Rules:
        return self._of("assistant", name, f"Assistant {name!r}")

    @property
    def has_projects(self) -> bool:
        return bool(self._project_budgets)

    def of_project(self, name: str, now_ms: int) -> Rules:
        """Clients name projects as they like, so only so many are remembered."""
        found = self._projects.get(name)
        if found is not None:
            self._projects.move_to_end(name)
            return found
        self._now_ms = now_ms
        found = self._projects[name] = tuple(self._budgets_of("project", name, name, f"Project {name!r}"))
        if len(self._projects) > _MOST_PROJECTS:
            for rule in self._projects.popitem(last=False)[1]:
                self._ledger.forget(_sum_of(rule))
        return found

    def close(self) -> None:
        """All callers, routes, models and assistants were asked for."""
        self._ledger.keep(self._sums)
        self._shared.clear()

    def _of_team(self, name: str) -> Rules:
        key = ("team", name)
        found = self._shared.get(key)
        if found is None:
            who = f"Team {name!r}"
            rules = self._rules("team", name, name, who)
            limits = self._teams.get(name)
            if limits is not None and limits.monthly_budget is not None:
                meter = Meter(f"team/{name}/nano_usd", "nano_usd", limits.monthly_budget, open_share=LOCAL_SHARE)
                rules.append(self._money(meter, Sum("team", name, MONTH), who, f"monthly budget of team {name!r}", per="month"))
            found = self._shared[key] = tuple(rules)
        return found

    def _of(self, scope: str, name: str, who: str) -> Rules:
        found = self._shared.get((scope, name))
        if found is None:
            found = self._shared[scope, name] = tuple(self._rules(scope, name, name, who))
        return found

    def _own(self, caller: Caller) -> Iterable[Rule]:
        """What stands at the key itself."""
        who, own = repr(caller.name), f"of {'user' if caller.user_id is not None else 'key'} {caller.name!r}"
        told: tuple[tuple[Unit, int | None, str], ...] = (
            ("requests", caller.requests_per_minute, "requests_per_minute"),
            ("tokens", caller.tokens_per_minute, "tokens_per_minute"),
            ("parallel", caller.parallel, "parallel"),
        )
        for unit, most, name in told:
            if most is not None:
                sliding = unit != "parallel"
                yield Rule(Meter(f"own/{caller.id}/{unit}", unit, most, sliding, LOCAL_SHARE), who, f"{name} {own}")
        if caller.budget is not None:
            meter = Meter(f"own/{caller.id}/nano_usd", "nano_usd", caller.budget, open_share=LOCAL_SHARE)
            which = Sum("user" if caller.user_id is not None else "key", caller.id, caller.budget_period)
            yield self._money(meter, which, who, f"budget {own}", per=caller.budget_period.partition(" ")[0])

    def _rules(self, scope: str, name: str, subject: str, who: str) -> list[Rule]:
        found = [
            rule
            for limit in self._limits
            if limit.scope == scope and limit.subject in (None, name)
            for rule in self._limit(limit, subject, who)
        ]
        return [*found, *self._budgets_of(scope, name, subject, who)]

    def _budgets_of(self, scope: str, name: str, subject: str, who: str) -> list[Rule]:
        applying = (each for each in self._budgets if each.scope == scope and each.subject in (None, name))
        return [self._budget(budget, subject, who) for budget in applying]

    def _limit(self, limit: Limit, subject: str, who: str) -> Iterable[Rule]:
        told: tuple[tuple[Unit, int | None], ...] = (
            ("requests", limit.requests),
            ("tokens", limit.tokens),
            ("parallel", limit.parallel),
        )
        for unit, most in told:
            if most is None:
                continue
            sliding = limit.per == "minute" and unit != "parallel"
            share = limit.local_share if limit.when_lost == "open" else 0.0
            windowed = not sliding and unit != "parallel"
            # An hour's count is no minute's: a limit that gets another period is counted anew.
            name = f"limit/{limit.name}/{subject}/{unit}/{limit.per}" if windowed else f"limit/{limit.name}/{subject}/{unit}"
            meter = Meter(name, unit, most, sliding, share)
            window = self._ledger.window(period_text(limit.per, limit.time_zone)) if windowed else None
            yield Rule(meter, who, f"limit {limit.name!r}", per=limit.per, window=window)

    def _budget(self, budget: Budget, subject: str, who: str) -> Rule:
        most = _UNLIMITED if budget.limit_usd is None else usd(budget.limit_usd)
        share = budget.local_share if budget.when_lost == "open" else 0.0
        return self._money(
            Meter(f"budget/{budget.name}/{subject}/nano_usd", "nano_usd", most, open_share=share),
            Sum(budget.scope, subject, period_text(budget.per, budget.time_zone)),
            who,
            f"budget {budget.name!r}",
            per=budget.per,
            warn=None if budget.warn_usd is None else usd(budget.warn_usd),
            allows_unknown=budget.unknown == "allow",
        )

    def _money(
        self,
        meter: Meter,
        which: Sum,
        who: str,
        name: str,
        *,
        per: str,
        warn: int | None = None,
        allows_unknown: bool = True,
    ) -> Rule:
        known = self._ledger.known(which, self._now_ms)
        if which.scope != "project":
            self._sums.add(which)
        return Rule(meter, who, name, per=per, window=known.window, known=known, warn=warn, allows_unknown=allows_unknown)


def _sum_of(rule: Rule) -> Sum:
    assert rule.window is not None
    return Sum("project", rule.meter.id.split("/")[2], rule.window.period)
