"""What drives jobs, in memory and on DBOS."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from stoa.adapters.jobs.memory import MemoryRunner
from stoa.domain.jobs import JobRunner
from stoa.wiring import now_ms


class Recorder:
    """Work that notes what is asked of it; a part called `bad` fails."""

    def __init__(self, parts: Sequence[str]) -> None:
        self.parts, self.seen = parts, list[tuple[str, str]]()
        self.ended: dict[str, str | None] = {}
        self.at_work = self.most_at_work = 0

    async def plan(self, job_id: str) -> Sequence[str]:
        return self.parts

    async def part(self, job_id: str, part: str) -> None:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        await asyncio.sleep(0.01)
        self.at_work -= 1
        self.seen.append((job_id, part))
        if part == "bad":
            raise ValueError("it is bad")

    async def finish(self, job_id: str, error: str | None) -> None:
        self.ended[job_id] = error

    async def until_ended(self, *jobs: str) -> None:
        async with asyncio.timeout(30):
            while not set(jobs) <= set(self.ended):  # noqa: ASYNC110 - jobs end in threads of their own
                await asyncio.sleep(0.01)


WORKS = {"good": Recorder(["a", "b"]), "bad": Recorder(["a", "bad", "c"])}


@pytest.fixture(params=["memory", pytest.param("durable", marks=pytest.mark.slow)])
async def runner(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[JobRunner]:
    for name, work in WORKS.items():
        WORKS[name] = Recorder(work.parts)
    if request.param == "memory":
        memory = MemoryRunner(WORKS)
        yield memory
        await memory.drained()
        return
    from stoa.adapters.jobs.durable import DurableRunner

    durable = DurableRunner(f"sqlite:///{tmp_path / 'jobs.sqlite'}", WORKS)
    await durable.start()
    yield durable
    await durable.close()


async def test_a_job_is_planned_done_part_by_part_and_finished(runner: JobRunner) -> None:
    await runner.submit("good", "j1", lane="x")
    await WORKS["good"].until_ended("j1")
    assert WORKS["good"].seen == [("j1", "a"), ("j1", "b")]
    assert WORKS["good"].ended == {"j1": None}


async def test_a_job_submitted_again_is_done_once(runner: JobRunner) -> None:
    for _ in range(3):
        await runner.submit("good", "j1", lane="x")
    await WORKS["good"].until_ended("j1")
    await runner.submit("good", "j1", lane="x")
    await runner.submit("good", "j2", lane="x")
    await WORKS["good"].until_ended("j2")
    assert len(WORKS["good"].seen) == 4


async def test_a_part_that_fails_ends_the_job_with_its_reason(runner: JobRunner) -> None:
    await runner.submit("bad", "j1", lane="x")
    await WORKS["bad"].until_ended("j1")
    assert WORKS["bad"].seen == [("j1", "a"), ("j1", "bad")]
    assert WORKS["bad"].ended == {"j1": "it is bad"}


async def test_jobs_of_one_lane_run_one_after_the_other(runner: JobRunner) -> None:
    for job in ("j1", "j2", "j3"):
        await runner.submit("good", job, lane="x")
    await WORKS["good"].until_ended("j1", "j2", "j3")
    assert WORKS["good"].most_at_work == 1
    assert [job for job, part in WORKS["good"].seen if part == "a"] == ["j1", "j2", "j3"]


async def test_jobs_that_ended_long_ago_are_forgotten_and_the_others_are_not(runner: JobRunner) -> None:
    await runner.submit("good", "j1", lane="x")
    await WORKS["good"].until_ended("j1")
    assert await runner.forget(before_ms=now_ms() - 600_000) == 0
    async with asyncio.timeout(30):  # the runner notes the end a moment after the work has heard of it
        while await runner.forget(before_ms=now_ms() + 1_000) == 0:  # noqa: ASYNC110 - it ends in a thread of its own
            await asyncio.sleep(0.01)
    assert await runner.forget(before_ms=now_ms() + 1_000) == 0
    await runner.submit("good", "j1", lane="x")
    async with asyncio.timeout(30):
        while len(WORKS["good"].seen) < 4:  # noqa: ASYNC110 - jobs end in threads of their own
            await asyncio.sleep(0.01)


async def test_unknown_work_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        await MemoryRunner({}).submit("other", "j", lane="x")


@pytest.mark.slow
async def test_what_was_under_way_when_it_stopped_goes_on_at_the_next_start(tmp_path: Path) -> None:
    from stoa.adapters.jobs.durable import DurableRunner

    class Slow(Recorder):
        held = asyncio.Event()

        async def part(self, job_id: str, part: str) -> None:
            if part == "b" and not self.held.is_set():
                self.held.set()
                await asyncio.sleep(3600)
            await super().part(job_id, part)

    url, work = f"sqlite:///{tmp_path / 'jobs.sqlite'}", Slow(["a", "b", "c"])
    first = DurableRunner(url, {"slow": work})
    await first.start()
    await first.submit("slow", "j1", lane="x")
    await asyncio.wait_for(work.held.wait(), 30)
    await first.close()
    assert work.ended == {}
    second = DurableRunner(url, {"slow": work})
    await second.start()
    await work.until_ended("j1")
    await second.close()
    assert work.seen == [("j1", "a"), ("j1", "b"), ("j1", "c")]
    assert work.ended == {"j1": None}


@pytest.mark.slow
async def test_a_job_that_an_earlier_version_left_in_a_queue_is_done(tmp_path: Path) -> None:
    from dbos import DBOSClient

    from stoa.adapters.jobs.durable import DurableRunner

    url, work = f"sqlite:///{tmp_path / 'jobs.sqlite'}", Recorder(["a", "b"])
    first = DurableRunner(url, {"ingest": work})
    await first.start()
    await first.close()
    client = DBOSClient(system_database_url=url)
    client.enqueue(
        {"workflow_name": "job", "queue_name": "stoa", "workflow_id": "j1", "app_version": "1"},
        "ingest", "j1",
    )  # fmt: skip
    client.destroy()
    second = DurableRunner(url, {"ingest": work})
    await second.start()
    await second.submit("ingest", "j1", lane="x")
    await work.until_ended("j1")
    await second.close()
    assert work.seen == [("j1", "a"), ("j1", "b")]


@pytest.mark.slow
async def test_work_that_waits_for_long_does_not_keep_another_kind_from_its_turn(tmp_path: Path) -> None:
    from stoa.adapters.jobs.durable import DurableRunner

    class Waiting(Recorder):
        freed = asyncio.Event()

        async def part(self, job_id: str, part: str) -> None:
            await self.freed.wait()
            await super().part(job_id, part)

    waiting, other = Waiting(["a"]), Recorder(["a"])
    runner = DurableRunner(f"sqlite:///{tmp_path / 'jobs.sqlite'}", {"batch": waiting, "ingest": other})
    await runner.start()
    for number in range(8):
        await runner.submit("batch", f"b{number}", lane=f"team{number}")
    await runner.submit("ingest", "j1", lane="x")
    await other.until_ended("j1")
    assert waiting.ended == {}
    waiting.freed.set()
    await waiting.until_ended(*(f"b{number}" for number in range(8)))
    await runner.close()


@pytest.mark.slow
async def test_work_that_is_interrupted_puts_down_what_it_holds_before_the_runner_is_closed(tmp_path: Path) -> None:
    from stoa.adapters.jobs.durable import DurableRunner

    class Holding(Recorder):
        held = asyncio.Event()
        put_down = False

        async def part(self, job_id: str, part: str) -> None:
            try:
                self.held.set()
                await asyncio.sleep(3600)
            finally:
                await asyncio.sleep(0.5)
                self.put_down = True

    work = Holding(["a"])
    runner = DurableRunner(f"sqlite:///{tmp_path / 'jobs.sqlite'}", {"batch": work})
    await runner.start()
    await runner.submit("batch", "b1", lane="x")
    await asyncio.wait_for(work.held.wait(), 30)
    await runner.close()
    assert work.put_down
