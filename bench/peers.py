"""Other gateways, to be measured beside Stoa: LiteLLM from PyPI and Portkey from npm, in environments of their own.

`make bench-gateway` installs both; a peer that is not there is left out of the table, and the notes say so.
"""

import contextlib
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field

from report import ROOT
from running import free_port, stopped

LITELLM = ROOT / ".build" / "peers" / "bin" / "litellm"
PORTKEY = ROOT / ".build" / "peers-node" / "node_modules" / "@portkey-ai" / "gateway" / "build" / "start-server.js"
MASTER_KEY = "sk-9f3c7d1e5b2a4860c1d7e9f0a3b5c7d9e1f2"
_CONFIG = """\
model_list:
  - model_name: mock
    litellm_params: {{model: openai/mock, api_base: "{url}/v1", api_key: sk-none}}
general_settings: {{master_key: {key}}}
litellm_settings: {{num_retries: 0, telemetry: false, set_verbose: false}}
"""
_QUIET = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_TELEMETRY": "False",
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "ERROR",
}


@dataclass(frozen=True)
class Peer:
    """A gateway that runs: where, with which key and headers it is asked, and its process."""

    name: str
    url: str
    pid: int
    key: str = "sk-none"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@contextlib.contextmanager
def litellm(upstream: str, core: str) -> Generator[Peer]:
    """LiteLLM's proxy with one worker and a master key; no database, so no budgets and no usage log."""
    port = free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
        config.write(_CONFIG.format(url=upstream, key=MASTER_KEY))
        config.flush()
        command = [str(LITELLM), "--config", config.name, "--port", str(port), "--host", "127.0.0.1", "--num_workers", "1"]
        with _running(command, core, f"http://127.0.0.1:{port}/health/liveliness", _QUIET) as pid:
            yield Peer("LiteLLM: a key, no budgets, no usage log", f"http://127.0.0.1:{port}", pid, MASTER_KEY)


@contextlib.contextmanager
def portkey(upstream: str, core: str) -> Generator[Peer]:
    """Portkey's gateway, routed by headers; it knows no keys, limits or logs."""
    port = free_port()
    node = (ROOT / ".build" / "node").read_text().strip()
    command = [f"{node}/node", str(PORTKEY), f"--port={port}", "--headless"]
    headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"{upstream}/v1"}
    with _running(command, core, f"http://127.0.0.1:{port}/") as pid:
        yield Peer("Portkey: no keys, no limits, no log", f"http://127.0.0.1:{port}", pid, headers=headers)


@contextlib.contextmanager
def _running(command: list[str], core: str, health: str, more: Mapping[str, str] | None = None) -> Generator[int]:
    process = subprocess.Popen(
        ["taskset", "-c", core, *command],
        env={**os.environ, **(more or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with stopped(process):
        deadline = time.monotonic() + 180
        while not _answers(health):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.5)
        yield process.pid


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except urllib.error.HTTPError:
        return True  # it speaks
    except (OSError, urllib.error.URLError):
        return False
