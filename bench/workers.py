"""Two workers beside one, on one port: how much more they answer when each has the same share of a core.

Two cores are too few for two workers and a load that fills them. So each worker may use a fifth of a core (a cgroup quota) and
the load has the rest: what two workers do is then bounded by what they share, and by nothing else. Needs root and cgroups.
"""

import argparse
import contextlib
import json
import os
from collections.abc import Generator
from pathlib import Path

from gateway import GATEWAY_CORE, LOAD_CORE, prepare
from load import body, measure, upstream
from report import Row, report
from running import Running, running

SHARE = 0.2  # of a core, for each worker
_PERIOD_US = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="length of each measurement")
    seconds = parser.parse_args().seconds
    rates: dict[int, float] = {}
    rows: list[Row] = []
    with upstream(LOAD_CORE) as provider:
        for workers in (1, 2):
            with running(options=("--workers", str(workers))) as stoa, _limited(_workers(stoa)) as pids:
                key = prepare(stoa, provider)
                found = measure(
                    stoa.url, body("mock"), key=key, core=LOAD_CORE, seconds=seconds, pids=dict.fromkeys(pids, False)
                )
                rates[workers] = found.requests_per_s
                rows.append(
                    {
                        "workers": workers,
                        "requests_per_s": round(found.requests_per_s),
                        "times_one": round(found.requests_per_s / rates[1], 2),
                        "cpu_us_per_request": round(sum(found.cpu_us.values()), 1),
                        "p99_ms": round(found.p99_ms, 1),
                        "not_2xx": found.bad,
                    }
                )
    report(
        "workers",
        rows,
        notes=[
            f"each worker may use {SHARE:.0%} of a core ({_PERIOD_US // 1000} ms periods), which is what bounds the rate",
            f"32 connections; {seconds} s each; latency is that of the quota, not of Stoa",
        ],
    )


def _workers(stoa: Running) -> list[int]:
    roles = json.loads((stoa.home / "run" / "roles.json").read_text())
    return [roles["gateway"]["pid"], *(each["pid"] for each in roles["gateways"].values())]


@contextlib.contextmanager
def _limited(pids: list[int]) -> Generator[list[int]]:
    """Each process with its quota on a core of its own; the cgroups go when the block ends."""
    groups = [_group(number, pid) for number, pid in enumerate(pids)]
    for number, pid in enumerate(pids):
        os.sched_setaffinity(pid, {int((GATEWAY_CORE, LOAD_CORE)[number % 2])})
    try:
        yield pids
    finally:
        for group in groups:
            for task in (group / "cgroup.procs").read_text().split():
                with contextlib.suppress(OSError):
                    (group.parent / "cgroup.procs").write_text(task)
            group.rmdir()


def _group(number: int, pid: int) -> Path:
    old = Path("/sys/fs/cgroup/cpu")
    group = (old if old.is_dir() else Path("/sys/fs/cgroup")) / f"stoa-bench-{os.getpid()}-{number}"
    try:
        group.mkdir()
        quota = int(SHARE * _PERIOD_US)
        if old.is_dir():
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        else:
            (group / "cpu.max").write_text(f"{quota} {_PERIOD_US}")
        (group / "cgroup.procs").write_text(str(pid))
    except OSError as error:
        raise SystemExit(f"bench-workers gives each worker a CPU quota, which needs root and cgroups: {error}") from None
    return group


if __name__ == "__main__":
    main()
