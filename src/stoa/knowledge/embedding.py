"""Vectors for what was processed without: the embedding model may be away for a while, and the job may be cancelled."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from stoa.domain.jobs import JobLedger
from stoa.domain.passages import Embedder, Metered, Spent
from stoa.domain.processing import Processed
from stoa.errors import ProviderError, StoaError
from stoa.knowledge.process import EMBED_AT_ONCE, EMBED_TEXTS, unpack

_SAY_EVERY_S = 2.0


class Cancelled(StoaError):
    """The job was cancelled while it ran."""


@dataclass(frozen=True)
class Patience:
    """How long an embedding model that does not answer is waited for: pauses that double, up to a longest, for a total."""

    first_s: float = 0.5
    longest_s: float = 20.0
    total_s: float = 600.0


class PatientEmbedding:
    """For the parts of jobs."""

    def __init__(self, jobs: JobLedger, patience: Patience) -> None:
        self._jobs, self._patience = jobs, patience

    async def vectors(
        self, job_id: str, embedder: Embedder, processed: Sequence[Processed], *, team: str
    ) -> tuple[list[Sequence[Sequence[float]]], Spent]:
        """The vectors of each document's chunks; those that did not come along are made here. And what all of them took.

        Raises ProviderError when the model stays away, Cancelled when nobody wants them any more.
        """
        found = [unpack(each) for each in processed]
        lacking = [each for each, vectors in zip(processed, found, strict=True) if vectors is None]
        texts = [chunk.contextual_text for each in lacking for chunk in each.chunks]
        before = embedder.spent if isinstance(embedder, Metered) else Spent()
        made = iter(await self._embed(job_id, embedder, texts, team))
        vectors: list[Sequence[Sequence[float]]] = [
            [next(made) for _ in each.chunks] if own is None else own for each, own in zip(processed, found, strict=True)
        ]
        spent = embedder.spent - before if isinstance(embedder, Metered) else Spent()
        return vectors, sum((each.spent for each in processed), spent)

    async def not_cancelled(self, job_id: str) -> None:
        """Raises Cancelled."""
        job = await self._jobs.get(job_id)
        if job is None or job.state == "cancelled":
            raise Cancelled("The job was cancelled.")

    async def _embed(self, job_id: str, embedder: Embedder, texts: Sequence[str], team: str) -> list[Sequence[float]]:
        batches = [texts[n : n + EMBED_TEXTS] for n in range(0, len(texts), EMBED_TEXTS)]
        places = asyncio.Semaphore(EMBED_AT_ONCE)
        done, said = 0, time.monotonic()

        async def embed(batch: Sequence[str]) -> Sequence[Sequence[float]]:
            nonlocal done, said
            async with places:
                await self.not_cancelled(job_id)
                vectors = await self._patiently(job_id, embedder, batch, team)
                done += len(batch)
                if time.monotonic() - said > _SAY_EVERY_S:
                    said = time.monotonic()
                    await self._jobs.say(job_id, f"Embedding: {done:,} of {len(texts):,} passages of this part.")
                return vectors

        found = await asyncio.gather(*(embed(batch) for batch in batches))
        return [vector for vectors in found for vector in vectors]

    async def _patiently(self, job_id: str, embedder: Embedder, texts: Sequence[str], team: str) -> Sequence[Sequence[float]]:
        patience = self._patience
        pause, waited = patience.first_s, 0.0
        while True:
            try:
                return await embedder.embed(texts, team=team)
            except ProviderError as error:
                if error.upstream_status in (400, 413, 422) or waited >= patience.total_s:
                    raise
                await self._jobs.say(job_id, f"Waiting for the embedding model. {error.message}")
                await self.not_cancelled(job_id)
                await asyncio.sleep(pause)
                waited += pause
                pause = min(pause * 2, patience.longest_s)
