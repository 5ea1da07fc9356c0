"""One role as a child process: started with its socket, its output written to its log, watched to its end."""

import asyncio
import contextlib
import os
import signal
import socket
from dataclasses import dataclass
from datetime import timedelta

from stoa.adapters.processes.logfile import LogFile

_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Role:
    """What to run: `command` names the inherited descriptor of `listener` itself. `drain` is how long it may take to end."""

    name: str
    url: str
    listener: socket.socket
    command: tuple[str, ...]
    drain: timedelta


class RoleProcess:
    """A role that was started. It leads a process group of its own: a Ctrl-C in the terminal reaches only the supervisor."""

    def __init__(self, process: asyncio.subprocess.Process, log: LogFile) -> None:
        self._process = process
        self._log = log
        self._log_start = log.size

    @classmethod
    async def start(cls, role: Role, log: LogFile) -> "RoleProcess":
        process = await asyncio.create_subprocess_exec(
            *role.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            pass_fds=(role.listener.fileno(),),
            process_group=0,
        )
        return cls(process, log)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ended(self) -> int:
        """Write the log until the process ends, then end what it left behind. The exit code, or minus the signal."""
        writing = asyncio.create_task(self._write_log())
        try:
            code = await self._process.wait()
        finally:
            self.kill()  # children of its own, which would hold the socket and the pipe open
            await writing
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

    async def _write_log(self) -> None:
        output = self._process.stdout
        assert output is not None
        while piece := await output.read(_PIECE):
            self._log.write(piece)
