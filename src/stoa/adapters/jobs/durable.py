"""Jobs on DBOS: the plan, each part and the end of a job are steps whose completion is kept in a database.

A step that was under way when the process died runs again when the next one starts. One process at a time works on one
database. Importing this module takes a second: whoever needs it imports it late.
"""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from dbos import DBOS, DBOSConfig, SetWorkflowID

from stoa.adapters.jobs.lanes import Lanes
from stoa.domain.jobs import Work

_T = TypeVar("_T")
_log = logging.getLogger(__name__)

_LANES_AT_ONCE = 4
_LOOK_EVERY_S = 2.0
"""At a job that is under way: its end is told, but for one that ended as it was submitted again."""
_OWN_QUEUES = "_dbos"
"""How the names of DBOS's own queues begin: what a process left is started through one."""
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
_SLICE = 100
"""Jobs whose steps are removed in one transaction."""
_REST_S = 0.05
_PATIENCE_S = 5.0
"""How long work that was interrupted may take to put down what it has in hand."""


class DurableRunner:
    """The runner port. Works run on the loop that `start` was called on; DBOS keeps threads of its own.

    DBOS has one instance a process, so there is one of this a process. Its queues are not used: each is looked at every second,
    which for a handful costs an idle process some percent of a core. Jobs wait for their turn here, and who submitted them
    knows them still when the process has died meanwhile.
    """

    def __init__(self, url: str, works: Mapping[str, Work]) -> None:
        self._url, self._works = url, works
        self._lanes = Lanes(works, at_once=_LANES_AT_ONCE)
        self._taken: dict[str, asyncio.Task[None]] = {}
        self._over: dict[str, asyncio.Event] = {}
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._at_work: set[asyncio.Task[Any]] = set()  # Any: what a step returns
        self._workflow: Callable[[str, str], None] | None = None

    async def start(self) -> None:
        """Prepare the database and take up what an earlier process left."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._launch)

    async def submit(self, work: str, job_id: str, *, lane: str) -> None:
        if work not in self._works:
            raise KeyError(work)
        if job_id not in self._taken:
            self._taken[job_id] = asyncio.create_task(self._in_turn(work, job_id, lane))

    async def forget(self, *, before_ms: int) -> int:
        """Their plans and steps, in slices."""
        removed = 0
        while some := await asyncio.to_thread(self._remove, before_ms):
            removed += some
            await asyncio.sleep(_REST_S)
        return removed

    async def close(self) -> None:
        """Stop taking jobs and interrupt those under way; their open steps run again at the next start."""
        self._stopping.set()
        for waiting in self._taken.values():
            waiting.cancel()
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)
        if self._at_work:
            await asyncio.wait(self._at_work, timeout=_PATIENCE_S)

    def _launch(self) -> None:
        assert self._loop is not None
        loop = self._loop
        logger = logging.getLogger("dbos")
        logger.addHandler(logging.NullHandler())  # it makes a console of its own when it finds no handler
        logger.setLevel(logging.ERROR)  # it warns that SQLite were for development; one process on WAL is what it is used for
        config: DBOSConfig = {
            "name": "stoa", "system_database_url": _driver(self._url), "application_version": "1", "executor_id": "stoa",
            "log_level": "ERROR", "sys_db_pool_size": 5,
        }  # fmt: skip
        if self._url.startswith("sqlite"):
            config["db_engine_kwargs"] = {"connect_args": {"factory": _WalConnection}}
        DBOS(config=config)
        DBOS.listen_queues([])

        def job(work: str, job_id: str) -> None:  # DBOS writes attributes onto what it registers, which a bound method has not
            try:
                self._run(work, job_id)
            finally:
                if not self._stopping.is_set():
                    loop.call_soon_threadsafe(self._note_over, job_id)

        self._workflow = DBOS.workflow(name="job")(job)
        DBOS.launch()

    async def _in_turn(self, work: str, job_id: str, lane: str) -> None:
        try:
            async with self._lanes.turn(work, lane):
                over, ended = self._over.setdefault(job_id, asyncio.Event()), False
                while not ended:
                    try:
                        ended = await asyncio.to_thread(self._begin, work, job_id)
                    except Exception:  # noqa: BLE001 - the database may be away for a while
                        _log.exception("beginning job %s failed", job_id)
                    if not ended:
                        with suppress(TimeoutError):
                            await asyncio.wait_for(over.wait(), _LOOK_EVERY_S)
                            ended = True
        finally:
            del self._taken[job_id]
            self._over.pop(job_id, None)

    def _begin(self, work: str, job_id: str) -> bool:
        """Start the job unless it was before: it was taken up when this process started, or has ended. Returns the latter."""
        assert self._workflow is not None
        with SetWorkflowID(job_id):
            found = DBOS.start_workflow(self._workflow, work, job_id).get_status()
        if found.status == "ENQUEUED" and not (found.queue_name or "").startswith(_OWN_QUEUES):
            DBOS.resume_workflow(job_id)  # an earlier version of this put it into a queue of its own
        return found.status in _ENDED

    def _note_over(self, job_id: str) -> None:
        self._over.setdefault(job_id, asyncio.Event()).set()

    def _remove(self, before_ms: int) -> int:
        before = datetime.fromtimestamp(before_ms / 1000, UTC).isoformat()
        over = DBOS.list_workflows(
            status=_ENDED, completed_before=before, limit=_SLICE, load_input=False, load_output=False
        )  # fmt: skip
        if over:
            DBOS.delete_workflows([each.workflow_id for each in over])
        return len(over)

    def _run(self, work: str, job_id: str) -> None:
        """The workflow. Its steps come in the same order whenever it runs again, for the plan is a step as well."""
        doer, error = self._works[work], None
        try:
            for part in DBOS.run_step({"name": "plan"}, partial(self._plan, doer, job_id)):
                DBOS.run_step({"name": "part"}, partial(self._part, doer, job_id, part))
        except Exception as failure:  # noqa: BLE001 - whatever stopped it belongs into the job
            error = str(failure) or type(failure).__name__
        DBOS.run_step(
            {"name": "finish", "retries_allowed": True, "max_attempts": 8, "interval_seconds": 1.0},
            partial(self._finish, doer, job_id, error),
        )

    def _plan(self, doer: Work, job_id: str) -> list[str]:
        return list(self._await(doer.plan(job_id)))

    def _part(self, doer: Work, job_id: str, part: str) -> None:
        self._await(doer.part(job_id, part))

    def _finish(self, doer: Work, job_id: str, error: str | None) -> None:
        self._await(doer.finish(job_id, error))

    def _await(self, work: Coroutine[Any, Any, _T]) -> _T:  # Any: what asyncio sends and yields
        """Run a coroutine on the loop from one of DBOS's threads, until it is done or the process stops."""
        assert self._loop is not None
        if self._stopping.is_set():
            work.close()
            raise _Stopped
        task = asyncio.run_coroutine_threadsafe(self._noted(work), self._loop)
        while True:
            try:
                return task.result(timeout=0.25)
            except TimeoutError:
                if task.done():
                    raise
                if self._stopping.is_set():
                    task.cancel()
                    raise _Stopped from None
            except CancelledError:
                raise _Stopped from None

    async def _noted(self, work: Coroutine[Any, Any, _T]) -> _T:  # Any: what asyncio sends and yields
        task = asyncio.current_task()
        assert task is not None
        self._at_work.add(task)
        try:
            return await work
        finally:
            self._at_work.discard(task)


class _Stopped(BaseException):
    """The process is stopping. No Exception, so that DBOS leaves the step open instead of recording a failure."""


class _WalConnection(sqlite3.Connection):
    """SQLite with a write-ahead log: seven times the steps a second of the default."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: passed through as they come
        super().__init__(*args, **kwargs)
        self.execute("PRAGMA journal_mode = WAL")
        self.execute("PRAGMA synchronous = NORMAL")


def _driver(url: str) -> str:
    return url.replace("postgres://", "postgresql://", 1)
