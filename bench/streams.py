"""A thousand streams of fifty words a second through one core: what the gateway adds to the first word, and how even it is.

The provider and the load are one thread on core 1, the whole of Stoa is on core 0. The same load goes straight to the provider
and, where nginx is installed, through it, in the same run: what is added is the difference of the same quantile. The rounds
take turns, and of each the one with the least counts.
"""

import argparse
import contextlib
import itertools
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gateway import GATEWAY_CORE, LOAD_CORE, prepare
from load import cpu_s, has_tools, nginx
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
    parser.add_argument("--streams", type=int, nargs="+", default=[500, 1000], help="how many at once")
    parser.add_argument("--seconds", type=int, default=10, help="length of each measurement, after seven seconds of beginning")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; the least disturbed one counts")
    options = parser.parse_args()
    port, own = free_port(), free_port()
    best: dict[tuple[str, int], tuple[Found, float | None]] = {}
    with contextlib.ExitStack() as stack:
        asked = [Asked("none: straight to the provider", f"http://127.0.0.1:{port}", "none", None)]
        if has_tools():
            pid = stack.enter_context(nginx("proxy", PROXY.format(port=port, own=own), GATEWAY_CORE))
            asked.append(Asked("nginx proxy_pass, unbuffered", f"http://127.0.0.1:{own}", "none", pid))
        stoa = stack.enter_context(running(prefix=["taskset", "-c", GATEWAY_CORE]))
        key = prepare(stoa, f"http://127.0.0.1:{port}")
        gateway = json.loads((stoa.home / "run" / "roles.json").read_text())["gateway"]["pid"]
        asked.append(Asked("Stoa, everything on", stoa.url, key, gateway))
        for _, streams, each in itertools.product(range(options.rounds), options.streams, asked):
            used = cpu_s(each.pid, True) if each.pid is not None else 0.0
            found = _load(each, port, streams, options.seconds)
            cpu = cpu_s(each.pid, True) - used if each.pid is not None else None
            before = best.get((each.name, streams))
            if before is None or found["first_word_p99_ms"] < before[0]["first_word_p99_ms"]:
                best[each.name, streams] = found, cpu
    report(
        "streams",
        [
            _row(each.name, *best[each.name, streams], direct=best[asked[0].name, streams][0])
            for streams in options.streams
            for each in asked
        ],
        notes=[
            f"{1000 // INTERVAL_MS} words a second, {WORDS} words each; {options.seconds} s",
            f"in turns, {options.rounds} rounds of each, of which the one with the least first_word_p99_ms counts",
            "late: by how much a word came later after the one before it than the provider sends them",
            "behind: how late the provider itself was at most, whose core the load shares",
            "broken: streams without each of their words, their usage and their end marker",
        ],
    )


Found = dict[str, float]
"""What the load prints."""


@dataclass(frozen=True)
class Asked:
    name: str
    url: str
    key: str
    pid: int | None


def _load(asked: Asked, port: int, streams: int, seconds: int) -> Found:
    script = str(Path(__file__).with_name("stream_load.py"))
    command = [sys.executable, script, f"{asked.url}/v1", asked.key, "mock", str(port), str(streams)]
    command += [str(WORDS), str(INTERVAL_MS), str(seconds)]
    return json.loads(subprocess.run(["taskset", "-c", LOAD_CORE, *command], capture_output=True, check=True).stdout)


def _row(name: str, found: Found, cpu: float | None, *, direct: Found) -> Row:
    return {
        "gateway": name,
        "streams_at_once": found["streams"],
        "first_word_p50_ms": found["first_word_p50_ms"],
        "first_word_p99_ms": found["first_word_p99_ms"],
        "added_first_word_p99_ms": round(found["first_word_p99_ms"] - direct["first_word_p99_ms"], 3),
        "late_p99_ms": found["late_p99_ms"],
        "late_max_ms": round(found["late_max_ms"], 1),
        "behind_max_ms": round(found["behind_max_ms"], 1),
        "whole": found["whole"],
        "broken": found["broken"],
        "cpu_s": round(cpu, 1) if cpu is not None else None,
    }


if __name__ == "__main__":
    main()
