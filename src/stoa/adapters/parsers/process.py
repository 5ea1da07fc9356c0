"""Parsing in child processes: a file that crashes, hangs or swells its parser costs that parser and nothing else."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from signal import SIGKILL, Signals

import msgspec

from stoa.adapters.parsers.child import Answer, Request
from stoa.adapters.parsers.recognition import Recognition
from stoa.domain.documents import ParsedDocument
from stoa.errors import Unreadable

_LAST_S = 1.0
_PIECE = 2**16


class ParserProcesses:
    """The parser port over at most `size` children, each made when needed and ended when idle for `idle_s`."""

    def __init__(
        self, *, size: int = 2, timeout_s: float = 120.0, idle_s: float = 20.0, most_bytes: int = 2**27,
        recognition: Recognition | None = None,
    ) -> None:  # fmt: skip
        self._timeout_s, self._idle_s, self._most_bytes = timeout_s, idle_s, most_bytes
        self._recognition = recognition
        self._places = asyncio.Semaphore(size)
        self._idle: list[asyncio.subprocess.Process] = []
        self._reaper: asyncio.TimerHandle | None = None

    async def parse(self, data: bytes, *, name: str) -> ParsedDocument:
        """Read one file. Raises Unreadable with the reason."""
        if len(data) > self._most_bytes:
            raise Unreadable(f"The file has {len(data):,} bytes; the limit is {self._most_bytes:,} (worker.document_bytes).")
        async with self._places, self._child() as child:
            try:
                request = Request(name, data, self._timeout_s, self._recognition)
                answer = await asyncio.wait_for(_ask(child, request), self._timeout_s)
            except TimeoutError:
                raise Unreadable(f"The file took longer than {self._timeout_s:g} s to read (worker.parse_timeout_s).") from None
            except (asyncio.IncompleteReadError, BrokenPipeError, ConnectionResetError):
                raise Unreadable(f"The file made its parser crash ({_end(await child.wait())}).") from None
        if answer.document is None:
            raise Unreadable(answer.reason or "The file cannot be read.")
        return answer.document

    async def close(self) -> None:
        """End the idle children; those at work are killed by whoever cancels their parse."""
        if self._reaper is not None:
            self._reaper.cancel()
        children, self._idle = self._idle, []
        for child in children:
            await _kill(child)

    @asynccontextmanager
    async def _child(self) -> AsyncGenerator[asyncio.subprocess.Process]:
        child = self._idle.pop() if self._idle else await _start()
        whole = False
        try:
            yield child
            whole = child.returncode is None
        finally:
            if whole:
                self._idle.append(child)
                self._reap_later()
            else:
                await _kill(child)

    def _reap_later(self) -> None:
        if self._reaper is not None:
            self._reaper.cancel()
        self._reaper = asyncio.get_running_loop().call_later(self._idle_s, self._reap)

    def _reap(self) -> None:
        children, self._idle = self._idle, []
        for child in children:
            if child.stdin is not None:
                child.stdin.close()  # the end of its input is the end of the child


async def _start() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-W", "ignore", "-m", "stoa.adapters.parsers.child",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={"LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}, start_new_session=True,
    )  # fmt: skip


async def _ask(child: asyncio.subprocess.Process, request: Request) -> Answer:
    assert child.stdin is not None
    assert child.stdout is not None
    frame = msgspec.msgpack.encode(request)
    child.stdin.write(len(frame).to_bytes(4))
    child.stdin.write(frame)
    await child.stdin.drain()
    head = await child.stdout.readexactly(4)
    return msgspec.msgpack.decode(await child.stdout.readexactly(int.from_bytes(head)), type=Answer)


async def _kill(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, SIGKILL)  # it leads a group: what it started ends with it
    if child.stdin is not None:
        child.stdin.close()
    await child.wait()
    if child.stdout is not None:  # its end may be seen a turn later, and a loop that closes before that leaves a pipe open
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(_LAST_S):
                while await child.stdout.read(_PIECE):
                    pass


def _end(code: int) -> str:
    return Signals(-code).name if code < 0 else f"exit code {code}"
