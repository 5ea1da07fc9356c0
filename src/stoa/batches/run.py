"""The batch job: check the file, ask its lines some at a time, write the files. Every part may run again after a crash.

What is answered is stored in segments as it comes, so that a part which runs again asks only what is missing.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

from stoa.batches.answers import Answers, kept_of, sweep
from stoa.batches.asking import Asking, Patience, Reply
from stoa.batches.lines import Line, Request, check, lines, read
from stoa.batches.output import write_errors, write_output
from stoa.batches.purse import LIMITS, Purse
from stoa.domain.batches import ENDED, Asker, Batch, BatchLedger, Fault, Status, batch_of
from stoa.domain.files import Blobs, StoredFile, blob_name
from stoa.domain.identity import opening
from stoa.errors import Forbidden, InvalidRequest, NotFound, StoaError

KIND = "batch"
CHECK, ASK = "check", "ask"

STORE_EVERY_S = 1.0
STORE_AT = 64
"""Answers that make a segment before its time."""
LOOK_EVERY_S = 0.25
TRIES = 10
DATABASE_AWAY_S = 600.0
"""How long the database or the object store may be away under a running batch."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPorts:
    """What a batch needs from outside. `parallel` is how many lines are asked at once, `most_bytes` the longest line."""

    ledger: BatchLedger
    blobs: Blobs
    asker: Asker
    now_ms: Callable[[], int]
    parallel: int
    most_bytes: int
    patience: Patience = field(default_factory=Patience)


class BatchWork:
    """Work of the kind `batch`."""

    def __init__(self, ports: BatchPorts) -> None:
        self._ports = ports

    async def plan(self, job_id: str) -> Sequence[str]:
        return [CHECK, ASK] if await self._ports.ledger.start(batch_of(job_id)) else []

    async def part(self, job_id: str, part: str) -> None:
        """Raises InvalidRequest for a file that is no batch, Forbidden when the owner is gone."""
        pause = self._ports.patience.first_s
        for tries_left in reversed(range(TRIES)):
            try:
                return await self._part(job_id, part)
            except StoaError:
                raise
            except Exception:  # the database or the object store may be away for a while
                if not tries_left:
                    raise
                _log.exception("job %s: part %r broke off; trying again in %s s", job_id, part, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._ports.patience.longest_s)
        return None

    async def _part(self, job_id: str, part: str) -> None:
        batch = await self._batch(job_id)
        if batch.status not in ENDED:
            await (self._check(batch) if part == CHECK else self._ask(batch))

    async def finish(self, job_id: str, error: str | None) -> None:
        """Write the files, end the batch, clear away. Running again changes nothing."""
        ports = self._ports
        batch = await ports.ledger.get(batch_of(job_id))
        if batch is None:
            return
        if batch.status not in ENDED:
            await self._close(batch, error)
        await sweep(batch, ports.blobs)

    async def _check(self, batch: Batch) -> None:
        if batch.status != "validating":
            return
        ports = self._ports
        pieces = await self._input(batch)
        total, faults = await check(pieces, endpoint=batch.endpoint, most_bytes=ports.most_bytes)
        if faults:
            await ports.ledger.blame(batch.id, faults)
            raise InvalidRequest(f"The file {batch.input_file_id!r} is not a batch for {batch.endpoint}: {faults[0].message}")
        await ports.ledger.begin(batch.id, total=total, now_ms=ports.now_ms())

    async def _ask(self, batch: Batch) -> None:
        ports = self._ports
        answered = {kept.number async for kept in kept_of(batch, ports.blobs)}
        answers = Answers(batch, blobs=ports.blobs, ledger=ports.ledger)
        asking = Asking(batch, ports.asker, ports.ledger, ports.now_ms, ports.patience)
        source = _unanswered(lines(await self._input(batch), most_bytes=ports.most_bytes), answered)
        turn, purse = asyncio.Condition(), Purse(batch)

        async def serve() -> None:
            while True:
                async with turn:
                    await turn.wait_for(lambda: purse.is_open or purse.fault is not None)
                    line = await anext(source, None) if purse.fault is None else None
                    if line is None:
                        return
                    purse.begin()
                reply = await asking.reply(line.number, read(line))
                await answers.add(line.number, reply)
                async with turn:
                    purse.end(reply.cost_nano_usd)
                    turn.notify_all()

        servers = [asyncio.create_task(serve()) for _ in range(ports.parallel)]
        try:
            await self._watch(batch, servers, answers, asking)
            if purse.fault is not None and answers.count + answers.held < batch.total:
                await ports.ledger.blame(batch.id, [purse.fault])
        except Forbidden as error:
            await ports.ledger.blame(batch.id, [Fault("owner_gone", error.message)])
            raise
        finally:
            for server in servers:
                server.cancel()
            await asyncio.wait(servers)
            await source.aclose()
            await _last(batch, answers)

    async def _watch(self, batch: Batch, servers: Sequence[asyncio.Task[None]], answers: Answers, asking: Asking) -> None:
        """Store what comes, until all is asked or nobody wants it any more. Raises what stopped a server."""
        pace = _Pace(batch.total, answers.count)
        stored = away_since = asyncio.get_running_loop().time()
        said: str | None = None
        while True:
            done, waiting = await asyncio.wait(servers, timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_EXCEPTION)
            for server in done:
                server.result()
            now = asyncio.get_running_loop().time()
            try:
                due = now - stored >= STORE_EVERY_S or answers.held >= STORE_AT or not waiting
                message = asking.waiting or pace.message(answers.count + answers.held, now)
                if due and (answers.held or message != said):
                    await answers.store(message)
                    stored, said = now, message
                stop = due and await self._unwanted(batch)
                away_since = now
            except Exception:
                if now - away_since > DATABASE_AWAY_S:
                    raise
                _log.exception("batch %s: what was answered could not be stored; trying again", batch.id)
                await asyncio.sleep(STORE_EVERY_S)
                continue
            if stop or not waiting:
                return

    async def _unwanted(self, batch: Batch) -> bool:
        """Whether it was cancelled or its time is over."""
        job = await self._ports.ledger.job(batch.id)
        return job is None or job.state == "cancelled" or self._ports.now_ms() >= batch.expires_at

    async def _close(self, batch: Batch, error: str | None) -> None:
        ports = self._ports
        status, why = await self._outcome(batch, error)
        if status == "failed" and not batch.errors:
            await ports.ledger.blame(batch.id, [Fault("batch_failed", why or "The batch failed.")])
        if status == "completed":
            await ports.ledger.finalize(batch.id, now_ms=ports.now_ms())
        files = await self._files(batch, status) if batch.total else {}
        left = batch.total - batch.completed - batch.failed
        failed = batch.failed + left if _left_lines(batch, status) else batch.failed
        await ports.ledger.close(batch.id, status, files=files, failed=failed, message=why, now_ms=ports.now_ms())

    async def _outcome(self, batch: Batch, error: str | None) -> tuple[Status, str | None]:
        job = await self._ports.ledger.job(batch.id)
        if job is None or job.state == "cancelled" or batch.status == "cancelling":
            return "cancelled", None
        if batch.errors or error is not None:
            return "failed", error or (batch.errors[0].message if batch.errors else None)
        if batch.total and batch.completed + batch.failed == batch.total:
            return "completed", None
        return "expired", f"The batch expired with {batch.completed + batch.failed:,} of {batch.total:,} lines answered."

    async def _files(self, batch: Batch, status: Status) -> dict[str, StoredFile]:
        ports, now = self._ports, self._ports.now_ms()
        # Rights that its owner gained meanwhile may be in the answers, so whoever reads them must hold those too.
        acl = batch.acl | opening(await ports.ledger.owner_acl(batch, now_ms=now) or ())
        asking = Asking(batch, ports.asker, ports.ledger, ports.now_ms)

        def missed(number: int, request: Request) -> Reply:
            if status == "expired":
                message = "This request could not be executed before the completion window expired."
                return asking.failed(number, request.custom_id, "batch_expired", message)
            fault = batch.errors[0]
            return asking.failed(number, request.custom_id, fault.code, fault.message)

        output = await write_output(batch, ports.blobs, acl=acl, now_ms=now)
        errors = await write_errors(
            batch, ports.blobs, missed=missed if _left_lines(batch, status) else None, most_bytes=ports.most_bytes, acl=acl,
            now_ms=now,
        )  # fmt: skip
        found = {"output_file_id": output, "error_file_id": errors}
        return {field: file for field, file in found.items() if file is not None}

    async def _batch(self, job_id: str) -> Batch:
        batch = await self._ports.ledger.get(batch_of(job_id))
        if batch is None:
            raise NotFound(f"There is no batch of the job {job_id!r}.")
        return batch

    async def _input(self, batch: Batch) -> AsyncGenerator[bytes]:
        pieces = await self._ports.blobs.read(blob_name(batch.input_file_id))
        if pieces is None:
            raise NotFound(f"The bytes of the file {batch.input_file_id!r} are not in the object store.")
        return pieces


def _left_lines(batch: Batch, status: Status) -> bool:
    """Whether lines that nobody came to stand in the error file: those of a batch whose time, or money, was over."""
    return status == "expired" or (status == "failed" and any(fault.code in LIMITS for fault in batch.errors))


async def _last(batch: Batch, answers: Answers) -> None:
    """Keep also what was answered just before a stop, if that can be: it is paid for."""
    if answers.held:
        try:
            await answers.store(None)
        except Exception:  # noqa: BLE001 - whatever it was, what stopped the batch matters more
            _log.exception("batch %s: the last %d answers could not be stored", batch.id, answers.held)


class _Pace:
    """How far a run is, in words."""

    def __init__(self, total: int, before: int) -> None:
        self._total, self._before = total, before
        self._began: float | None = None

    def message(self, answered: int, now: float) -> str:
        self._began = now if self._began is None else self._began
        made, took = answered - self._before, now - self._began
        left = ""
        if made > 0 and took > 0 and answered < self._total:
            left = f", about {_duration(took / made * (self._total - answered))} left"
        return f"{answered:,} of {self._total:,} lines answered{left}."


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


async def _unanswered(source: AsyncGenerator[Line], answered: set[int]) -> AsyncGenerator[Line]:
    async for line in source:
        if line.number not in answered:
            yield line
