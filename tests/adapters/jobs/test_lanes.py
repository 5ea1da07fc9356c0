"""Whose turn it is among the jobs of one process."""

import asyncio

from stoa.adapters.jobs.lanes import Lanes


async def test_a_lane_goes_in_the_order_of_asking_and_lanes_go_side_by_side() -> None:
    lanes, begun, go_on = Lanes(["ingest"], at_once=4), list[str](), asyncio.Event()

    async def job(name: str, lane: str) -> None:
        async with lanes.turn("ingest", lane):
            begun.append(name)
            await go_on.wait()

    async with asyncio.TaskGroup() as group:
        for name, lane in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")):
            group.create_task(job(name, lane))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert begun == ["a1", "b1"]
        go_on.set()
    assert begun == ["a1", "b1", "a2", "a3"]


async def test_no_more_of_a_work_than_there_is_room_for_and_another_work_has_its_own() -> None:
    lanes, at_work, go_on = Lanes(["ingest", "batch"], at_once=2), list[str](), asyncio.Event()

    async def job(work: str, lane: str) -> None:
        async with lanes.turn(work, lane):
            at_work.append(work)
            await go_on.wait()

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(job("ingest", f"lane {number}"))
        group.create_task(job("batch", "lane 0"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert sorted(at_work) == ["batch", "ingest", "ingest"]
        go_on.set()
    assert len(at_work) == 4


async def test_whoever_gives_up_waiting_leaves_the_lane_to_the_next() -> None:
    lanes, begun, go_on = Lanes(["ingest"], at_once=1), list[str](), asyncio.Event()

    async def job(name: str) -> None:
        async with lanes.turn("ingest", "a"):
            begun.append(name)
            await go_on.wait()

    first, second, third = (asyncio.create_task(job(name)) for name in ("first", "second", "third"))
    await asyncio.sleep(0)
    second.cancel()
    go_on.set()
    await asyncio.wait([first, second, third])
    assert begun == ["first", "third"]
