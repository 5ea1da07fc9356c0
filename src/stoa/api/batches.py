"""`/v1/batches`: many requests in one file, in OpenAI's form. The gateway passes these paths on as `/v1/files`."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from stoa.adapters.database.batches import BatchTable
from stoa.adapters.database.jobs import JobTable
from stoa.api.access import Caller, Parts, allow_on_behalf
from stoa.api.files import file_of, team_of
from stoa.api.listing import After, Listing, listing
from stoa.batches.order import WINDOW, cancel, order
from stoa.domain.batches import Batch, Status, job_of
from stoa.errors import NotFound
from stoa.policy.decide import Target
from stoa.wiring import Control, now_ms

router = APIRouter(prefix="/v1/batches", tags=["batches"], include_in_schema=False)

Id = Annotated[str, Path(alias="id", max_length=64)]


class OutputExpiry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    anchor: Literal["created_at"]
    seconds: Annotated[int, Field(ge=3600, le=30 * 86_400)]


class NewBatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    input_file_id: Annotated[str, Field(max_length=64)]
    endpoint: str
    completion_window: Literal["24h"]
    metadata: dict[str, str] | None = None
    output_expires_after: OutputExpiry | None = None
    cost_limit_usd: str | None = None
    """Stoa's own: no further lines are asked once so much is spent."""


class FaultView(BaseModel):
    code: str
    message: str
    param: str | None
    line: int | None


class Faults(BaseModel):
    object: Literal["list"] = "list"
    data: list[FaultView]


class Counts(BaseModel):
    total: int
    completed: int
    failed: int


class UsageView(BaseModel):
    input_tokens: int
    output_tokens: int
    total_tokens: int


class CostView(BaseModel):
    """`nano_usd` is of the lines whose cost is known; `unknown_lines` counts the others."""

    nano_usd: int
    unknown_lines: int
    limit_nano_usd: int | None


class StoaView(BaseModel):
    """What OpenAI's form has no place for. `ends_about` is when it will be done if it goes on as so far."""

    cost: CostView
    ends_about: int | None
    job_id: str


class BatchView(BaseModel):
    """Times are seconds since 1970."""

    id: str
    object: Literal["batch"] = "batch"
    endpoint: str
    errors: Faults | None
    input_file_id: str
    completion_window: str = WINDOW
    status: Status
    output_file_id: str | None
    error_file_id: str | None
    created_at: int
    in_progress_at: int | None
    expires_at: int
    finalizing_at: int | None
    completed_at: int | None
    failed_at: int | None
    expired_at: int | None
    cancelling_at: int | None
    cancelled_at: int | None
    request_counts: Counts
    usage: UsageView
    metadata: dict[str, str] | None
    stoa: StoaView


def batch_view(batch: Batch) -> BatchView:
    faults = [FaultView(code=f.code, message=f.message, param=f.param, line=f.line) for f in batch.errors]
    return BatchView(
        id=batch.id, endpoint=batch.endpoint, errors=Faults(data=faults) if faults else None,
        input_file_id=batch.input_file_id, status=batch.status, output_file_id=batch.output_file_id,
        error_file_id=batch.error_file_id, created_at=batch.created_at // 1000, in_progress_at=_s(batch.in_progress_at),
        expires_at=batch.expires_at // 1000, finalizing_at=_s(batch.finalizing_at), completed_at=_s(batch.completed_at),
        failed_at=_s(batch.failed_at), expired_at=_s(batch.expired_at), cancelling_at=_s(batch.cancelling_at),
        cancelled_at=_s(batch.cancelled_at),
        request_counts=Counts(total=batch.total, completed=batch.completed, failed=batch.failed),
        usage=UsageView(
            input_tokens=batch.input_tokens, output_tokens=batch.output_tokens,
            total_tokens=batch.input_tokens + batch.output_tokens,
        ),
        metadata=batch.metadata,
        stoa=StoaView(
            cost=CostView(
                nano_usd=batch.cost_nano_usd, unknown_lines=batch.unknown_cost_lines, limit_nano_usd=batch.cost_limit_nano_usd
            ),
            ends_about=_s(batch.ends_about_ms(now_ms())), job_id=job_of(batch.id),
        ),
    )  # fmt: skip


@router.post("")
async def create_batch(new: NewBatch, caller: Annotated[Caller, allow_on_behalf("batches:create")], parts: Parts) -> BatchView:
    """Queue it; the file is checked by the worker, and a batch over a bad one fails with every error and its line."""
    file = await file_of(parts, caller, new.input_file_id, param="input_file_id")
    async with parts.database.write() as connection:
        batch = await order(
            BatchTable(connection), JobTable(connection), by=caller.principal, file=file, endpoint=new.endpoint,
            metadata=new.metadata, cost_limit_usd=new.cost_limit_usd, now_ms=now_ms(),
            output_expires_s=new.output_expires_after.seconds if new.output_expires_after else None,
        )  # fmt: skip
    return batch_view(batch)


@router.get("")
async def list_batches(
    caller: Annotated[Caller, allow_on_behalf("batches:list")],
    parts: Parts,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: After = None,
) -> Listing[BatchView]:
    """The newest first."""
    async with parts.database.read() as connection:
        found = await BatchTable(connection).page(team=team_of(caller), acl=caller.principal.acl, after=after, limit=limit + 1)
    return listing(found, limit=limit, view=batch_view, id_of=lambda batch: batch.id)


@router.get("/{id}")
async def read_batch(id_: Id, caller: Annotated[Caller, allow_on_behalf("batches:read")], parts: Parts) -> BatchView:
    return batch_view(await _find(parts, caller, id_))


@router.post("/{id}/cancel")
async def cancel_batch(id_: Id, caller: Annotated[Caller, allow_on_behalf("batches:cancel")], parts: Parts) -> BatchView:
    """What is answered by then is in its files."""
    batch = await _find(parts, caller, id_)
    async with parts.database.write() as connection:
        return batch_view(await cancel(BatchTable(connection), JobTable(connection), batch, now_ms=now_ms()))


async def _find(parts: Control, caller: Caller, batch_id: str) -> Batch:
    """Raises NotFound for a batch that is not there or not the caller's to know of."""
    async with parts.database.read() as connection:
        batch = await BatchTable(connection).get(batch_id)
    if batch is None or not caller.may(Target("Work", id=batch.id, team=batch.team, acl=batch.acl)):
        raise NotFound(f"There is no batch {batch_id[:100]!r} here for you.", param="id")
    return batch


def _s(at_ms: int | None) -> int | None:
    return None if at_ms is None else at_ms // 1000
