"""Batches, as OpenAI's `/v1/batches` has them: many requests in one file, asked within a day, answered in a file.

A batch is done by the job of the same number, and runs as whoever made it: with their team, rights and limits at that moment.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from stoa.domain.behalf import Behalf
from stoa.domain.files import StoredFile
from stoa.domain.identity import AccessTag
from stoa.domain.jobs import Job

Status = Literal["validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"]
ENDED: frozenset[Status] = frozenset({"failed", "completed", "expired", "cancelled"})

ENDPOINTS = (
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/responses",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/rerank",
)
"""What lines may ask: whatever takes and gives JSON. An endpoint that this gateway does not serve answers so, line by line."""

MOST_LINES = 50_000


class Fault(msgspec.Struct, frozen=True, omit_defaults=False):
    """Why a batch failed, in OpenAI's form; `line` counts from 1."""

    code: str
    message: str
    param: str | None = None
    line: int | None = None


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Times are UTC milliseconds. `total` is known once the file was validated; `completed` and `failed` are lines.

    `output_expires_s` is how long its files are kept, None for ever. `segments` counts the parts of the answers that are
    stored; the counters are those of exactly these parts.
    """

    id: str
    team: str
    key_id: str | None
    user_id: str | None
    acl: frozenset[AccessTag]
    endpoint: str
    input_file_id: str
    metadata: dict[str, str] | None
    status: Status
    errors: tuple[Fault, ...] = ()
    output_expires_s: int | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    total: int = 0
    completed: int = 0
    failed: int = 0
    segments: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_limit_nano_usd: int | None = None
    """No further lines are asked once so much is spent."""
    cost_nano_usd: int = 0
    """Of the lines whose cost is known."""
    unknown_cost_lines: int = 0
    created_at: int
    expires_at: int
    in_progress_at: int | None = None
    finalizing_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    expired_at: int | None = None
    cancelling_at: int | None = None
    cancelled_at: int | None = None

    def ends_about_ms(self, now_ms: int) -> int | None:
        """When it will be done, UTC ms, if it goes on as it did so far; None where there is nothing to tell by."""
        done = self.completed + self.failed
        if self.status != "in_progress" or self.in_progress_at is None or not done or now_ms <= self.in_progress_at:
            return None
        return min(self.expires_at, now_ms + (now_ms - self.in_progress_at) * (self.total - done) // done)

    @property
    def behalf(self) -> Behalf:
        return Behalf(key=self.key_id) if self.key_id is not None else Behalf(user=self.user_id)


def job_of(batch_id: str) -> str:
    """The job that does a batch: the two differ by their prefix."""
    return batch_id.replace("batch_", "job_", 1)


def batch_of(job_id: str) -> str:
    return job_id.replace("job_", "batch_", 1)


class BatchStore(Protocol):
    """The batches of one transaction."""

    async def add(self, batch: Batch) -> None: ...

    async def get(self, batch_id: str) -> Batch | None: ...

    async def page(self, *, team: str, acl: frozenset[AccessTag], after: str | None, limit: int) -> Sequence[Batch]:
        """Those that the tags cover, the newest first; after the batch of that id."""
        ...

    async def advance(self, batch_id: str, status: Status, *, now_ms: int) -> bool:
        """Give it the status and note when. False when it has ended, or stops and would go on."""
        ...


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Counters after another segment was stored."""

    segments: int
    completed: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost_nano_usd: int = 0
    """Of the lines whose cost is known."""
    unknown_cost_lines: int = 0
    message: str | None = None


class BatchLedger(Protocol):
    """Batches as the worker sees them: each call is one transaction."""

    async def get(self, batch_id: str) -> Batch | None: ...

    async def job(self, batch_id: str) -> Job | None: ...

    async def start(self, batch_id: str) -> bool:
        """Mark the job as running. False when it was cancelled or has ended."""
        ...

    async def begin(self, batch_id: str, *, total: int, now_ms: int) -> None:
        """The file is valid and has this many lines."""
        ...

    async def blame(self, batch_id: str, faults: Sequence[Fault]) -> None:
        """Note what is wrong; the batch fails of it once it is closed."""
        ...

    async def finalize(self, batch_id: str, *, now_ms: int) -> None:
        """Every line is answered; from now on it cannot be cancelled."""
        ...

    async def record(self, batch_id: str, progress: Progress) -> None: ...

    async def owner_acl(self, batch: Batch, *, now_ms: int) -> frozenset[AccessTag] | None:
        """The tags its owner holds now; None when they are gone: revoked, expired, disabled."""
        ...

    async def close(
        self,
        batch_id: str,
        status: Status,
        *,
        files: Mapping[str, StoredFile],
        failed: int,
        message: str | None,
        now_ms: int,
    ) -> None:
        """End batch and job together; `files` are by field: `output_file_id`, `error_file_id`. Again changes nothing."""
        ...


class Answered(NamedTuple):
    """What the gateway said to one line."""

    status: int
    body: bytes
    request_id: str
    retry_after_s: float | None = None
    cost_nano_usd: int | None = None
    """What it cost; None where that is not known."""


class Asker(Protocol):
    """Sends lines through the gateway, on the batch lane. Raises ProviderError when no whole answer comes."""

    async def ask(self, endpoint: str, body: bytes, *, behalf: Behalf, request_id: str) -> Answered: ...
