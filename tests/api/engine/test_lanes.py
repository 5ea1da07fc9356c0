import asyncio
import threading

import pytest

from stoa.api.engine import lanes as module
from stoa.api.engine.lanes import Lanes
from stoa.errors import LimitReached


async def test_a_short_call_does_not_wait_for_a_long_one() -> None:
    end = threading.Event()
    with Lanes() as lanes:
        long = asyncio.create_task(lanes.bulk(end.wait))
        assert await lanes.brisk(lambda: "answer") == "answer"
        assert not long.done()
        end.set()
        assert await long


async def test_too_many_waiting_calls_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    end = threading.Event()
    with Lanes() as lanes:
        long = asyncio.create_task(lanes.bulk(end.wait))
        await asyncio.sleep(0)
        with pytest.raises(LimitReached):
            await lanes.brisk(lambda: None)
        end.set()
        await long
        assert await lanes.brisk(lambda: 1) == 1


async def test_a_call_whose_caller_went_away_before_it_began_never_begins() -> None:
    end = threading.Event()
    began: list[str] = []
    with Lanes() as lanes:
        first = asyncio.create_task(lanes.bulk(end.wait))
        second = asyncio.create_task(lanes.bulk(lambda: began.append("second")))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        end.set()
        await first
        await lanes.bulk(lambda: began.append("third"))
    assert began == ["third"]
