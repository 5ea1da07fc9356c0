"""A batch from its file to its output, with a scripted gateway and whatever can go wrong between."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from tests.batches.conftest import CHAT, KEY, Site, good, jsonl, request

from stoa.adapters.database.batches import BatchTable
from stoa.adapters.database.jobs import JobTable
from stoa.adapters.database.keys import KeyTable
from stoa.adapters.gateway_client.scripted import AskedLine, ScriptedAsker
from stoa.batches import run as running
from stoa.batches.answers import segment_name
from stoa.batches.order import cancel
from stoa.domain.batches import Answered, job_of
from stoa.domain.behalf import Behalf
from stoa.errors import Conflict, ProviderError

Asking = Callable[..., ScriptedAsker]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing that is tried again hides a fault: only the test about a store that fails may log one."""
    yield
    assert [record.message for record in caplog.records if "away" not in str(record.exc_info)] == []


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments of few answers, so that a small batch has several."""
    monkeypatch.setattr(running, "STORE_AT", 5)
    monkeypatch.setattr(running, "STORE_EVERY_S", 0.01)
    monkeypatch.setattr(running, "LOOK_EVERY_S", 0.005)


def number_of(line: AskedLine) -> int:
    return int(line.request_id.rpartition(".")[2])


async def test_every_line_is_answered_once_in_openais_form(site: Site, asker: Asking) -> None:
    batch, gateway = await site.batch(jsonl([request(n) for n in range(40)])), asker(pause_s=0.001)
    done = await site.run(batch, gateway)
    lines = await site.lines(done.output_file_id)
    assert (done.status, done.total, done.completed, done.failed, done.error_file_id) == ("completed", 40, 40, 0, None)
    assert (done.input_tokens, done.output_tokens) == (80, 120)
    assert Counter(line["custom_id"] for line in lines) == Counter(f"c{n}" for n in range(40))
    first = next(line for line in lines if line["custom_id"] == "c0")
    assert set(first) == {"id", "custom_id", "response", "error"}
    assert first["error"] is None
    assert first["response"]["status_code"] == 200
    assert first["response"]["request_id"] == f"{batch.id}.1"
    assert first["response"]["body"]["choices"][0]["message"]["content"] == "Answer to Question 0?"
    assert gateway.most_at_once == 4
    assert {asked.behalf for asked in gateway.asked} == {Behalf(key="k1")}
    assert {asked.endpoint for asked in gateway.asked} == {CHAT}
    job = await site.job(batch)
    assert (job.state, job.total, job.done, job.failed, job.message, job.team) == ("succeeded", 40, 40, 0, None, "red")
    assert await site.blobs.get(segment_name(batch.id, 0)) is None


async def test_a_refused_line_is_an_error_of_its_own_and_the_rest_goes_on(site: Site, asker: Asking) -> None:
    def answer(line: AskedLine) -> Answered:
        if number_of(line) == 2:
            return Answered(404, b'{"error": {"code": "model_not_found"}}', line.request_id)
        if number_of(line) == 3:
            return Answered(200, b"<html>", line.request_id)
        return good(line)

    done = await site.run(await site.batch(jsonl([request(n) for n in range(4)])), asker(answer))
    errors = {line["custom_id"]: line for line in await site.lines(done.error_file_id)}
    assert (done.status, done.completed, done.failed) == ("completed", 2, 2)
    assert errors["c1"]["response"]["status_code"] == 404
    assert errors["c1"]["response"]["body"] == {"error": {"code": "model_not_found"}}
    assert (errors["c2"]["response"], errors["c2"]["error"]["code"]) == (None, "invalid_response")
    assert {line["custom_id"] for line in await site.lines(done.output_file_id)} == {"c0", "c3"}


async def test_a_limit_a_busy_model_and_a_gateway_that_is_away_are_waited_out(site: Site, asker: Asking) -> None:
    answers: dict[int, list[Any]] = {
        1: [Answered(429, b"{}", "r", 0.001), Answered(503, b"{}", "r")],
        2: [ProviderError("It is away.", code="gateway_away")] * 5,
        3: [Answered(401, b"{}", "r")],  # a gateway that does not know a fresh key yet
    }

    def answer(line: AskedLine) -> Answered | Exception:
        left = answers.get(number_of(line))
        return left.pop(0) if left else good(line)

    done = await site.run(await site.batch(jsonl([request(n) for n in range(4)])), asker(answer))
    assert (done.status, done.completed, done.failed) == ("completed", 4, 0)


async def test_a_refusal_that_outlasts_the_window_is_the_lines_error(site: Site, asker: Asking) -> None:
    body = b'{"error": {"code": "insufficient_quota"}}'
    gateway = asker(lambda line: Answered(429, body, line.request_id, 40 * 86_400.0))
    done = await site.run(await site.batch(jsonl([request(1)])), gateway)
    (line,) = await site.lines(done.error_file_id)
    assert (done.status, done.failed, len(gateway.asked)) == ("completed", 1, 1)
    assert line["response"]["status_code"] == 429


async def test_a_line_whose_answer_never_comes_fails_after_some_tries(site: Site, asker: Asking) -> None:
    gateway = asker(lambda line: ProviderError("It said nothing.", code="timeout"))
    done = await site.run(await site.batch(jsonl([request(1)])), gateway)
    (line,) = await site.lines(done.error_file_id)
    assert (len(gateway.asked), line["error"]) == (3, {"code": "timeout", "message": "It said nothing."})


async def test_a_bad_file_fails_the_batch_and_asks_nothing(site: Site, asker: Asking) -> None:
    gateway = asker()
    done = await site.run(await site.batch(jsonl([request(1), request(1), request(2, url="/v1/x")])), gateway)
    assert (done.status, done.output_file_id, done.error_file_id) == ("failed", None, None)
    assert [(fault.code, fault.line) for fault in done.errors] == [("duplicate_custom_id", 2), ("mismatched_endpoint", 3)]
    assert gateway.asked == []
    job = await site.job(batch=done)
    assert (job.state, "custom_id 'c1'" in (job.message or "")) == ("failed", True)


async def test_a_revoked_key_fails_the_batch_and_keeps_what_was_answered(site: Site, asker: Asking) -> None:
    async def revoke() -> None:
        async with site.database.write() as connection:
            await KeyTable(connection).save(msgspec.structs.replace(KEY, revoked_at_ms=5))

    revoked = False

    def answer(line: AskedLine) -> Answered:
        if len(gateway.asked) >= 20:
            gateway.pause_s = 0.0 if revoked else 0.3  # however late the key is revoked, lines are left
        return Answered(401, b"{}", line.request_id) if revoked else good(line)

    batch, gateway = await site.batch(jsonl([request(n) for n in range(100)])), asker(answer, pause_s=0.002)
    task = asyncio.create_task(site.run(batch, gateway))
    await site.until(batch, completed=10)
    await revoke()
    revoked = True
    done = await task
    assert done.status == "failed"
    assert [fault.code for fault in done.errors] == ["owner_gone"]
    assert "revoked" in done.errors[0].message
    lines = await site.lines(done.output_file_id)
    assert 10 <= len(lines) == done.completed < 100
    assert (await site.job(batch)).state == "failed"


async def test_cancelled_under_way_it_stops_and_keeps_what_was_answered(site: Site, asker: Asking) -> None:
    batch = await site.batch(jsonl([request(n) for n in range(500)]))
    task = asyncio.create_task(site.run(batch, asker(pause_s=0.005)))
    await site.until(batch, completed=10)
    async with site.database.write() as connection:
        asked = await cancel(BatchTable(connection), JobTable(connection), await site.now_of(batch), now_ms=7)
    done = await task
    assert (asked.status, done.status, done.cancelling_at) == ("cancelling", "cancelled", 7)
    assert 10 <= len(await site.lines(done.output_file_id)) == done.completed < 500
    assert (await site.job(batch)).state == "cancelled"
    with pytest.raises(Conflict, match="is cancelled"):
        async with site.database.write() as connection:
            await cancel(BatchTable(connection), JobTable(connection), done, now_ms=8)


async def test_cancelled_before_it_began_it_is_over_at_once(site: Site, asker: Asking) -> None:
    batch, gateway = await site.batch(jsonl([request(1)])), asker()
    async with site.database.write() as connection:
        done = await cancel(BatchTable(connection), JobTable(connection), batch, now_ms=7)
    assert (done.status, done.cancelled_at) == ("cancelled", 7)
    assert (await site.run(batch, gateway)).status == "cancelled"
    assert gateway.asked == []


async def test_a_job_cancelled_where_jobs_are_shown_cancels_its_batch(site: Site, asker: Asking) -> None:
    batch = await site.batch(jsonl([request(1)]))
    async with site.database.write() as connection:
        await JobTable(connection).cancel(job_of(batch.id))
    assert (await site.run(batch, asker())).status == "cancelled"


async def test_what_nobody_came_to_in_time_is_told_as_expired(site: Site, asker: Asking) -> None:
    batch = await site.batch(jsonl([request(n) for n in range(300)]))

    def answer(line: AskedLine) -> Answered:
        if number_of(line) == 30:
            site.now = batch.expires_at
        return good(line)

    done = await site.run(batch, asker(answer, pause_s=0.003))
    answered, errors = await site.lines(done.output_file_id), await site.lines(done.error_file_id)
    assert done.status == "expired"
    assert {line["error"]["code"] for line in errors} == {"batch_expired"}
    assert {line["custom_id"] for line in (*answered, *errors)} == {f"c{n}" for n in range(300)}
    assert (len(answered), len(errors)) == (done.completed, done.failed)
    assert len(errors) > 0


async def test_stopped_at_any_moment_it_goes_on_and_no_line_is_there_twice(site: Site, asker: Asking) -> None:
    batch, gateway = await site.batch(jsonl([request(n) for n in range(120)])), asker(pause_s=0.002)
    for stop_after_s in (0.02, 0.035, 0.05, 0.01):
        work = site.work(gateway)
        task = asyncio.create_task(_through(work, job_of(batch.id)))
        await asyncio.sleep(stop_after_s)
        task.cancel()
        await asyncio.wait([task])
    done = await site.run(batch, gateway)
    lines = await site.lines(done.output_file_id)
    assert (done.status, done.completed) == ("completed", 120)
    assert Counter(line["custom_id"] for line in lines) == Counter(f"c{n}" for n in range(120))


async def test_a_segment_that_no_row_tells_of_is_written_over(site: Site, asker: Asking) -> None:
    batch = await site.batch(jsonl([request(n) for n in range(3)]))
    stray = json.dumps([1, True, {"custom_id": "c0", "stray": True}]).encode()
    await site.blobs.put(segment_name(batch.id, 0), stray)
    done = await site.run(batch, asker())
    assert "stray" not in json.dumps(await site.lines(done.output_file_id))


async def test_a_store_that_fails_for_a_while_loses_nothing(site: Site, asker: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    failures = iter([True, True, False, True])

    class Failing(type(site.ledger)):  # type: ignore[misc]
        async def record(self, *arguments: Any) -> None:
            if next(failures, False):
                raise OSError("the database is away")
            await super().record(*arguments)

    site.ledger = Failing(site.database)
    done = await site.run(await site.batch(jsonl([request(n) for n in range(30)])), asker(pause_s=0.002))
    lines = await site.lines(done.output_file_id)
    assert (done.status, len(lines), len({line["custom_id"] for line in lines})) == ("completed", 30, 30)


async def test_finishing_again_changes_nothing(site: Site, asker: Asking) -> None:
    batch = await site.batch(jsonl([request(1)]))
    done = await site.run(batch, asker())
    await site.work(asker()).finish(job_of(batch.id), "something else")
    assert await site.now_of(batch) == done
    assert len(await site.lines(done.output_file_id)) == 1


async def _through(work: running.BatchWork, job_id: str) -> None:
    for part in await work.plan(job_id):
        await work.part(job_id, part)
