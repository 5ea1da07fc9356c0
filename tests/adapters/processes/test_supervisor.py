"""The supervisor over small roles of its own kind: start, crash, end."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from stoa.adapters.processes.events import Crashed, Event, Started, Stopping
from stoa.adapters.processes.listening import listen, url_of
from stoa.adapters.processes.restart import Backoff
from stoa.adapters.processes.role import Role
from stoa.adapters.processes.supervisor import Supervisor
from stoa.errors import OperatorError
from stoa.kit.home import Home

pytestmark = pytest.mark.slow

TOY = Path(__file__).with_name("toy_role.py")
SOON = Backoff(first=timedelta(milliseconds=10))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.prepare()
    return made


def toy(name: str, behaviour: str = "good", *, drain: timedelta = timedelta(seconds=20)) -> Role:
    listener = listen("127.0.0.1", 0)
    command = (sys.executable, str(TOY), str(listener.fileno()), behaviour, str(os.getpid()))
    return Role(name=name, url=url_of(listener), listeners=(listener,), command=command, drain=drain)


class Heard:
    """The supervisor's events, and a way to wait for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    async def wait_for(self, wanted: Callable[[Event], bool]) -> Event:
        while True:
            for event in self.events:
                if wanted(event):
                    return event
            await asyncio.sleep(0.01)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


async def test_all_roles_are_ready_before_the_welcome_and_a_signal_ends_them_in_order(home: Home) -> None:
    heard = Heard()
    stages = [[toy("front")], [toy("back"), toy("side")]]

    async def when_ready() -> None:
        interrupt()

    await Supervisor(stages, home=home, tell=heard).run(when_ready)

    pids = [event.pid for event in heard.events if isinstance(event, Started)]
    assert len(pids) == 3
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert all((home.logs / f"{name}.log").read_text().endswith("drained\n") for name in ("front", "back", "side"))
    ends = [(home.logs / f"{name}.log").stat().st_mtime_ns for name in ("front", "back")]
    assert ends == sorted(ends)


async def test_a_role_killed_is_started_again_on_the_same_socket(home: Home) -> None:
    heard = Heard()
    role = toy("front")
    supervisor = Supervisor([[role]], home=home, tell=heard, backoff=SOON)

    async def when_ready() -> None:
        first = await heard.wait_for(lambda event: isinstance(event, Started))
        assert isinstance(first, Started)
        os.kill(first.pid, signal.SIGKILL)
        again = await heard.wait_for(lambda event: isinstance(event, Started) and event.restarts == 1)
        assert isinstance(again, Started)
        assert again.pid != first.pid
        reader, writer = await asyncio.open_connection("127.0.0.1", role.listeners[0].getsockname()[1])
        writer.write(b"GET /readyz HTTP/1.0\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.0 200")
        writer.close()
        interrupt()

    await supervisor.run(when_ready)
    crash = next(event for event in heard.events if isinstance(event, Crashed))
    assert (crash.role, crash.code) == ("front", -signal.SIGKILL)


async def test_what_a_crashed_role_leaves_behind_ends_with_it(home: Home) -> None:
    heard = Heard()

    async def when_ready() -> None:
        found = re.search(r"child (\d+)", (home.logs / "front.log").read_text())
        assert found
        first = next(event for event in heard.events if isinstance(event, Started))
        os.kill(first.pid, signal.SIGKILL)
        await heard.wait_for(lambda event: isinstance(event, Started) and event.restarts == 1)
        with contextlib.suppress(psutil.NoSuchProcess):
            assert psutil.Process(int(found[1])).status() == psutil.STATUS_ZOMBIE
        interrupt()

    await Supervisor([[toy("front", "with a child")]], home=home, tell=heard, backoff=SOON).run(when_ready)


async def test_a_role_that_cannot_start_ends_the_others_and_its_last_words_are_told(home: Home) -> None:
    heard = Heard()
    with pytest.raises(OperatorError, match="the engine has no weights"):
        await Supervisor([[toy("front")], [toy("engine", "broken")]], home=home, tell=heard).run(_never)
    assert not any(psutil.pid_exists(event.pid) for event in heard.events if isinstance(event, Started))


async def test_a_role_that_never_gets_ready_is_named_with_its_reason(home: Home) -> None:
    told = ""
    for seconds in (1, 10, 60):  # a slow machine's needs longer to say it
        roles, within = [[toy("front"), toy("control", "never ready")]], timedelta(seconds=seconds)
        with pytest.raises(OperatorError) as refused:
            await Supervisor(roles, home=home, tell=Heard(), ready_within=within).run(_never)
        if "control: it waits for a key" in (told := str(refused.value)):
            break
    assert "control: it waits for a key" in told


async def test_a_second_signal_ends_a_stubborn_role_at_once(home: Home) -> None:
    heard = Heard()

    async def when_ready() -> None:
        interrupt()
        interrupt()  # as a wrapper does that hands on what the terminal has sent to all
        await asyncio.Event().wait()

    running = asyncio.create_task(Supervisor([[toy("front", "stubborn")]], home=home, tell=heard).run(when_ready))
    await heard.wait_for(lambda event: isinstance(event, Stopping))
    await asyncio.sleep(0.6)
    assert heard.events[-1] == Stopping(hastily=False)
    interrupt()
    await running
    assert heard.events[-1] == Stopping(hastily=True)


async def test_a_stubborn_role_is_ended_when_its_time_to_drain_is_over(home: Home) -> None:
    async def when_ready() -> None:
        interrupt()

    role = toy("front", "stubborn", drain=timedelta(milliseconds=300))
    await Supervisor([[role]], home=home, tell=Heard()).run(when_ready)


async def test_an_error_in_the_welcome_ends_everything(home: Home) -> None:
    async def when_ready() -> None:
        raise OperatorError("the terminal is gone")

    with pytest.raises(OperatorError, match="the terminal is gone"):
        await Supervisor([[toy("front")]], home=home, tell=Heard()).run(when_ready)


def test_a_killed_supervisor_leaves_no_role_behind(tmp_path: Path) -> None:
    code = f"""
import asyncio, os, subprocess, sys
role = subprocess.Popen([sys.executable, {str(TOY)!r}, str(os.dup(0)), "good", str(os.getpid())], stderr=subprocess.PIPE)
print(role.stderr.readline().decode().split()[1], flush=True)
os.kill(os.getpid(), 9)
"""
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30).stdout
    psutil.wait_procs([psutil.Process(int(out))] if psutil.pid_exists(int(out)) else [], timeout=10)
    assert not psutil.pid_exists(int(out))


async def _never() -> None:
    raise AssertionError("it must not get ready")
