"""What syncs of sources need from outside, and what each of their steps asks of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stoa.domain.documents import DocumentLedger, Objects
from stoa.domain.jobs import JobLedger
from stoa.domain.sources import Connectors
from stoa.domain.syncs import AppliedSources, OpenStores
from stoa.knowledge.ingest import Cancelled
from stoa.knowledge.sources.fetching import PAUSES_S


@dataclass(frozen=True)
class SyncPorts:
    """`rights` brings rights and removals of an ingestion job into the index; `unseal` opens a credential; `pauses_s` lie
    between tries at a source that does not answer.
    """

    read: OpenStores
    write: OpenStores
    jobs: JobLedger
    documents: DocumentLedger
    objects: Objects
    sources: AppliedSources
    connectors: Connectors
    unseal: Callable[[str], str]
    rights: Callable[[str], Awaitable[None]]
    now_ms: Callable[[], int]
    most_bytes: int
    pauses_s: Sequence[float] = PAUSES_S

    async def change(self, sync_id: str, **values: Any) -> None:  # Any: values of many columns
        async with self.write() as stores:
            await stores.syncs.change(sync_id, **values)

    async def not_cancelled(self, job_id: str) -> None:
        """Raises Cancelled."""
        job = await self.jobs.get(job_id)
        if job is None or job.state == "cancelled":
            raise Cancelled("The sync was cancelled.")
