"""Durable jobs: what is known of one, and the ports between who asks for work, who drives it and who does it."""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

JobState = Literal["waiting", "queued", "running", "succeeded", "failed", "cancelled"]
ENDED: frozenset[JobState] = frozenset({"succeeded", "failed", "cancelled"})


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of long work. Counters are documents or lines but for `pages` and `chunks`; times are UTC milliseconds.

    `team` is whose it is where no collection says so.
    `waiting` is still being put together by whoever asked for it, `queued` is complete and can be taken.
    """

    id: str
    kind: str
    collection: str | None
    state: JobState
    total: int
    done: int
    failed: int
    pages: int
    chunks: int
    message: str | None
    created_by: str
    created_at: int
    started_at: int | None = None
    ended_at: int | None = None
    team: str | None = None
    tokens: int = 0
    """What embedding took, as the model counts."""
    cost: int | None = 0
    """Nano-dollars of that; None is unknown."""

    @property
    def lane(self) -> str:
        """Jobs of one lane are done one after the other."""
        return self.collection or self.team or ""

    def pages_per_second(self, now: int) -> float | None:
        """Pages since the start, None before it."""
        seconds = self._seconds(now)
        return None if seconds is None else self.pages / seconds

    def done_per_second(self, now: int) -> float | None:
        """Documents or lines since the start, failed ones too; None before it."""
        seconds = self._seconds(now)
        return None if seconds is None else (self.done + self.failed) / seconds

    def seconds_left(self, now: int) -> float | None:
        """At the speed so far; None where there is none yet, or nothing is left."""
        speed, left = self.done_per_second(now), self.total - self.done - self.failed
        return left / speed if speed and left > 0 and self.state == "running" else None

    def _seconds(self, now: int) -> float | None:
        return None if self.started_at is None else max(((self.ended_at or now) - self.started_at) / 1000, 0.001)


class Embedded(msgspec.Struct, frozen=True):
    """What jobs have embedded: chunks, and the tokens that those came to."""

    chunks: int
    tokens: int


class JobLedger(Protocol):
    """The state of jobs, as the worker sees it."""

    async def get(self, job_id: str) -> Job | None: ...

    async def unfinished(self) -> Sequence[Job]:
        """Jobs that are queued or running, and cancelled ones that are not tidied up, oldest first."""
        ...

    async def start(self, job_id: str) -> bool:
        """Mark as running. False when it was cancelled or has ended."""
        ...

    async def say(self, job_id: str, message: str | None) -> None:
        """What the job is about just now, for whoever watches it."""
        ...

    async def end(self, job_id: str, *, error: str | None = None, note: str | None = None) -> None:
        """Mark as succeeded, perhaps with a note, or as failed with the error; a cancelled job stays so."""
        ...


class Work(Protocol):
    """How one kind of job is done: a plan of parts, each of which may run again after a crash and must not mind."""

    async def plan(self, job_id: str) -> Sequence[str]: ...

    async def part(self, job_id: str, part: str) -> None: ...

    async def finish(self, job_id: str, error: str | None) -> None:
        """Close the job; `error` is what stopped it, None when every part went through. May run again as well."""
        ...


class JobRunner(Protocol):
    """Drives work so that it survives the death of the process: no part is lost, and a finished one does not run again."""

    async def submit(self, work: str, job_id: str, *, lane: str) -> None:
        """Have the job done by the named work, after all others submitted in its lane. Submitting again changes nothing."""
        ...

    async def forget(self, *, before_ms: int) -> int:
        """Let go of what is kept of jobs that had ended before a moment, UTC. Returns how many there were."""
        ...
