"""The engine's handler with its models loaded, without a socket; and a whole engine process."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stoa.adapters.engines.builtin import BuiltIn, load
from stoa.api.engine.lanes import Lanes
from stoa.api.engine.routes import Routes


@dataclass(frozen=True)
class Engine:
    """A running engine process."""

    process: subprocess.Popen[bytes]
    url: str


@pytest.fixture(scope="session")
def built_in(models_folder: Path) -> BuiltIn:
    return load(models_folder, threads=1)


@pytest.fixture
def routes(built_in: BuiltIn) -> Iterator[Routes]:
    with Lanes() as lanes:
        routes = Routes(lanes)
        routes.ready(built_in)
        yield routes


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    home = tmp_path_factory.mktemp("home")
    listener = socket.create_server(("127.0.0.1", 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "stoa", "engine", "--fd", str(listener.fileno())],
        pass_fds=(listener.fileno(),),
        cwd=home,
        env={**os.environ, "STOA_HOME": str(home / "stoa")},
    )
    try:
        yield Engine(process, f"http://127.0.0.1:{listener.getsockname()[1]}")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        listener.close()
        process.kill()
        process.wait()
