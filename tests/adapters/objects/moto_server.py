"""S3 to be spoken to: moto's server as a process of its own, with one bucket."""

import socket
import subprocess
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from stoa.sections import ObjectSettings

BUCKET = "stoa"
_PROGRAM = Path(__file__).parents[3] / ".build" / "suites" / "bin" / "moto_server"
_PATIENCE_S = 60.0


class MotoServer:
    """Takes any key and secret."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def settings(self, prefix: str) -> ObjectSettings:
        return ObjectSettings(url=f"s3://{BUCKET}/{prefix}", endpoint=self.url, key_id="key", secret="hunter2-secret")

    def ask(self, path: str, *, method: str = "GET") -> str:
        with urllib.request.urlopen(urllib.request.Request(self.url + path, method=method), timeout=30) as answer:
            return answer.read().decode()


@contextmanager
def moto_server() -> Generator[MotoServer]:
    assert _PROGRAM.is_file(), f"{_PROGRAM} is made by `make conformance-tools`"
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    process = subprocess.Popen(
        [str(_PROGRAM), "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    server, until = MotoServer(port), time.monotonic() + _PATIENCE_S
    try:
        while True:
            try:
                server.ask(f"/{BUCKET}", method="PUT")
                break
            except OSError:
                assert process.poll() is None, "the server ended at its start"
                assert time.monotonic() < until, "the server does not listen"
                time.sleep(0.1)
        yield server
    finally:
        process.kill()
        process.wait()
