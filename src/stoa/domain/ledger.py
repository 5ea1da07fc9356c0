"""What the ledger answers: sums over usage facts and what each team has spent; and the store that keeps the facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol

import msgspec

from stoa.domain.usage import UsageFact

UsageGroup = Literal["day", "model", "team", "key", "assistant"]


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """Facts from `from_ms` up to but not including `to_ms`; of one user and of the keys that user made, or of all (None)."""

    from_ms: int
    to_ms: int
    user_id: str | None = None


class UsageBucket(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the facts of one day (ISO date, UTC), model, team, key (by name) or assistant; None where a fact has none.

    `requests`, `cache_hits` and `errors` count what was asked from outside; work that such a request caused, like embedding its
    question, adds tokens and cost alone. Cost is of the facts whose cost is known; `unknown_cost_requests` counts the others.
    """

    bucket: str | None
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nano_usd: int = 0
    unknown_cost_requests: int = 0
    cache_hits: int = 0
    errors: int = 0


class UsageStore(Protocol):
    """The usage facts of one transaction."""

    async def insert(self, facts: Sequence[UsageFact]) -> None:
        """Add the facts that are not there yet, by id, and their cost to the spend of their team and month."""
        ...

    async def spend(self, month: str) -> Mapping[str, int]:
        """Nano-dollars by team in a month such as `2026-11`; every team that exists is named."""
        ...

    async def find(self, fact_id: str, *, user_id: str | None) -> UsageFact | None:
        """One fact; None where there is none, or where it is neither of this user nor of a key that the user made."""
        ...

    async def buckets(self, query: UsageQuery, *, group_by: UsageGroup) -> Sequence[UsageBucket]:
        """Days in order; everything else the most expensive first."""
        ...


def total_of(buckets: Sequence[UsageBucket]) -> UsageBucket:
    """All of them together."""
    names = [name for name in UsageBucket.__struct_fields__ if name != "bucket"]
    return UsageBucket(bucket=None, **{name: sum(getattr(bucket, name) for bucket in buckets) for name in names})


def month_of(at_ms: int) -> str:
    """The calendar month in UTC, such as `2026-11`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m")
