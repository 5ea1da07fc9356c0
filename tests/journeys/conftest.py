"""A whole Stoa as a person starts it: `stoa up` on a free port, with a home and a working folder of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.shared_running import shared
from typer.testing import CliRunner

from stoa.adapters.processes.health import probe
from stoa.adapters.processes.runfile import read_roles
from stoa.cli.app import app
from stoa.cli.target import Target
from stoa.kit.home import Home

_NOT_INHERITED = re.compile(r"STOA_.*|.*_API_KEY|.*_PROXY", re.IGNORECASE)
_READY_WITHIN_S = 120
_EXAMPLE_WITHIN_S = 240
_made_models: list[Path] = []
"""Where the first Stoa of this process has made the built-in models' graphs. Those after it find them in their homes."""


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without anything that would change what a Stoa does."""
    kept = {name: value for name, value in os.environ.items() if not _NOT_INHERITED.fullmatch(name)}
    return kept | {"STOA_DISCOVER": "false", "NO_COLOR": "1"} | more


@dataclass(frozen=True)
class RunningStoa:
    """`url` is the entry, `home` the home folder, `output` the file that the terminal's output goes to."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]
    output: Path

    def stoa(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a verb on this Stoa, from the folder above the home."""
        command = [sys.executable, "-m", "stoa", "--home", str(self.home), *arguments]
        environment = clean_environment(**environment)
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.home.parent, env=environment, timeout=300
        )

    def key(self, name: str, *options: str) -> str:
        """A new inference key, once the gateway knows it."""
        return self._told("key", "create", name, *options)

    def sign_in_link(self, user: str = "admin") -> str:
        return self._told("login", user)

    def _told(self, *arguments: str) -> str:
        """What a verb prints that is run in this process: a process of its own takes longer to start than nearly all tests."""
        hidden = {name: None for name in os.environ if _NOT_INHERITED.fullmatch(name)}
        done = CliRunner().invoke(app, list(arguments), obj=Target(home=self.home), env=hidden)
        assert done.exit_code == 0, done.output
        return done.stdout.strip()

    def roles(self) -> dict[str, Any]:
        """What run/roles.json says: url, pid and restarts of each role."""
        return json.loads((self.home / "run" / "roles.json").read_text())

    def printed(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self, what: str = "all are ready again", *, seconds: float = 120) -> None:
        """Until `stoa status` would end with 0: it asks each role the same, but is a process of its own each time."""
        home = Home(self.home)
        wait_until(lambda: all(probe(role.url).ready for role in read_roles(home).each.values()), what, seconds=seconds)

    def wait_for_example(self) -> None:
        """Until the example company can be asked."""

        def loaded() -> bool:
            assert "Error:" not in self.printed(), self.printed()
            return "The example company is ready." in self.printed()

        wait_until(loaded, "the example company is loaded", seconds=_EXAMPLE_WITHIN_S)


def wait_until(met: Callable[[], bool], what: str, *, seconds: float = 90) -> None:
    """Look again until it is so; fails with `what` was waited for."""
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until, f"waited {seconds} s until {what}"
        time.sleep(0.1)


@contextmanager
def start(folder: Path, *options: str, **environment: str) -> Iterator[RunningStoa]:
    """`stoa up` until it says that it is ready; ended by SIGTERM, and nothing of it is left."""
    output, models = folder / "terminal.txt", folder / "home" / "models"
    _link_models(models)
    command = [sys.executable, "-m", "stoa", "up", "--home", str(folder / "home"), "--port", "0", *options]
    with output.open("wb") as terminal:
        process = subprocess.Popen(
            command, stdout=terminal, stderr=subprocess.STDOUT, cwd=folder, env=clean_environment(**environment)
        )
    try:
        wait_until(
            lambda: "Ctrl-C stops it." in output.read_text() or process.poll() is not None, "stoa up", seconds=_READY_WITHIN_S
        )
        found = re.search(r" is ready at (https?://\S+)", output.read_text())
        assert found, f"stoa up ended with {process.poll()}:\n{output.read_text()}"
        _made_models[:] = _made_models or [models]
        yield RunningStoa(found[1], folder / "home", process, output)
    finally:
        _end(process)


def _link_models(folder: Path) -> None:
    for made in _made_models:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in made.iterdir():
            if not (folder / file.name).exists():
                os.link(file, folder / file.name)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    family = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(60)
    finally:
        process.kill()
        process.wait()
        _, left = psutil.wait_procs(family, timeout=30)
        for orphan in left:
            orphan.kill()
    assert left == []


@pytest.fixture(scope="module")
def start_stoa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RunningStoa]]:
    """Starts a Stoa with options of `stoa up`, such as "--workers"; it ends with the file that asked for it."""
    with ExitStack() as stack:
        yield lambda *options, **environment: stack.enter_context(
            start(tmp_path_factory.mktemp("stoa"), *options, **environment)
        )


@pytest.fixture(scope="module")
def plain_stoa(tmp_path_factory: pytest.TempPathFactory) -> RunningStoa:
    """One Stoa without options for all journeys that only need one: what they apply has names of their own, and what would
    hold for others too they take away again. Nobody restarts or kills it.
    """
    return shared("plain", lambda: start(tmp_path_factory.mktemp("stoa")))


@pytest.fixture(scope="module")
def running_stoa(tmp_path_factory: pytest.TempPathFactory) -> RunningStoa:
    """One Stoa for all journeys that ask the example company, which is being loaded behind it."""
    return shared("example", lambda: start(tmp_path_factory.mktemp("stoa"), "--example"))


@pytest.fixture(scope="module")
def handbook_stoa(running_stoa: RunningStoa) -> RunningStoa:
    """The same, once the handbook can be asked."""
    running_stoa.wait_for_example()
    return running_stoa
