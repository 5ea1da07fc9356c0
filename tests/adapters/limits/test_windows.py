import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stoa.gateway.rate import Window

from stoa.adapters.limits.file import LimitsFile
from stoa.adapters.limits.windows import SharedWindows

SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
SMALL = {"buckets": 2, "ways": 4, "teams": 4}

STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([0, 0, 0, 0, 1, 1, 7, 30, 61]), st.sampled_from([0, 0, 0, 1, 30])),
    max_size=200,
)
"""Who asks, how many seconds later, and how much earlier its clock was read."""


@SETTINGS
@given(limit=st.one_of(st.integers(1, 8), st.integers(100, 2000)), steps=STEPS, sweep=st.booleans())
def test_no_sixty_seconds_ever_see_more_than_the_limit_whoever_asks(windows, limit: int, steps, sweep: bool) -> None:
    workers, second, counted, taken = windows(3, **SMALL), 1000, 0, list[int]()
    each = [worker.window("key") for worker in workers]
    for who, later, early in steps:
        second += later
        counted = max(counted, second - early)  # one whose clock was read earlier counts with the last
        for worker in workers if sweep and later else ():
            worker.give_back(second)
        for _ in range(max(1, limit // 20)):
            if each[who].take(limit, second - early):
                taken.append(counted)
    for start in set(taken):
        assert sum(start <= other < start + 61 for other in taken) <= limit


@SETTINGS
@given(limit=st.integers(1, 100), steps=STEPS)
def test_a_low_limit_is_counted_as_by_one_process(windows, limit: int, steps) -> None:
    each, alone, second = [worker.window("key") for worker in windows(3, **SMALL)], Window(), 1000
    for who, later, _ in steps:
        second += later
        assert each[who].take(limit, second) == alone.take(limit, second)
    assert each[0].take(10_000, second) is True


@SETTINGS
@given(limit=st.integers(1, 5000), order=st.lists(st.integers(0, 1), min_size=1, max_size=50))
def test_all_of_a_limit_is_given_within_one_second(windows, limit: int, order: list[int]) -> None:
    """Whatever was leased and not used is given back."""
    workers = windows(2, **SMALL)
    each, taken = [worker.window("key") for worker in workers], 0
    for who in order:
        taken += each[who].take(limit, 1000)
    for worker in workers:
        worker.give_back(1001)
        assert worker.leased == {}
    while each[0].take(limit, 1001):
        taken += 1
    assert taken == limit


@SETTINGS
@given(limit=st.integers(1, 5), steps=st.lists(st.integers(0, 20), min_size=1, max_size=40))
def test_after_the_wait_that_was_told_the_next_is_taken(windows, limit: int, steps: list[int]) -> None:
    each, second = [worker.window("key") for worker in windows(2, **SMALL)], 1000
    for number, step in enumerate(steps):
        second += step
        asked = each[number % 2]
        if not asked.take(limit, second):
            second += asked.wait_s(limit)
            assert asked.take(limit, second)


def test_ten_go_through_and_the_eleventh_is_refused_and_told_when(windows) -> None:
    one, two = (worker.window("key") for worker in windows(2))
    assert [each.take(10, 1000 + number) for number, each in enumerate([one, two] * 5)] == [True] * 10
    assert not one.take(10, 1010)
    assert not two.take(10, 1010)
    assert (one.total, one.wait_s(10), two.wait_s(10)) == (10, 51, 51)
    assert two.take(10, 1061)
    assert not one.take(10, 1061)


def test_a_high_limit_needs_the_lock_seldom(windows, monkeypatch: pytest.MonkeyPatch) -> None:
    worker, locked = windows(2)[0], list[int]()
    lock = worker.file.lock
    monkeypatch.setattr(worker.file, "lock", lambda place: locked.append(place) or lock(place))
    window = worker.window("key")
    assert all(window.take(1_000_000, 1000) for _ in range(100_000))
    assert len(locked) < 20


def test_keys_do_not_count_for_each_other(windows) -> None:
    one, two = windows(2, buckets=1, ways=8, teams=1)
    for name in ("a", "b", "c"):
        assert one.window(name).take(1, 1000)
        assert not two.window(name).take(1, 1000)


def test_a_slot_whose_minute_is_over_is_another_keys(windows) -> None:
    one, two = windows(2, buckets=1, ways=1, teams=1)
    first, second = one.window("first"), two.window("second")
    assert first.take(1000, 1000)
    assert not second.take(1000, 1060), "no room: refused, not let through uncounted"
    assert second.take(1000, 1061)
    assert not first.take(1000, 1100), "what was left of its lease is not given back into the other's counters"
    assert second.take(1000, 1100)
    assert second.wait_s(1000) == 1
    assert first.take(1000, 1200)


def test_counters_of_another_boot_do_not_count(windows) -> None:
    one, two = windows(2)
    assert one.window("key").take(1, 5_000_000)
    assert two.window("key").take(1, 100)
    assert not one.window("key").take(1, 100)


def test_a_file_of_other_sizes_is_replaced_and_who_maps_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    old = SharedWindows(LimitsFile(path, worker=1, workers=2))
    assert old.window("key").take(1, 1000)
    new = SharedWindows(LimitsFile(path, worker=1, workers=3))
    assert new.window("key").take(1, 1000)
    assert not old.window("key").take(1, 1000)
    path.write_bytes(b"something else")
    assert SharedWindows(LimitsFile(path, worker=1, workers=3)).window("key").take(1, 1000)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_worker_that_starts_again_finds_what_was_counted(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    assert SharedWindows(LimitsFile(path, worker=2, workers=2)).window("key").take(1, 1000)
    assert not SharedWindows(LimitsFile(path, worker=2, workers=2)).window("key").take(1, 1000)


HOLD = """
import sys, time
from pathlib import Path
from stoa.adapters.limits.file import LimitsFile
file = LimitsFile(Path(sys.argv[1]), worker=2, workers=2)
assert file.lock(file.slot(0, 0))
print("held", flush=True)
time.sleep(60)
"""


@pytest.mark.slow
def test_a_frozen_holder_hangs_nobody_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "limits"
    windows = SharedWindows(LimitsFile(path, worker=1, workers=2))
    window = windows.window("key")
    while window._bucket != 0:  # the holder holds the first
        window = windows.window(os.urandom(4).hex())
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        holder.send_signal(signal.SIGSTOP)
        assert not window.take(10, 1000), "refused: nobody may count unseen"
        assert window.wait_s(10) == 1
        assert not window.take(10, 1000)
        holder.kill()
        holder.wait()
        windows.file._given_up.clear()  # instead of a second's sleep
        assert window.take(10, 1000)


ASK = """
import random, sys, time
from pathlib import Path
from stoa.adapters.limits.file import LimitsFile
from stoa.adapters.limits.windows import SharedWindows
path, worker, limit, number = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
windows = SharedWindows(LimitsFile(path, worker=worker, workers=3))
keys = [windows.window(f"key-{n}") for n in range(4)]
print("ready", flush=True)
sys.stdin.readline()
taken = [0] * len(keys)
for turn in range(number):
    for n, key in enumerate(keys):
        taken[n] += key.take(limit, int(time.monotonic()))
print(*taken, flush=True)
sys.stdin.readline()
"""


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
def test_three_processes_that_ask_at_once_get_exactly_the_limit(tmp_path: Path, killed: bool) -> None:
    command = [sys.executable, "-c", ASK, str(tmp_path / "limits")]
    limit, number = 100, 3000
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
            asking[0].kill()  # somewhere in the midst
        counts = [[int(n) for n in process.stdout.readline().split()] for process in asking if process.stdout is not None]
        got = [sum(each) for each in zip(*(c for c in counts if c), strict=True)]
        if killed:
            assert all(each <= limit for each in got), got
            left = SharedWindows(LimitsFile(tmp_path / "limits", worker=1, workers=3))
            assert not left.window("key-0").take(limit, int(time.monotonic()))
        else:
            assert got == [limit] * 4
    finally:
        for process in asking:
            process.kill()
            process.communicate()
