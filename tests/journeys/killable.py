"""A provider in a process of its own, to be killed or frozen, whose count of calls outlives it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.journeys.provider import provider

ROOT = Path(__file__).parents[2]


@dataclass
class KillableProvider:
    """`calls` are the last messages of the bodies that came to it, in all its lives."""

    name: str
    folder: Path
    port: int = field(init=False)
    _process: subprocess.Popen[bytes] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        """Returns once it takes connections."""
        command = [sys.executable, "-m", "tests.journeys.killable", self.name, str(self.port), str(self._calls)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"serves\n"

    def kill(self) -> None:
        """As `kill -9`, frozen or not."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def freeze(self) -> None:
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._send(signal.SIGCONT)

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines()

    @property
    def _calls(self) -> Path:
        return self.folder / f"calls-of-{self.name}.txt"

    def _send(self, what: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(what)


def _serve(name: str, port: int, calls: Path) -> None:
    file = os.open(calls, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def came(body: Any) -> None:
        os.write(file, f"{body['messages'][-1]['content']}\n".encode())  # at once: what a file has been given stays

    with provider(name, port=port, came=came):
        print("serves", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
