"""On a full core the pieces of a stream come together; on any other nothing waits."""

import asyncio

import pytest
from tests.adapters.providers.answering import ACTIVE, LAST, Heard, Upstream, chunk, on_connection

from stoa.adapters.providers import pressure as module
from stoa.adapters.providers.pressure import REST_S, TICK_S, Pressure


class Clock:
    """The thread's time goes at a share of the world's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.share = 0.0
        self._now = self._used = 0.0
        monkeypatch.setattr(module, "perf_counter", self._tell)
        monkeypatch.setattr(module, "thread_time", lambda: self._used)

    def _tell(self) -> float:
        self._now += 0.1
        self._used += 0.1 * self.share
        return self._now


@pytest.mark.parametrize(
    ("looks", "shares", "full"),
    [
        (20, (0.5, 0.7, 0.9, 0.6, 0.5, 0.3, 0.6), [False, False, True, True, True, False, False]),
        (1, (0.5, 0.5, 1.0, 1.0, 0.5), [False] * 5),  # a burst is not a full core
    ],
)
async def test_a_core_is_full_from_one_share_on_and_has_room_below_another(
    monkeypatch: pytest.MonkeyPatch, looks: int, shares: tuple[float, ...], full: list[bool]
) -> None:
    clock, pressure = Clock(monkeypatch), Pressure()
    pressure.watch()
    seen: list[bool] = []
    for share in shares:
        clock.share = share
        for _ in range(looks):
            pressure._look()
        seen.append(pressure.full)
    pressure.close()

    assert seen == full


async def test_the_ticks_end_when_no_stream_comes_in_any_more() -> None:
    pressure = Pressure()
    pressure.watch()
    pressure.heard = pressure.full = True
    for _ in range(200):
        await asyncio.sleep(0.1)
        if pressure._timer is None:
            break
    assert pressure._timer is None
    assert not pressure.full


async def rested(upstream: Upstream) -> None:
    """Until a rest that began just now is over, by the ticks that it is counted in: on a busy machine they take longer."""
    pressure = upstream.upstreams.pressure
    until = pressure._tick + round(REST_S / TICK_S) + 1
    for _ in range(10_000):
        if pressure._tick >= until:
            return
        await asyncio.sleep(TICK_S)


def test_a_stream_rests_after_each_piece_and_gets_what_came_meanwhile_at_once() -> None:
    async def story(upstream: Upstream) -> None:
        heard, pressure = Heard(), upstream.upstreams.pressure
        upstream.ask(heard)
        upstream.read(*ACTIVE)
        pressure.full = True
        upstream.read(chunk(b"three"))
        assert upstream.pipe.paused
        await rested(upstream)
        assert not upstream.pipe.paused
        upstream.read(chunk(b"four") + chunk(b"five") + LAST)
        assert heard.pieces[-2:] == [b"three", b"fourfive"]
        assert heard.ends == [None]

    on_connection(story)


@pytest.mark.parametrize("first", ["the rest", "the client"])
def test_a_stream_that_rests_and_is_held_is_read_once_neither_holds(first: str) -> None:
    async def story(upstream: Upstream) -> None:
        call = upstream.ask(Heard())
        upstream.read(*ACTIVE)
        upstream.upstreams.pressure.full = True
        upstream.read(chunk(b"three"))
        call.pause()
        if first == "the client":
            call.resume()
            assert upstream.pipe.paused, "it still rests"
        await rested(upstream)
        assert upstream.pipe.paused == (first == "the rest")
        call.resume()
        assert not upstream.pipe.paused

    on_connection(story)


def test_a_stream_that_is_given_up_while_it_rests_is_left_alone() -> None:
    async def story(upstream: Upstream) -> None:
        call = upstream.ask(Heard())
        upstream.read(*ACTIVE)
        upstream.upstreams.pressure.full = True
        upstream.read(chunk(b"three"))
        call.cancel()
        await rested(upstream)
        assert upstream.pipe.closing

    on_connection(story)


def test_on_a_core_with_room_nothing_rests() -> None:
    async def story(upstream: Upstream) -> None:
        upstream.ask(Heard())
        upstream.read(*ACTIVE, chunk(b"three"))
        assert not upstream.pipe.paused

    on_connection(story)
