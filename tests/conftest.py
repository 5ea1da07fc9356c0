"""Shared by all tests: a real PostgreSQL, and a fresh database in it for each test that asks."""

import gc
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import thoroughness
from tests.postgres import PostgresServer, postgres_programs
from tests.shared_running import end_shared, shared_by

thoroughness.register_profiles()
gc.disable()  # until all is collected: what is imported and collected stays

_LONG = ("tests/conformance/", "tests/journeys/", "tests/page/", "tests/worker/")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """For `--dist loadfile`: tests of one file go to one process, and files that share something running too."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByShared(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return shared_by(nodeid) or nodeid.partition("::")[0]

    return ByShared(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes is begun first, so that no process is left with it alone at the end, and who shares goes together."""

    def place(item: pytest.Item) -> tuple[bool, bool, str]:
        shares = shared_by(item.nodeid)
        return not item.nodeid.startswith(_LONG), shares is None, shares or ""

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    try:
        yield
    finally:
        if nextitem is None or shared_by(item.nodeid) != shared_by(nextitem.nodeid):
            end_shared()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    end_shared()  # if the tests were interrupted


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: looking through it for garbage took a fifth of the tests' time."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the built-in models' graphs are made: once a process of tests, by whoever loads one first."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server, without a database name."""
    with PostgresServer() as server:
        yield server.url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database, dropped after the test."""
    programs, name = postgres_programs(), f"test_{uuid.uuid4().hex}"
    maintenance = f"--maintenance-db={postgres_server}/postgres"
    subprocess.run([programs / "createdb", maintenance, name], check=True, capture_output=True)
    yield f"{postgres_server}/{name}"
    subprocess.run([programs / "dropdb", maintenance, "--force", name], check=True, capture_output=True)
