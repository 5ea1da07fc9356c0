"""`/api/traces`: requests found again, and each with why it went the way it went."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from stoa.adapters.database.traces import TraceTable
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import View
from stoa.api.moments import moment_in
from stoa.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page, page, place_of
from stoa.api.requests import RequestView, request_view
from stoa.api.search import RerankedView
from stoa.domain.decisions import Decision, TryKind, Way, spans_of
from stoa.domain.traces import Place, Trace, TraceQuery, TraceStatus
from stoa.domain.usage import UsageFact
from stoa.errors import InvalidRequest, NotFound
from stoa.ledger.traces import read_record, tries_of, why_of
from stoa.policy.decide import Target
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/traces", tags=["traces"])

_DEFAULT_SPAN = timedelta(days=1)
_LONGEST = 200

Id = Annotated[str, Path(alias="id", description="x-request-id of the answer, also where the client sent its own.")]


class SpanView(View):
    """Microseconds since the request began."""

    stage: str
    start_us: int
    end_us: int


class TryView(View):
    """One target that was asked, and what came of it. `answered` is of the one whose answer the client got."""

    kind: TryKind
    model: str
    provider: str
    asked_us: int
    content_us: int | None
    ended_us: int
    status: int
    error: str | None
    error_class: str | None
    answered: bool


class PassedOverView(View):
    model: str
    why: str


class ClaimView(View):
    """A limit or budget that counted the request: how much it claimed of how much; of refused requests also what was used."""

    name: str
    subject: str
    unit: str
    amount: int
    most: int
    used: int | None


class VerdictView(View):
    guard: str
    stage: str
    outcome: str
    us: int
    found: list[str]


class GivenPassageView(View):
    """Which document an assistant was given a passage of, and how well it fitted: 0 for one that stands beside another."""

    collection: str
    document_id: str
    score: float


class DecisionView(View):
    """Why the request went the way it went. `why` is null where no model was asked."""

    why: str | None
    strategy: str
    stages: list[SpanView]
    tries: list[TryView]
    passed_over: list[PassedOverView]
    claims: list[ClaimView]
    verdicts: list[VerdictView]
    retrieved: list[GivenPassageView]
    reranked: list[RerankedView]
    """What came of asking a model for the order of the passages, once for each part of the question."""
    cache_key: str | None
    similarity: float | None
    tags: list[str]
    estimated_by: str | None
    """The tokenizer that counted it before the call, or why that was an estimate; null where the model's is not known."""


class TraceView(View):
    """`decision` is null where none was recorded, or it is past its retention; `caused` are requests that this one caused."""

    request: RequestView
    decision: DecisionView | None
    caused: list[RequestView]


@router.get("")
async def list_traces(
    caller: Annotated[Caller, allow("trace:read")],
    parts: Parts,
    since: Annotated[str | None, Query(alias="from", description="Date or time; a day ago if left out.")] = None,
    until: Annotated[str | None, Query(alias="to", description="Date, which is included, or time; now if left out.")] = None,
    status: Annotated[TraceStatus | None, Query(description="How it ended.")] = None,
    model: Annotated[str | None, Query(max_length=_LONGEST, description="Asked for, or answered.")] = None,
    key: Annotated[str | None, Query(max_length=_LONGEST, description="A key's id or name.")] = None,
    team: Annotated[str | None, Query(max_length=_LONGEST)] = None,
    min_ms: Annotated[float | None, Query(ge=0, description="Only those that took as long, milliseconds.")] = None,
    text: Annotated[
        str | None, Query(max_length=_LONGEST, description="Beginning of an id, or in a model, a provider or an error.")
    ] = None,
    caused: Annotated[bool, Query(description="Also what other requests caused.")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[RequestView]:
    """The newest first: everybody's for those who may see them, else one's own and those of keys that one made."""
    to_ms = moment_in(until, "to", end_of_day=True) if until else now_ms() + 1
    query = TraceQuery(
        from_ms=moment_in(since, "from") if since else to_ms - _DEFAULT_SPAN // timedelta(milliseconds=1),
        to_ms=to_ms,
        user_id=_whose(caller),
        status=status,
        model=model,
        key=key,
        team=team,
        least_ms=min_ms,
        text=text,
        caused=caused,
    )
    async with parts.database.read() as connection:
        found = await TraceTable(connection).page(query, after=_after(cursor), limit=limit + 1)
    return page(found, limit=limit, view=request_view, place=_place)


@router.get("/{id}")
async def read_trace(trace_id: Id, caller: Annotated[Caller, allow("trace:read")], parts: Parts) -> TraceView:
    """By the fact's id, or by the request id that the client chose."""
    return _view(await found_trace(trace_id, caller, parts))


async def found_trace(trace_id: str, caller: Caller, parts: Parts) -> Trace:
    """Raises NotFound, also for those of others."""
    async with parts.database.read() as connection:
        found = await TraceTable(connection).find(trace_id, user_id=_whose(caller))
    if found is None:
        raise NotFound(
            f"There is no request {trace_id[:80]!r} that you may see. It shows up about a second after its answer; of a flood "
            "of refusals only some are kept, and a request without a valid key leaves nothing."
        )
    return found


def _whose(caller: Caller) -> str | None:
    return None if caller.may(Target("Usage")) else caller.principal.id


def _view(trace: Trace) -> TraceView:
    decision = read_record(trace.record)
    return TraceView(
        request=request_view(trace.fact),
        decision=_decision_view(trace.fact, decision) if decision is not None else None,
        caused=[request_view(each) for each in trace.caused],
    )


def _decision_view(fact: UsageFact, decision: Decision) -> DecisionView:
    way = decision.way or Way()
    return DecisionView(
        why=why_of(fact, decision),
        strategy=decision.strategy,
        stages=[SpanView(stage=span.stage, start_us=span.start_us, end_us=span.end_us) for span in spans_of(decision)],
        tries=[_shown(TryView, each) for each in tries_of(fact, decision)],
        passed_over=[_shown(PassedOverView, each) for each in way.passed_over],
        claims=[_shown(ClaimView, each) for each in decision.claims or ()],
        verdicts=[_shown(VerdictView, each) for each in decision.verdicts or ()],
        retrieved=[_shown(GivenPassageView, each) for each in way.retrieved],
        reranked=[_shown(RerankedView, each) for each in way.reranked],
        cache_key=decision.cache_key.hex() if decision.cache_key is not None else None,
        similarity=way.similarity,
        tags=list(way.tags),
        estimated_by=decision.estimated_by,
    )


def _shown(view: type[View], told: object) -> Any:  # Any: the view that was asked for
    return view(**{name: getattr(told, name) for name in view.model_fields})


def _place(fact: UsageFact) -> str:
    return f"{fact.at_ms} {fact.id}"


def _after(cursor: str | None) -> Place | None:
    at = place_of(cursor)
    if at is None:
        return None
    at_ms, _, fact_id = at.partition(" ")
    if not at_ms.isdigit() or not fact_id:
        raise InvalidRequest("The cursor is not one of this list; leave it out to begin anew.", param="cursor")
    return Place(int(at_ms), fact_id)
