"""`stoa up` as a whole: start, second start, crash, end."""

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from tests.journeys.conftest import RunningStoa, clean_environment, start, wait_until

pytestmark = pytest.mark.slow

ROLES = ("gateway", "control", "worker", "engine")


@pytest.fixture(scope="module")
def stoa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStoa]:
    with start(tmp_path_factory.mktemp("up")) as running:
        yield running


def test_the_welcome_says_where_and_how(stoa: RunningStoa) -> None:
    printed = stoa.printed()
    assert f"{stoa.url}/sign-in?token=" in printed
    assert "export STOA_KEY=$(" in printed
    assert f"curl {stoa.url}/v1/chat/completions" in printed
    assert "Traceback" not in printed


def test_the_printed_link_signs_in_once(stoa: RunningStoa) -> None:
    token = stoa.sign_in_link().rpartition("token=")[2]
    first = httpx.post(f"{stoa.url}/api/sessions", json={"token": token})
    assert first.json()["user"]["name"] == "admin"
    assert httpx.post(f"{stoa.url}/api/sessions", json={"token": token}).status_code == 401


def test_everything_in_the_home_is_for_its_owner_alone(stoa: RunningStoa) -> None:
    assert stat.S_IMODE(stoa.home.stat().st_mode) == 0o700
    keys = list((stoa.home / "secrets").iterdir())
    assert keys
    assert all(stat.S_IMODE(key.stat().st_mode) == 0o600 for key in keys)


def test_status_tells_every_role(stoa: RunningStoa) -> None:
    told = stoa.stoa("status")
    assert told.returncode == 0, told.stderr
    assert [line.split()[:2] for line in told.stdout.splitlines()[1:]] == [[role, "ready"] for role in ROLES]


def test_a_second_start_on_the_same_home_is_refused_naming_the_first(stoa: RunningStoa) -> None:
    second = stoa.stoa("up", "--port", "0")
    assert second.returncode == 1
    assert f"process {stoa.process.pid}" in second.stderr
    assert "stoa up --home OTHER" in second.stderr


def test_a_busy_port_is_refused_with_another_one_to_try(stoa: RunningStoa, tmp_path: Path) -> None:
    port = int(stoa.url.rpartition(":")[2])
    command = [sys.executable, "-m", "stoa", "up", "--home", str(tmp_path / "home"), "--port", str(port)]
    refused = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), cwd=tmp_path, check=False)
    assert refused.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use" in refused.stderr
    assert f"--port {port + 1}" in refused.stderr


@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_is_killed_comes_back(stoa: RunningStoa, role: str) -> None:
    before = stoa.roles()[role]
    os.kill(before["pid"], signal.SIGKILL)
    wait_until(lambda: stoa.roles()[role]["restarts"] == before["restarts"] + 1, f"{role} is started again")
    stoa.wait_until_ready()
    assert stoa.stoa("status").returncode == 0
    assert stoa.roles()[role]["pid"] != before["pid"]
    assert f"The role {role} ended (killed by SIGKILL)" in stoa.printed()


def test_a_start_beyond_loopback_warns_that_there_is_no_tls(tmp_path: Path) -> None:
    with start(tmp_path, "--host", "0.0.0.0") as open_stoa:
        assert "Warning: 0.0.0.0 can be reached from other machines" in open_stoa.printed()


def test_a_killed_supervisor_leaves_nothing_and_the_home_starts_again(tmp_path: Path) -> None:
    with start(tmp_path) as first:
        family = psutil.Process(first.process.pid).children(recursive=True)
        assert len(family) >= len(ROLES)
        first.process.kill()
        first.process.wait()
        assert psutil.wait_procs(family, timeout=60)[1] == []
        assert "No Stoa is running" in first.stoa("status").stderr
    with start(tmp_path) as second:
        assert second.stoa("status").returncode == 0


def test_a_signal_ends_everything_with_exit_code_0(tmp_path: Path) -> None:
    with start(tmp_path) as stoa:
        family = psutil.Process(stoa.process.pid).children(recursive=True)
        stoa.process.send_signal(signal.SIGINT)
        assert stoa.process.wait(60) == 0
        assert psutil.wait_procs(family, timeout=0)[1] == []
        assert stoa.printed().rstrip().endswith("Stopped.")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(stoa.url.rpartition(":")[2])))
