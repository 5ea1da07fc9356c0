"""The gateway under load, beside nginx: requests a second on one core, and CPU a request, with everything switched on.

A whole Stoa runs on core 0: key check, a rate limit, a budget, cost, and usage logged, shipped and inserted into the database.
The provider is canned; it and the load share core 1. Every row is of one run: these figures compare with each other only.
"""

import argparse
import json
import time
import urllib.request
from pathlib import Path

from load import Measured, body, has_tools, measure, nginx, upstream
from report import Row, report
from running import Running, free_port, running

GATEWAY_CORE, LOAD_CORE = "0", "1"
RESOURCES = """\
kind: Provider
name: canned
base_url: {url}/v1
---
kind: Provider
name: canned-stream
base_url: {url}/stream
---
kind: Model
name: mock
provider: canned
price: {{input_per_million: "0.15", output_per_million: "0.60"}}
---
kind: Model
name: mock-stream
provider: canned-stream
upstream_name: mock
price: {{input_per_million: "0.15", output_per_million: "0.60"}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=8, help="length of each measurement")
    seconds = parser.parse_args().seconds
    rows: list[Row] = []
    with upstream(LOAD_CORE) as provider:
        limit = _limit(provider, seconds)
        with running(prefix=["taskset", "-c", GATEWAY_CORE]) as stoa:
            key = prepare(stoa, provider)
            gateway = json.loads((stoa.home / "run" / "roles.json").read_text())["gateway"]["pid"]
            for name, request in (
                ("Stoa, everything on", body("mock")),
                ("Stoa, answered from the cache", body("mock", temperature=0)),
                ("Stoa, streamed, 16 events", body("mock-stream", stream=True)),
            ):
                pids = {gateway: False, stoa.pid: True}
                found = measure(
                    stoa.url, request, key=key, core=LOAD_CORE, seconds=seconds, pids=pids, settled=lambda: all_in(stoa.url)
                )
                rows.append(_row(name, found, found.cpu_us[gateway], found.cpu_us[stoa.pid], limit))
    if limit is not None:
        rows.append(_row("nginx proxy_pass", limit[0], limit[1], None, limit))
    tools = "load by wrk, upstream by nginx" if has_tools() else "load and upstream in Python: wrk or nginx is not installed"
    report(
        "gateway",
        rows,
        notes=[
            f"{tools}; 32 connections; {seconds} s each",
            (
                "CPU is user and system time: of the gateway's process, and of all of Stoa's, which share the core and of "
                "which control inserts each usage fact into SQLite; the latter until the last fact of the load is in"
            ),
        ],
    )


def prepare(stoa: Running, provider: str) -> str:
    resources = Path(stoa.home) / "bench.yaml"
    resources.write_text(RESOURCES.format(url=provider), encoding="utf-8")
    stoa.cli("apply", "-f", str(resources))
    stoa.cli("team", "set", "company", "--budget", "1000000")
    return stoa.cli("key", "create", "bench", "--requests-per-minute", "1000000000").strip()


def all_in(url: str) -> None:
    """Wait until every usage fact has left the gateway's log for the database."""
    while True:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            if json.load(answer)["usage_log_backlog_bytes"] == 0:
                return
        time.sleep(0.1)


def _limit(provider: str, seconds: int) -> tuple[Measured, float] | None:
    """The reverse proxy of nginx in front of the same upstream: as fast as forwarding bytes gets."""
    if not has_tools():
        return None
    port, place = free_port(), provider.removeprefix("http://")
    servers = (
        f"upstream u {{ server {place}; keepalive 256; keepalive_requests 100000000; }} server {{ listen 127.0.0.1:{port};"
        ' location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; } }'
    )
    with nginx("proxy", servers, GATEWAY_CORE) as pid:
        url = f"http://127.0.0.1:{port}"
        found = measure(url, body("mock"), key="none", core=LOAD_CORE, seconds=seconds, pids={pid: True})
        return found, found.cpu_us[pid]


def _row(name: str, found: Measured, cpu: float, whole: float | None, limit: tuple[Measured, float] | None) -> Row:
    return {
        "gateway": name,
        "requests_per_s": round(found.requests_per_s),
        "p50_ms": round(found.p50_ms, 3),
        "p99_ms": round(found.p99_ms, 3),
        "cpu_us_per_request": round(cpu, 1),
        "cpu_us_per_request_all_roles": round(whole, 1) if whole is not None else None,
        "times_nginx_cpu": round(cpu / limit[1], 2) if limit is not None else None,
        "usage_all_in_after_s": round(found.settled_s, 1) if whole is not None else None,
        "not_2xx": found.bad,
    }


if __name__ == "__main__":
    main()
