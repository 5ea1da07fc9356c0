import asyncio
import time

import pytest

from stoa.adapters.redis.patience import Patience


async def test_what_does_not_come_is_given_up() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with Patience(0.02):
            await asyncio.sleep(30)
    assert time.monotonic() - began < 10


async def test_what_comes_in_time_is_taken_and_nothing_ends_later() -> None:
    async with Patience(0.01):
        await asyncio.sleep(0)
    await asyncio.sleep(0.03)


async def test_an_answer_that_lay_there_while_the_loop_was_held_up_is_taken() -> None:
    answer = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(time.sleep, 0.05)
    asyncio.get_running_loop().call_later(0.02, answer.set_result, "there")
    async with Patience(0.01):
        assert await answer == "there"


async def test_a_loop_that_is_late_all_the_time_lets_go_within_a_few_turns() -> None:
    loop, turns = asyncio.get_running_loop(), list[float]()

    def turn() -> None:
        turns.append(loop.time())
        time.sleep(0.012)
        nonlocal coming
        coming = loop.call_soon(turn)

    coming = loop.call_soon(turn)
    began = loop.time()
    with pytest.raises(TimeoutError):
        async with Patience(0.02):
            await loop.create_future()
    coming.cancel()
    assert sum(at > began + 0.05 for at in turns) <= 8


async def test_who_swallows_a_cancellation_is_cancelled_again() -> None:
    async def stubborn() -> None:
        for _ in range(3):
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                continue
        await asyncio.sleep(30)

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        async with Patience(0.01):
            await stubborn()
    assert time.monotonic() - began < 10
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_who_is_cancelled_by_others_is_cancelled() -> None:
    async def wait() -> None:
        async with Patience(30):
            await asyncio.sleep(60)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
