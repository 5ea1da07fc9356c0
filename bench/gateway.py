"""The gateway under load, beside nginx, LiteLLM and Portkey: requests a second on one core, CPU a request, and what it adds.

A whole Stoa runs on core 0, its hot path compiled, and another as Python: key check, a rate limit, a budget, cost, and usage
logged, shipped and inserted into the database. The provider is canned; it and the load share core 1, at the steady rate in one
thread. Every row is of one run: these figures compare with each other only.
"""

import argparse
import contextlib
import json
import time
import urllib.request
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import peers
from load import FRESH, Measured, body, has_tools, measure, nginx, steady, upstream
from report import Row, report
from running import Running, free_port, running

GATEWAY_CORE, LOAD_CORE = "0", "1"
STEADY_RATE = 1000
RESOURCES = """\
kind: Provider
name: canned
base_url: {url}/v1
max_connections: 4096
---
kind: Provider
name: canned-stream
base_url: {url}/stream
---
kind: Provider
name: steady
base_url: http://127.0.0.1:{steady}/v1
---
kind: Model
name: mock-steady
provider: steady
upstream_name: mock
price: {{input_per_million: "0.15", output_per_million: "0.60"}}
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
---
kind: Model
name: mock-all
provider: canned
upstream_name: mock
price: {{input_per_million: "0.15", output_per_million: "0.60"}}
---
kind: Route
name: all
targets: [{{model: mock-all}}]
cache: true
---
kind: Limit
name: much
scope: route
subject: all
requests: 1000000000
tokens: 1000000000000
parallel: 100000
---
kind: Budget
name: rich
scope: key
per: day
limit_usd: "1000000"
---
kind: Guardrail
name: sizes
routes: [all]
guards:
  - {{type: size, characters: 100000, messages: 100}}
"""
EVERYTHING = "Stoa, everything on, a cache that misses"
"""A key with a limit and a budget of its own, a route with limits of three kinds, its team's budget, size guards, the exact
cache looked into and filled, cost, the decision record, durable usage."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=6, help="how often each is measured; the least disturbed one counts")
    parser.add_argument("--no-peers", action="store_true", help="leave LiteLLM and Portkey out")
    options = parser.parse_args()
    left_out: list[str] = []
    with upstream(LOAD_CORE) as provider:
        table = Table(options.seconds, options.rounds)
        with contextlib.ExitStack() as stack:
            table.measure_in_turns(
                [
                    *([stack.enter_context(_nginx(provider, table.port))] if has_tools() else []),
                    *stack.enter_context(_stoa(provider, table.port)),
                    *stack.enter_context(_stoa(provider, table.port, compiled=False))[:1],
                ]
            )
        for name, there, start in (("LiteLLM", peers.LITELLM, peers.litellm), ("Portkey", peers.PORTKEY, peers.portkey)):
            if options.no_peers or not there.exists() or not has_tools():
                left_out.append(name)
                continue
            with start(provider, GATEWAY_CORE) as peer:
                asked = Asked(peer.name, peer.url, body("mock"), peer.key, peer.pid, headers=peer.headers)
                table.measure_in_turns([asked], rounds=min(3, options.rounds))
    tools = "load by wrk, upstream by nginx" if has_tools() else "load and upstream in Python: wrk or nginx is not installed"
    report(
        "gateway",
        table.rows(),
        notes=[
            f"{tools}; 32 connections; {options.seconds} s each",
            (
                f"Stoa and nginx in turns, {options.rounds} rounds of each, of which the one with the least CPU counts: "
                "what else the machine does only ever adds"
            ),
            (
                "CPU is user and system time: of the gateway's process, and of all of Stoa's, which share the core and of "
                "which control inserts each usage fact into SQLite; the latter until the last fact of the load is in"
            ),
            (
                f"added: at {STEADY_RATE} requests a second, sent when they are due to a provider in the same thread, the "
                "least of the rounds less the least of the same load straight to the provider"
            ),
            *([f"left out: {', '.join(left_out)}"] if left_out else []),
        ],
    )


@dataclass(frozen=True)
class Asked:
    """A gateway, and one request to it. `whole` is the root of a process tree whose CPU is told beside that of `pid`."""

    name: str
    url: str
    request: str
    key: str
    pid: int
    whole: int | None = None
    settled: Callable[[], None] = lambda: None
    headers: Mapping[str, str] | None = None
    steady: tuple[str, str] | None = None
    """URL and request that come to the provider of the steady load."""


@dataclass
class Table:
    """What was measured, by name: the least disturbed round."""

    seconds: int
    rounds: int
    port: int = field(default_factory=free_port)
    """Of the steady load's provider."""
    _asked: dict[str, Asked] = field(default_factory=dict[str, Asked])
    _best: dict[str, Measured] = field(default_factory=dict[str, Measured])
    _steady: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])

    def measure_in_turns(self, each: Sequence[Asked], *, rounds: int | None = None) -> None:
        for _ in range(rounds or self.rounds):
            self._hold("", self._at_rate(f"http://127.0.0.1:{self.port}", body("mock"), "none"))
            for asked in each:
                self._asked[asked.name] = asked
                pids = {asked.pid: asked.whole is None} | ({asked.whole: True} if asked.whole is not None else {})
                found = measure(
                    asked.url, asked.request, key=asked.key, core=LOAD_CORE, seconds=self.seconds, pids=pids,
                    settled=asked.settled, headers=asked.headers,
                )  # fmt: skip
                best = self._best.get(asked.name)
                if best is None or found.cpu_us[asked.pid] < best.cpu_us[asked.pid]:
                    self._best[asked.name] = found
                if asked.steady is not None:
                    self._hold(asked.name, self._at_rate(*asked.steady, asked.key))

    def rows(self) -> list[Row]:
        nginx = next((self._cpu(name) for name in self._best if name.startswith("nginx")), None)
        return [self._row(asked, self._best[name], nginx) for name, asked in self._asked.items()]

    def _row(self, asked: Asked, found: Measured, nginx: float | None) -> Row:
        cpu, told = self._cpu(asked.name), self._steady.get(asked.name)
        added = {each: told[each] - self._steady[""][each] for each in told} if told is not None else None
        return {
            "gateway": asked.name,
            "requests_per_s": round(found.requests_per_s),
            "p50_ms": round(found.p50_ms, 3),
            "p99_ms": round(found.p99_ms, 3),
            "cpu_us_per_request": round(cpu, 1),
            "cpu_us_per_request_all_roles": round(found.cpu_us[asked.whole], 1) if asked.whole is not None else None,
            "times_nginx_cpu": round(cpu / nginx, 2) if nginx else None,
            "added_p50_ms": round(added["p50_ms"], 3) if added is not None else None,
            "added_p99_ms": round(added["p99_ms"], 3) if added is not None else None,
            "usage_all_in_after_s": round(found.settled_s, 1) if asked.whole is not None else None,
            "not_2xx": found.bad,
        }

    def _cpu(self, name: str) -> float:
        return self._best[name].cpu_us[self._asked[name].pid]

    def _at_rate(self, url: str, request: str, key: str) -> dict[str, float]:
        return steady(url, request, key=key, core=LOAD_CORE, seconds=self.seconds, rate=STEADY_RATE, port=self.port)

    def _hold(self, name: str, found: dict[str, float]) -> None:
        """Keep the least of each quantile."""
        before = self._steady.get(name, found)
        self._steady[name] = {each: min(before[each], found[each]) for each in ("p50_ms", "p99_ms")}


@contextlib.contextmanager
def _nginx(provider: str, steady_port: int) -> Generator[Asked]:
    """The reverse proxy of nginx in front of the same upstreams: as fast as forwarding bytes gets."""
    place, ports = provider.removeprefix("http://"), (free_port(), free_port())
    servers = "".join(
        f"upstream u{port} {{ server {upstream}; keepalive 256; keepalive_requests 100000000; }}"
        f" server {{ listen 127.0.0.1:{port};"
        f' location / {{ proxy_pass http://u{port}; proxy_http_version 1.1; proxy_set_header Connection ""; }} }}'
        for port, upstream in zip(ports, (place, f"127.0.0.1:{steady_port}"), strict=True)
    )
    url, steady_url = (f"http://127.0.0.1:{port}" for port in ports)
    with nginx("proxy", servers, GATEWAY_CORE) as pid:
        yield Asked("nginx proxy_pass", url, body("mock"), "none", pid, steady=(steady_url, body("mock")))


@contextlib.contextmanager
def _stoa(provider: str, steady_port: int, *, compiled: bool = True) -> Generator[list[Asked]]:
    how = ["env", f"STOA_GATEWAY__COMPILED={str(compiled).lower()}"]
    with running(prefix=[*how, "taskset", "-c", GATEWAY_CORE]) as stoa:
        key = prepare(stoa, provider, steady_port)
        gateway = json.loads((stoa.home / "run" / "roles.json").read_text())["gateway"]["pid"]
        yield [
            Asked(
                name if compiled else f"{name}, as Python", stoa.url, request, key, gateway, whole=stoa.pid,
                settled=lambda: all_in(stoa.url),
                steady=steady,
            )
            for name, request, steady in (
                ("Stoa", body("mock"), (stoa.url, body("mock-steady"))),
                *(
                    [(EVERYTHING, body("all", temperature=0, question=f"What is DevOps? {FRESH}"), None)]
                    if has_tools()
                    else []
                ),
                ("Stoa, answered from the cache", body("mock", temperature=0), None),
                ("Stoa, streamed, 16 events", body("mock-stream", stream=True), None),
            )
        ]  # fmt: skip


def prepare(stoa: Running, provider: str, steady_port: int = 9) -> str:
    """A key without a limit that matters, for a team with a budget, and models of a provider at this URL."""
    resources = Path(stoa.home) / "bench.yaml"
    resources.write_text(RESOURCES.format(url=provider, steady=steady_port), encoding="utf-8")
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
