"""The supervisor: starts the roles, waits until all are ready, restarts one that crashes, and ends them in order.

It decides nothing about what the roles do; a role is a command, a socket and `GET /readyz`.
"""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from stoa.adapters.processes.events import Crashed, Event, Started, Stopping, Waiting, how_it_ended
from stoa.adapters.processes.health import probe
from stoa.adapters.processes.logfile import LogFile
from stoa.adapters.processes.restart import Backoff, after_crash
from stoa.adapters.processes.role import Role, RoleProcess
from stoa.errors import OperatorError
from stoa.kit.home import Home

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PROBE_EVERY_S = 0.1
_SAY_AFTER_S = 10.0
_ONE_SIGNAL_S = 0.5
"""Signals this close together are one: a wrapper often hands on what the terminal has sent to the whole group anyway."""


@dataclass(slots=True)
class _Kept:
    """The changing side of one role."""

    role: Role
    task: asyncio.Task[None] | None = None
    process: RoleProcess | None = None
    restarts: int = 0


class Supervisor:
    """Runs `stages` of roles. They end stage by stage: the first has ended before the second is asked to.

    `tell` hears of every event and must not block.
    """

    def __init__(
        self,
        stages: Sequence[Sequence[Role]],
        *,
        home: Home,
        tell: Callable[[Event], None],
        backoff: Backoff | None = None,
        ready_within: timedelta = timedelta(seconds=120),
    ) -> None:
        self._stages = [[_Kept(role) for role in stage] for stage in stages]
        self._home = home
        self._tell = tell
        self._backoff = backoff or Backoff()
        self._ready_within = ready_within
        self._ready = False
        self._first_signal = 0.0
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()

    async def run(self, when_ready: Callable[[], Awaitable[None]]) -> None:
        """Return when a signal came and every role has ended. Raises OperatorError when one cannot start.

        `when_ready` runs once, as soon as all roles are ready, and is cancelled when a signal comes first.
        """
        with self._signals():
            try:
                keepers = [self._spawn(kept) for stage in self._stages for kept in stage]
                serving = asyncio.create_task(self._serve(when_ready))
                stopped = asyncio.create_task(self._stop.wait())
                done, _ = await asyncio.wait([serving, stopped, *keepers], return_when=asyncio.FIRST_COMPLETED)
                serving.cancel()
                stopped.cancel()
                for task in done:
                    task.result()
            finally:
                await self._end()

    @contextlib.contextmanager
    def _signals(self) -> Generator[None]:
        """Signals ask for the end. SIGHUP stays ignored where nohup said so; SIGINT never, though a shell's `&` does say so."""
        loop = asyncio.get_running_loop()
        nohup = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
        heard = [number for number in _STOP_SIGNALS if number != signal.SIGHUP or not nohup]
        for number in heard:
            loop.add_signal_handler(number, self._signalled)
        try:
            yield
        finally:
            for number in heard:
                loop.remove_signal_handler(number)

    def _signalled(self) -> None:
        now = time.monotonic()
        hastily = self._stop.is_set()
        if hastily and now - self._first_signal < _ONE_SIGNAL_S:
            return
        if hastily:
            self._hurry.set()
        else:
            self._first_signal = now
        self._stop.set()
        self._tell(Stopping(hastily))

    def _spawn(self, kept: _Kept) -> asyncio.Task[None]:
        kept.task = asyncio.create_task(self._keep(kept))
        return kept.task

    async def _serve(self, when_ready: Callable[[], Awaitable[None]]) -> None:
        await self._until_ready()
        self._ready = True
        await when_ready()
        await self._stop.wait()

    async def _until_ready(self) -> None:
        started, said = time.monotonic(), False
        waiting = {kept.role.name: kept.role.url for stage in self._stages for kept in stage}
        while True:
            answers = await asyncio.gather(*(asyncio.to_thread(probe, url) for url in waiting.values()))
            reasons = {name: health.reasons for name, health in zip(waiting, answers, strict=True) if not health.ready}
            if not reasons:
                return
            waiting = {name: waiting[name] for name in reasons}
            passed = time.monotonic() - started
            if passed > self._ready_within.total_seconds():
                raise OperatorError(self._not_ready(reasons))
            if passed > _SAY_AFTER_S and not said:
                said = True
                self._tell(Waiting(reasons))
            await asyncio.sleep(_PROBE_EVERY_S)

    def _not_ready(self, reasons: dict[str, tuple[str, ...]]) -> str:
        roles = "; ".join(f"{name}: {', '.join(why) or 'no reason given'}" for name, why in reasons.items())
        limit = self._ready_within.total_seconds()
        return f"Not ready after {limit:.0f} s: {roles}. The logs in {str(self._home.logs)!r} say more."

    async def _keep(self, kept: _Kept) -> None:
        """Keep one role running until the supervisor stops."""
        name = kept.role.name
        crashes = 0
        with contextlib.closing(LogFile(self._home.logs / f"{name}.log")) as log:
            while not self._stop.is_set():
                started = time.monotonic()
                kept.process = await RoleProcess.start(kept.role, log)
                self._tell(Started(name, kept.process.pid, kept.restarts))
                if self._stop.is_set():  # the signal came while it was being started
                    kept.process.terminate()
                code = await kept.process.ended()
                if self._stop.is_set():
                    return
                if not self._ready:
                    raise _cannot_start(name, code, kept.process, log)
                ran = timedelta(seconds=time.monotonic() - started)
                restart = after_crash(self._backoff, crashes=crashes, ran=ran, jitter=random.random())  # noqa: S311 - no secret
                crashes = restart.crashes
                kept.restarts += 1
                self._tell(Crashed(name, code, restart.delay))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), restart.delay.total_seconds())

    async def _end(self) -> None:
        self._stop.set()
        for stage in self._stages:
            for kept in stage:
                for listener in kept.role.listeners:
                    listener.close()  # the last descriptor that keeps the port open, besides the role's own
            await asyncio.gather(*(self._end_role(kept) for kept in stage))

    async def _end_role(self, kept: _Kept) -> None:
        if kept.task is None:
            return
        if kept.process:
            kept.process.terminate()
        hurry = asyncio.create_task(self._hurry.wait())
        await asyncio.wait([kept.task, hurry], timeout=kept.role.drain.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not kept.task.done() and kept.process:
            kept.process.kill()
        await asyncio.gather(kept.task, return_exceptions=True)  # `run` raises what a role's end has to say


def _cannot_start(name: str, code: int, process: RoleProcess, log: LogFile) -> OperatorError:
    return OperatorError(
        f"The role {name} ended while starting ({how_it_ended(code)}). Its last words, from {str(log.path)!r}:\n"
        f"{process.last_words()}"
    )
