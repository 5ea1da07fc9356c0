"""`/api/replay`: recorded requests under resources as they might be. Nothing is sent to a provider, nothing is saved."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter
from pydantic import Field

from stoa.adapters.database.stores import DatabaseStores
from stoa.adapters.database.traces import TraceTable
from stoa.adapters.database.usage import UsageTable
from stoa.api.access import Caller, Parts, allow
from stoa.api.description import RESOURCE
from stoa.api.forms import Form, View, described
from stoa.api.moments import moment_in
from stoa.api.replay_contents import ReplayContents
from stoa.control.desired import applied_on, require_sound
from stoa.control.reading import read_resource, require_kind
from stoa.domain.ledger import UsageQuery
from stoa.domain.rehearsals import Rehearsal, Row, Side
from stoa.domain.traces import Place, TraceQuery
from stoa.errors import InvalidRequest
from stoa.gateway.guarding.ready import Workshop
from stoa.gateway.guarding.rehearsed import RehearsedGuards
from stoa.gateway.rehearsing import Rehearsing
from stoa.policy.decide import Target
from stoa.wiring import Control, now_ms

router = APIRouter(prefix="/api/replay", tags=["traces"])

_DEFAULT_SPAN_MS = timedelta(days=7) // timedelta(milliseconds=1)
_MOST = 200_000
"""Requests of one replay: half a minute of a core."""
_AT_ONCE = 500


class ReplayForm(Form):
    """`resources` are put on top of what there is, `remove` are left out, each as Kind/name; at least one of both."""

    # Any: read by hand, so that each mistake is named with its resource
    resources: Annotated[list[Any], described(items={"$ref": RESOURCE})] = Field(default_factory=list[Any])
    remove: list[str] = Field(default_factory=list[str])
    since: Annotated[str | None, Field(description="Date or time; seven days ago if left out.")] = None
    until: Annotated[str | None, Field(description="Date, which is included, or time; now if left out.")] = None
    route: Annotated[
        str | None, Field(description="Only requests that named this route, model or assistant, or that it answered.")
    ] = None


class ReplaySideView(View):
    """Requests may be parts of one, where only shares are known. Cost is of those whose cost is known."""

    requests: float
    refused: float
    cost_nano_usd: int
    unknown_cost: float


class ReplayRowView(View):
    """`name` is null for the cache, and for what was refused."""

    name: str | None
    before: ReplaySideView
    after: ReplaySideView


class ReplayExampleView(View):
    """A request that would go another way; `after` are models with their shares."""

    id: str
    requested: str
    team: str
    before: str | None
    after: dict[str, float]
    refused: str | None
    before_nano_usd: int | None
    after_nano_usd: int | None


class ReplayGuardsView(View):
    """What guardrails that differ would make of `judged` contents, and how many could not be judged.

    `refused` requests and `answers_refused` are newly so; `not_kept` contents are not there or not whole, `not_readable` may
    not be read by whoever asks, `beyond` are more than are judged at once. `left_out` are guards that ask others, which are not
    run: guardrail/guard.
    """

    judged: int
    refused: int
    answers_refused: int
    masked: int
    not_kept: int
    not_readable: int
    beyond: int
    left_out: list[str]


class ReplayView(View):
    """`moved` would be answered by another model; `refusals` would newly be refused, by reason; `admitted` no longer be so.

    `assumed` go by load or latency, and are taken to go where they went. `truncated`: there were more requests.
    """

    total: ReplayRowView
    routes: list[ReplayRowView]
    models: list[ReplayRowView]
    teams: list[ReplayRowView]
    moved: float
    refusals: dict[str, int]
    admitted: int
    assumed: int
    examples: list[ReplayExampleView]
    truncated: bool
    guards: Annotated[
        ReplayGuardsView | None, Field(description="Null where the same guardrails hold as now, so that none was run.")
    ]


@router.post("")
async def replay(wanted: ReplayForm, caller: Annotated[Caller, allow("replay:run")], parts: Parts) -> ReplayView:
    """What would have changed: which model answers, at what cost, and what is refused. The most expensive changes are named.

    Guardrails that differ are run on contents that are kept and that the caller may read; each reading leaves a line.
    """
    caller.require(Target())
    resources = [read_resource(sent, place=f"resources[{position}]") for position, sent in enumerate(wanted.resources)]
    removed = [_named(text) for text in wanted.remove]
    if not resources and not removed:
        raise InvalidRequest("Give 'resources' that would be applied, or name some to 'remove'.", param="resources")
    to_ms = moment_in(wanted.until, "until", end_of_day=True) if wanted.until else now_ms() + 1
    from_ms = moment_in(wanted.since, "since") if wanted.since else to_ms - _DEFAULT_SPAN_MS
    if from_ms >= to_ms:
        raise InvalidRequest("'since' must be before 'until'.", param="since")
    async with parts.database.read() as connection:
        stores = DatabaseStores(connection)
        after = applied_on(await stores.resources.all(), resources, removed, sealer=parts.secrets)
        await require_sound(stores, after, engine_url=parts.engine_url)
        trial = await parts.feed.trial(stores, lambda _: after)
        month = int(
            datetime.fromtimestamp(from_ms / 1000, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
        )
        before = await UsageTable(connection).buckets(UsageQuery(month * 1000, from_ms), group_by="team")
    spent = {each.bucket: each.cost_nano_usd for each in before if each.bucket is not None}
    workshop = Workshop(vectors=_nobody, own=None, presidio=None)
    book = await asyncio.to_thread(workshop.rules, trial.candidate, parts.secrets)
    guards = RehearsedGuards(trial.candidate, trial.now, book)
    rehearsing = Rehearsing(trial.candidate, trial.now, spent, from_ms, guards=guards)
    query = TraceQuery(from_ms=from_ms, to_ms=to_ms, model=wanted.route, caused=True)
    reader = ReplayContents(Caller(caller.principal, "content:read", caller.policy), parts)
    return _view(rehearsing.told(truncated=await _run(parts, query, rehearsing, reader)))


async def _nobody(model: str, texts: Sequence[str], team: str) -> Sequence[Sequence[float]]:
    raise AssertionError(f"a replay asks nobody to embed {len(texts)} texts with {model!r} for {team!r}")


async def _run(parts: Control, query: TraceQuery, rehearsing: Rehearsing, reader: ReplayContents) -> bool:
    """Page by page, so that nobody waits for it. Returns whether there were more than are looked at."""
    after: Place | None = None
    for _ in range(_MOST // _AT_ONCE):
        async with parts.database.read() as connection:
            found = await TraceTable(connection).records(query, after=after, limit=_AT_ONCE)
        contents = await reader.read([each.fact for each in found if rehearsing.asks_for(each.fact)])
        await asyncio.to_thread(rehearsing.take, found, contents)
        if len(found) < _AT_ONCE:
            return False
        after = Place(found[-1].fact.at_ms, found[-1].fact.id)
    return True


def _named(text: str) -> tuple[str, str]:
    kind, slash, name = text.partition("/")
    if not slash or not name:
        raise InvalidRequest(f"{text[:80]!r} must be Kind/name, such as Model/gpt.", param="remove")
    require_kind(kind, param="remove")
    return kind, name


def _view(found: Rehearsal) -> ReplayView:
    return ReplayView(
        total=_row(found.total),
        routes=[_row(each) for each in found.routes],
        models=[_row(each) for each in found.models],
        teams=[_row(each) for each in found.teams],
        moved=found.moved,
        refusals=found.refusals,
        admitted=found.admitted,
        assumed=found.assumed,
        examples=[
            ReplayExampleView(**{name: getattr(each, name) for name in ReplayExampleView.model_fields})
            for each in found.examples
        ],
        truncated=found.truncated,
        guards=None if found.guards is None else ReplayGuardsView(**msgspec.to_builtins(found.guards)),
    )


def _row(row: Row) -> ReplayRowView:
    return ReplayRowView(name=row.name, before=_side(row.before), after=_side(row.after))


def _side(side: Side) -> ReplaySideView:
    return ReplaySideView(
        requests=round(side.requests, 3),
        refused=round(side.refused, 3),
        cost_nano_usd=round(side.cost_nano_usd),
        unknown_cost=round(side.unknown_cost, 3),
    )
