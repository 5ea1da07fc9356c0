"""One role as a child process: started with its sockets, its output written to its log, watched to its end."""

import asyncio
import contextlib
import os
import signal
import socket
from dataclasses import dataclass
from datetime import timedelta

from stoa.adapters.processes.logfile import LogFile

_PIECE = 65_536
_LAST_OUTPUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Role:
    """What to run: `command` names the inherited descriptors of `listeners` itself. `drain` is how long it may take to end."""

    name: str
    url: str
    listeners: tuple[socket.socket, ...]
    command: tuple[str, ...]
    drain: timedelta


class RoleProcess:
    """A role that was started. It leads a process group of its own: a Ctrl-C in the terminal reaches only the supervisor."""

    def __init__(self, process: asyncio.subprocess.Process, output: "_Output", log: LogFile, log_start: int) -> None:
        self._process = process
        self._output = output
        self._log = log
        self._log_start = log_start

    @classmethod
    async def start(cls, role: Role, log: LogFile) -> "RoleProcess":
        log_start = log.size
        output = _Output(log)
        try:
            process = await asyncio.create_subprocess_exec(
                *role.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output.write_end,
                stderr=output.write_end,
                pass_fds=tuple(listener.fileno() for listener in role.listeners),
                process_group=0,
            )
        except BaseException:
            output.close()
            raise
        finally:
            os.close(output.write_end)
        return cls(process, output, log, log_start)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ended(self) -> int:
        """Wait until the process has ended, then end what it left behind. The exit code, or minus the signal."""
        try:
            code = await self._process.wait()
        finally:
            self.kill()  # children of its own, which would hold the socket open
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._output.ended.wait(), _LAST_OUTPUT_S)
            self._output.close()
        return code

    def terminate(self) -> None:
        """Ask it to drain and end."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End its whole process group at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def last_words(self, lines: int = 15) -> str:
        return "\n".join(self._log.tail(lines=lines, start=self._log_start))


class _Output:
    """A pipe into a log. Not asyncio's own: there a process counts as running for as long as a child of it holds the pipe."""

    def __init__(self, log: LogFile) -> None:
        self._log = log
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self.ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(self._read_end, self._read)

    def _read(self) -> None:
        try:
            piece = os.read(self._read_end, _PIECE)
        except BlockingIOError:
            return
        if piece:
            self._log.write(piece)
        else:
            self.close()

    def close(self) -> None:
        if not self.ended.is_set():
            self.ended.set()
            asyncio.get_running_loop().remove_reader(self._read_end)
            os.close(self._read_end)
