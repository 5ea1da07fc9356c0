"""`/api/usage/requests`: what one request was, by the id that its answer told."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from stoa.adapters.database.opening import opener
from stoa.adapters.database.usage import UsageTable
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Moment, View, moment
from stoa.domain.usage import UsageFact
from stoa.errors import NotFound
from stoa.kit.ids import is_id
from stoa.ledger.usage import await_fact
from stoa.policy.decide import Target
from stoa.wiring import Control

router = APIRouter(prefix="/api/usage/requests", tags=["usage"])

_LONGEST_WAIT_S = 10.0


class RequestView(View):
    """`requested` is the name that was asked for, `model` what answered. Tokens and cost are null where they are not known."""

    id: str
    at: Moment
    request_id: str
    operation: str
    form: str | None
    team: str
    requested: str
    assistant: str | None
    model: str | None
    provider: str | None
    arm: str | None
    status: int
    error: str | None
    cache: str
    cache_tier: str | None
    cache_of: str | None
    streamed: bool
    lane: str
    attempts: int
    refused: bool
    key_id: str | None
    user_id: str | None
    project: str | None
    parent_id: str | None
    prompt_tokens: int | None
    cache_read_tokens: int | None
    cache_write_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    tokens_from: str
    cost_nano_usd: int | None
    saved_nano_usd: int | None
    estimate_nano_usd: int | None
    latency_ms: float
    first_token_ms: float | None
    snapshot_version: int
    price_version: str
    corpus_version: str | None


@router.get("/{id}")
async def read_request(
    fact_id: Annotated[str, Path(alias="id", description="x-request-id of the answer, where the client sent none of its own.")],
    caller: Annotated[Caller, allow("usage:read")],
    parts: Parts,
    wait_s: Annotated[
        float, Query(ge=0, le=_LONGEST_WAIT_S, description="How long to wait for it: it is on its way for about a second.")
    ] = 0.0,
) -> RequestView:
    """One's own, of one's keys, or anybody's for those who may see everybody's."""
    of = None if caller.may(Target("Usage")) else caller.principal.id
    fact = await waited_for(parts, fact_id, user_id=of, patience_s=wait_s if is_id(fact_id) else 0)
    if fact is None:
        raise NotFound(
            f"There is no request {fact_id[:80]!r} that you may see. It shows up about a second after its answer; of a flood "
            "of refusals only some are kept, and a request without a valid key leaves nothing."
        )
    return request_view(fact)


async def waited_for(parts: Control, fact_id: str, *, user_id: str | None, patience_s: float) -> UsageFact | None:
    """The fact, once it has come to the database."""
    return await await_fact(fact_id, read=opener(parts.database.read, UsageTable), user_id=user_id, patience_s=patience_s)


def request_view(fact: UsageFact) -> RequestView:
    named = {name: getattr(fact, name) for name in RequestView.model_fields if name != "at"}
    return RequestView(at=moment(fact.at_ms), **named)
