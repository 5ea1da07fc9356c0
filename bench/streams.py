"""A thousand streams of fifty words a second through one core: what the gateway adds to the first word, and how even it is.

The provider and the load share core 1, the whole of Stoa is on core 0. The same load goes straight to the provider and, where
nginx is installed, through it, in the same run: what is added is the difference of the same quantile.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

from gateway import GATEWAY_CORE, LOAD_CORE, prepare
from load import cpu_s, has_tools, nginx, process
from report import Row, report
from running import free_port, running

INTERVAL_MS = 20
WORDS = 800  # sixteen seconds a stream
PROXY = (
    "upstream u {{ server 127.0.0.1:{port}; keepalive 2048; keepalive_requests 100000000; }} server {{ listen 127.0.0.1:{own};"
    " location / {{ proxy_pass http://u; proxy_http_version 1.1; proxy_buffering off;"
    ' proxy_set_header Connection ""; tcp_nodelay on; }} }}'
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=30, help="length of each measurement, after seven seconds of beginning")
    options = parser.parse_args()
    rows: list[Row] = []
    with _provider() as port:
        direct = _load(f"http://127.0.0.1:{port}/v1", "none", options)
        rows.append(_row("none: straight to the provider", direct, direct, None))
        if has_tools():
            own = free_port()
            with nginx("proxy", PROXY.format(port=port, own=own), GATEWAY_CORE) as pid:
                used = cpu_s(pid, True)
                found = _load(f"http://127.0.0.1:{own}/v1", "none", options)
                rows.append(_row("nginx proxy_pass, unbuffered", found, direct, cpu_s(pid, True) - used))
        with running(prefix=["taskset", "-c", GATEWAY_CORE]) as stoa:
            key = prepare(stoa, f"http://127.0.0.1:{port}")
            pid = json.loads((stoa.home / "run" / "roles.json").read_text())["gateway"]["pid"]
            time.sleep(1)
            used = cpu_s(pid, False)
            found = _load(f"{stoa.url}/v1", key, options)
            rows.append(_row("Stoa, everything on", found, direct, cpu_s(pid, False) - used))
    report(
        "streams",
        rows,
        notes=[
            f"{options.streams} streams, {1000 // INTERVAL_MS} words a second, {WORDS} words each; {options.seconds} s",
            "late: by how much a word came later after the one before it than the provider sends them",
            "broken: streams without each of their words, their usage and their end marker",
        ],
    )


@contextlib.contextmanager
def _provider() -> Generator[int]:
    port = free_port()
    script = Path(__file__).with_name("drip_upstream.py")
    with process([sys.executable, str(script), str(port), str(INTERVAL_MS)], LOAD_CORE):
        yield port


def _load(url: str, key: str, options: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, str(Path(__file__).with_name("stream_load.py")), url, key, "mock", str(options.streams)]
    command += [str(WORDS), str(INTERVAL_MS), str(options.seconds)]
    return json.loads(subprocess.run(["taskset", "-c", LOAD_CORE, *command], capture_output=True, check=True).stdout)


def _row(name: str, found: dict[str, float], direct: dict[str, float], cpu: float | None) -> Row:
    return {
        "gateway": name,
        "streams_at_once": found["streams"],
        "first_word_p50_ms": found["first_word_p50_ms"],
        "first_word_p99_ms": found["first_word_p99_ms"],
        "added_first_word_p99_ms": round(found["first_word_p99_ms"] - direct["first_word_p99_ms"], 3),
        "late_p99_ms": found["late_p99_ms"],
        "late_max_ms": round(found["late_max_ms"], 1),
        "whole": found["whole"],
        "broken": found["broken"],
        "cpu_s": round(cpu, 1) if cpu is not None else None,
    }


if __name__ == "__main__":
    main()
