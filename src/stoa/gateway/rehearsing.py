"""Recorded requests, one after the other through a candidate, and what comes of all of them together."""

import heapq
from collections.abc import Iterable, Mapping

from stoa.domain.contents import Opened
from stoa.domain.decisions import Decision, decision_of
from stoa.domain.rehearsals import Example, Rehearsal, Row, Side
from stoa.domain.snapshot import Snapshot
from stoa.domain.traces import Trace
from stoa.domain.usage import LENT, SHADOW, UsageFact
from stoa.gateway.guarding.rehearsed import REFUSED, RehearsedGuards, Unread
from stoa.gateway.rehearsal import Outcome, Stand

_EXAMPLES = 10
_NOTHING: Mapping[str, Opened | Unread] = {}


class Rehearsing:
    """Takes traces in the order of time, and tells at the end what would change from `now` to the `candidate`."""

    def __init__(
        self,
        candidate: Snapshot,
        now: Snapshot,
        spent: Mapping[str, int],
        from_ms: int,
        *,
        guards: RehearsedGuards | None = None,
    ) -> None:
        self._stand = Stand(candidate, now, spent, from_ms)
        self._guards = guards
        self._rows: dict[str, dict[str | None, Row]] = {"routes": {}, "models": {}, "teams": {}}
        self._total = _row(None)
        self._moved = 0.0
        self._refusals: dict[str, int] = {}
        self._admitted = 0
        self._assumed = 0
        self._dearest: list[tuple[float, str, Example]] = []
        self._order = 0

    def asks_for(self, fact: UsageFact) -> bool:
        """Whether other guardrails would hold for it, so that its content is worth reading."""
        return self._guards is not None and _is_rehearsed(fact) and not fact.refused and self._guards.differ(fact)

    def take(self, traces: Iterable[Trace], contents: Mapping[str, Opened | Unread] = _NOTHING) -> None:
        """`contents` are of those that were asked for, by the fact's id; what is not there is not kept.

        Copies that nobody saw are left out: whether there would be any is not known.
        """
        for trace in traces:
            if _is_rehearsed(trace.fact):
                self._take(trace, contents)

    def told(self, *, truncated: bool) -> Rehearsal:
        routes, models, teams = (_sorted(self._rows[name]) for name in ("routes", "models", "teams"))
        return Rehearsal(
            total=self._total,
            routes=routes,
            models=models,
            teams=teams,
            moved=round(self._moved, 3),
            refusals=dict(sorted(self._refusals.items())),
            admitted=self._admitted,
            assumed=self._assumed,
            examples=[example for _, _, example in sorted(self._dearest, key=lambda each: -each[0])],
            truncated=truncated,
            guards=self._guards.sums() if self._guards is not None else None,
        )

    def _take(self, trace: Trace, contents: Mapping[str, Opened | Unread]) -> None:
        fact = trace.fact
        try:
            decision = decision_of(trace.record) if trace.record is not None else None
        except ValueError:
            decision = None
        after = self._meet(fact, decision, contents.get(fact.id, "not_kept"))
        self._assumed += after.assumed
        newly = after.refused is not None and not fact.refused
        if newly and after.refused is not None:
            self._refusals[after.refused] = self._refusals.get(after.refused, 0) + 1
        admitted = fact.refused and after.refused is None
        self._admitted += admitted
        moved = 0.0
        if not newly and not fact.refused and after.shares and fact.cache != "hit":
            moved = 1.0 - after.shares.get(fact.model or "", 0.0)
        self._moved += moved
        self._count(fact, after)
        if newly or admitted or moved > 0 or after.nano_usd != fact.cost_nano_usd:
            self._keep(fact, after)

    def _meet(self, fact: UsageFact, decision: Decision | None, content: Opened | Unread) -> Outcome:
        """With what guardrails say where others would hold. Of what one has refused nothing is kept that could be judged."""
        guards = self._guards
        if guards is None or not guards.differ(fact):
            return self._stand.meet(fact, decision)
        was_refused = fact.refused and fact.error == REFUSED
        after = self._stand.meet(fact, decision, passes=was_refused and guards.is_free(fact))
        judged = was_refused if after.refused is not None else not fact.refused
        if judged and guards.refuses(fact, content) and after.refused is None:
            return Outcome({}, REFUSED)
        return after

    def _count(self, fact: UsageFact, after: Outcome) -> None:
        for row in (
            self._total, self._of("routes", fact.requested), self._of("teams", fact.team), self._of("models", _model(fact)),
        ):  # fmt: skip
            _add(row.before, 1.0, fact.refused, fact.cost_nano_usd)
        refused = after.refused is not None
        for row in (self._total, self._of("routes", fact.requested), self._of("teams", fact.team)):
            _add(row.after, 1.0, refused, after.nano_usd)
        for model, share in (after.shares or {None: 1.0}).items():
            _add(self._of("models", model).after, share, refused, after.nano_usd)

    def _keep(self, fact: UsageFact, after: Outcome) -> None:
        """Among the examples: refusals weigh what they cost before, the others by how much more or less they cost."""
        weight = abs((after.nano_usd or 0) - (fact.cost_nano_usd or 0))
        example = Example(
            id=fact.id,
            requested=fact.requested,
            team=fact.team,
            before=fact.model,
            after=dict(after.shares),
            refused=after.refused,
            before_nano_usd=fact.cost_nano_usd,
            after_nano_usd=after.nano_usd,
        )
        heapq.heappush(self._dearest, (weight, fact.id, example))
        if len(self._dearest) > _EXAMPLES:
            heapq.heappop(self._dearest)

    def _of(self, by: str, name: str | None) -> Row:
        rows = self._rows[by]
        found = rows.get(name)
        if found is None:
            found = rows[name] = _row(name)
        return found


def _model(fact: UsageFact) -> str | None:
    return None if fact.cache == "hit" or fact.refused else fact.model


def _row(name: str | None) -> Row:
    return Row(name=name, before=Side(), after=Side())


def _add(side: Side, share: float, refused: bool, nano_usd: int | None) -> None:
    if refused:
        side.refused += share
        return
    side.requests += share
    if nano_usd is None:
        side.unknown_cost += share
    else:
        side.cost_nano_usd += nano_usd * share


def _sorted(rows: Mapping[str | None, Row]) -> list[Row]:
    def weight(row: Row) -> float:
        return -max(row.before.cost_nano_usd, row.after.cost_nano_usd)

    return sorted(rows.values(), key=lambda row: (weight(row), -row.before.requests, row.name or ""))


def _is_rehearsed(fact: UsageFact) -> bool:
    """Whether it went by a route: neither a copy, nor what a model of the client's own was asked."""
    return fact.arm != SHADOW and not fact.requested.startswith(LENT)
