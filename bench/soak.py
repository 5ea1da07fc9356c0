"""A long load and what it leaves in memory: resident size and open files of each role while a whole Stoa answers.

`make bench-soak` sends 2 million requests: most are answered by the provider, some from the cache, some streamed, some refused,
some cut by their clients, whole or streamed, and every round opens its connections anew. Memory should be flat: what the last
rounds add is the figure, not the rate.
"""

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path

from gateway import GATEWAY_CORE, LOAD_CORE, all_in, prepare
from load import CONNECTIONS, body, send, upstream
from report import Row, report
from running import Running, command_of, family, resident_mb, running

KINDS = (
    ("mock", body("mock"), 12, False),
    ("cached", body("mock", temperature=0), 4, False),
    ("streamed", body("mock-stream", stream=True), 4, False),
    ("refused", body("nothing"), 2, False),
    ("cut", body("mock"), 1, True),
    ("stream cut", body("mock-stream", stream=True), 1, True),
)
"""What is asked in each round: a name, the request, its share, and whether its clients leave."""


@dataclass
class Seen:
    """One process over the run: requests answered so far, megabytes, open files."""

    answered: list[int] = field(default_factory=list[int])
    resident: list[float] = field(default_factory=list[float])
    files: list[int] = field(default_factory=list[int])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2_000_000, help="how many requests in all")
    parser.add_argument("--rounds", type=int, default=40, help="samples of memory, at least six")
    wanted, rounds = parser.parse_args().requests, parser.parse_args().rounds
    with upstream(LOAD_CORE) as provider, running(prefix=["taskset", "-c", GATEWAY_CORE]) as stoa:
        key = prepare(stoa, provider)
        seen: dict[str, Seen] = {}
        done, started = 0, time.monotonic()
        while done < wanted:
            done += _round(stoa, key, wanted / rounds)
            _look(stoa, done, seen)
            print(f"{done:>9,} requests, {sum(each.resident[-1] for each in seen.values()):.0f} MB in all", flush=True)
        seconds = time.monotonic() - started
    report(
        "soak",
        [_row(name, each) for name, each in seen.items()],
        notes=[
            f"{done:,} requests in {seconds:.0f} s from {CONNECTIONS} connections, opened anew {rounds} times for each kind: "
            + ", ".join(f"{name} {share}" for name, _, share, _ in KINDS),
            "mb_per_million is the slope of a line through the second half of the samples; the first half warms up",
        ],
    )


def _round(stoa: Running, key: str, wanted: float) -> int:
    """Each kind in turn, by its share, and its usage with control; returns how many were answered."""
    whole, answered = sum(share for _, _, share, _ in KINDS), 0
    for _, request, share, leave in KINDS:
        count = round(wanted * share / whole)
        answered += send(stoa.url, request, key=key, core=LOAD_CORE, count=count, leave=leave)
    all_in(stoa.url)
    return answered


def _look(stoa: Running, done: int, seen: dict[str, Seen]) -> None:
    for pid in family(stoa.pid):
        each = seen.setdefault(_name(pid, stoa.pid), Seen())
        each.answered.append(done)
        each.resident.append(resident_mb(pid))
        each.files.append(len(list(Path(f"/proc/{pid}/fd").iterdir())))


def _name(pid: int, supervisor: int) -> str:
    words = command_of(pid).split()
    role = next((word for word in words if word in ("gateway", "control", "worker", "engine")), None)
    return role or ("supervisor" if pid == supervisor else f"{Path(words[0]).name if words else 'ended'} {pid}")


def _row(name: str, seen: Seen) -> Row:
    half = len(seen.resident) // 2
    return {
        "role": name,
        "first_mb": round(seen.resident[0], 1),
        "last_mb": round(seen.resident[-1], 1),
        "max_mb": round(max(seen.resident), 1),
        "mb_per_million": _slope(seen.answered[half:], seen.resident[half:]),
        "first_files": seen.files[0],
        "last_files": seen.files[-1],
        "max_files": max(seen.files),
    }


def _slope(answered: list[int], resident: list[float]) -> float | None:
    """Megabytes per million requests, by least squares; None for too few samples."""
    if len(answered) < 3:
        return None
    middle, height = sum(answered) / len(answered), sum(resident) / len(resident)
    spread = sum((x - middle) ** 2 for x in answered)
    return round(sum((x - middle) * (y - height) for x, y in zip(answered, resident, strict=True)) / spread * 1e6, 2)


if __name__ == "__main__":
    main()
