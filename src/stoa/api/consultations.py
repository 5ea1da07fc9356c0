"""`/api/collections/{name}/usage`: how much a collection is asked, what answers cite of it, and how often there was nothing."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from stoa.adapters.database import consultations
from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import View
from stoa.api.holdings import collection_named
from stoa.api.moments import moment_in
from stoa.errors import InvalidRequest
from stoa.wiring import now_ms

router = APIRouter(prefix="/api/collections", tags=["collections"])

_DAYS_MS = 30 * 86_400_000
_TOP = 20

Since = Annotated[str | None, Query(alias="from", description="Date, or date and time; 30 days ago if left out.")]
Until = Annotated[str | None, Query(alias="to", description="Date, which is included, or time; now if left out.")]


class ConsultationDay(View):
    """A day in UTC. `passages` were given to a model, `cited` of them stand in the answers; `unanswered` cite nothing."""

    day: str
    questions: int
    passages: int
    cited: int
    unanswered: int


class CitedDocumentView(View):
    """How many answers cite a document, and how many of its passages in all."""

    id: str
    title: str
    path: str
    answers: int
    passages: int


class CollectionUsage(View):
    """Answered questions to assistants that have the collection. Days without one are left out.

    `documents` are those cited most that the caller may read; `hidden` is how many more were cited of those that it may not,
    or that are gone.
    """

    questions: int
    passages: int
    cited: int
    unanswered: int
    days: list[ConsultationDay]
    documents: list[CitedDocumentView]
    hidden: int


@router.get("/{name}/usage")
async def read_collection_usage(
    name: str,
    caller: Annotated[Caller, allow("collection:usage")],
    parts: Parts,
    since: Since = None,
    until: Until = None,
) -> CollectionUsage:
    to_ms = moment_in(until, "to", end_of_day=True) if until else now_ms() + 1
    from_ms = moment_in(since, "from") if since else to_ms - _DAYS_MS
    if from_ms >= to_ms:
        raise InvalidRequest("'from' must be before 'to'.", param="from")
    async with parts.read() as stores:
        collection = await collection_named(stores, caller, name)
    async with parts.database.read() as connection:
        days = await consultations.by_day(connection, collection.name, from_ms=from_ms, to_ms=to_ms)
        cited = await consultations.top_documents(connection, collection.name, from_ms=from_ms, to_ms=to_ms, limit=_TOP)
        known = await DatabaseLibrary(connection).documents.read([each.document_id for each in cited])
    acl = caller.principal.acl
    readable = {each.id: each for each in known.values() if each.state != "removed" and each.rights.open_to(acl)}
    return CollectionUsage(
        questions=sum(day.questions for day in days), passages=sum(day.found for day in days),
        cited=sum(day.cited for day in days), unanswered=sum(day.unanswered for day in days),
        days=[
            ConsultationDay(
                day=datetime.fromtimestamp(day.at_ms / 1000, UTC).date().isoformat(), questions=day.questions,
                passages=day.found, cited=day.cited, unanswered=day.unanswered,
            )
            for day in days
        ],
        documents=[
            CitedDocumentView(
                id=document.id, title=document.title, path=document.path, answers=each.answers, passages=each.passages
            )
            for each in cited
            if (document := readable.get(each.document_id)) is not None
        ],
        hidden=sum(each.document_id not in readable for each in cited),
    )  # fmt: skip
