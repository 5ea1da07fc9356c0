import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from tests.gateway.routing.conftest import Timers

from stoa.domain.resources import HealthCheck, Provider
from stoa.errors import ProviderError
from stoa.gateway.routing.health import HealthChecks
from stoa.gateway.routing.state import TargetStates


def provider(name: str, every_s: float | None = 10.0, path: str = "/models") -> Provider:
    health = None if every_s is None else HealthCheck(path=path, every_s=every_s)
    return Provider(name=name, base_url=f"http://{name}/v1", health=health)


@dataclass
class Checked:
    """Health checks over a script, whose sleeps end when the test says so."""

    answers: dict[str, int | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    sleeping: list[asyncio.Future[None]] = field(default_factory=list)
    draw: float = 0.5

    def __post_init__(self) -> None:
        self.states = TargetStates(draw=lambda: 0.0, call_later=Timers())
        self.checks = HealthChecks(self.ask, self.states, draw=lambda: self.draw, sleep=self.sleep)

    async def ask(self, asked: Provider) -> int:
        self.asked.append(asked.name)
        answer = self.answers.get(asked.name, 200)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sleep(self, seconds: float) -> Awaitable[None]:
        self.slept.append(seconds)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sleeping.append(future)
        return future

    async def round(self, times: int = 1) -> None:
        """Every sleep that there is ends."""
        for _ in range(times):
            await turns()
            ending, self.sleeping = self.sleeping, []
            for future in ending:
                if not future.done():
                    future.set_result(None)
        await turns()

    def healthy(self, name: str) -> bool:
        return self.states.of("m", name, "m").healthy


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def checked() -> AsyncIterator[Callable[..., Checked]]:
    tasks: list[asyncio.Task[None]] = []

    def begin(*providers: Provider, **options: float) -> Checked:
        found = Checked(**options)
        found.checks.reconfigure(providers)
        tasks.append(asyncio.create_task(found.checks.run()))
        return found

    yield begin
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_two_bad_answers_in_a_row_make_it_unhealthy_and_one_good_one_well(checked) -> None:
    here = checked(provider("one"))
    here.answers["one"] = 500
    await here.round()
    assert here.healthy("one")
    await here.round()
    assert not here.healthy("one")
    here.answers["one"] = 200
    await here.round()
    assert here.healthy("one")


async def test_a_bad_answer_between_good_ones_is_forgiven(checked) -> None:
    here = checked(provider("one"))
    for answer in (500, 200, 500, 200, 500):
        here.answers["one"] = answer
        await here.round()
    assert here.healthy("one")


@pytest.mark.parametrize("status", [200, 204, 301, 400, 404, 405, 429])
async def test_a_server_that_answers_is_there(status: int, checked) -> None:
    here = checked(provider("one"))
    here.answers["one"] = status
    await here.round(4)
    assert here.healthy("one")


@pytest.mark.parametrize("answer", [401, 403, 500, 503, ProviderError("no connection"), RuntimeError("a bug")])
async def test_one_that_fails_or_refuses_us_is_not(answer: int | Exception, checked) -> None:
    here = checked(provider("one"))
    here.answers["one"] = answer
    await here.round(3)
    assert not here.healthy("one")
    assert len(here.asked) == 3, "and it is asked on"


async def test_the_reason_is_kept_for_the_operator(checked) -> None:
    here = checked(provider("one"))
    here.answers["one"] = ProviderError("no connection to it")
    await here.round(3)
    assert here.states.of("m", "one", "m").why_not(0.0, for_operator=True).endswith("(no connection to it)")


async def test_one_ill_provider_says_nothing_about_another(checked) -> None:
    here = checked(provider("one"), provider("two"))
    here.answers["one"] = 500
    await here.round(3)
    assert (here.healthy("one"), here.healthy("two")) == (False, True)


async def test_a_provider_without_a_check_is_not_asked(checked) -> None:
    here = checked(provider("one", every_s=None))
    await here.round(3)
    assert (here.asked, here.slept, here.healthy("one")) == ([], [], True)


async def test_checks_are_spread_out_in_time(checked) -> None:
    here = checked(provider("one"), draw=0.25)
    await here.round(2)
    assert here.slept == pytest.approx([2.5, 9.0, 9.0]), "somewhere in the first interval, then a fifth more or less"


async def test_what_is_checked_as_before_goes_on_without_a_break(checked) -> None:
    here = checked(provider("one"))
    here.answers["one"] = 500
    await here.round()
    here.checks.reconfigure([provider("one"), provider("two")])
    await here.round()
    assert not here.healthy("one"), "the first bad answer still counts"
    assert here.asked.count("two") == 1


async def test_another_way_of_checking_begins_at_once(checked) -> None:
    here = checked(provider("one", every_s=100))
    await turns()
    here.checks.reconfigure([provider("one", every_s=1)])
    await turns()
    assert here.slept == [50.0, 0.5]


async def test_a_provider_that_is_checked_no_more_counts_as_healthy(checked) -> None:
    here = checked(provider("one"))
    here.answers["one"] = 500
    await here.round(3)
    here.checks.reconfigure([provider("one", every_s=None)])
    assert here.healthy("one")
    asked = len(here.asked)
    await here.round(3)
    assert len(here.asked) == asked
