"""What the ledger answers: sums over usage facts and what each team has spent; and the store that keeps the facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple, Protocol

import msgspec

from stoa.domain.usage import Told, UsageFact

UsageGroup = Literal["day", "model", "team", "key", "user", "project", "assistant"]
LatencyGroup = Literal["model", "provider", "route"]
"""A route is what was asked for by name: a route, a model, or an assistant."""


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """Facts from `from_ms` up to but not including `to_ms`; of one user and of the keys that user made, or of all (None)."""

    from_ms: int
    to_ms: int
    user_id: str | None = None


class UsageBucket(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over the facts of one day (ISO date, UTC), model, team, key or user (by name), project or assistant.

    None where a fact has none.

    `requests`, `cache_hits` and `errors` count what was asked from outside; work that such a request caused, like embedding its
    question, adds tokens and cost alone. `refused` counts apart what was refused before a model was asked. Cost is of the facts
    whose cost is known; `unknown_cost_requests` counts the others.
    """

    bucket: str | None
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_nano_usd: int = 0
    unknown_cost_requests: int = 0
    cache_hits: int = 0
    saved_nano_usd: int = 0
    """What the answers from the cache had cost when they were made, as far as that is known."""
    errors: int = 0
    refused: int = 0


class Percentiles(msgspec.Struct, frozen=True):
    """Of measured times, in milliseconds to three figures, by nearest rank: each is a time that was measured."""

    p50: float
    p95: float
    p99: float


class LatencyBucket(msgspec.Struct, frozen=True, kw_only=True):
    """How well one model, provider or route answered; `bucket` is None for what came to no target.

    Answers from the cache, counts of tokens and shadow traffic are not among it. `errors` are requests that ended without an
    answer or with a broken one: those that a model refused for the caller's fault are none, nor are callers who went away.
    Times are those of answers that came whole, batches left out, since these wait for a place. `output_tokens_per_s` is of one
    answer, from the request to its last token.
    """

    bucket: str | None
    requests: int = 0
    errors: int = 0
    completion_tokens: int = 0
    latency_ms: Percentiles | None = None
    first_token_ms: Percentiles | None = None
    output_tokens_per_s: float | None = None


class Spent(NamedTuple):
    """What is spent at a moment: of each budget that is followed, in its present window, and by team in the month (UTC).

    Subjects without a cost are left out of `budgets`; `months` names every team that exists, in nano-dollars.
    """

    budgets: Sequence[Told]
    months: Mapping[str, int]


class UsageRecorder(Protocol):
    """Where usage facts come in."""

    async def record(self, facts: Sequence[UsageFact], *, now_ms: int) -> Spent:
        """In one transaction: add the facts that are not there yet, by id, and their cost to what is spent; then tell it.

        Sums are kept for the budgets that there are now; one that is new gets what was spent in its present window. Without
        facts, sums of windows that are long over are removed; the facts of those stay.
        """
        ...

    async def spent(self, *, now_ms: int) -> Sequence[Told]:
        """Of the budgets that there are now, as `record` tells it."""
        ...


class UsageStore(Protocol):
    """The usage facts of one transaction."""

    async def find(self, fact_id: str, *, user_id: str | None) -> UsageFact | None:
        """One fact; None where there is none, or where it is neither of this user nor of a key that the user made."""
        ...

    async def buckets(self, query: UsageQuery, *, group_by: UsageGroup) -> Sequence[UsageBucket]:
        """Days in order; everything else the most expensive first."""
        ...

    async def latencies(self, query: UsageQuery, *, group_by: LatencyGroup) -> Sequence[LatencyBucket]:
        """The busiest first."""
        ...


def total_of(buckets: Sequence[UsageBucket]) -> UsageBucket:
    """All of them together."""
    names = [name for name in UsageBucket.__struct_fields__ if name != "bucket"]
    return UsageBucket(bucket=None, **{name: sum(getattr(bucket, name) for bucket in buckets) for name in names})


def month_of(at_ms: int) -> str:
    """The calendar month in UTC, such as `2026-11`."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m")
