"""Shared by all tests: a real PostgreSQL, and a fresh database in it for each test that asks."""

import gc
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None)  # a loaded machine is no failure
settings.load_profile("house")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """For `--dist loadfile`: tests of one file go to one process, and files that share a running Stoa too."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class BySharedStoa(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            shared = ("tests/conformance/", "tests/journeys/test_first_journey", "tests/journeys/test_page_journey")
            folder = file.rpartition("/")[0]
            return folder if file.startswith(shared) else file

    return BySharedStoa(config, log)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: looking through it for garbage took a fifth of the tests' time."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server, without a database name. PostgreSQL refuses to run as root, so root starts it as another user."""
    programs = _postgres_programs()
    user = next((name for name in ("postgres", "nobody") if _exists(name)), "nobody") if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="stoa-postgres-"))
    data = folder / "data"
    try:
        if user is not None:
            shutil.chown(folder, user)
        as_user = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user is not None else {}
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "stoa", "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync"],
            check=True, capture_output=True, cwd=folder, **as_user,
        )  # fmt: skip
        port = _free_port()
        options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": "off"}
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())],
                stdout=log, stderr=log, cwd=folder, **as_user,
            )  # fmt: skip
        try:
            ready = ["-h", "127.0.0.1", "-p", str(port), "-t", "1"]
            while subprocess.run([programs / "pg_isready", *ready], capture_output=True, check=False).returncode != 0:
                assert server.poll() is None, (folder / "log").read_text()
            yield f"postgresql://stoa@127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGINT)  # ends open connections and shuts down
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database, dropped after the test."""
    programs, name = _postgres_programs(), f"test_{uuid.uuid4().hex}"
    maintenance = f"--maintenance-db={postgres_server}/postgres"
    subprocess.run([programs / "createdb", maintenance, name], check=True, capture_output=True)
    yield f"{postgres_server}/{name}"
    subprocess.run([programs / "dropdb", maintenance, "--force", name], check=True, capture_output=True)


def _postgres_programs() -> Path:
    """The folder of a PostgreSQL installation: on the PATH, in Debian's place, else the one in the pgserver package."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if debian:
        return debian[-1].parent
    import importlib.util

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
