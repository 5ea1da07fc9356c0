"""Where queries are answered: processes of their own, at most some at once, each for one query."""

import asyncio
import contextlib
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path

import msgspec

import stoa
from stoa import errors
from stoa.adapters.triples.frames import Ask, Follow, Followed, Refused, Reply, Request, Told, framed
from stoa.domain.triples import Answered

_LOST = errors.InternalError("The process that answers queries over graphs ended; ask again.")
_RAISED = {kind.__name__: kind for kind in (errors.InvalidRequest, errors.TooLarge, errors.OperatorError, errors.InternalError)}


class Workshop:
    """Starts its process with the first request, and another when that one is gone."""

    def __init__(self, *, at_once: int = 4) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._starting = asyncio.Lock()
        self._process: Process | None = None
        self._requests: socket.socket | None = None

    async def answer(self, ask: Ask) -> Answered:
        """Raises what the answer is refused for; Overtime and TooLarge where a limit ended its process."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(ask.limits.seconds):
                await self._places.acquire()
        except TimeoutError:
            raise errors.LimitReached("Too many queries over graphs are under way; ask again later.", retry_after_s=2) from None
        try:
            began = time.monotonic()
            reply = await self._ask(ask)
        finally:
            self._places.release()
        match reply:
            case Told():
                return reply.answer
            case Refused(kind="NotReady"):
                raise errors.NotReady(reply.message, retry_after_s=1)
            case Refused():
                raise _RAISED[reply.kind](reply.message, param=reply.param)
            case None if time.monotonic() - began >= ask.limits.seconds * 0.98:
                raise errors.Overtime(
                    f"The query took longer than {ask.limits.seconds:g} s (graph.timeout_s). Ask for less: name a subject or "
                    "an object, or add LIMIT to an inner SELECT.",
                    param="query",
                )
            case _:
                raise errors.TooLarge(
                    f"The query needs more than {ask.limits.memory_bytes:,} bytes of memory (graph.memory_bytes), or is nested "
                    "too deeply. Ask for less.",
                    param="query",
                )

    async def follow(self, follow: Follow) -> Followed:
        match reply := await self._ask(follow):
            case Followed():
                return reply
            case Refused():
                raise errors.OperatorError(reply.message)
            case _:
                raise _LOST

    async def close(self) -> None:
        """Let the process end. What it has under way ends with its own limits."""
        if self._requests is not None:
            self._requests.close()
            self._requests = None
        if self._process is not None:
            await self._process.wait()
            self._process = None

    async def _ask(self, request: Request) -> Reply | None:
        """The reply; None when the process of this request ended without one."""
        ours = await self._handed_over()
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            writer.write(framed(request))
            await writer.drain()
            head = await reader.readexactly(4)
            return msgspec.msgpack.decode(await reader.readexactly(int.from_bytes(head)), type=Reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _handed_over(self) -> socket.socket:
        """Our end of a connection whose other end a fork of the process has."""
        async with self._starting:
            for _ in range(2):
                if self._requests is None:
                    await self._start()
                assert self._requests is not None
                ours, theirs = socket.socketpair()
                try:
                    socket.send_fds(self._requests, [b"\0"], [theirs.fileno()])
                except OSError:  # it is gone; another one takes its place
                    ours.close()
                    self._requests.close()
                    self._requests = None
                    continue
                finally:
                    theirs.close()
                return ours
        raise _LOST

    async def _start(self) -> None:
        if self._process is not None:
            await self._process.wait()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-W", "ignore", "-m", "stoa.adapters.triples.child", stdin=theirs.fileno(),
                stdout=DEVNULL, start_new_session=True,
                env={"LC_ALL": "C.UTF-8", "PYTHONPATH": str(Path(stoa.__file__).parents[1])},
            )  # fmt: skip
        self._requests = ours
