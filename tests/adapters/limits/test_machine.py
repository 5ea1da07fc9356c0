import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.adapters.limits.conftest import SMALL, Machine, requests

from stoa.adapters.limits.file import LimitsFile
from stoa.adapters.limits.machine import MachineCounter
from stoa.domain.counting import Claim, Held, Meter, Refused
from stoa.domain.metrics import Sheet
from stoa.gateway.counting.local import LocalCounter

SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
Made = Callable[..., Machine]

STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([0, 0, 0, 0, 1, 1, 7, 30, 61]), st.sampled_from([0, 0, 0, 1, 30])),
    max_size=200,
)
"""Who asks, how many seconds later, and how much earlier its clock was read."""


@SETTINGS
@given(limit=st.one_of(st.integers(1, 8), st.integers(100, 2000)), steps=STEPS, sweep=st.booleans())
def test_no_sixty_seconds_ever_see_more_than_the_limit_whoever_asks(machine: Made, limit: int, steps, sweep: bool) -> None:
    here, second, counted, taken, meter = machine(3), 1000, 0, list[int](), requests(limit)
    for who, later, early in steps:
        second += later
        counted = max(counted, second - early)  # one whose clock was read earlier counts with the last
        here.second = second
        for worker in here.counters if sweep and later else ():
            worker.give_back()
        here.second = second - early
        for _ in range(max(1, limit // 20)):
            if here.take(who, meter):
                taken.append(counted)
    for start in set(taken):
        assert sum(start <= other < start + 61 for other in taken) <= limit


@SETTINGS
@given(limit=st.integers(1, 100), steps=STEPS)
def test_a_low_limit_is_counted_as_by_one_process(machine: Made, limit: int, steps) -> None:
    here, alone, meter = machine(3), LocalCounter(lambda: 0), requests(limit)
    for who, later, _ in steps:
        here.second += later
        outcome = alone.claim([Claim(meter, 1)], here.second * 1000, lambda outcome: None)
        assert here.take(who, meter) == (not isinstance(outcome, Refused))
    assert here.take(0, requests(10_000)) is True


@SETTINGS
@given(limit=st.integers(1, 5000), order=st.lists(st.integers(0, 1), min_size=1, max_size=50))
def test_all_of_a_limit_is_given_within_one_second(machine: Made, limit: int, order: list[int]) -> None:
    """Whatever was taken ahead and not used is given back."""
    here, taken, meter = machine(2), 0, requests(limit)
    for who in order:
        taken += here.take(who, meter)
    here.second += 1
    for worker in here.counters:
        worker.give_back()
    while here.take(0, meter):
        taken += 1
    assert taken == limit


@SETTINGS
@given(
    most=st.integers(1, 2000),
    steps=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 300), st.one_of(st.none(), st.integers(0, 400))), max_size=60),
)
def test_a_budget_is_passed_by_what_is_under_way_alone_however_it_is_settled(machine: Made, most: int, steps) -> None:
    """Beyond it goes what was counted ahead while there was room, and no more of it than a 64th."""
    here, meter, held, spent, beyond = machine(3), Meter("m", "nano_usd", most), list[tuple[Held, int]](), 0, 0
    for who, amount, came_to in steps:
        before = spent + sum(claimed for _, claimed in held)
        outcome = here.claim(who, Claim(meter, amount, 0, 9_000_000, spent))
        if isinstance(outcome, Refused):
            assert before >= most - most // 64, "refused although what was taken ahead does not explain it"
        else:
            beyond = beyond + amount if before >= most else 0
            assert beyond <= most // 64
            held.append((outcome, amount))
        if came_to is not None and held:
            settled, _ = held.pop(0)
            settled.settle([came_to])
            spent += came_to


@SETTINGS
@given(limit=st.integers(1, 5), steps=st.lists(st.integers(0, 20), min_size=1, max_size=40))
def test_after_the_wait_that_was_told_the_next_is_taken(machine: Made, limit: int, steps: list[int]) -> None:
    here, meter = machine(2), requests(limit)
    for number, step in enumerate(steps):
        here.second += step
        outcome = here.claim(number % 2, Claim(meter, 1))
        if isinstance(outcome, Refused):
            here.second += int(outcome.retry_after_s)
            assert here.take(number % 2, meter)


def test_ten_go_through_and_the_eleventh_is_refused_and_told_when(machine: Made) -> None:
    here, meter = machine(2), requests(10)
    for number in range(10):
        here.second = 1000 + number
        assert here.take(number % 2, meter)
    here.second = 1010
    refused = [here.claim(worker, Claim(meter, 1)) for worker in (0, 1)]
    assert [(each.used, each.retry_after_s, each.lost) for each in refused if isinstance(each, Refused)] == [
        (10, 51, False)
    ] * 2
    here.second = 1061
    assert here.take(1, meter)
    assert not here.take(0, meter)


def test_tokens_that_came_to_more_count_now_and_those_that_came_to_less_where_they_were_claimed(machine: Made) -> None:
    here, meter = machine(2), Meter("m", "tokens", 100, sliding=True)
    more, less = here.claim(0, Claim(meter, 40)), here.claim(0, Claim(meter, 40))
    assert not isinstance(more, Refused)
    assert not isinstance(less, Refused)
    here.second += 30
    more.settle([60])
    less.settle([0])
    refused = here.claim(1, Claim(meter, 41))
    assert isinstance(refused, Refused)
    assert refused.used == 60
    here.second += 31
    assert here.take(1, meter, 80), "forty were claimed a minute ago, twenty came on top since"
    assert not here.take(1, meter)


def test_a_high_limit_needs_the_lock_seldom(machine: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    here, locked, meter = machine(2), list[int](), requests(1_000_000)
    file = here.counters[0]._file
    lock = file.lock
    monkeypatch.setattr(file, "lock", lambda: locked.append(1) or lock())
    assert all(here.take(0, meter) for _ in range(100_000))
    assert len(locked) < 20


def test_meters_do_not_count_for_each_other(machine: Made) -> None:
    here = machine(2, buckets=1, ways=8, sum_buckets=1, sum_ways=8)
    for name in ("a", "b", "c"):
        for meter in (requests(1, name), Meter(f"{name}-at-once", "parallel", 1)):
            assert here.take(0, meter)
            assert not here.take(1, meter)


def test_a_ring_whose_minute_is_over_is_another_meters(machine: Made, caplog) -> None:
    here, first, second = machine(2, buckets=1, ways=1), requests(1000, "first"), requests(1000, "second")
    assert here.take(0, first)
    here.second = 1060
    refused = here.claim(1, Claim(second, 1))
    assert isinstance(refused, Refused), "no room: refused, not let through uncounted"
    assert refused.lost
    assert "more limits and budgets in use than workers can count together" in caplog.text
    here.second = 1061
    assert here.take(1, second)
    here.second = 1100
    assert not here.take(0, first), "what was left of its part is not given back into the other's counters"
    assert here.take(1, second)
    here.second = 1200
    assert here.take(0, first)


def test_a_sum_whose_window_is_over_is_another_meters(machine: Made) -> None:
    here, meters = machine(2, sum_buckets=1, sum_ways=1), [Meter(name, "requests", 5) for name in ("first", "second")]
    here.second = 10
    assert not isinstance(here.claim(0, Claim(meters[0], 1, 1, 20_000)), Refused)
    assert isinstance(here.claim(1, Claim(meters[1], 1, 1, 9_000_000)), Refused)
    here.second = 4000
    assert not isinstance(here.claim(1, Claim(meters[1], 1, 1, 9_000_000)), Refused)


def test_counters_of_another_boot_do_not_count(machine: Made) -> None:
    here, meter = machine(2), requests(1)
    here.second = 5_000_000
    assert here.take(0, meter)
    here.second = 100
    assert here.take(1, meter)
    assert not here.take(0, meter)


def test_a_file_of_other_sizes_is_replaced_and_who_maps_it_goes_on(tmp_path: Path) -> None:
    here, meter = Machine(tmp_path / "limits", SMALL), requests(1)
    here.start(1, 2)
    assert here.take(0, meter)
    old = here.counters[0]
    here.start(1, 3)
    assert here.take(0, meter)
    here.counters[0] = old
    assert not here.take(0, meter)
    here.path.write_bytes(b"something else")
    here.start(1, 3)
    assert here.take(0, meter)
    assert here.path.stat().st_mode & 0o777 == 0o600


def test_a_worker_that_starts_again_finds_what_was_counted_and_not_its_own_places(machine: Made) -> None:
    here, places, counted = machine(2), Meter("at-once", "parallel", 1), requests(1)
    assert here.take(1, counted)
    assert here.take(1, places)
    assert not here.take(0, places)
    here.start(2, 2)
    assert not here.take(1, counted)
    assert here.take(0, places)


def test_what_is_open_while_the_lock_is_not_had_is_a_share_and_is_told_later(
    machine: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, meter = machine(2), requests(40, share=0.25)
    money = Meter("money", "nano_usd", 100, open_share=0.5)
    file = here.counters[0]._file
    lock = file.lock
    monkeypatch.setattr(file, "lock", lambda: False)
    outcomes = [here.claim(0, Claim(meter, 1)) for _ in range(12)]
    assert sum(isinstance(each, Refused) for each in outcomes) == 2
    assert all(each.lost for each in outcomes if isinstance(each, Refused))
    spent = here.claim(0, Claim(money, 60, 0, 9_000_000))
    assert not isinstance(spent, Refused)
    spent.settle([70])
    assert isinstance(here.claim(0, Claim(money, 1, 0, 9_000_000)), Refused)
    sheet = Sheet()
    here.counters[0].show(sheet)
    assert sheet.numbers["stoa_limits_lost"] == {("file",): 1}
    assert sheet.numbers["stoa_limits_alone_total"] == {("open",): 11, ("refused",): 3}
    monkeypatch.setattr(file, "lock", lock)
    here.counters[0].give_back()
    assert not here.counters[0].lost
    assert sum(here.take(1, meter) for _ in range(40)) == 30
    seen = here.claim(1, Claim(money, 30, 0, 9_000_000))
    assert not isinstance(seen, Refused)
    refused = here.claim(1, Claim(money, 1, 0, 9_000_000))
    assert isinstance(refused, Refused)
    assert refused.used == 100


HOLD = """
import sys, time
from pathlib import Path
from stoa.adapters.limits.file import LimitsFile
file = LimitsFile(Path(sys.argv[1]), worker=2, workers=2)
assert file.lock()
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.slow
def test_a_frozen_holder_hangs_nobody_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    path, meter = tmp_path / "limits", requests(10)
    counter = MachineCounter(LimitsFile(path, worker=1, workers=2))

    def take() -> bool:
        return not isinstance(counter.claim([Claim(meter, 1)], 0, lambda outcome: None), Refused)

    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(signal.SIGSTOP)
        assert not take(), "refused: nobody may count unseen"
        assert counter.lost
        assert not take()
        holder.kill()
        holder.wait()
        counter._file._given_up = 0.0  # instead of a second's sleep
        assert take()
        assert not counter.lost


ASK = """
import sys
from pathlib import Path
from stoa.adapters.limits.file import LimitsFile
from stoa.adapters.limits.machine import MachineCounter
from stoa.domain.counting import Claim, Meter, Refused
path, worker, limit, number = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
counter = MachineCounter(LimitsFile(path, worker=worker, workers=3))
claims = [Claim(Meter(f"key-{n}", "requests", limit, sliding=True), 1) for n in range(3)]
claims.append(Claim(Meter("spent", "nano_usd", limit), 1, 0, 2**52))
print("ready", flush=True)
sys.stdin.readline()
taken = [0] * len(claims)
for turn in range(number):
    for n, claim in enumerate(claims):
        while True:  # a holder that this machine does not let run is waited for here
            outcome = counter.claim([claim], 0, print)
            if not isinstance(outcome, Refused) or not outcome.lost:
                break
        taken[n] += not isinstance(outcome, Refused)
print(*taken, flush=True)
sys.stdin.readline()
"""


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
def test_three_processes_that_ask_at_once_get_exactly_the_limit(tmp_path: Path, killed: bool) -> None:
    command = [sys.executable, "-c", ASK, str(tmp_path / "limits")]
    limit, number = 100, 2000
    asking = [
        subprocess.Popen([*command, str(worker), str(limit), str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for worker in (1, 2, 3)
    ]
    try:
        for process in asking:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        for process in asking:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.flush()
        if killed:
            time.sleep(0.02)
            os.kill(asking[0].pid, signal.SIGKILL)  # somewhere in the midst
        counts = [[int(n) for n in process.stdout.readline().split()] for process in asking if process.stdout is not None]
        got = [sum(each) for each in zip(*(c for c in counts if c), strict=True)]
        if killed:
            assert all(each <= limit for each in got), got
        else:
            assert got == [limit] * 4
    finally:
        for process in asking:
            process.kill()
            process.communicate()
