"""The role as a process of its own, on an inherited socket."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import msgspec
import pytest

from stoa.adapters.secrets import Secrets
from stoa.settings import Settings

pytestmark = pytest.mark.slow


def start(settings: Settings, listener: socket.socket) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "stoa", "--home", settings.home, "control", "--fd", str(listener.fileno())]
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    return subprocess.Popen(
        command, pass_fds=[listener.fileno()], stderr=subprocess.PIPE, env=environment | {"STOA_DISCOVER": "false"}
    )


def test_the_role_serves_its_socket_and_ends_with_0_on_sigterm_even_while_a_gateway_waits(control_settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = start(control_settings, listener)
        with urllib.request.urlopen(f"{url}/readyz", timeout=60) as answer:
            assert json.load(answer)["ready"] is True
        token = Secrets.load(control_settings.home_folder).internal_token
        headers = {"authorization": f"Bearer {token}"}
        with urllib.request.urlopen(urllib.request.Request(f"{url}/internal/snapshot", headers=headers), timeout=60) as answer:
            version = msgspec.msgpack.decode(answer.read())["version"]
        waiting = socket.create_connection(listener.getsockname())
        waiting.sendall(
            f"GET /internal/snapshot?after={version} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n".encode()
        )
        with urllib.request.urlopen(f"{url}/healthz", timeout=60):
            pass  # answered after the waiting request was taken
        process.send_signal(signal.SIGTERM)
        assert waiting.recv(65_536).startswith(b"HTTP/1.1 204")
        waiting.close()
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    for line in errors.decode().splitlines():
        assert json.loads(line)["role"] == "control"
    assert token not in errors.decode()


def test_a_role_without_a_database_ends_with_1_and_says_what_to_do(control_settings: Settings) -> None:
    control_settings.home_folder.database.unlink()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = start(control_settings, listener)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "stoa db migrate" in errors.decode()
    assert "Traceback" not in errors.decode()
