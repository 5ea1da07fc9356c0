"""The gateway under load, beside nginx, LiteLLM and Portkey: requests a second on one core, CPU a request, and what it adds.

A whole Stoa runs on core 0: key check, a rate limit, a budget, cost, and usage logged, shipped and inserted into the database.
The provider is canned; it and the load share core 1. Every row is of one run: these figures compare with each other only.
"""

import argparse
import json
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import peers
from load import body, has_tools, measure, nginx, steady, upstream
from report import Row, report
from running import Running, free_port, running

GATEWAY_CORE, LOAD_CORE = "0", "1"
STEADY_RATE = 1000
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
    parser.add_argument("--no-peers", action="store_true", help="leave LiteLLM and Portkey out")
    options = parser.parse_args()
    with upstream(LOAD_CORE) as provider:
        table = Table(provider, options.seconds)
        table.direct()
        if has_tools():
            table.nginx()
        table.stoa()
        left_out: list[str] = []
        for name, there, start in (("LiteLLM", peers.LITELLM, peers.litellm), ("Portkey", peers.PORTKEY, peers.portkey)):
            if not options.no_peers and there.exists() and has_tools():
                table.peer(start)
            else:
                left_out.append(name)
    tools = "load by wrk, upstream by nginx" if has_tools() else "load and upstream in Python: wrk or nginx is not installed"
    report(
        "gateway",
        table.rows,
        notes=[
            f"{tools}; 32 connections; {options.seconds} s each",
            (
                "CPU is user and system time: of the gateway's process, and of all of Stoa's, which share the core and of "
                "which control inserts each usage fact into SQLite; the latter until the last fact of the load is in"
            ),
            (
                f"added: at {STEADY_RATE} requests a second, sent when they are due, the quantile less that of the same load "
                "straight to the provider"
            ),
            *([f"left out: {', '.join(left_out)}"] if left_out else []),
        ],
    )


@dataclass
class Table:
    """The rows as they are measured."""

    provider: str
    seconds: int
    rows: list[Row] = field(default_factory=list[Row])
    _nginx_us: float | None = None
    _direct: dict[str, float] = field(default_factory=dict[str, float])

    def direct(self) -> None:
        """What the same steady load takes without anything in between."""
        self._direct = steady(self.provider, body("mock"), key="none", core=LOAD_CORE, seconds=self.seconds, rate=STEADY_RATE)

    def nginx(self) -> None:
        """The reverse proxy of nginx in front of the same upstream: as fast as forwarding bytes gets."""
        port, place = free_port(), self.provider.removeprefix("http://")
        servers = (
            f"upstream u {{ server {place}; keepalive 256; keepalive_requests 100000000; }} server {{ listen 127.0.0.1:{port};"
            ' location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; } }'
        )
        with nginx("proxy", servers, GATEWAY_CORE) as pid:
            self._nginx_us = self._measure("nginx proxy_pass", f"http://127.0.0.1:{port}", body("mock"), "none", pid)
        self.rows[-1] = {**self.rows[-1], "times_nginx_cpu": 1.0}

    def stoa(self) -> None:
        with running(prefix=["taskset", "-c", GATEWAY_CORE]) as stoa:
            key = prepare(stoa, self.provider)
            gateway = json.loads((stoa.home / "run" / "roles.json").read_text())["gateway"]["pid"]
            for name, request in (
                ("Stoa, everything on", body("mock")),
                ("Stoa, answered from the cache", body("mock", temperature=0)),
                ("Stoa, streamed, 16 events", body("mock-stream", stream=True)),
            ):
                self._measure(
                    name, stoa.url, request, key, gateway, whole=stoa.pid, settled=lambda: all_in(stoa.url),
                    compared=name == "Stoa, everything on",
                )  # fmt: skip

    def peer(self, start: Callable[[str, str], AbstractContextManager[peers.Peer]]) -> None:
        with start(self.provider, GATEWAY_CORE) as peer:
            self._measure(peer.name, peer.url, body("mock"), peer.key, peer.pid, headers=peer.headers)

    def _measure(
        self,
        name: str,
        url: str,
        request: str,
        key: str,
        pid: int,
        *,
        whole: int | None = None,
        settled: Callable[[], None] = lambda: None,
        headers: Mapping[str, str] | None = None,
        compared: bool = True,
    ) -> float:
        """Returns the CPU of a request in microseconds. `compared`: whether the direct load is the same one."""
        pids = {pid: whole is None} | ({whole: True} if whole is not None else {})
        found = measure(
            url, request, key=key, core=LOAD_CORE, seconds=self.seconds, pids=pids, settled=settled, headers=headers
        )
        cpu, added = found.cpu_us[pid], None
        if compared and found.requests_per_s > 2 * STEADY_RATE:
            told = steady(url, request, key=key, core=LOAD_CORE, seconds=self.seconds, rate=STEADY_RATE, headers=headers)
            added = {each: told[each] - self._direct[each] for each in ("p50_ms", "p99_ms")}
        self.rows.append(
            {
                "gateway": name,
                "requests_per_s": round(found.requests_per_s),
                "p50_ms": round(found.p50_ms, 3),
                "p99_ms": round(found.p99_ms, 3),
                "cpu_us_per_request": round(cpu, 1),
                "cpu_us_per_request_all_roles": round(found.cpu_us[whole], 1) if whole is not None else None,
                "times_nginx_cpu": round(cpu / self._nginx_us, 2) if self._nginx_us else None,
                "added_p50_ms": round(added["p50_ms"], 3) if added is not None else None,
                "added_p99_ms": round(added["p99_ms"], 3) if added is not None else None,
                "usage_all_in_after_s": round(found.settled_s, 1) if whole is not None else None,
                "not_2xx": found.bad,
            }
        )
        return cpu


def prepare(stoa: Running, provider: str) -> str:
    """A key without a limit that matters, for a team with a budget, and models of a provider at this URL."""
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


if __name__ == "__main__":
    main()
