import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from stoa.domain.upstream import Fetched
from stoa.errors import ProviderError
from stoa.gateway.snapshots import follow, keep_copy, read_copy


async def test_each_new_snapshot_is_swapped_in_and_kept(tmp_path: Path, make) -> None:
    asked, swapped, done, copy = [], asyncio.Queue(), asyncio.Event(), tmp_path / "snapshot.msgpack"
    answers = [ProviderError("away"), make.snapshot(version=1), Fetched(204, b""), Fetched(500, b"oops"), Fetched(200, b"\xc1")]
    answers += [make.snapshot(version=2)]

    async def fetch(method: str, target: str, **options: object) -> Fetched:
        asked.append(target)
        if not answers:
            done.set()
            await asyncio.sleep(60)
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Fetched) else Fetched(200, msgspec.msgpack.encode(answer))

    task = asyncio.create_task(follow(fetch, copy, None, swapped.put_nowait))
    assert [(await asyncio.wait_for(swapped.get(), 5)).version for _ in range(2)] == [1, 2]
    await asyncio.wait_for(done.wait(), 10)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert asked == ["/internal/snapshot"] * 2 + ["/internal/snapshot?after=1"] * 4 + ["/internal/snapshot?after=2"]
    kept = read_copy(copy)
    assert kept == make.snapshot(version=2)


async def test_a_snapshot_that_cannot_be_served_leaves_the_last_one(tmp_path: Path, make) -> None:
    tried, again = [], asyncio.Event()

    async def fetch(method: str, target: str, **options: object) -> Fetched:
        return Fetched(200, msgspec.msgpack.encode(make.snapshot()))

    def swap(snapshot: object) -> None:
        tried.append(snapshot)
        if len(tried) == 2:
            again.set()
        raise KeyError("a provider that is missing")

    task = asyncio.create_task(follow(fetch, tmp_path / "copy", None, swap))
    await asyncio.wait_for(again.wait(), 10)
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])
    assert not (tmp_path / "copy").exists()


def test_a_copy_that_is_missing_or_damaged_is_none(tmp_path: Path) -> None:
    assert read_copy(tmp_path / "nothing") is None
    (tmp_path / "odd").write_bytes(b"\xc1")
    assert read_copy(tmp_path / "odd") is None


async def test_a_copy_that_cannot_be_written_delays_no_snapshot(tmp_path: Path, make, caplog) -> None:
    swapped, versions = asyncio.Queue(), iter(range(1, 4))

    async def fetch(method: str, target: str, **options: object) -> Fetched:
        version = next(versions, None)
        if version is None:
            await asyncio.sleep(60)
        return Fetched(200, msgspec.msgpack.encode(make.snapshot(version=version)))

    task = asyncio.create_task(follow(fetch, tmp_path / "nowhere" / "copy", None, swapped.put_nowait))
    assert [(await asyncio.wait_for(swapped.get(), 5)).version for _ in range(3)] == [1, 2, 3]
    task.cancel()
    await asyncio.wait([task])
    assert "could not be kept" in caplog.text


def kept_after(path: Path, make, *snapshots: tuple[int, int]) -> tuple[int, int]:
    for version, made_at_ms in snapshots:
        keep_copy(path, msgspec.msgpack.encode(make.snapshot(version=version, made_at_ms=made_at_ms)))
    kept = read_copy(path)
    assert kept is not None
    return kept.version, kept.made_at_ms


def test_a_worker_that_comes_late_does_not_replace_a_newer_copy(tmp_path: Path, make) -> None:
    copy = tmp_path / "copy"
    assert kept_after(copy, make, (6, 600), (5, 500)) == (6, 600)
    written = copy.stat().st_mtime_ns, copy.stat().st_ino
    assert kept_after(copy, make, (6, 600)) == (6, 600)
    assert (copy.stat().st_mtime_ns, copy.stat().st_ino) == written, "the same one is not written again"


def test_a_restored_database_and_a_clock_set_back_are_followed(tmp_path: Path, make) -> None:
    assert kept_after(tmp_path / "a", make, (100, 600), (51, 700)) == (51, 700)
    assert kept_after(tmp_path / "b", make, (5, 900), (6, 600)) == (6, 600)


def test_workers_that_keep_at_once_leave_the_newest_whole(tmp_path: Path, make) -> None:
    bodies = [msgspec.msgpack.encode(make.snapshot(version=n, made_at_ms=n)) for n in range(1, 41)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: keep_copy(tmp_path / "copy", body), sorted(bodies, key=hash)))
    assert read_copy(tmp_path / "copy") == make.snapshot(version=40, made_at_ms=40)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "copy.lock"]
