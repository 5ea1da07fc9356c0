"""Having a batch done: it and its job are committed together, so there is none without the other."""

from collections.abc import Mapping

import msgspec

from stoa.batches.run import KIND
from stoa.domain.batches import ENDED, ENDPOINTS, Batch, BatchStore, job_of
from stoa.domain.files import StoredFile
from stoa.domain.identity import Principal, opening
from stoa.domain.jobs import Job
from stoa.domain.library import JobStore
from stoa.errors import Conflict, InvalidRequest
from stoa.kit.ids import new_id
from stoa.kit.money import usd
from stoa.kit.names import did_you_mean

WINDOW = "24h"
WINDOW_MS = 24 * 3_600_000

_PAIRS, _KEY_CHARACTERS, _VALUE_CHARACTERS = 16, 64, 512


async def order(
    batches: BatchStore,
    jobs: JobStore,
    *,
    by: Principal,
    file: StoredFile,
    endpoint: str,
    metadata: Mapping[str, str] | None,
    output_expires_s: int | None,
    cost_limit_usd: str | None = None,
    now_ms: int,
) -> Batch:
    """Queue a batch over a file that the caller may read. Raises InvalidRequest."""
    if file.purpose != "batch":
        raise InvalidRequest(
            f"The file {file.id!r} has the purpose {file.purpose!r}; upload it with the purpose 'batch'.", param="input_file_id"
        )
    if endpoint not in ENDPOINTS:
        there = ", ".join(ENDPOINTS)
        raise InvalidRequest(
            f"There is no endpoint {endpoint[:200]!r} for batches.{did_you_mean(endpoint, ENDPOINTS)} There is: {there}.",
            param="endpoint",
        )
    _require_metadata(metadata)
    cost_limit = _cost_limit(cost_limit_usd)
    batch = Batch(
        id=new_id("batch"),
        team=file.team,
        key_id=by.id if by.kind == "inference_key" else None,
        user_id=by.id if by.kind == "user" else None,
        acl=opening(by.acl),
        endpoint=endpoint,
        input_file_id=file.id,
        metadata=dict(metadata) if metadata is not None else None,
        status="validating",
        output_expires_s=output_expires_s,
        cost_limit_nano_usd=cost_limit,
        created_at=now_ms,
        expires_at=now_ms + WINDOW_MS,
    )
    job = Job(
        id=job_of(batch.id), kind=KIND, collection=None, state="queued", total=0, done=0, failed=0, pages=0, chunks=0,
        message=None, created_by=by.id, created_at=now_ms, team=batch.team,
    )  # fmt: skip
    await batches.add(batch)
    await jobs.add(job)
    return batch


async def cancel(batches: BatchStore, jobs: JobStore, batch: Batch, *, now_ms: int) -> Batch:
    """Stop a batch: at once if nobody has begun it, else when its worker looks. Raises Conflict for one that has ended."""
    if batch.status in ENDED or batch.status == "finalizing":
        raise Conflict(f"The batch {batch.id!r} is {batch.status} and cannot be cancelled any more.", code="batch_ended")
    if batch.status != "cancelling":
        at_once = await jobs.cancel_queued(job_of(batch.id), now_ms=now_ms)
        await batches.advance(batch.id, "cancelling", now_ms=now_ms)
        if at_once:
            await batches.advance(batch.id, "cancelled", now_ms=now_ms)
        else:
            await jobs.cancel(job_of(batch.id))
    found = await batches.get(batch.id)
    return found if found is not None else msgspec.structs.replace(batch, status="cancelling")


def _cost_limit(dollars: str | None) -> int | None:
    if dollars is None:
        return None
    try:
        amount = usd(dollars)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(f"cost_limit_usd: {error}.", param="cost_limit_usd") from None
    if amount <= 0:
        raise InvalidRequest(
            f"cost_limit_usd must be above 0, but {dollars!r} was given; leave it out for no limit.", param="cost_limit_usd"
        )
    return amount


def _require_metadata(metadata: Mapping[str, str] | None) -> None:
    if metadata is None:
        return
    if len(metadata) > _PAIRS:
        raise InvalidRequest(f"metadata may hold {_PAIRS} pairs, not {len(metadata)}.", param="metadata")
    for key, value in metadata.items():
        if len(key) > _KEY_CHARACTERS or len(value) > _VALUE_CHARACTERS:
            raise InvalidRequest(
                f"metadata {key[:80]!r}: a key may have {_KEY_CHARACTERS} characters, a value {_VALUE_CHARACTERS}.",
                param="metadata",
            )
