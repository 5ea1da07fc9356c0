import os
import resource
import signal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.wal.frames import facts_in, frame_of, segments, valid_bytes
from stoa.adapters.wal.log import DiskLog
from stoa.adapters.wal.memory import MemorySink
from stoa.adapters.wal.sink import HttpUsageSink
from stoa.domain.upstream import Fetched
from stoa.domain.usage import Told, UsageFact
from stoa.errors import Busy, OperatorError, ProviderError

TOLD = Told("key", "k", "day Europe/Berlin", 3, 5, 1)


def names(data: bytes) -> list[str]:
    return [fact.id for fact in msgspec.msgpack.decode(data, type=list[UsageFact])]


async def ship_all(log: DiskLog) -> list[str]:
    found: list[str] = []
    while batch := log.next_batch():
        found += names(batch.facts)
        await log.shipped(batch.position, told=[Told("team", "company", "month UTC", 0, len(found))], as_of_ms=7)
    return found


async def test_facts_come_out_in_the_order_they_went_in(tmp_path: Path, fact) -> None:
    log = DiskLog(tmp_path)
    for number in range(10):
        log.append([fact(f"{number}a"), fact(f"{number}b")])
    assert log.backlog_bytes > 0
    assert await ship_all(log) == [f"{number}{letter}" for number in range(10) for letter in "ab"]
    assert (log.next_batch(), log.backlog_bytes) == (None, 0)
    log.close()


async def test_what_was_not_shipped_is_there_after_a_restart(tmp_path: Path, fact) -> None:
    log = DiskLog(tmp_path)
    first = log.append([fact("a")])
    log.append([fact("b"), fact("c")])
    await log.shipped(first, told=[TOLD], as_of_ms=9)
    log.close()
    again = DiskLog(tmp_path)
    kept = again.kept
    assert (list(kept.told), kept.as_of_ms) == ([TOLD], 9)
    assert {(who.team, who.minute): cost for who, cost in kept.unshipped.items()} == {("company", 0): (2, 0)}
    assert kept.position > first
    again.append([fact("d")])
    assert await ship_all(again) == ["b", "c", "d"]
    again.close()
    empty = DiskLog(tmp_path)
    assert empty.kept.unshipped == {}
    assert empty.next_batch() is None
    empty.close()


@pytest.mark.parametrize("cut", [1, 5, 11, 12, 13, 40])
async def test_a_torn_end_is_dropped_and_written_over(tmp_path: Path, fact, cut: int) -> None:
    log = DiskLog(tmp_path)
    log.append([fact("a")])
    log.append([fact("b")])
    log.close()
    (segment,) = segments(tmp_path)
    os.truncate(segment.path, segment.path.stat().st_size - cut)
    again = DiskLog(tmp_path)
    again.append([fact("c")])
    assert await ship_all(again) == ["a", "c"]
    again.close()


async def test_a_flipped_bit_at_the_end_is_noticed(tmp_path: Path, fact) -> None:
    log = DiskLog(tmp_path)
    log.append([fact("a")])
    log.append([fact("b")])
    log.close()
    (segment,) = segments(tmp_path)
    data = bytearray(segment.path.read_bytes())
    data[-3] ^= 1
    segment.path.write_bytes(data)
    again = DiskLog(tmp_path)
    assert await ship_all(again) == ["a"]
    again.close()


async def test_files_end_at_their_size_and_go_when_shipped(tmp_path: Path, fact) -> None:
    log = DiskLog(tmp_path, segment_bytes=1000)
    for number in range(50):
        log.append([fact(str(number))])
    assert len(segments(tmp_path)) > 2
    log.close()
    again = DiskLog(tmp_path, segment_bytes=1000)
    assert [cost for cost, _ in again.kept.unshipped.values()] == [50]
    assert await ship_all(again) == [str(number) for number in range(50)]
    assert len(segments(tmp_path)) == 1
    again.close()
    last = DiskLog(tmp_path)
    last.append([fact("z")])
    assert await ship_all(last) == ["z"]
    last.close()


async def test_a_frame_larger_than_a_batch_is_shipped_whole(tmp_path: Path, fact) -> None:
    log = DiskLog(tmp_path)
    log.append([fact(str(number)) for number in range(5000)])
    log.append([fact("last")])
    assert len(await ship_all(log)) == 5001
    log.close()


async def test_positions_that_were_shipped_are_never_used_again(tmp_path: Path, fact) -> None:
    log = DiskLog(tmp_path)
    log.append([fact("a")])
    log.append([fact("b")])
    assert await ship_all(log) == ["a", "b"]
    log.close()
    (segment,) = segments(tmp_path)
    os.truncate(segment.path, 10)  # the end was never flushed when the machine died
    again = DiskLog(tmp_path)
    again.append([fact("c")])
    again.close()
    last = DiskLog(tmp_path)
    assert await ship_all(last) == ["c"]
    last.close()


def test_two_gateways_never_share_a_log(tmp_path: Path) -> None:
    log = DiskLog(tmp_path)
    with pytest.raises(Busy, match="Another gateway"):
        DiskLog(tmp_path)
    log.close()
    DiskLog(tmp_path).close()


async def test_a_full_disk_refuses_and_leaves_no_half_fact(tmp_path: Path, fact) -> None:
    log = DiskLog(tmp_path)
    log.append([fact("a")])
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    # The largest file stands for the disk: both make write(2) fail midway.
    resource.setrlimit(resource.RLIMIT_FSIZE, (segments(tmp_path)[0].path.stat().st_size + 20, before[1]))
    try:
        with pytest.raises(OperatorError, match="cannot be written") as caught:
            log.append([fact("b")])
        assert (caught.value.code, caught.value.status) == ("usage_log_full", 503)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    log.append([fact("c")])
    assert await ship_all(log) == ["a", "c"]
    log.close()


async def test_a_damaged_note_of_what_was_shipped_ships_everything_again(tmp_path: Path, fact) -> None:
    log = DiskLog(tmp_path)
    log.append([fact("a")])
    log.close()
    (tmp_path / "shipped.msgpack").write_bytes(b"\xc1")
    again = DiskLog(tmp_path)
    assert await ship_all(again) == ["a"]
    again.close()


async def test_what_a_former_version_noted_as_spent_still_counts(tmp_path: Path, fact) -> None:
    log = DiskLog(tmp_path)
    end = log.append([fact("a")])
    log.close()
    former = {"position": end, "spend": {"company": 7}, "as_of_ms": 1_700_000_000_000}
    (tmp_path / "shipped.msgpack").write_bytes(msgspec.msgpack.encode(former))
    again = DiskLog(tmp_path)
    (told,) = again.kept.told
    assert (told.scope, told.subject, told.period, told.nano_usd) == ("team", "company", "month UTC", 7)
    assert told.starts_ms == 1_698_796_800_000, "1 November 2023"
    assert await ship_all(again) == []
    again.close()


@given(cuts=st.lists(st.integers(1, 5), min_size=1, max_size=6), end=st.integers(0, 400), noise=st.binary(max_size=40))
def test_whatever_the_tear_only_whole_frames_are_read(cuts: list[int], end: int, noise: bytes) -> None:
    frames = []
    for number, count in enumerate(cuts):
        frames.append(frame_of([_fact(f"{number}.{n}") for n in range(count)]))
    data = b"".join(frames)
    torn = data[: max(0, len(data) - end)] + noise
    valid = valid_bytes(torn)
    whole = [b"".join(frames[:n]) for n in range(len(frames) + 1)]
    assert torn[:valid] in whole or valid <= len(torn)
    list(facts_in(torn[:valid]))


def _fact(name: str) -> UsageFact:
    return UsageFact(
        name, 1, "r", "chat", "t", None, None, "m", None, None, None, 200, "miss", False, None, None, "none", None, 1.0,
        None, 1, None, 1, "1", None,
    )  # fmt: skip


async def test_control_is_told_and_tells_the_spend(fact) -> None:
    sink = MemorySink()

    async def fetch(method: str, target: str, *, headers=None, body: bytes = b"") -> Fetched:
        assert (method, target) == ("POST", "/internal/usage")
        return Fetched(200, msgspec.msgpack.encode({"spent": await sink.ship(body)}))

    (told,) = await HttpUsageSink(fetch).ship(msgspec.msgpack.encode([fact("a", 3), fact("a", 3)]))
    assert (told.scope, told.subject, told.period, told.nano_usd) == ("team", "company", "month UTC", 3)


@pytest.mark.parametrize("answer", [Fetched(500, b"oops"), Fetched(200, b"\xc1"), Fetched(200, b"\x90")])
async def test_control_that_did_not_take_the_facts_is_an_error(answer: Fetched) -> None:
    async def fetch(method: str, target: str, *, headers=None, body: bytes = b"") -> Fetched:
        return answer

    with pytest.raises(ProviderError):
        await HttpUsageSink(fetch).ship(b"\x90")
