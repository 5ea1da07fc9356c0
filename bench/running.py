"""A whole Stoa for a benchmark: `stoa up` on a free port with a home of its own, ended with the block."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from report import ROOT


@dataclass(frozen=True)
class Running:
    """One Stoa: its entry, its home, the supervisor's process id, the seconds it took to be ready, and what it printed."""

    url: str
    home: Path
    pid: int
    ready_s: float
    output: Path

    def cli(self, *args: str) -> str:
        """Run a verb of the command line against it and return its stdout."""
        return run_stoa(args, home=self.home, url=self.url)

    def key(self, name: str, *, groups: Sequence[str] = ()) -> str:
        """A fresh inference key without a rate limit."""
        grouped = ["--groups", ",".join(groups)] if groups else []
        return self.cli("key", "create", name, "--requests-per-minute", "none", *grouped).strip()

    def post(self, path: str, body: object, *, key: str, timeout_s: float = 60) -> dict[str, object]:
        """POST JSON with a bearer key and return the answer's JSON; raises urllib.error.HTTPError on an error."""
        request = urllib.request.Request(
            self.url + path,
            data=json.dumps(body).encode(),
            headers={"content-type": "application/json", "authorization": f"Bearer {key}"},
        )
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return json.load(answer)


@contextlib.contextmanager
def running(*, example: bool = False, prefix: Sequence[str] = (), options: Sequence[str] = ()) -> Iterator[Running]:
    """Start `stoa up` (behind `prefix`, such as taskset) and yield once all is ready, the example included."""
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
        home, output, port = Path(folder) / "home", Path(folder) / "output.txt", free_port()
        environ = _environ(home, f"http://127.0.0.1:{port}")
        command = [*prefix, sys.executable, "-m", "stoa", "up", "--port", str(port), *options]
        command += ["--example"] if example else []
        started = time.monotonic()
        with output.open("wb") as sink:
            process = subprocess.Popen(command, env=environ, stdout=sink, stderr=subprocess.STDOUT, cwd=ROOT)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(lambda: _ready(home, url), process, output, "ready")
            ready_s = time.monotonic() - started
            stoa = Running(url, home, process.pid, ready_s, output)
            if example:
                _wait(lambda: _ingested(stoa), process, output, "done with the example company")
            yield stoa
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started here, in the end by force."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def stopped(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """The process ends with the block."""
    try:
        yield
    finally:
        stop(process)


def run_stoa(args: Sequence[str], *, home: Path, url: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "stoa", *args], env=_environ(home, url), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"stoa {' '.join(args)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def family(pid: int) -> list[int]:
    """The process and all its descendants."""
    found, todo = [], [pid]
    while todo:
        current = todo.pop()
        found.append(current)
        with contextlib.suppress(OSError):
            todo += [int(child) for child in Path(f"/proc/{current}/task/{current}/children").read_text().split()]
    return found


def resident_mb(pid: int, kind: str = "VmRSS") -> float:
    """Memory of one process in MB; 0 when it is gone.

    `kind` as proc(5) has it: RssAnon is its own, RssFile is of files, which the machine may take back, VmHWM the most of both.
    """
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(f"{kind}:"):
                return int(line.split()[1]) / 1024
    return 0.0


def command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    return ""


def _environ(home: Path, url: str) -> dict[str, str]:
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith("STOA_") and not name.endswith("_API_KEY")
    }
    return clean | {"STOA_HOME": str(home), "STOA_URL": url, "STOA_DISCOVER": "false", "PYTHONPATH": str(ROOT / "src")}


def _ready(home: Path, url: str) -> bool:
    status = run_stoa(["status", "--json"], home=home, url=url) if (home / "run" / "roles.json").is_file() else "{}"
    return bool(json.loads(status).get("ready"))


def _ingested(stoa: Running) -> bool:
    return "The example company is ready" in stoa.output.read_text(encoding="utf-8", errors="replace")


def _wait(done: Callable[[], bool], process: subprocess.Popen[bytes], output: Path, what: str, timeout_s: float = 120) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"stoa up ended with {process.returncode}:\n{output.read_text(errors='replace')[-2000:]}")
        with contextlib.suppress(RuntimeError, OSError, ValueError, urllib.error.URLError):
            if done():
                return
        time.sleep(0.2)
    raise RuntimeError(f"stoa up was not {what} after {timeout_s:.0f} s:\n{output.read_text(errors='replace')[-2000:]}")
