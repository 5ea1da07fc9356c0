"""What is spent of each budget: sums over facts, in `spent`, for the budgets that `followed` names.

Like `spend`, they are added to in the transaction that inserts facts, from exactly the rows that were new. A budget that is new
gets the sum of the facts there are: on PostgreSQL who inserts holds a lock together with all who do, and who begins to follow
holds it alone, so that no fact falls between; SQLite has one writer at a time.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from stoa.adapters.database.tables import followed, keys, resources, revision, spent, teams, usage, users
from stoa.adapters.database.upsert import upserted
from stoa.domain.keys import DEFAULT_PERIOD
from stoa.domain.periods import Window, period_text, window_of
from stoa.domain.resources import Budget
from stoa.domain.usage import Told, UsageFact

_LOCK = 0x73746F61  # one number of ours among PostgreSQL's advisory locks
_MOST_TOLD = 10_000
"""Sums in one answer, the highest first: clients may name projects as they like."""
_HOUR_MS = 3_600_000
_KEPT_MS = {"minute": 2 * _HOUR_MS, "hour": 48 * _HOUR_MS}
_KEPT_ELSE_MS = 40 * 24 * _HOUR_MS

_COLUMNS: Mapping[str, ColumnElement[Any]] = {  # Any: text or null
    "team": usage.c.team,
    "key": usage.c.key_id,
    "user": usage.c.user_id,
    "project": usage.c.project,
    "assistant": usage.c.assistant,
}

_REVISION = select(revision.c.value)
_SEEN = select(followed.c.revision).where(followed.c.scope == "")
_FOLLOWED = select(followed.c.scope, followed.c.subject, followed.c.period).where(followed.c.scope != "")


class Followed(NamedTuple):
    """Sums that are kept: of one subject, or of each where it is empty, in every window of a period."""

    scope: str
    subject: str
    period: str


def follow(connection: Connection, now_ms: int) -> None:
    """Keep sums for exactly the budgets that desired state has, teams and keys included."""
    current = connection.execute(_REVISION).scalar_one_or_none() or 0
    if connection.execute(_SEEN).scalar_one_or_none() == current:
        return
    _lock(connection, shared=False)
    wanted, have = _wanted(connection), frozenset(_all(connection))
    gone = have - wanted
    if gone:
        connection.execute(delete(followed).where(or_(*(_is(each) for each in gone))))
    for each in sorted(wanted - have):
        _sum_up(connection, each, now_ms)
        connection.execute(insert(followed).values(**each._asdict(), revision=current))
    connection.execute(upserted(connection, followed, {"scope": "", "subject": "", "period": "", "revision": current}))


def followed_for(connection: Connection, facts: Iterable[UsageFact]) -> list[Followed]:
    """Those that may concern the facts, which are about to be inserted."""
    _lock(connection, shared=True)
    named = {name for fact in facts for name in _subjects(fact).values() if name is not None}
    concerned = or_(followed.c.subject == "", followed.c.subject.in_(named))
    return _all(connection, concerned)


def add(connection: Connection, following: Sequence[Followed], facts: Sequence[UsageFact]) -> None:
    """The cost of facts that were new."""
    periods = {each.period for each in following}
    windows = {period: window_of(period) for period in periods}
    each_of = {(each.scope, each.period) for each in following if not each.subject}
    found: dict[tuple[str, str, str, int], list[int]] = {}
    for fact in facts:
        if fact.cost_nano_usd == 0:
            continue
        subjects = _subjects(fact)
        touched = {(scope, subjects[scope], period) for scope, period in each_of}
        touched |= {tuple(each) for each in following if each.subject and subjects[each.scope] == each.subject}
        for scope, subject, period in touched:
            if subject is not None:
                sums = found.setdefault((scope, subject, period, windows[period].at(fact.at_ms)), [0, 0])
                sums[0] += fact.cost_nano_usd or 0
                sums[1] += fact.cost_nano_usd is None
    if found:
        rows = [
            {"scope": s, "subject": n, "period": p, "starts_at": at, "nano_usd": cost, "unknown": unknown}
            for (s, n, p, at), (cost, unknown) in sorted(found.items())
        ]
        statement = (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(spent)
        more = {name: spent.c[name] + statement.excluded[name] for name in ("nano_usd", "unknown")}
        connection.execute(statement.on_conflict_do_update(index_elements=list(spent.primary_key), set_=more), rows)


def present(connection: Connection, now_ms: int) -> Sequence[Told]:
    """What is spent in the windows that hold this moment."""
    following = frozenset(_all(connection))
    if not following:
        return []
    windows = [window_of(period) for period in {each.period for each in following}]
    now = or_(*(and_(spent.c.period == each.period, spent.c.starts_at == each.at(now_ms)) for each in windows))
    rows = connection.execute(select(spent).where(now).order_by(spent.c.nano_usd.desc(), spent.c.subject).limit(_MOST_TOLD))
    return [
        Told(row.scope, row.subject, row.period, row.starts_at, row.nano_usd, row.unknown)
        for row in rows
        if not following.isdisjoint((Followed(row.scope, "", row.period), Followed(row.scope, row.subject, row.period)))
    ]


def forget(connection: Connection, now_ms: int) -> None:
    """Sums of windows that are long over."""
    old = [and_(spent.c.period.like(f"{per} %"), spent.c.starts_at < now_ms - kept) for per, kept in _KEPT_MS.items()]
    connection.execute(delete(spent).where(or_(spent.c.starts_at < now_ms - _KEPT_ELSE_MS, *old)))


def _sum_up(connection: Connection, new: Followed, now_ms: int) -> None:
    """Its present window, from the facts."""
    start, column = window_of(new.period).at(now_ms), _COLUMNS[new.scope]
    stale = [spent.c.scope == new.scope, spent.c.period == new.period]
    of_facts = [usage.c.at >= start, column.is_not(None)]
    if new.subject:
        stale.append(spent.c.subject == new.subject)
        of_facts.append(column == new.subject)
    connection.execute(delete(spent).where(*stale))
    cost = func.sum(func.coalesce(usage.c.cost_nano_usd, 0))
    unknown = func.sum(case((usage.c.cost_nano_usd.is_(None), 1), else_=0))
    rows = connection.execute(select(column, cost, unknown).where(*of_facts).group_by(column)).all()
    if rows:
        sums = [
            {
                "scope": new.scope, "subject": subject, "period": new.period, "starts_at": start,
                "nano_usd": int(known), "unknown": int(missing),
            }
            for subject, known, missing in rows
        ]  # fmt: skip
        connection.execute(insert(spent), sums)


def _wanted(connection: Connection) -> frozenset[Followed]:
    """Of budgets that were applied, of teams and of keys. Subjects are ids where there are such."""
    found: set[Followed] = set()
    specs = connection.scalars(select(resources.c.spec).where(resources.c.kind == "Budget"))
    for budget in [msgspec.convert(spec, Budget) for spec in specs]:
        period = period_text(budget.per, budget.time_zone)
        for subject in _ids(connection, budget):
            found.add(Followed(budget.scope, subject, period))
    named = connection.scalars(select(teams.c.name).where(teams.c.monthly_budget.is_not(None)))
    found |= {Followed("team", name, Window("month").period) for name in named}
    own = select(keys.c.id, keys.c.budget_period).where(keys.c.budget.is_not(None), keys.c.revoked_at.is_(None))
    found |= {Followed("key", row.id, row.budget_period or DEFAULT_PERIOD) for row in connection.execute(own)}
    return frozenset(found)


def _ids(connection: Connection, budget: Budget) -> Sequence[str]:
    if budget.subject is None:
        return [""]
    if budget.scope == "key":
        return connection.scalars(select(keys.c.id).where(keys.c.name == budget.subject)).all()
    if budget.scope == "user":
        return connection.scalars(select(users.c.id).where(users.c.name == budget.subject)).all()
    return [budget.subject]


def _all(connection: Connection, *conditions: ColumnElement[bool]) -> list[Followed]:
    rows = connection.execute(_FOLLOWED.where(*conditions) if conditions else _FOLLOWED)
    return [Followed(*row) for row in rows]


def _lock(connection: Connection, *, shared: bool) -> None:
    if connection.dialect.name == "postgresql":
        name = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        connection.execute(text(f"SELECT {name}(:lock)"), {"lock": _LOCK})


def _is(each: Followed) -> ColumnElement[bool]:
    return and_(followed.c.scope == each.scope, followed.c.subject == each.subject, followed.c.period == each.period)


def _subjects(fact: UsageFact) -> Mapping[str, str | None]:
    return {
        "team": fact.team, "key": fact.key_id, "user": fact.user_id, "project": fact.project, "assistant": fact.assistant
    }  # fmt: skip
