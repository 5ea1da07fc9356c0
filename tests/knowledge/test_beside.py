"""Stages of work on batches run beside each other, in order, and nothing that fails is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from stoa.knowledge.beside import Behind, ahead


async def test_the_next_one_is_made_while_one_is_dealt_with_and_no_more() -> None:
    made: list[int] = []

    async def numbers() -> AsyncIterator[int]:
        for number in range(4):
            made.append(number)
            yield number

    found: list[tuple[int, int]] = []
    async with aclosing(ahead(numbers())) as stream:
        async for number in stream:
            await asyncio.sleep(0)
            found.append((number, len(made)))
    assert found == [(0, 2), (1, 3), (2, 4), (3, 4)]


async def test_work_is_put_away_in_order_while_more_is_made() -> None:
    may_end, done = asyncio.Event(), list[int]()

    async def put(number: int) -> None:
        await may_end.wait()
        done.append(number)

    async with Behind() as behind:
        await behind.do(put(1))  # returns though it is not done
        assert done == []
        may_end.set()
        await behind.do(put(2))
        assert done == [1]
    assert done == [1, 2]


async def test_what_fails_is_raised_by_the_next_call_and_at_the_end() -> None:
    begun: list[int] = []

    async def fail(number: int) -> None:
        begun.append(number)
        raise OSError(number)

    with pytest.raises(OSError, match="1"):
        async with Behind() as behind:
            await behind.do(fail(1))
            await behind.do(fail(2))
    with pytest.raises(OSError, match="3"):
        async with Behind() as behind:
            await behind.do(fail(3))
    assert begun == [1, 3]


async def test_what_is_under_way_is_done_though_the_next_is_not_made() -> None:
    done: list[int] = []

    async def put(number: int) -> None:
        await asyncio.sleep(0)
        done.append(number)

    with pytest.raises(LookupError):
        async with Behind() as behind:
            await behind.do(put(1))
            raise LookupError
    assert done == [1]


async def test_whoever_is_cancelled_leaves_nothing_running() -> None:
    async def put() -> None:
        await asyncio.Event().wait()

    async def work() -> None:
        async with Behind() as behind:
            await behind.do(put())
            await behind.do(put())

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}
