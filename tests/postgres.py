"""A real PostgreSQL on a port of its own, which can be killed and started again over what it had written."""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil


class PostgresServer:
    """Runs while the context is open. PostgreSQL refuses to run as root, so root starts it as another user."""

    def __init__(self) -> None:
        self._programs = postgres_programs()
        self._folder = Path(tempfile.mkdtemp(prefix="stoa-postgres-"))
        self._user = next((name for name in ("postgres", "nobody") if _exists(name)), "nobody") if os.getuid() == 0 else None
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql://stoa@127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        try:
            if self._user is not None:
                shutil.chown(self._folder, self._user)
            options = ["-U", "stoa", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
            subprocess.run(
                [self._programs / "initdb", "-D", self._data, *options],
                check=True, capture_output=True, cwd=self._folder, **self._as_user(),
            )  # fmt: skip
            self.start()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self._process is not None:
                self._process.send_signal(signal.SIGINT)  # ends open connections and shuts down
                self._process.wait(30)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Returns once it takes connections."""
        options = {
            "listen_addresses": "127.0.0.1", "port": self._port, "unix_socket_directories": self._folder, "fsync": "off",
        }  # fmt: skip
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *(f"--{name}={value}" for name, value in options.items())],
                stdout=log, stderr=log, cwd=self._folder, **self._as_user(),
            )  # fmt: skip
        ready = ["-h", "127.0.0.1", "-p", str(self._port), "-t", "1"]
        while subprocess.run([self._programs / "pg_isready", *ready], capture_output=True, check=False).returncode != 0:
            assert self._process.poll() is None, (self._folder / "log").read_text()

    def kill(self) -> None:
        """SIGKILL, to all of its processes; what it had acknowledged is there again after `start`."""
        assert self._process is not None
        family = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        self._process.wait()
        for child in family:
            if child.is_running():
                child.kill()
        psutil.wait_procs(family, timeout=10)
        self._process = None

    def freeze(self) -> None:
        """SIGSTOP, to all of its processes: connections stay open and nothing answers."""
        for each in self._family():
            each.suspend()

    def thaw(self) -> None:
        for each in self._family():
            each.resume()

    def _family(self) -> list[psutil.Process]:
        """The first one first, so that it starts no others meanwhile."""
        assert self._process is not None
        first = psutil.Process(self._process.pid)
        return [first, *first.children(recursive=True)]

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        return {"user": self._user, "group": pwd.getpwnam(self._user).pw_gid, "extra_groups": []}


def postgres_programs() -> Path:
    """The folder of a PostgreSQL installation: on the PATH, in Debian's place, else the one in the pgserver package."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if debian:
        return debian[-1].parent
    spec = importlib.util.find_spec("pgserver")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
