"""Adding up what facts cost, by whom it belongs to."""

from collections.abc import Iterable

from stoa.domain.usage import Costs, UsageFact, Who

_NOTHING = (0, 0)


def add_costs(facts: Iterable[UsageFact], costs: Costs) -> None:
    """Add what facts cost to what others did. Those that cost nothing are left out."""
    who: Who | None = None
    known = unknown = 0
    for fact in facts:
        cost = fact.cost_nano_usd
        if cost == 0:
            continue
        minute = fact.at_ms // 60_000
        if (
            who is None
            or fact.key_id != who.key_id
            or minute != who.minute
            or fact.team != who.team
            or fact.user_id != who.user_id
            or fact.project != who.project
            or fact.assistant != who.assistant
        ):  # neighbours are mostly of the same key
            if who is not None:
                costs[who] = (known, unknown)
            who = Who(fact.team, fact.key_id, fact.user_id, fact.project, fact.assistant, minute)
            known, unknown = costs.get(who, _NOTHING)
        if cost is None:
            unknown += 1
        else:
            known += cost
    if who is not None:
        costs[who] = (known, unknown)
