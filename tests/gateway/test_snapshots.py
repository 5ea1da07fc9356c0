import asyncio
import contextlib
from pathlib import Path

import msgspec

from stoa.domain.upstream import Fetched
from stoa.errors import ProviderError
from stoa.gateway.snapshots import follow, read_copy


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
